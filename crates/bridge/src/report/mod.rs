//! What endorsers, relays and requesters say of a request before it has a number: reported, and proven by nothing (`docs/specs/alliance.md`, "Before the number").
//!
//! ```text
//! requester --asks--> endorser: keeps what it has answered      --.
//!     |                                                            +-- `POST /v1/reports` --> [`Reporter`] of whoever shows it
//!     '--[`Teller`], hands in--> relay: keeps what it was told   --'
//! ```
//! A report names a request by its hash, whose parts it has, and how its step went; no key, value, version or call, nor anything in a contract's own words. Over TLS a node is told of the
//! requests that its member asks or has a part in. What is kept is in memory, bounded, and bounded for each who asks: whoever is killed has nothing to tell, and no request waits for any of it.
//! Nothing rests on a report: whoever shows one says who has said it, and believes the chain alone.

mod log;
mod reader;
mod service;
mod telling;

use std::collections::BTreeMap;

use alloy_primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};

pub use self::{
    log::ReportLog,
    reader::{Reporter, Voice},
    service::{STEPS_PATH, reports, steps},
    telling::{LAST_WORDS, Teller, Telling},
};
use crate::{
    alliance::{
        comparison::Difference,
        message::{MAX_PARTS, Request},
    },
    endorser::EndorseRefusal,
};

/// Where reports are asked for.
pub const PATH: &str = "/v1/reports";
/// Reports that are kept: the newest.
pub const MAX_REPORTS: usize = 1024;
/// Of these at most so many of one member that asks; all who are not known count as one.
pub const MAX_REPORTS_OF_ONE: usize = 256;
/// Most in an answer: the oldest of what is new. With 16 parties each that is less than a body may have.
pub const MAX_REPORTS_AT_ONCE: usize = 256;

/// A request that has no number yet, as far as it is told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proposal {
    /// EIP-712 `hashStruct` of the request, by which it is known on chain; of one that was never put together, the Keccak-256 hash of its idempotency key.
    pub id: B256,
    /// Members of its parts.
    pub parties: Vec<B256>,
    /// Last second of the alliance chain in which it can be sequenced; `None`: it was never put together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until_s: Option<u64>,
}

impl Proposal {
    /// Of a request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        Self {
            id: request.hash(),
            parties: request.parts.iter().map(|part| part.member).collect(),
            valid_until_s: Some(request.valid_until),
        }
    }

    /// Of one that was never put together: a rule has refused a call. `key` is its idempotency key on chain.
    #[must_use]
    pub fn unformed(key: B256, parties: Vec<B256>) -> Self {
        Self { id: keccak256(key), parties, valid_until_s: None }
    }

    /// Whether it has parties, and not more than a request may.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        !self.parties.is_empty() && self.parties.len() <= MAX_PARTS
    }
}

/// What is there most often; `None` where there is nothing. Whoever reports most loses its own first, where reports are kept and where they are heard.
pub(crate) fn loudest<T: Ord>(of: impl Iterator<Item = T>) -> Option<T> {
    let mut counts = BTreeMap::<T, usize>::new();
    for one in of {
        *counts.entry(one).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(one, _)| one)
}

/// How a step before the number went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum Said {
    /// The requester asks endorsers.
    Proposed,
    /// An endorser has signed.
    Endorsed,
    /// An endorser has not.
    Declined {
        /// Why.
        why: Why,
    },
    /// A relay was handed the request with its endorsements.
    HandedIn,
    /// A relay has not had it sequenced. Another one may.
    NotCarried,
    /// The requester does not go on with it, and had not handed it in.
    GivenUp {
        /// Because of whom.
        member: B256,
        /// Why.
        why: Why,
    },
}

/// The steps before the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReportedStep {
    /// Endorsers are asked.
    Asking,
    /// An endorser's answer.
    Endorsing,
    /// What a relay does with it.
    Carrying,
    /// The requester's end of it.
    GivingUp,
}

/// Why a part is not endorsed, without what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Why {
    /// A version is no longer the one that was read.
    Stale,
    /// The call writes something else.
    Differs,
    /// The member's own rule does not let the call happen.
    Rule,
    /// The member's database does not bear it out, or does not take it.
    Database,
    /// The member's database has promised others what does not go with it.
    Promised,
    /// It would have to be promised for too long.
    TooLong,
    /// The endorser cannot say at present.
    Unavailable,
    /// Not more than half of the member's weight has endorsed.
    TooFew,
}

impl Said {
    /// What an endorser has answered; `None`: it was asked for something that concerns it in no way, which says nothing of a request.
    #[must_use]
    pub const fn of_refusal(refusal: &EndorseRefusal) -> Option<Self> {
        let why = match refusal {
            EndorseRefusal::Malformed | EndorseRefusal::OtherMember { .. } | EndorseRefusal::Channel { .. } => {
                return None;
            }
            EndorseRefusal::Differs { difference: Difference::Version { .. } } => Why::Stale,
            EndorseRefusal::Differs { difference: Difference::Value { .. } } => Why::Differs,
            EndorseRefusal::CallRefused { .. } => Why::Rule,
            EndorseRefusal::DatabaseDisagrees { .. } | EndorseRefusal::DatabaseRefuses { .. } => Why::Database,
            EndorseRefusal::DatabasePromised { .. } => Why::Promised,
            EndorseRefusal::TooLong { .. } => Why::TooLong,
            EndorseRefusal::Unavailable { .. } => Why::Unavailable,
        };
        Some(Self::Declined { why })
    }

    /// Which step it is of: of one step the newest word of whoever says it counts.
    #[must_use]
    pub const fn step(self) -> ReportedStep {
        match self {
            Self::Proposed => ReportedStep::Asking,
            Self::Endorsed | Self::Declined { .. } => ReportedStep::Endorsing,
            Self::HandedIn | Self::NotCarried => ReportedStep::Carrying,
            Self::GivenUp { .. } => ReportedStep::GivingUp,
        }
    }

    /// Whether an endorser says this.
    #[must_use]
    pub const fn is_of_endorser(self) -> bool {
        matches!(self, Self::Endorsed | Self::Declined { .. })
    }

    /// Whether a requester says this.
    #[must_use]
    pub const fn is_of_requester(self) -> bool {
        matches!(self, Self::Proposed | Self::GivenUp { .. })
    }
}

/// A step of a requester's own, as it tells a relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToldStep {
    /// Of which request.
    pub proposal: Proposal,
    /// How it went.
    pub said: Said,
}

/// What one says of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Report {
    /// The request.
    pub proposal: Proposal,
    /// Whose node has asked, by its TLS certificate; `None`: it was asked without TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asker: Option<B256>,
    /// How the step went.
    pub said: Said,
    /// How many milliseconds ago, when it was told.
    pub ago_ms: u64,
}

/// What somebody wants to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportQuery {
    /// `instance` of the last answer; of another process all is told.
    pub instance: u64,
    /// `last` of that answer.
    pub after: u64,
}

/// What was reported since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportAnswer {
    /// Tells a process from the one before it.
    pub instance: u64,
    /// All up to this one were told: the newest that there is, or the last of a full answer.
    pub last: u64,
    /// In their order; at most [`MAX_REPORTS_AT_ONCE`], and then there may be more.
    pub reports: Vec<Report>,
}

/// Why nothing is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum ReportRefusal {
    /// What was sent cannot be read, or is nothing that whoever sends it can say.
    #[error("what was sent cannot be read, or is no step of a requester")]
    Malformed,
}
