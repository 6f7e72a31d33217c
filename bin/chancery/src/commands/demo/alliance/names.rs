//! Names for the words and keys that contracts speak of.

use alloy_primitives::{B256, keccak256};
use alloy_sol_types::SolValue as _;

/// A text as contracts have it.
pub(super) fn word(text: &str) -> B256 {
    B256::right_padding_from(text.as_bytes().get(..B256::len_bytes()).unwrap_or(text.as_bytes()))
}

/// The key of a subject in a register of `RuleNode`.
pub(super) fn key_of(kind: &str, subject: &str) -> B256 {
    keccak256((word(kind), word(subject)).abi_encode())
}

/// Words that were used in the story, to be read in what parties answer.
#[derive(Default)]
pub(super) struct Names {
    known: Vec<(B256, String)>,
}

impl Names {
    pub(super) fn word(&mut self, text: &str) {
        self.known.push((word(text), text.to_owned()));
    }

    pub(super) fn key(&mut self, kind: &str, subject: &str) {
        self.known.push((key_of(kind, subject), format!("'{kind} of {subject}'")));
    }

    /// A text with names for what is known, in each form in which it may stand there.
    pub(super) fn explain(&self, text: &impl ToString) -> String {
        let mut text = text.to_string();
        for (word, name) in &self.known {
            for form in [format!("{word:#}"), format!("{word:?}"), format!("{word}")] {
                text = text.replace(&form, name);
            }
        }
        text.replace(&format!("{:?}", B256::ZERO), "nothing")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_and_keys_are_read_in_every_form() {
        let mut names = Names::default();
        names.word("paid");
        names.key("tax", "parcel 7");
        let key = key_of("tax", "parcel 7");
        let text = format!("{key}, {key:?}: {:?}, not {:?}", word("paid"), B256::ZERO);
        assert_eq!(names.explain(&text), "'tax of parcel 7', 'tax of parcel 7': paid, not nothing");
    }
}
