//! What endorsers of a foreign member say of its chain, which proves nothing by itself (`docs/specs/alliance.md`, "Foreign chains").

use std::fmt::Debug;

use alloy_primitives::{B256, Bytes, U256};
use alloy_sol_types::SolEvent;
use async_trait::async_trait;
use chancery_contracts::StoreNode;
use chancery_ledger::EventFilter;
use serde::{Deserialize, Serialize};

use super::{NodeEndorser, node::unsigned};
use crate::{
    alliance::{message::Attest, store::Outcome},
    contracts::ViewError,
    http::CallError,
    tls::ChannelFault,
};

/// Where endorsers of a foreign member are asked.
pub const ATTEST_PATH: &str = "/v1/attestations";

/// Somebody who may attest what became of a part.
#[async_trait]
pub trait Attester: Debug + Send + Sync {
    /// Says what became of a part on the member's chain, or why it does not say.
    async fn attest(&self, query: &AttestQuery) -> Result<Attestation, AttestRefusal>;
}

/// Of which part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AttestQuery {
    /// The request's number.
    pub number: u64,
    /// Whose part.
    pub member: B256,
    /// The part's hash, as the alliance has it.
    pub part_hash: B256,
}

/// What an endorser signs of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attestation {
    /// Serial number of the endorser's transaction certificate.
    pub certificate: u64,
    /// 1 reserved, 2 refused.
    pub outcome: u8,
    /// Of `Attest`; 65 bytes.
    pub signature: Bytes,
}

/// Why it does not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum AttestRefusal {
    /// The query cannot be read.
    #[error("the query cannot be read")]
    Malformed,
    /// Ask an endorser of that member.
    #[error("this endorser speaks for {own}, not for {asked}")]
    OtherMember {
        /// Whose part it is.
        asked: B256,
        /// The endorser's member.
        own: B256,
    },
    /// Reserve first, and wait until that is final there.
    #[error("nothing has become of the number yet")]
    Open,
    /// The part was applied or released: the alliance has decided already.
    #[error("the alliance has decided already")]
    Decided,
    /// The chain has reserved another part under that number.
    #[error("another part is reserved under that number")]
    OtherPart,
    /// Renew or correct a certificate, or ask at another address: the two do not speak to each other.
    #[error("{fault}")]
    Channel {
        /// Why.
        fault: ChannelFault,
    },
    /// Ask again later.
    #[error("the endorser cannot say: {reason}")]
    Unavailable {
        /// What is missing.
        reason: String,
    },
}

impl From<CallError> for AttestRefusal {
    fn from(error: CallError) -> Self {
        match error {
            // Nothing is changed by asking.
            CallError::Channel(fault) | CallError::Interrupted(fault) => Self::Channel { fault },
            error => Self::Unavailable { reason: error.to_string() },
        }
    }
}

#[async_trait]
impl Attester for NodeEndorser {
    async fn attest(&self, query: &AttestQuery) -> Result<Attestation, AttestRefusal> {
        if query.member != self.member {
            return Err(AttestRefusal::OtherMember { asked: query.member, own: self.member });
        }
        let outcome = self.contract.outcome(query.number).await.map_err(unavailable)?;
        match outcome {
            None => return Err(AttestRefusal::Open),
            Some(Outcome::Applied | Outcome::Released) => return Err(AttestRefusal::Decided),
            Some(Outcome::Reserved) if self.reserved(query.number).await? != Some(query.part_hash) => {
                return Err(AttestRefusal::OtherPart);
            }
            // Of a number that was refused no part is ever reserved, whichever it was.
            Some(Outcome::Reserved | Outcome::Refused) => {}
        }
        let outcome = outcome.ok_or(AttestRefusal::Open)?;
        let (number, part_hash, certificate) = (query.number, query.part_hash, self.certificate);
        let attest = Attest { number, part_hash, outcome, certificate };
        let signature = self
            .key
            .sign_aside(&attest, &self.domain)
            .await
            .map_err(|error| AttestRefusal::Unavailable { reason: unsigned(&error) })?;
        Ok(Attestation { certificate, outcome: outcome.code(), signature })
    }
}

impl NodeEndorser {
    /// The hash of the part that was reserved under a number.
    async fn reserved(&self, number: u64) -> Result<Option<B256>, AttestRefusal> {
        let filter = EventFilter {
            contracts: vec![self.contract.address],
            topics: [vec![StoreNode::Reserved::SIGNATURE_HASH], vec![U256::from(number).into()], vec![], vec![]],
            ..EventFilter::default()
        };
        let events = self.contract.chain.latest_events(&filter, 1).await.map_err(|error| unavailable(error.into()))?;
        let decoded = events.first().map(|event| {
            StoreNode::Reserved::decode_raw_log(event.topics.iter().copied(), &event.data)
                .map_err(|error| unavailable(error.into()))
        });
        Ok(decoded.transpose()?.map(|event| event.partHash))
    }
}

fn unavailable(error: ViewError) -> AttestRefusal {
    // The answer may go to another organization: it does not learn our endpoints.
    tracing::warn!(%error, "an outcome could not be read for an attestation");
    AttestRefusal::Unavailable { reason: "its chain could not be read".to_owned() }
}
