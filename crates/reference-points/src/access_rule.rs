//! Access rules: who may ask for which service, within what the service itself allows (M-CON-3, `docs/specs/access.md`).

use std::{collections::BTreeMap, fmt, str::FromStr};

use alloy_primitives::Address;
use chancery_primitives::OrganizationCode;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{Code, DoorError, DoorResult, Role};

/// Most entries of a rule.
pub const MAX_ACCESS_ENTRIES: usize = 64;
/// Longest recorded text of a rule, in bytes; also the contract's.
pub const MAX_ACCESS_RULE_BYTES: usize = 4096;
/// Most versions of a rule that are shown, the newest.
pub const MAX_ACCESS_VERSIONS: u32 = 100;

/// Whom an entry is about; as text `anybody`, `role:NAME`, `organization:CODE`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccessSubject {
    /// Everybody, signed in or not, for whom no other entry says something.
    Anybody,
    /// Whoever has the role.
    Role(Role),
    /// Whoever has a right in force of the organization.
    Organization(String),
}

impl fmt::Display for AccessSubject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anybody => formatter.write_str("anybody"),
            Self::Role(role) => write!(formatter, "role:{}", role.name()),
            Self::Organization(code) => write!(formatter, "organization:{code}"),
        }
    }
}

impl FromStr for AccessSubject {
    type Err = DoorError;

    fn from_str(text: &str) -> Result<Self, DoorError> {
        let wrong = || {
            let detail = "entries: write anybody, role:NAME or organization:CODE";
            DoorError::new(Code::MalformedRequest, detail).with("member", "entries")
        };
        match text.split_once(':') {
            None if text == "anybody" => Ok(Self::Anybody),
            Some(("role", name)) => {
                Role::ALL.into_iter().find(|role| role.name() == name).map(Self::Role).ok_or_else(wrong)
            }
            Some(("organization", code)) => {
                code.parse::<OrganizationCode>().map(|code| Self::Organization(code.to_string())).map_err(|_| wrong())
            }
            _ => Err(wrong()),
        }
    }
}

impl Serialize for AccessSubject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AccessSubject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: DoorError| D::Error::custom(error.detail()))
    }
}

/// What an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessEffect {
    /// May ask, within what the service itself allows.
    Allow,
    /// May not.
    Deny,
}

impl AccessEffect {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// The entries of a rule, one a subject. None: what the service itself says counts alone.
pub type AccessEntries = BTreeMap<AccessSubject, AccessEffect>;

/// One version of the rule of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessRule {
    /// Name of the service.
    pub service: String,
    /// Its versions follow one another, from 1.
    pub version: u32,
    /// What it says.
    pub entries: AccessEntries,
    /// The operator who asked for it.
    pub by: Address,
    /// Time of the block that recorded it, Unix seconds.
    pub configured_at: u64,
}

/// Who may ask for a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccess {
    /// Name of the service.
    pub service: String,
    /// The upper bound, which the service itself brings; `None`: anybody.
    pub roles: Option<Vec<Role>>,
    /// The versions of its rule, newest first, at most [`MAX_ACCESS_VERSIONS`]; the first is in force. None: the upper bound is.
    pub versions: Vec<AccessRule>,
}

/// The text of a rule as the chain keeps it: a JSON object, its members in order.
///
/// # Errors
/// `ConfigurationInvalid` when it is longer than [`MAX_ACCESS_RULE_BYTES`] or has more than [`MAX_ACCESS_ENTRIES`].
pub fn recorded_text(entries: &AccessEntries) -> DoorResult<String> {
    let invalid = |detail: String| DoorError::new(Code::ConfigurationInvalid, detail);
    if entries.len() > MAX_ACCESS_ENTRIES {
        return Err(invalid(format!("a rule has at most {MAX_ACCESS_ENTRIES} entries, not {}", entries.len())));
    }
    let text = serde_json::to_string(entries).map_err(DoorError::internal)?;
    if text.len() > MAX_ACCESS_RULE_BYTES {
        return Err(invalid(format!(
            "a rule is recorded in at most {MAX_ACCESS_RULE_BYTES} bytes, not {}",
            text.len()
        )));
    }
    Ok(text)
}

/// What the chain keeps of a rule. What nobody can read denies everybody but operators: it never opens what it meant to close.
#[must_use]
pub fn from_recorded(text: &[u8]) -> AccessEntries {
    if text.is_empty() {
        return AccessEntries::new();
    }
    serde_json::from_slice(text).unwrap_or_else(|_| {
        let operators = (AccessSubject::Role(Role::Operator), AccessEffect::Allow);
        AccessEntries::from([(AccessSubject::Anybody, AccessEffect::Deny), operators])
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // ACCESS-1: one rule has one text, on the chain, in a request and in an answer.
    #[test]
    fn a_rule_is_written_as_it_is_read() {
        let text =
            r#"{"anybody":"deny","role:inspector":"allow","role:operator":"allow","organization:HEALTH-1":"deny"}"#;
        let entries = from_recorded(text.as_bytes());
        assert_eq!(recorded_text(&entries).unwrap(), text);
        assert_eq!(entries.len(), 4);
        assert_eq!(recorded_text(&AccessEntries::new()).unwrap(), "{}");
        assert!(from_recorded(b"{}").is_empty() && from_recorded(b"").is_empty());
        for wrong in ["", "role", "role:king", "organization:", "organization:a b", "everybody", "anybody:1"] {
            assert_eq!(wrong.parse::<AccessSubject>().unwrap_err().code(), Code::MalformedRequest, "{wrong}");
        }
    }

    // ACCESS-4
    #[test]
    fn what_cannot_be_read_opens_nothing() {
        for broken in ["{", r#"{"role:king":"allow"}"#, r#"{"anybody":"perhaps"}"#, "[]", "\u{0}"] {
            let entries = from_recorded(broken.as_bytes());
            assert_eq!(entries[&AccessSubject::Anybody], AccessEffect::Deny, "{broken}");
        }
    }

    #[test]
    fn a_rule_is_bounded() {
        let of = |count: usize| -> AccessEntries {
            (0..count).map(|n| (AccessSubject::Organization(format!("O-{n}")), AccessEffect::Deny)).collect()
        };
        recorded_text(&of(MAX_ACCESS_ENTRIES)).unwrap();
        let error = recorded_text(&of(MAX_ACCESS_ENTRIES + 1)).unwrap_err();
        assert_eq!(error.code(), Code::ConfigurationInvalid);
    }
}
