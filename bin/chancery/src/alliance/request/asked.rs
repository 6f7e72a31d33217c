//! From the file of a request to the calls of node contracts.

use std::path::Path;

use alloy_primitives::{B256, Bytes, U256, hex, keccak256};
use alloy_sol_types::SolValue as _;
use anyhow::{Context as _, Result, bail, ensure};
use chancery_bridge::alliance::message::{MAX_CALL_BYTES, MAX_PARTS, MAX_WINDOW_S};
use chancery_contracts::StoreNode;

use super::file::{PartSection, RequestFile, Word};
use crate::{alliance::name_of, commands::read_bounded};

/// Largest file of a request, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// Longest time in which a request has to be sequenced, in seconds.
const MAX_VALID_FOR_S: u64 = 86_400;

/// What is asked.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) idempotency_key: B256,
    pub(super) valid_for_s: u64,
    pub(super) window_s: u64,
    /// What each member's node contract is called with.
    pub(super) calls: Vec<(B256, Bytes)>,
    /// Words of the file, for reading answers.
    pub(super) words: Vec<(B256, String)>,
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Asked> {
    let text = String::from_utf8(read_bounded(path, MAX_FILE_BYTES)?)
        .with_context(|| format!("{} is not UTF-8 text", path.display()))?;
    parse(&text).with_context(|| format!("{} is no request", path.display()))
}

fn parse(text: &str) -> Result<Asked> {
    let file: RequestFile =
        if text.trim_start().starts_with('{') { serde_json::from_str(text)? } else { toml::from_str(text)? };
    ensure!((1..=MAX_WINDOW_S).contains(&file.window_s), "window_s is 1 to {MAX_WINDOW_S}, not {}", file.window_s);
    let valid_for_s = file.valid_for_s;
    ensure!((1..=MAX_VALID_FOR_S).contains(&valid_for_s), "valid_for_s is 1 to {MAX_VALID_FOR_S}, not {valid_for_s}");
    ensure!((1..=MAX_PARTS).contains(&file.parts.len()), "a request has 1 to {MAX_PARTS} parts");
    ensure!(!file.idempotency_key.is_empty(), "idempotency_key is empty: give each intent one of its own");
    let (mut calls, mut words): (Vec<(B256, Bytes)>, _) = (Vec::new(), Vec::new());
    for part in &file.parts {
        let member = name_of(&part.member)?;
        ensure!(calls.iter().all(|(known, _)| *known != member), "{} has two parts: make one of them", part.member);
        words.push((member, part.member.clone()));
        let call = call_of(part, &mut words).with_context(|| format!("the part of {}", part.member))?;
        ensure!(call.len() <= MAX_CALL_BYTES, "the part of {} is longer than {MAX_CALL_BYTES} bytes", part.member);
        calls.push((member, call));
    }
    Ok(Asked { idempotency_key: key_of(&file.idempotency_key), valid_for_s, window_s: file.window_s, calls, words })
}

/// What stands for an intent on chain: the bytes that are given, or the hash of the text.
pub(in crate::alliance) fn key_of(text: &str) -> B256 {
    bytes_of(text).unwrap_or_else(|| keccak256(text))
}

/// The key or value that a text stands for: the bytes that are given, or the text itself.
pub(in crate::alliance) fn word_of(text: &str) -> Result<B256> {
    bytes_of(text).map_or_else(|| name_of(text), Ok)
}

/// `0x` and 64 digits.
fn bytes_of(text: &str) -> Option<B256> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 2 * B256::len_bytes())?;
    let mut bytes = B256::ZERO;
    hex::decode_to_slice(digits, bytes.as_mut_slice()).ok().map(|()| bytes)
}

fn call_of(part: &PartSection, words: &mut Vec<(B256, String)>) -> Result<Bytes> {
    let is_store = part.reads.is_some() || part.writes.is_some();
    let is_operation = part.operation.is_some() || part.subject.is_some() || part.value.is_some();
    match (is_store, is_operation, &part.call) {
        (true, false, None) => stored(part, words),
        (false, true, None) => {
            let operation = word(part.operation.as_ref().context("operation is missing")?, words)?;
            let subject = word(part.subject.as_ref().context("subject is missing")?, words)?;
            let value = part.value.as_ref().map_or(Ok(B256::ZERO), |value| word(value, words))?;
            Ok((operation, subject, value).abi_encode().into())
        }
        (false, false, Some(call)) => Ok(hex::decode(call).context("call is not hexadecimal")?.into()),
        _ => bail!("give reads and writes, or operation, subject and value, or call: one of the three"),
    }
}

/// The call of a store. Its keys ascend, whatever their order in the file.
fn stored(part: &PartSection, words: &mut Vec<(B256, String)>) -> Result<Bytes> {
    let mut reads = Vec::new();
    for read in part.reads.iter().flatten() {
        reads.push(word(read, words)?);
    }
    let mut writes = Vec::new();
    for write in part.writes.iter().flatten() {
        writes.push(StoreNode::Write { key: word(&write.key, words)?, value: word(&write.value, words)? });
    }
    reads.sort_unstable();
    writes.sort_by_key(|write| write.key);
    ensure!(reads.is_sorted_by(|one, next| one < next), "a key is read twice");
    ensure!(writes.is_sorted_by(|one, next| one.key < next.key), "a key is written twice");
    Ok((reads, writes).abi_encode_params().into())
}

fn word(word: &Word, words: &mut Vec<(B256, String)>) -> Result<B256> {
    let text = match word {
        Word::Number(number) => return Ok(B256::from(U256::from(*number))),
        Word::Text(text) => text,
    };
    if text.is_empty() {
        return Ok(B256::ZERO);
    }
    if let Some(bytes) = bytes_of(text) {
        return Ok(bytes);
    }
    let known = name_of(text)?;
    words.push((known, text.clone()));
    Ok(known)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const SALE: &str = r#"
        idempotency_key = "sale of parcel 7"
        window_s = 120

        [[parts]]
        member = "bank"
        reads = ["b", "a"]
        writes = [{ key = "a", value = 40 }]

        [[parts]]
        member = "land registry"
        operation = "encumber"
        subject = "parcel 7"
        value = "loan 7"
    "#;

    // A-ERR: a file says the same in TOML and in JSON, and keys ascend whatever their order in it.
    #[test]
    fn a_request_is_read_from_toml_and_json() {
        let asked = parse(SALE).unwrap();
        assert_eq!((asked.valid_for_s, asked.window_s), (60, 120));
        assert_eq!(asked.idempotency_key, keccak256("sale of parcel 7"));
        let name = |text: &str| name_of(text).unwrap();
        let write = StoreNode::Write { key: name("a"), value: B256::from(U256::from(40)) };
        let store: Bytes = (vec![name("a"), name("b")], vec![write]).abi_encode_params().into();
        let rule: Bytes = (name("encumber"), name("parcel 7"), name("loan 7")).abi_encode().into();
        assert_eq!(asked.calls, [(name("bank"), store), (name("land registry"), rule)]);
        let json = serde_json::to_string(&toml::from_str::<serde_json::Value>(SALE).unwrap()).unwrap();
        assert_eq!(parse(&json).unwrap().calls, asked.calls);
    }

    #[test]
    fn what_is_not_one_request_is_refused_with_its_reason() {
        let refusal = |from: &str, to: &str| format!("{:#}", parse(&SALE.replace(from, to)).unwrap_err());
        assert!(refusal("operation = \"encumber\"", "reads = []").contains("one of the three"));
        assert!(refusal("land registry", "bank").contains("two parts"));
        assert!(refusal("\"b\", \"a\"", "\"a\", \"a\"").contains("read twice"));
        assert!(refusal("window_s = 120", "window_s = 0").contains("window_s is 1 to 86400"));
        assert!(refusal("subject = \"parcel 7\"", "").contains("subject is missing"));
        assert!(refusal("parcel 7\"\n        value", &format!("{}\"\n value", "x".repeat(33))).contains("1 to 32"));
    }

    #[test]
    fn a_key_of_32_bytes_stands_for_itself() {
        let key = B256::repeat_byte(0xab);
        assert_eq!(key_of(&format!("{key:?}")), key);
        assert_eq!(key_of("0xab"), keccak256("0xab"));
    }
}
