//! A member's own steps: what has to stand before it declares, and joining what was made of the declarations.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use chancery_contracts::{Alliance, RuleNode, StoreNode};
use chancery_ledger::{Call, Chain, SubmitterKey};

use super::{EstablishError, EstablishedMember, Site, anchor, deploy};
use crate::{
    contracts::{AllianceContract, NodeContract, ViewError, view},
    progress::AllianceState,
};

/// Which node contract a member gets. An organization with rules of another kind brings its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeContractKind {
    /// `StoreNode`: words without a rule.
    Store,
    /// `RuleNode`: operations, each with what it rests on and what it writes.
    Rules,
    /// The organization puts its own there, before it joins.
    Own(Address),
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The anchor on the member's chain that follows the alliance chain.
    pub to_member: Address,
    /// The anchor on the alliance chain that follows the member's; `None`: that has no finality certificates.
    pub to_alliance: Option<Address>,
    /// Where its node contract will stand, if its key makes no other contract and sends nothing else on its chain before.
    pub node_contract: Address,
}

/// A member's first step: puts the anchors on both chains. What stands is not put there again by whoever keeps the answer.
///
/// # Errors
/// `HeaderMissing`; an unreachable chain; a contract's refusal.
pub async fn prepare(home: &Site, member: &Joining) -> Result<Prepared, EstablishError> {
    let chain = &member.site.chain;
    let to_member = anchor(chain, home, &member.key).await?.anchor;
    let to_alliance = match chain.config().essentials {
        Some(_) => Some(anchor(&home.chain, &member.site, &member.key).await?.anchor),
        None => None,
    };
    let node_contract = match member.kind {
        NodeContractKind::Own(address) => address,
        NodeContractKind::Store | NodeContractKind::Rules => chain.next_contract(&member.key).await?,
    };
    Ok(Prepared { to_member, to_alliance, node_contract })
}

/// A member's last step: puts its node contract where it was announced, and accepts the alliance if that waits for it. What is done already is not done again.
///
/// # Errors
/// `NotAdmitted`, `OtherTerms`, `StrangeAnchor` before anything is sent; `PlaceTaken`, `PlaceLost`, `OwnMissing` of the node contract; what the alliance refuses.
pub async fn join(
    alliance: &AllianceContract,
    member: &Joining,
    prepared: &Prepared,
) -> Result<EstablishedMember, EstablishError> {
    let name = member.name;
    let record = view(&alliance.chain, alliance.address, &Alliance::memberRecordCall { name }).await?;
    if !record.isActive {
        return Err(EstablishError::NotAdmitted { member: name });
    }
    let is_as_declared = record.authority == member.key.address()
        && record.nodeContract == prepared.node_contract
        && record.anchor == prepared.to_alliance.unwrap_or(Address::ZERO);
    if !is_as_declared {
        return Err(EstablishError::OtherTerms { member: name });
    }
    if let Some(own) = prepared.to_alliance {
        check_anchors(alliance, own).await?;
    }
    let contract = NodeContract { chain: member.site.chain.clone(), address: prepared.node_contract };
    put_node_contract(alliance, member, prepared, &contract).await?;
    let state = view(&alliance.chain, alliance.address, &Alliance::stateCall {}).await?;
    if AllianceState::from_code(state) == Some(AllianceState::Proposed) && !record.hasAccepted {
        let accept = Alliance::acceptCall { name };
        let call = Call { to: Some(alliance.address), data: accept.abi_encode().into() };
        alliance.chain.submit(&member.key, call).await?;
    }
    Ok(EstablishedMember {
        name,
        node_contract: contract,
        to_member: prepared.to_member,
        to_alliance: prepared.to_alliance,
    })
}

/// Accepting is consent to all anchors: one with other code than our own could prove what is not so.
async fn check_anchors(alliance: &AllianceContract, own: Address) -> Result<(), EstablishError> {
    let Some(ours) = code_hash(&alliance.chain, own).await? else { return Ok(()) };
    for member in alliance.members().await? {
        let place = alliance.member(member).await?;
        if !place.is_foreign && code_hash(&alliance.chain, place.anchor).await? != Some(ours) {
            return Err(EstablishError::StrangeAnchor { member, anchor: place.anchor });
        }
    }
    Ok(())
}

/// Proven; `None` on a chain without finality certificates.
async fn code_hash(chain: &Chain, contract: Address) -> Result<Option<B256>, EstablishError> {
    Ok(chain.state(contract, &[]).await?.map(|evidence| evidence.state.code_hash))
}

async fn put_node_contract(
    alliance: &AllianceContract,
    member: &Joining,
    prepared: &Prepared,
    contract: &NodeContract,
) -> Result<(), EstablishError> {
    let (chain, key, name, announced) = (&contract.chain, &member.key, member.name, contract.address);
    match made_for(contract).await? {
        Some(found) if found == (prepared.to_member, alliance.address, name) => return Ok(()),
        Some(_) => return Err(EstablishError::PlaceTaken { member: name, place: announced }),
        None => {}
    }
    let (anchor, owner) = (prepared.to_member, key.address());
    let next = chain.next_contract(key).await?;
    let is_own = matches!(member.kind, NodeContractKind::Own(_));
    if !is_own && next != announced {
        return Err(EstablishError::PlaceLost { member: name, announced, next });
    }
    let found = match member.kind {
        NodeContractKind::Own(place) => return Err(EstablishError::OwnMissing { member: name, place }),
        NodeContractKind::Store => {
            let arguments = StoreNode::constructorCall { anchor, alliance: alliance.address, member: name, owner };
            deploy(chain, key, &StoreNode::BYTECODE, &arguments).await?
        }
        NodeContractKind::Rules => {
            let arguments = RuleNode::constructorCall { anchor, alliance: alliance.address, member: name, owner };
            deploy(chain, key, &RuleNode::BYTECODE, &arguments).await?
        }
    };
    if found != announced {
        return Err(EstablishError::Elsewhere { member: name, announced, found });
    }
    Ok(())
}

/// Which anchor, alliance and member a node contract was made for; `None`: nothing stands there.
async fn made_for(contract: &NodeContract) -> Result<Option<(Address, Address, B256)>, ViewError> {
    let (chain, address) = (&contract.chain, contract.address);
    let call = StoreNode::ANCHORCall {}.abi_encode().into();
    if chain.view(address, &call).await?.data.is_empty() {
        return Ok(None);
    }
    let anchor = view(chain, address, &StoreNode::ANCHORCall {}).await?;
    let alliance = view(chain, address, &StoreNode::ALLIANCECall {}).await?;
    let member = view(chain, address, &StoreNode::MEMBERCall {}).await?;
    Ok(Some((anchor, alliance, member)))
}
