//! An entry that is not for everybody (S-DIR): on the chain stand two salted commitments and nothing that says what they are of; off it, kept by the city,
//! what opens them.
//!
//! ```text
//! resource         keccak256("chancery directory name v1" || name salt (32) || name)
//! visibility       0: nobody, as the contract sees it
//! descriptionHash  keccak256(opening), the exact text, which holds a salt of its own
//! description      empty
//! opening          {"resource", "visibleTo", "nameSalt", "textSalt", "description": {"title", "description", "columns", "service"?}}
//! ```
//!
//! Who is shown an opening compares both with the chain. The name keeps its salt, so that the entry stays one; each text has a new one, so that whoever could
//! see an entry once cannot try what may be in it later.

use alloy_primitives::{B256, keccak256};
use chancery_contracts::ResourceDirectory;
use serde::{Deserialize, Serialize};

use super::{DescriptionError, MAX_DESCRIPTION_BYTES, ResourceDescription, ResourceName, Visibility, description_hash};

/// What the contract has of a name; all zero when there is nothing.
pub(crate) type Record = <ResourceDirectory::resourceAtCall as alloy_sol_types::SolCall>::Return;

/// What stands before salt and name.
const DOMAIN: &[u8] = b"chancery directory name v1";

/// What opens the commitments of an entry. Whoever has it knows the entry: it is shown by role.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Opening {
    /// The name.
    pub resource: ResourceName,
    /// Roles that may see it.
    pub visible_to: Vec<String>,
    /// Salt of the name.
    pub name_salt: B256,
    /// Salt of the text.
    pub text_salt: B256,
    /// What it is.
    pub description: ResourceDescription,
}

impl Opening {
    /// The exact text that is hashed.
    ///
    /// # Errors
    /// [`DescriptionError`].
    pub fn to_text(&self) -> Result<String, DescriptionError> {
        let text = serde_json::to_string(self).map_err(|error| DescriptionError::Malformed(error.to_string()))?;
        Self::parse(&text).map(|_| text)
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
        read.description.check()?;
        read.read_visibility()?;
        Ok(read)
    }

    /// Who may see it.
    #[must_use]
    pub fn visibility(&self) -> Visibility {
        // A text that was read has roles that there are.
        self.read_visibility().unwrap_or(Visibility::NOBODY)
    }

    /// What stands for the name on the chain.
    #[must_use]
    pub fn word(&self) -> B256 {
        word_of(&self.resource, self.name_salt)
    }

    /// Whether a text is the one that an entry of the chain commits to under this word.
    pub(crate) fn of_entry(word: B256, record: &Record, text: &str) -> Option<Self> {
        let is_committed = record.registeredAt != 0
            && Visibility(record.visibility) == Visibility::NOBODY
            && record.description.is_empty()
            && record.descriptionHash == description_hash(text);
        Self::parse(text).ok().filter(|opening| is_committed && opening.word() == word)
    }

    fn read_visibility(&self) -> Result<Visibility, DescriptionError> {
        Visibility::of_roles(self.visible_to.iter().map(String::as_str))
            .map_err(|error| DescriptionError::Malformed(error.to_string()))
    }
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opening").finish_non_exhaustive()
    }
}

/// What stands for a name on the chain, by its salt.
pub(crate) fn word_of(resource: &ResourceName, name_salt: B256) -> B256 {
    keccak256([DOMAIN, name_salt.as_slice(), resource.as_str().as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::Address;

    use super::*;
    use crate::extract::{Column, ColumnType};

    fn opening() -> Opening {
        Opening {
            resource: "wells".parse().unwrap(),
            visible_to: vec!["inspector".to_owned()],
            name_salt: B256::repeat_byte(1),
            text_salt: B256::repeat_byte(2),
            description: ResourceDescription {
                title: "Secret wells".to_owned(),
                description: String::new(),
                columns: vec![Column { name: "depth".to_owned(), kind: ColumnType::Float }],
                service: None,
            },
        }
    }

    fn committed(text: &str) -> Record {
        Record {
            asset: Address::repeat_byte(1),
            registeredAt: 1,
            visibility: 0,
            organization: B256::ZERO,
            descriptionHash: description_hash(text),
            description: String::new(),
        }
    }

    #[test]
    fn an_opening_opens_the_entry_that_commits_to_it_and_no_other() {
        let (whole, text) = (opening(), opening().to_text().unwrap());
        let (word, record) = (whole.word(), committed(&text));
        assert_eq!(Opening::of_entry(word, &record, &text), Some(whole.clone()));
        assert_eq!(whole.visibility(), Visibility::of_roles(["inspector"]).unwrap());

        // The name, either salt, the roles and the text: none can be another.
        for other in [
            Opening { resource: "rivers".parse().unwrap(), ..whole.clone() },
            Opening { name_salt: B256::repeat_byte(3), ..whole.clone() },
            Opening { text_salt: B256::repeat_byte(3), ..whole.clone() },
            Opening { visible_to: vec!["citizen".to_owned()], ..whole.clone() },
        ] {
            let other = other.to_text().unwrap();
            assert_eq!(Opening::of_entry(word, &record, &other), None, "{other}");
        }
        let foreign = Opening { resource: "rivers".parse().unwrap(), ..whole };
        let foreign_text = foreign.to_text().unwrap();
        assert_eq!(Opening::of_entry(word, &committed(&foreign_text), &foreign_text), None, "the word names it");
        assert_eq!(Opening::of_entry(word, &Record { registeredAt: 0, ..record.clone() }, &text), None, "withdrawn");
        assert_eq!(Opening::of_entry(word, &Record { visibility: 1, ..record }, &text), None);
    }

    #[test]
    fn the_chain_has_no_name_and_no_text_and_none_that_can_be_tried() {
        let (one, other) = (opening(), Opening { name_salt: B256::repeat_byte(3), ..opening() });
        assert!(ResourceName::from_bytes32(one.word()).is_err(), "what reads the chain alone sees no name");
        assert_ne!(one.word(), other.word(), "the same name under another salt");
        let resalted = Opening { text_salt: B256::repeat_byte(4), ..opening() };
        let hash = |opening: &Opening| description_hash(&opening.to_text().unwrap());
        assert_ne!(hash(&one), hash(&resalted), "the same text under another salt");
        assert_ne!(hash(&one), description_hash(&one.description.to_text().unwrap()));
        let shown = format!("{one:?}");
        assert!(!shown.contains("wells") && !shown.contains("0101"), "{shown}");
    }

    #[test]
    fn what_is_no_opening_is_refused() {
        let text = opening().to_text().unwrap();
        assert!(Opening::parse(&text.replace("inspector", "king")).is_err(), "there is no such role");
        assert!(Opening::parse(&text.replace("wells\"", "../wells\"")).is_err());
        assert!(Opening::parse(&text.replace("\"nameSalt\"", "\"salt\"")).is_err());
        let long = Opening {
            description: ResourceDescription {
                description: "a".repeat(MAX_DESCRIPTION_BYTES),
                ..opening().description
            },
            ..opening()
        };
        assert!(matches!(long.to_text(), Err(DescriptionError::TooLong(_))));
        assert!(ResourceDescription::parse(&text).is_err(), "and is never taken for a description");
    }
}
