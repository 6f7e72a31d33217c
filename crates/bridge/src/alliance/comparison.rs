//! What a requester was suggested against what an endorser finds for itself (A-END): the first key that differs is named.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use super::message::{Part, Read, Write};

/// What a node contract suggests for a call in one state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suggestion {
    /// What it rests on, keys ascending.
    pub reads: Vec<Read>,
    /// What it changes, keys ascending.
    pub writes: Vec<Write>,
}

/// The first key in which two suggestions differ. `None` stands for a key that is not in one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum Difference {
    /// It was read in another version.
    #[error("key {key} was {}, and {}", read(*suggested), has(*found))]
    Version {
        /// Which key.
        key: B256,
        /// In the request.
        suggested: Option<u64>,
        /// In the endorser's state.
        found: Option<u64>,
    },
    /// It is to get another value.
    #[error("key {key} was {}, and {}", to_become(*suggested), becomes(*found))]
    Value {
        /// Which key.
        key: B256,
        /// In the request.
        suggested: Option<B256>,
        /// As the endorser's node contract has it.
        found: Option<B256>,
    },
}

fn read(version: Option<u64>) -> String {
    version.map_or_else(|| "not read".to_owned(), |version| format!("read in version {version}"))
}

fn has(version: Option<u64>) -> String {
    version.map_or_else(|| "is not read there".to_owned(), |version| format!("has version {version}"))
}

fn to_become(value: Option<B256>) -> String {
    value.map_or_else(|| "not to be written".to_owned(), |value| format!("to become {value}"))
}

fn becomes(value: Option<B256>) -> String {
    value.map_or_else(|| "is not written there".to_owned(), |value| format!("becomes {value}"))
}

impl Difference {
    /// The key that differs.
    #[must_use]
    pub const fn key(&self) -> B256 {
        match self {
            Self::Version { key, .. } | Self::Value { key, .. } => *key,
        }
    }
}

/// Compares a part with what its call leads to. Versions are looked at first: a value may differ because of them.
///
/// # Errors
/// The first [`Difference`] in the order of keys.
pub fn compare(part: &Part, found: &Suggestion) -> Result<(), Difference> {
    let versions = differing(
        part.reads.iter().map(|read| (read.key, read.version)),
        found.reads.iter().map(|read| (read.key, read.version)),
    );
    if let Some((key, suggested, found)) = versions {
        return Err(Difference::Version { key, suggested, found });
    }
    let values = differing(
        part.writes.iter().map(|write| (write.key, write.value)),
        found.writes.iter().map(|write| (write.key, write.value)),
    );
    values.map_or(Ok(()), |(key, suggested, found)| Err(Difference::Value { key, suggested, found }))
}

/// The lowest key that does not have the same in both.
fn differing<T: Copy + PartialEq>(
    one: impl Iterator<Item = (B256, T)>,
    other: impl Iterator<Item = (B256, T)>,
) -> Option<(B256, Option<T>, Option<T>)> {
    let (one, other): (BTreeMap<_, _>, BTreeMap<_, _>) = (one.collect(), other.collect());
    let keys: BTreeSet<_> = one.keys().chain(other.keys()).copied().collect();
    keys.into_iter()
        .map(|key| (key, one.get(&key).copied(), other.get(&key).copied()))
        .find(|(_, one, other)| one != other)
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Bytes;

    use super::*;

    const A: B256 = B256::repeat_byte(1);
    const B: B256 = B256::repeat_byte(2);

    fn part() -> Part {
        Part {
            member: B256::ZERO,
            call: Bytes::new(),
            reads: vec![Read { key: A, version: 3 }, Read { key: B, version: 0 }],
            writes: vec![Write { key: B, value: A }],
        }
    }

    fn suggestion() -> Suggestion {
        Suggestion { reads: part().reads, writes: part().writes }
    }

    #[test]
    fn the_same_is_the_same() {
        assert_eq!(compare(&part(), &suggestion()), Ok(()));
    }

    #[test]
    fn another_version_and_another_value_name_the_key() {
        let mut found = suggestion();
        found.writes[0].value = B;
        assert_eq!(compare(&part(), &found), Err(Difference::Value { key: B, suggested: Some(A), found: Some(B) }));
        found.reads[0].version = 4;
        assert_eq!(compare(&part(), &found), Err(Difference::Version { key: A, suggested: Some(3), found: Some(4) }));
    }

    #[test]
    fn what_is_said_to_the_user_is_words_and_values() {
        let value = Difference::Value { key: A, suggested: Some(A), found: None };
        assert_eq!(value.to_string(), format!("key {A} was to become {A}, and is not written there"));
        let version = Difference::Version { key: A, suggested: None, found: Some(4) };
        assert_eq!(version.to_string(), format!("key {A} was not read, and has version 4"));
        let version = Difference::Version { key: A, suggested: Some(3), found: None };
        assert_eq!(version.to_string(), format!("key {A} was read in version 3, and is not read there"));
        let value = Difference::Value { key: A, suggested: None, found: Some(B) };
        assert_eq!(value.to_string(), format!("key {A} was not to be written, and becomes {B}"));
    }

    #[test]
    fn a_key_too_many_or_too_few_is_a_difference() {
        let mut found = suggestion();
        found.reads.pop();
        assert_eq!(compare(&part(), &found), Err(Difference::Version { key: B, suggested: Some(0), found: None }));
        let mut found = suggestion();
        found.writes.insert(0, Write { key: A, value: B });
        assert_eq!(compare(&part(), &found), Err(Difference::Value { key: A, suggested: None, found: Some(B) }));
    }
}
