//! What somebody looks for who wants to find a person in what a city gives out: the words themselves in every encoding, and unkeyed hashes of
//! what may be guessed.

use std::collections::HashMap;

use alloy_primitives::keccak256;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use sha2::{Digest as _, Sha256};

/// By so many first bytes a guess is found.
const PREFIX_BYTES: usize = 8;
/// Nothing is looked for in so many zeros.
const PAGE_BYTES: usize = 4096;
/// Shorter guesses would be found by chance, in a hundred megabytes of digits.
const MIN_BYTES: usize = 10;

/// Bytes to look for, and what they would give away.
pub struct Guesses {
    by_prefix: HashMap<u64, Vec<(Vec<u8>, String)>>,
    /// Whether any guess begins with these two bytes.
    begins: Vec<bool>,
    pub count: usize,
}

impl Default for Guesses {
    fn default() -> Self {
        Self { by_prefix: HashMap::new(), begins: vec![false; 1 << 16], count: 0 }
    }
}

fn prefix(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes[..PREFIX_BYTES].try_into().unwrap())
}

fn start(bytes: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([bytes[0], bytes[1]]))
}

impl Guesses {
    fn add(&mut self, bytes: Vec<u8>, what: String) {
        if bytes.len() >= MIN_BYTES {
            self.begins[start(&bytes)] = true;
            self.by_prefix.entry(prefix(&bytes)).or_default().push((bytes, what));
            self.count += 1;
        }
    }

    /// Bytes as they are, in hexadecimal digits, and in base64 wherever they begin.
    pub fn add_bytes(&mut self, bytes: &[u8], what: &str) {
        for form in base64_forms(bytes) {
            self.add(hex::encode(&form).into_bytes(), format!("{what}, in base64, in hexadecimal"));
            self.add(form.into_bytes(), format!("{what}, in base64"));
        }
        self.add(hex::encode(bytes).into_bytes(), format!("{what}, in hexadecimal"));
        self.add(bytes.to_vec(), what.to_owned());
    }

    /// A text as it is typed and as registries compare it, and the hashes of both.
    pub fn add_text(&mut self, text: &str, what: &str) {
        assert!(text.len() >= MIN_BYTES, "{what} is too short to be told from chance");
        for spelling in spellings(text) {
            self.add_bytes(spelling.as_bytes(), what);
            self.add_hashes(spelling.as_bytes(), what);
        }
    }

    /// What an unkeyed hash of this would be.
    pub fn add_hashes(&mut self, preimage: &[u8], what: &str) {
        self.add_bytes(&Sha256::digest(preimage), &format!("SHA-256 of {what}"));
        self.add_bytes(keccak256(preimage).as_slice(), &format!("Keccak-256 of {what}"));
    }

    /// Hashes of texts together, as somebody would join them.
    pub fn add_combination(&mut self, parts: &[&str], what: &str) {
        let lower: Vec<String> = parts.iter().map(|part| part.to_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        for parts in [parts, &lower[..]] {
            for joint in ["", " ", ",", ", ", "|", ":", ";", "-", "_", "/", "\n", "\0"] {
                self.add_hashes(parts.join(joint).as_bytes(), what);
            }
            let with_lengths: Vec<u8> = parts
                .iter()
                .flat_map(|part| [&(part.len() as u64).to_be_bytes()[..], part.as_bytes()].concat())
                .collect();
            self.add_hashes(&with_lengths, what);
            self.add_hashes(serde_json::to_string(parts).unwrap().as_bytes(), what);
        }
    }

    /// What is found first.
    pub fn found_in(&self, bytes: &[u8]) -> Option<&str> {
        let last = bytes.len().checked_sub(PREFIX_BYTES)?;
        let mut at = 0;
        while at <= last {
            let rest = &bytes[at..];
            // Stores reserve space that they have not written; a guess may begin with the last zeros before it.
            if rest.starts_with(&[0; PAGE_BYTES]) {
                at += PAGE_BYTES - PREFIX_BYTES;
                continue;
            }
            at += 1;
            if !self.begins[start(rest)] {
                continue;
            }
            let mut guesses = self.by_prefix.get(&prefix(rest)).into_iter().flatten();
            if let Some((_, what)) = guesses.find(|(guess, _)| rest.starts_with(guess)) {
                return Some(what);
            }
        }
        None
    }
}

fn spellings(text: &str) -> Vec<String> {
    let mut spellings = vec![text.to_owned()];
    for other in [text.to_lowercase(), text.replace('-', ""), text.to_lowercase().replace('-', "")] {
        if !spellings.contains(&other) {
            spellings.push(other);
        }
    }
    spellings
}

/// Base64 of bytes that stand after none, one or two others: what of it does not depend on its neighbours.
fn base64_forms(bytes: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for before in 0..3 {
        let padded = [&vec![0; before][..], bytes].concat();
        let whole = &padded[..padded.len() / 3 * 3];
        let skipped = if before == 0 { 0 } else { 4 };
        for text in [STANDARD_NO_PAD.encode(whole), URL_SAFE_NO_PAD.encode(whole)] {
            let form = text.get(skipped..).unwrap_or_default().to_owned();
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

#[test]
fn a_guess_is_found_in_every_encoding_and_nothing_else_is() {
    let mut guesses = Guesses::default();
    guesses.add_text("Ottoline-Quarrendon", "the name");
    guesses.add_combination(&["Ottoline-Quarrendon", "CN"], "name and country");
    let hash = Sha256::digest("ottoline-quarrendon|cn");
    for told in [
        b"{\"name\":\"Ottoline-Quarrendon\"}".to_vec(),
        b"x OTTOLINE ottolinequarrendon".to_vec(),
        hex::encode(b"...Ottoline-Quarrendon").into_bytes(),
        hex::encode(hash).into_bytes(),
        [b"raw ", &hash[..]].concat(),
        keccak256("Ottoline-Quarrendon").to_vec(),
        [&[0; 3 * PAGE_BYTES + 5][..], b"Ottoline-Quarrendon"].concat(),
    ] {
        assert!(guesses.found_in(&told).is_some(), "{told:?}");
    }
    for before in ["", "a", "ab", "abc"] {
        let text = URL_SAFE_NO_PAD.encode(format!("{before}Ottoline-Quarrendon, who lives here"));
        assert!(guesses.found_in(text.as_bytes()).is_some(), "{text}");
        assert!(guesses.found_in(hex::encode(text).as_bytes()).is_some());
    }
    assert_eq!(guesses.found_in(b"Ottoline Quarrendo and others of whom nobody asks"), None);
}
