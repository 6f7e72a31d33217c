//! What the directory says of a resource: JSON whose hash stands on the chain.

use alloy_primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};

use crate::extract::{Column, MAX_COLUMNS};

/// Longest description, in bytes; the contract's own bound.
pub const MAX_DESCRIPTION_BYTES: usize = 4096;
/// Longest title, in bytes.
const MAX_TITLE_BYTES: usize = 200;

/// Correct the description.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionError {
    /// Too long for the contract.
    #[error(
        "a description has at most {MAX_DESCRIPTION_BYTES} bytes of JSON, this has {0}: shorten title and text, or share fewer columns"
    )]
    TooLong(usize),
    /// A title that is empty or too long, or too many columns.
    #[error("a description has a title of 1 to {MAX_TITLE_BYTES} bytes and 1 to {MAX_COLUMNS} columns")]
    Bounds,
    /// A character that moves the cursor or changes the direction of what follows: shown on a terminal, it could pass for something else.
    #[error("{0} of a description has a control character: remove it")]
    Control(&'static str),
    /// It is no description.
    #[error("this is no description: {0}")]
    Malformed(String),
}

/// What a resource is, for whoever looks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceDescription {
    /// One line.
    pub title: String,
    /// More of it.
    #[serde(default)]
    pub description: String,
    /// The shared columns.
    pub columns: Vec<Column>,
    /// The owner's service, which hands out what it has granted: an URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

impl ResourceDescription {
    /// The exact text that is hashed.
    ///
    /// # Errors
    /// [`DescriptionError`].
    pub fn to_text(&self) -> Result<String, DescriptionError> {
        self.check()?;
        let text = serde_json::to_string(self).map_err(|error| DescriptionError::Malformed(error.to_string()))?;
        if text.len() > MAX_DESCRIPTION_BYTES { Err(DescriptionError::TooLong(text.len())) } else { Ok(text) }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// [`DescriptionError`].
    pub fn parse(text: &str) -> Result<Self, DescriptionError> {
        if text.len() > MAX_DESCRIPTION_BYTES {
            return Err(DescriptionError::TooLong(text.len()));
        }
        let read: Self = serde_json::from_str(text).map_err(|error| DescriptionError::Malformed(error.to_string()))?;
        read.check()?;
        Ok(read)
    }

    /// Whether each word stands in title, description, names of columns or `beside`; words are in lower case.
    #[must_use]
    pub fn has_words(&self, words: &[String], beside: &[&str]) -> bool {
        let columns = self.columns.iter().map(|column| column.name.as_str());
        let texts = [self.title.as_str(), &self.description].into_iter().chain(columns).chain(beside.iter().copied());
        let all = texts.map(str::to_lowercase).collect::<Vec<_>>();
        words.iter().all(|word| all.iter().any(|text| text.contains(word.as_str())))
    }

    pub(super) fn check(&self) -> Result<(), DescriptionError> {
        let bounded =
            (1..=MAX_TITLE_BYTES).contains(&self.title.len()) && (1..=MAX_COLUMNS).contains(&self.columns.len());
        if !bounded {
            return Err(DescriptionError::Bounds);
        }
        let columns = self.columns.iter().map(|column| ("a column", column.name.as_str()));
        let service = self.service.iter().map(|service| ("the service", service.as_str()));
        for (what, text) in columns.chain(service).chain([("the title", self.title.as_str())]) {
            if text.contains(is_control) {
                return Err(DescriptionError::Control(what));
            }
        }
        if self.description.contains(|character| !matches!(character, '\n' | '\t') && is_control(character)) {
            return Err(DescriptionError::Control("the text"));
        }
        Ok(())
    }
}

/// Whether a character does something instead of being shown: controls (Unicode Cc), and overrides and isolates of direction (UAX #9).
#[must_use]
pub fn is_control(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What the contract keeps of a description's text.
#[must_use]
pub fn description_hash(text: &str) -> B256 {
    keccak256(text.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::extract::ColumnType;

    #[test]
    fn what_would_act_on_a_terminal_is_no_description() {
        let column = |name: &str| vec![Column { name: name.to_owned(), kind: ColumnType::Text }];
        let good = ResourceDescription {
            title: "Wetter, 每天".to_owned(),
            description: "One line\nand another".to_owned(),
            columns: column("temp_max"),
            service: Some("https://ods.weather.example".to_owned()),
        };
        let text = good.to_text().unwrap();
        assert_eq!(ResourceDescription::parse(&text).unwrap(), good);
        for (wrong, what) in [
            (ResourceDescription { title: "a\u{1b}[2Jb".to_owned(), ..good.clone() }, "the title"),
            (ResourceDescription { title: "two\nlines".to_owned(), ..good.clone() }, "the title"),
            (ResourceDescription { title: "\u{202e}live".to_owned(), ..good.clone() }, "the title"),
            (ResourceDescription { description: "a\rb".to_owned(), ..good.clone() }, "the text"),
            (ResourceDescription { columns: column("a\u{9b}"), ..good.clone() }, "a column"),
            (ResourceDescription { service: Some("https://a\u{7}".to_owned()), ..good }, "the service"),
        ] {
            assert_eq!(wrong.to_text(), Err(DescriptionError::Control(what)), "{wrong:?}");
            let written = serde_json::to_string(&wrong).unwrap();
            assert_eq!(ResourceDescription::parse(&written), Err(DescriptionError::Control(what)), "{wrong:?}");
        }
    }
}
