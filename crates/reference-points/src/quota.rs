//! Quotas of what registered sources may submit (`docs/specs/data.md`, "Quotas"): whose, how much, and how much is used.

use std::{fmt, str::FromStr};

use alloy_primitives::{Address, B256};
use chancery_data::SourceId;
use chancery_primitives::OrganizationCode;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{Code, DoorError, data_block::TransactionLocator};

/// Most settings.
pub const MAX_SETTINGS: usize = 10_000;
/// Most rows of usage in one report.
pub const MAX_USAGE_ROWS: usize = 1000;

/// Whom a quota is for; as text `organizations`, `sources`, `organization:CODE`, `source:0x...`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QuotaSubject {
    /// Each organization that has no quota of its own.
    EveryOrganization,
    /// Each source that has no quota of its own.
    EverySource,
    /// All sources of one organization together.
    Organization(String),
    /// One source.
    Source(SourceId),
}

impl QuotaSubject {
    /// The setting that counts where there is none of its own; `None` for the defaults themselves.
    #[must_use]
    pub const fn default_of(&self) -> Option<Self> {
        match self {
            Self::EveryOrganization | Self::EverySource => None,
            Self::Organization(_) => Some(Self::EveryOrganization),
            Self::Source(_) => Some(Self::EverySource),
        }
    }
}

impl fmt::Display for QuotaSubject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EveryOrganization => formatter.write_str("organizations"),
            Self::EverySource => formatter.write_str("sources"),
            Self::Organization(code) => write!(formatter, "organization:{code}"),
            // Small letters, so that one source has one text.
            Self::Source(source) => write!(formatter, "source:{source:#x}"),
        }
    }
}

impl FromStr for QuotaSubject {
    type Err = DoorError;

    fn from_str(text: &str) -> Result<Self, DoorError> {
        let wrong = || {
            let detail = "subject: write organizations, sources, organization:CODE or source:0x and 40 digits";
            DoorError::new(Code::MalformedRequest, detail).with("member", "subject")
        };
        match text.split_once(':') {
            None if text == "organizations" => Ok(Self::EveryOrganization),
            None if text == "sources" => Ok(Self::EverySource),
            Some(("organization", code)) => {
                code.parse::<OrganizationCode>().map(|code| Self::Organization(code.to_string())).map_err(|_| wrong())
            }
            Some(("source", source)) if source.starts_with("0x") => {
                source.parse::<Address>().map(Self::Source).map_err(|_| wrong())
            }
            _ => Err(wrong()),
        }
    }
}

impl Serialize for QuotaSubject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for QuotaSubject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: DoorError| D::Error::custom(error.detail()))
    }
}

/// How much is accepted. A member that is absent bounds nothing; 0 accepts nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quota {
    /// Operations in a day (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations_per_day: Option<u64>,
    /// Bytes of operations in a day (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_day: Option<u64>,
    /// The rate: operations in a minute of the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations_per_minute: Option<u64>,
}

impl Quota {
    /// Its members, by name.
    #[must_use]
    pub const fn members(&self) -> [(&'static str, Option<u64>); 3] {
        [
            ("operationsPerDay", self.operations_per_day),
            ("bytesPerDay", self.bytes_per_day),
            ("operationsPerMinute", self.operations_per_minute),
        ]
    }
}

/// A change of a quota, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuotaSetting {
    /// For whom.
    pub subject: QuotaSubject,
    /// What counts from then on; `None`: the setting was taken away.
    pub quota: Option<Quota>,
    /// Which operator.
    pub by: Address,
    /// When, Unix milliseconds.
    pub at_ms: u64,
    /// Its place in the journal.
    pub place: u64,
    /// Its name in the data block: a hash of what the journal has of it.
    pub digest: B256,
    /// Where its data block is recorded; absent until that is final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<TransactionLocator>,
}

/// What somebody has submitted of what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuotaUsage {
    /// An organization or a source.
    pub subject: QuotaSubject,
    /// Operations accepted today (UTC).
    pub operations: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Operations accepted in this minute.
    pub minute_operations: u64,
    /// What counts for it; absent: nothing bounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// Names of the quota's members that are used up.
    pub used_up: Vec<String>,
}

/// Settings and usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuotaReport {
    /// The journal's clock, Unix milliseconds.
    pub now_ms: u64,
    /// When the day ends, Unix milliseconds.
    pub day_ends_ms: u64,
    /// What is in force.
    pub settings: Vec<QuotaSetting>,
    /// The newest changes, newest first.
    pub changes: Vec<QuotaSetting>,
    /// Who has submitted today, or has a quota of its own; most operations first.
    pub usage: Vec<QuotaUsage>,
    /// Rows that are left off.
    pub left_off: usize,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // QUOTA-1: one subject has one text, in the path, in the journal and in an answer.
    #[test]
    fn a_subject_is_written_as_it_is_read() {
        let source = "source:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
        for text in ["organizations", "sources", "organization:SAMPLE-HEALTH-OFFICE", source] {
            let subject: QuotaSubject = text.parse().unwrap();
            assert_eq!(subject.to_string(), text);
            assert_eq!(serde_json::from_value::<QuotaSubject>(serde_json::json!(text)).unwrap(), subject);
        }
        let capital = "source:0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266".parse::<QuotaSubject>().unwrap();
        assert_eq!(capital.to_string(), source);
        for wrong in ["", "source", "sources:1", "source:12", "organization:", "organization:a b", "everybody"] {
            assert_eq!(wrong.parse::<QuotaSubject>().unwrap_err().code(), Code::MalformedRequest, "{wrong}");
        }
    }
}
