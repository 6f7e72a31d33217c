//! Whom a requirement would take in: read in the alliance's own registry before anybody votes, whatever a file says.

use alloy_primitives::{Address, B256};
use chancery_contracts::{Alliance, RequirementRegistry};

use super::{Declared, EstablishError, provenance};
use crate::contracts::{AllianceContract, view};

/// A requirement that stands, as its registry has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The alliance's registry.
    pub registry: Address,
    /// What the member is called.
    pub name: B256,
    /// Would issue its certificates and vote for it.
    pub authority: Address,
    /// EIP-155 id of its chain.
    pub chain_id: u64,
    /// Hash of that chain's genesis header; `None`: a chain without finality certificates.
    pub genesis_hash: Option<B256>,
    /// On that chain.
    pub node_contract: Address,
    /// Who would endorse for it, and what they weigh.
    pub endorsers: Vec<(B256, u64)>,
    /// The authority that a member of this name has now; `None`: there is none.
    pub present: Option<Address>,
}

impl Candidate {
    /// Another key would speak for a member that is in.
    #[must_use]
    pub fn replaces(&self) -> bool {
        self.present.is_some_and(|present| present != self.authority)
    }
}

/// Reads whom a requirement would take in, and looks where the anchor that comes with it was made.
///
/// # Errors
/// `StrangeAnchor`, `AnchorUnshown`; `Reverted` for a requirement that does not stand; an unreachable chain.
pub async fn candidate(alliance: &AllianceContract, declared: &Declared) -> Result<Candidate, EstablishError> {
    let (chain, registry) = (&alliance.chain, alliance.requirements().await?);
    let open = view(chain, registry, &RequirementRegistry::openCall { id: declared.id }).await?;
    let (its, authority) = (open.requirement, open.authority);
    let genesis_hash = Some(its.genesisHash).filter(|hash| !hash.is_zero());
    if let Some(genesis_hash) = genesis_hash {
        let unshown = EstablishError::AnchorUnshown { member: its.name };
        let anchor = declared.anchor.ok_or(unshown)?;
        provenance::check_anchor(chain, anchor, its.name, (its.chainId, genesis_hash)).await?;
    }
    let record = view(chain, alliance.address, &Alliance::memberRecordCall { name: its.name }).await?;
    Ok(Candidate {
        registry,
        name: its.name,
        authority,
        chain_id: its.chainId,
        genesis_hash,
        node_contract: its.nodeContract,
        endorsers: its.endorsers.iter().map(|endorser| (endorser.node, endorser.weight)).collect(),
        present: record.isActive.then_some(record.authority),
    })
}
