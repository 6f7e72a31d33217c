//! `GET /v1/events` and histories: what supervisors see (V2M). That something happened, when, by whom and whether it verifies; never content.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Example, Recorded, example_address, example_time};
use crate::values::{HexAddress, Timestamp};

/// What happened (M-MON-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EventType {
    /// Data was submitted and accepted.
    Submitted,
    /// A submission was refused.
    SubmissionRefused,
    /// Data was created on a chain.
    Created,
    /// Data was updated on a chain.
    Updated,
    /// Data was inspected, recorded on a chain.
    Inspected,
    /// Data was accessed.
    Accessed,
    /// The configuration was changed.
    Configured,
}

/// By which right something was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ReadRight {
    /// It is for anybody.
    Open,
    /// It is about the reader.
    OwnData,
    /// It is of an organization of which the reader has a right in force.
    SameOrganization,
    /// The reader is named by whoever it belongs to.
    Named,
    /// A grant, a contract or an access rule lets the reader read it.
    Granted,
    /// By office.
    Role,
}

impl ReadRight {
    /// Its name in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::OwnData => "ownData",
            Self::SameOrganization => "sameOrganization",
            Self::Named => "named",
            Self::Granted => "granted",
            Self::Role => "role",
        }
    }
}

/// Whether what backs an entry was verified against the chain's genesis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum Verification {
    /// Inclusion and finality verify.
    Verified,
    /// The chain has no finality certificates.
    Unproven {
        /// Which guarantee is missing.
        missing: String,
    },
    /// A check failed: tampering, or a bug.
    Failed {
        /// The name of the check.
        check: String,
    },
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Of the block for what is on a chain, of the journal for what is not.
    pub time: Timestamp,
    /// What.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// The name of the operation, event or service.
    #[schema(example = "certificate.issue")]
    pub name: String,
    /// By whom; absent for the public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<HexAddress>,
    /// What it was about.
    pub subject: String,
    /// Where it is recorded, if on a chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Recorded>,
    /// Short public facts.
    #[schema(example = "kind degree")]
    pub facts: String,
    /// For what was read: by which right. Absent for what was refused, and in entries from before rights were written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<ReadRight>,
    /// Absent for journal entries, which nothing but our word backs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verification>,
}

/// What happened to one certificate, with what the time-sequence audit (M-MON-3) found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// Oldest first.
    pub entries: Vec<Event>,
    /// Whether block times and revisions follow one another as they must.
    pub in_order: bool,
    /// What does not.
    pub findings: Vec<String>,
}

impl Example for Event {
    fn example() -> Self {
        Self {
            time: example_time(),
            event_type: EventType::Created,
            name: "certificate.issue".into(),
            by: Some(example_address()),
            subject: super::example_hash(0xce).to_string(),
            recorded: Some(Recorded::example()),
            facts: "kind degree".into(),
            right: None,
            verified: Some(Verification::Verified),
        }
    }
}

impl Example for History {
    fn example() -> Self {
        Self { entries: vec![Event::example()], in_order: true, findings: Vec::new() }
    }
}
