//! The endorser: executes a part's call for itself, compares, and signs (A-END; step 2 of `docs/specs/alliance.md`).
//!
//! ```text
//! requester -- request, part --> [form] -> [suggest at the newest final block] -> [compare] -> [sign] -- endorsement -->
//!                                  |                |                               |
//!                               Malformed      CallRefused, Unavailable          Differs: the key, both versions or values
//! ```
//! It keeps nothing between two questions, so it may be killed at any moment, and several may run with the same key. [`RenewingEndorser`] takes a renewed certificate while it runs.

mod attestation;
mod node;
mod remote;
mod renewing;
mod service;

use alloy_primitives::B256;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use self::{
    attestation::{ATTEST_PATH, AttestQuery, AttestRefusal, Attestation, Attester},
    node::NodeEndorser,
    remote::{RemoteAttester, RemoteEndorser},
    renewing::{RenewalFault, RenewingEndorser},
    service::router,
};
use crate::{
    alliance::{
        comparison::Difference,
        message::{Endorsement, Part, Request},
    },
    http::CallError,
    tls::ChannelFault,
};

/// Where endorsers are asked.
pub const PATH: &str = "/v1/endorsements";

/// Somebody who may endorse a part.
#[async_trait]
pub trait Endorser: Send + Sync {
    /// Endorses a member's part of a request, or says why not. Whoever asks examines the answer.
    async fn endorse(&self, request: &Request, part: &Part) -> Result<Endorsement, EndorseRefusal>;

    /// The same for a node of a member (`asker`) that has shown who it is; `None`: it has not. Of an endorser that asks somebody else it is that one's concern.
    async fn endorse_for(
        &self,
        request: &Request,
        part: &Part,
        _asker: Option<B256>,
    ) -> Result<Endorsement, EndorseRefusal> {
        self.endorse(request, part).await
    }

    /// Why it goes on under a certificate in whose place another one was to be; `None`: nothing is in the way.
    fn renewal_fault(&self) -> Option<RenewalFault> {
        None
    }
}

/// What an endorser is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndorseQuery {
    /// What is signed.
    pub request: Request,
    /// The endorser's member's part of it.
    pub part: Part,
}

/// Why it does not endorse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum EndorseRefusal {
    /// The part exceeds a bound, or is not the one that the request names.
    #[error("the part is malformed, or is not the one that the request names")]
    Malformed,
    /// Ask an endorser of that member.
    #[error("this endorser speaks for {own}, not for {asked}")]
    OtherMember {
        /// Whose part it is.
        asked: B256,
        /// The endorser's member.
        own: B256,
    },
    /// It finds something else. Of a version: ask for another suggestion.
    #[error("{difference}")]
    Differs {
        /// The first key that differs.
        difference: Difference,
    },
    /// The node contract does not let the call happen.
    #[error("the node contract refuses the call: {reason}")]
    CallRefused {
        /// In the contract's own terms.
        reason: String,
    },
    /// Ask its organization: the business database behind its node contract has something else for a key than its chain, or cannot take what is to be written.
    #[error(
        "the member's own database disagrees with its chain about key {key}, or cannot take what is to be written there: ask the member"
    )]
    DatabaseDisagrees {
        /// Which key. What the database has, stays there.
        key: B256,
    },
    /// Ask its organization: the database was tried, and does not take what is to be written; nothing of the try is left there.
    #[error(
        "the member's own database does not take what is to be written at key {key}: correct the value, or ask the member"
    )]
    DatabaseRefuses {
        /// Which key. Why, stays there.
        key: B256,
    },
    /// Ask again when those are decided: the database takes what is to be written, but not together with what is promised to other requests.
    #[error(
        "the member's own database does not take what is to be written at key {key} together with what is promised to other requests: ask again when they are decided"
    )]
    DatabasePromised {
        /// Which key of the part.
        key: B256,
    },
    /// Ask for less time: what a database is to take is promised until the request is decided.
    #[error("the request could be decided more than {longest_s} seconds from now: so long nothing is promised")]
    #[serde(rename_all = "camelCase")]
    TooLong {
        /// Most seconds from now to the last in which it can be decided.
        longest_s: u64,
    },
    /// Renew or correct a certificate, or ask at another address: the two do not speak to each other.
    #[error("{fault}")]
    Channel {
        /// Why.
        fault: ChannelFault,
    },
    /// Ask again later: it cannot read its chain, or does not answer.
    #[error("the endorser cannot say: {reason}")]
    Unavailable {
        /// What is missing.
        reason: String,
    },
}

impl From<CallError> for EndorseRefusal {
    fn from(error: CallError) -> Self {
        match error {
            // Nothing is changed by asking.
            CallError::Channel(fault) | CallError::Interrupted(fault) => Self::Channel { fault },
            error => Self::Unavailable { reason: error.to_string() },
        }
    }
}
