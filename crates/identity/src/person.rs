//! A person as an office knows it, and the normal form in which two spellings of one person are the same.

use std::fmt;

use caseless::Caseless;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Longest name, unit or city, in characters.
pub const MAX_PART_CHARS: usize = 200;
/// Longest country, in characters.
pub const MAX_COUNTRY_CHARS: usize = 60;
/// Longest document number, in characters.
pub const MAX_DOCUMENT_NUMBER_CHARS: usize = 40;

/// A person's real-name data. `Debug` does not show them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Person {
    /// Full name as in the identity document.
    pub name: String,
    /// Unit (work unit or community) by which the office knows the person.
    pub unit: String,
    /// City.
    pub city: String,
    /// Country: ISO 3166-1 alpha-2 (`CN`) or its name; the same person must always be registered with the same.
    pub country: String,
    /// Number of the identity document, if the office took it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
    /// Date of birth, ISO 8601 (`2000-01-31`), if the office took it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(..)")
    }
}

/// What is wrong with a person's data. It names the member and never its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("person.{member} {problem}")]
pub struct PersonError {
    /// The member as in JSON.
    pub member: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// The normal form of a person: Unicode NFKC, full case folding, single spaces; for document numbers neither spaces nor hyphens.
#[derive(PartialEq, Eq)]
pub(crate) struct NormalPerson {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) city: String,
    pub(crate) country: String,
    pub(crate) document_number: Option<String>,
}

impl Person {
    /// Checks that every member follows its rules.
    ///
    /// # Errors
    /// The first member that does not.
    pub fn validate(&self) -> Result<(), PersonError> {
        self.normal().map(drop)
    }

    pub(crate) fn normal(&self) -> Result<NormalPerson, PersonError> {
        if let Some(date) = &self.birth_date {
            let valid = date.len() == 10 && date.parse::<jiff::civil::Date>().is_ok();
            if !valid {
                return Err(PersonError { member: "birthDate", problem: "is no date; write YYYY-MM-DD" });
            }
        }
        Ok(NormalPerson {
            name: normal_part("name", &self.name, MAX_PART_CHARS)?,
            unit: normal_part("unit", &self.unit, MAX_PART_CHARS)?,
            city: normal_part("city", &self.city, MAX_PART_CHARS)?,
            country: normal_part("country", &self.country, MAX_COUNTRY_CHARS)?,
            document_number: self.document_number.as_deref().map(normal_document_number).transpose()?,
        })
    }
}

fn normal_document_number(text: &str) -> Result<String, PersonError> {
    let normal = normal_part("documentNumber", text, MAX_DOCUMENT_NUMBER_CHARS)?;
    let bare: String = normal.chars().filter(char::is_ascii_alphanumeric).collect();
    let foreign = normal.chars().any(|c| !c.is_ascii_alphanumeric() && !matches!(c, ' ' | '-' | '.' | '/'));
    if bare.is_empty() || foreign {
        return Err(PersonError { member: "documentNumber", problem: "must be letters and digits" });
    }
    Ok(bare)
}

fn normal_part(member: &'static str, text: &str, max_chars: usize) -> Result<String, PersonError> {
    if text.chars().nth(max_chars).is_some() {
        return Err(PersonError { member, problem: "is too long" });
    }
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err(PersonError { member, problem: "has control characters" });
    }
    let normal = normal_text(text);
    if normal.is_empty() {
        return Err(PersonError { member, problem: "is empty" });
    }
    Ok(normal)
}

/// NFKC, full case folding, NFKC again (folding can undo it), invisible characters dropped, single spaces.
pub(crate) fn normal_text(text: &str) -> String {
    let folded: String = text.nfkc().default_case_fold().nfkc().filter(|c| !is_invisible(*c)).collect();
    let mut normal = String::with_capacity(folded.len());
    for word in folded.split_whitespace() {
        if !normal.is_empty() {
            normal.push(' ');
        }
        normal.push_str(word);
    }
    normal
}

/// Characters that print nothing and would make two equal names differ.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn person(name: &str) -> Person {
        Person {
            name: name.into(),
            unit: "Harbour Office".into(),
            city: "Example City".into(),
            country: "CN".into(),
            document_number: None,
            birth_date: None,
        }
    }

    #[test]
    fn spellings_of_one_name_are_the_same() {
        // C-ID: a returning person is recognised.
        let names = ["Jos\u{e9}  Garc\u{ed}a", " jose\u{301} GARCI\u{301}A\t", "\u{ff2a}os\u{e9} Garc\u{ed}\u{200b}a"];
        for name in names {
            assert_eq!(person(name).normal().unwrap().name, "jos\u{e9} garc\u{ed}a");
        }
        assert_eq!(normal_text("Stra\u{df}e"), normal_text("STRASSE"));
        assert_ne!(normal_text("\u{738b}\u{4f1f}"), normal_text("\u{738b}\u{851a}"));
    }

    #[test]
    fn document_numbers_ignore_spaces_and_hyphens() {
        let number =
            |text: &str| Person { document_number: Some(text.into()), ..person("A") }.normal().unwrap().document_number;
        assert_eq!(number("11010519 491231-002x"), number("\u{ff11}10105194912310\u{ff10}2X"));
    }

    #[test]
    fn what_is_no_person_is_refused_by_member() {
        assert_eq!(person(" \u{200b} ").validate().unwrap_err().member, "name");
        assert_eq!(person("a\0b").validate().unwrap_err().member, "name");
        assert_eq!(person(&"a".repeat(MAX_PART_CHARS + 1)).validate().unwrap_err().member, "name");
        let dated = |date: &str| Person { birth_date: Some(date.into()), ..person("A") }.validate();
        assert!(dated("2000-02-29").is_ok());
        assert_eq!(dated("2001-02-29").unwrap_err().member, "birthDate");
        let numbered = Person { document_number: Some("???".into()), ..person("A") };
        assert_eq!(numbered.validate().unwrap_err().member, "documentNumber");
    }

    #[test]
    fn debug_shows_no_personal_data() {
        assert!(!format!("{:?}", person("Wang")).contains("Wang"));
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = normal_text(&text);
            prop_assert_eq!(normal_text(&once), once);
        }
    }
}
