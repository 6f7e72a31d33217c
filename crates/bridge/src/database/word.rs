//! Words of the chain as values of a database, and back.

use alloy_primitives::{B256, U256};
use serde::{Deserialize, Serialize};

/// How a word of 32 bytes stands in a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// UTF-8 text of at most 32 bytes; on chain padded right with zeros. The zero word is the empty text.
    #[default]
    Text,
    /// A number from 0 to 2^63 - 1, as a 64-bit integer; on chain big-endian.
    Integer,
    /// `0x` and 64 hexadecimal digits, in small letters.
    Hex,
    /// 32 bytes.
    Bytes,
}

/// Why a word has no value in a column's form, or a value is no word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// The chain has something else there.
    #[error("the word is no {0}")]
    Word(&'static str),
    /// The database has something else there.
    #[error("the column has no {0}")]
    Column(&'static str),
}

/// A value that is bound to a statement or read from a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sql {
    Text(String),
    Integer(i64),
    Bytes(Vec<u8>),
}

impl Form {
    const fn named(self) -> &'static str {
        match self {
            Self::Text => "text of at most 32 bytes without a zero byte",
            Self::Integer => "number from 0 to 2^63 - 1",
            Self::Hex => "0x and 64 hexadecimal digits",
            Self::Bytes => "32 bytes",
        }
    }

    /// What is bound for a word.
    pub(super) fn to_sql(self, word: B256) -> Result<Sql, WordError> {
        let unfit = WordError::Word(self.named());
        match self {
            Self::Text => {
                let end = word.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                let text = std::str::from_utf8(&word[..end]).map_err(|_| unfit)?;
                if text.contains('\0') { Err(unfit) } else { Ok(Sql::Text(text.to_owned())) }
            }
            Self::Integer => {
                let number: u64 = U256::from_be_bytes(word.0).try_into().map_err(|_| unfit)?;
                Ok(Sql::Integer(i64::try_from(number).map_err(|_| unfit)?))
            }
            Self::Hex => Ok(Sql::Text(format!("{word:?}"))),
            Self::Bytes => Ok(Sql::Bytes(word.to_vec())),
        }
    }

    /// The word of a column. No row, and NULL, are the zero word: a key that was never written.
    pub(super) fn word(self, found: Option<Sql>) -> Result<B256, WordError> {
        let unfit = WordError::Column(self.named());
        match (self, found) {
            (_, None) => Ok(B256::ZERO),
            (Self::Text, Some(Sql::Text(text))) if text.len() <= B256::len_bytes() && !text.contains('\0') => {
                Ok(B256::right_padding_from(text.as_bytes()))
            }
            (Self::Integer, Some(Sql::Integer(number))) => {
                Ok(B256::from(U256::from(u64::try_from(number).map_err(|_| unfit)?)))
            }
            (Self::Hex, Some(Sql::Text(text))) if text.starts_with("0x") => text.parse().map_err(|_| unfit),
            (Self::Bytes, Some(Sql::Bytes(bytes))) => B256::try_from(bytes.as_slice()).map_err(|_| unfit),
            _ => Err(unfit),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    // A-CONS, DATABASE-1: what a column holds is the chain's word again, in each form.
    #[test]
    fn a_word_is_the_same_after_a_column() {
        proptest!(|(bytes: [u8; 32], number in 0..=i64::MAX, text in "[a-zäß ]{0,16}")| {
            let word = B256::from(bytes);
            for form in [Form::Hex, Form::Bytes] {
                prop_assert_eq!(form.word(Some(form.to_sql(word).unwrap())), Ok(word));
            }
            let word = B256::from(U256::from(number));
            prop_assert_eq!(Form::Integer.word(Some(Form::Integer.to_sql(word).unwrap())), Ok(word));
            let word = B256::right_padding_from(text.as_bytes());
            prop_assert_eq!(Form::Text.to_sql(word), Ok(Sql::Text(text)));
            prop_assert_eq!(Form::Text.word(Some(Form::Text.to_sql(word).unwrap())), Ok(word));
        });
    }

    // A-CONS: what does not fit is refused, not cut.
    #[test]
    fn what_a_form_cannot_hold_is_refused() {
        let inner_zero = B256::right_padding_from(b"a\0b");
        for (form, word) in [
            (Form::Text, inner_zero),
            (Form::Text, B256::repeat_byte(0xff)),
            (Form::Integer, B256::from(U256::from(i64::MAX) + U256::ONE)),
        ] {
            assert!(matches!(form.to_sql(word), Err(WordError::Word(_))), "{form:?}");
        }
        for (form, found) in [
            (Form::Text, Sql::Text("a".repeat(33))),
            (Form::Text, Sql::Text("a\0".to_owned())),
            (Form::Integer, Sql::Integer(-1)),
            (Form::Hex, Sql::Text("07".repeat(32))),
            (Form::Hex, Sql::Text("0x07".to_owned())),
            (Form::Bytes, Sql::Bytes(vec![0; 31])),
            (Form::Text, Sql::Integer(1)),
        ] {
            assert!(matches!(form.word(Some(found)), Err(WordError::Column(_))), "{form:?}");
        }
        assert_eq!(Form::Integer.word(None), Ok(B256::ZERO));
    }
}
