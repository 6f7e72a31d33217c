//! Who may read data of the access class `restricted`: addresses and organizations, named by the source in what it signs, or by the format in its rules.

use std::{fmt, str::FromStr};

use alloy_primitives::Address;
use chancery_primitives::OrganizationCode;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Most readers that one submission, or one format, names.
pub const MAX_READERS: usize = 16;

const ORGANIZATION: &str = "organization:";

/// One who may read: as text `0x` and 40 hexadecimal digits, or `organization:CODE`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reader {
    /// Whoever signs in with the key of this address.
    Address(Address),
    /// Keys of which this organization has a right in force, on the main chain.
    Organization(String),
}

/// What names no reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reader is 0x and 40 hexadecimal digits, or organization:CODE")]
pub struct NoReader;

impl Reader {
    /// Whether an address with rights of these organizations is this reader.
    #[must_use]
    pub fn is(&self, address: Option<Address>, organizations: &std::collections::BTreeSet<String>) -> bool {
        match self {
            Self::Address(reader) => address == Some(*reader),
            Self::Organization(code) => organizations.contains(code),
        }
    }
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address:#x}"),
            Self::Organization(code) => write!(f, "{ORGANIZATION}{code}"),
        }
    }
}

impl FromStr for Reader {
    type Err = NoReader;

    fn from_str(text: &str) -> Result<Self, NoReader> {
        if let Some(code) = text.strip_prefix(ORGANIZATION) {
            return OrganizationCode::parse(code).map(|_| Self::Organization(code.to_owned())).map_err(|_| NoReader);
        }
        let is_hex = text.len() == 42 && text.starts_with("0x");
        text.parse().ok().filter(|_| is_hex).map(Self::Address).ok_or(NoReader)
    }
}

impl Serialize for Reader {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    // SEARCH-3
    #[test]
    fn a_reader_is_an_address_or_an_organization_and_nothing_else() {
        let address = Address::repeat_byte(0xab);
        for text in [format!("{address:#x}"), "organization:SAMPLE-HEALTH-OFFICE".to_owned()] {
            let reader: Reader = serde_json::from_value(text.clone().into()).unwrap();
            assert_eq!(serde_json::to_value(&reader).unwrap(), serde_json::Value::from(text));
        }
        for wrong in ["", "anybody", "role:operator", "organization:", "organization:a b", "0xab", &"ab".repeat(20)] {
            assert_eq!(wrong.parse::<Reader>(), Err(NoReader), "{wrong}");
        }
        let organizations = BTreeSet::from(["UNIVERSITY".to_owned()]);
        assert!(Reader::Address(address).is(Some(address), &BTreeSet::new()));
        assert!(!Reader::Address(address).is(None, &organizations));
        assert!(Reader::Organization("UNIVERSITY".into()).is(None, &organizations));
        assert!(!Reader::Organization("CITY-HALL".into()).is(Some(address), &organizations));
    }
}
