//! A member on its way into an alliance.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use chancery_contracts::{Alliance, RequirementRegistry, RuleNode, StoreNode};
use chancery_ledger::{Call, SubmitterKey};

use super::{EstablishError, EstablishedMember, Site, anchor, deploy};
use crate::contracts::{AllianceContract, NodeContract};

/// Which node contract a member gets. An organization with rules of another kind brings its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeContractKind {
    /// `StoreNode`: words without a rule.
    Store,
    /// `RuleNode`: operations, each with what it rests on and what it writes.
    Rules,
}

/// A node that may endorse for a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endorsing {
    /// Its name.
    pub node: B256,
    /// What its endorsement weighs.
    pub weight: u64,
}

/// A member that is to be.
#[derive(Clone, Debug)]
pub struct Joining {
    /// Its name in the alliance.
    pub name: B256,
    /// Its chain.
    pub site: Site,
    /// Its authority on the alliance chain, and the owner of its node contract.
    pub key: Arc<SubmitterKey>,
    /// What it runs.
    pub kind: NodeContractKind,
    /// Its endorsement policy.
    pub endorsers: Vec<Endorsing>,
}

/// What stands before the alliance does.
pub(super) struct Prepared {
    pub(super) to_member: Address,
    pub(super) to_alliance: Option<Address>,
    /// Where its node contract will stand.
    pub(super) node_contract: Address,
}

pub(super) async fn prepare(home: &Site, member: &Joining) -> Result<Prepared, EstablishError> {
    let chain = &member.site.chain;
    let to_member = anchor(chain, home, &member.key).await?.anchor;
    let to_alliance = match chain.config().essentials {
        Some(_) => Some(anchor(&home.chain, &member.site, &member.key).await?.anchor),
        None => None,
    };
    Ok(Prepared { to_member, to_alliance, node_contract: chain.next_contract(&member.key).await? })
}

pub(super) fn requirement(
    member: &Joining,
    all: &[Joining],
    purpose: B256,
    open_until: u64,
    node_contract: Address,
) -> RequirementRegistry::Requirement {
    let config = member.site.chain.config();
    let mut partners: Vec<_> = all.iter().map(|other| other.name).filter(|name| *name != member.name).collect();
    partners.sort_unstable();
    let each = member.endorsers.iter();
    let mut endorsers: Vec<_> =
        each.map(|it| RequirementRegistry::Endorser { node: it.node, weight: it.weight }).collect();
    endorsers.sort_unstable_by_key(|endorser| endorser.node);
    RequirementRegistry::Requirement {
        purpose,
        name: member.name,
        chainId: config.chain_id,
        genesisHash: config.essentials.as_ref().map_or(B256::ZERO, |essentials| essentials.genesis_hash),
        nodeContract: node_contract,
        openUntil: open_until,
        partners,
        endorsers,
    }
}

/// Puts the node contract where it was announced, and accepts.
pub(super) async fn join(
    alliance: &AllianceContract,
    member: &Joining,
    prepared: &Prepared,
) -> Result<EstablishedMember, EstablishError> {
    let (chain, key) = (&member.site.chain, &member.key);
    let (anchor, owner, name) = (prepared.to_member, key.address(), member.name);
    let found = match member.kind {
        NodeContractKind::Store => {
            let arguments = StoreNode::constructorCall { anchor, alliance: alliance.address, member: name, owner };
            deploy(chain, key, &StoreNode::BYTECODE, &arguments).await?
        }
        NodeContractKind::Rules => {
            let arguments = RuleNode::constructorCall { anchor, alliance: alliance.address, member: name, owner };
            deploy(chain, key, &RuleNode::BYTECODE, &arguments).await?
        }
    };
    let announced = prepared.node_contract;
    if found != announced {
        return Err(EstablishError::Elsewhere { member: name, announced, found });
    }
    let accept = Alliance::acceptCall { name };
    let call = Call { to: Some(alliance.address), data: accept.abi_encode().into() };
    alliance.chain.submit(key, call).await?;
    Ok(EstablishedMember {
        name,
        node_contract: NodeContract { chain: chain.clone(), address: found },
        to_member: prepared.to_member,
        to_alliance: prepared.to_alliance,
    })
}
