//! A member's own steps: what has to stand before it declares, and joining what was made of the declarations.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use chancery_contracts::{Alliance, RequirementRegistry, RuleNode, StoreNode};
use chancery_ledger::{Call, SubmitterKey};

use super::{
    Declared, EstablishError, EstablishedMember, Made, Site, anchor, made_anchor,
    provenance::{self, make},
};
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
    pub to_alliance: Option<Made>,
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
        Some(_) => Some(made_anchor(&home.chain, &member.site, &member.key).await?.1),
        None => None,
    };
    let node_contract = match member.kind {
        NodeContractKind::Own(address) => address,
        NodeContractKind::Store | NodeContractKind::Rules => chain.next_contract(&member.key).await?,
    };
    Ok(Prepared { to_member, to_alliance, node_contract })
}

/// What a member has agreed on with the others, by other ways than the contract that it is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Where all of them have declared.
    pub registry: Made,
    /// What the alliance is for.
    pub purpose: B256,
    /// The other members, in any order.
    pub partners: Vec<B256>,
    /// What they have declared: of each with finality certificates, its anchor.
    pub others: Vec<Declared>,
}

/// A member's last step: puts its node contract where it was announced, and accepts the alliance if that waits for it. What is done already is not done again.
///
/// # Errors
/// `StrangeContract`, `NotAdmitted`, `OtherTerms`, `AnchorUnshown`, `StrangeAnchor` before anything is sent; `PlaceTaken`, `PlaceLost`, `OwnMissing` of the node contract;
/// what the alliance refuses.
pub async fn join(
    alliance: &AllianceContract,
    member: &Joining,
    prepared: &Prepared,
    agreed: &Agreed,
) -> Result<EstablishedMember, EstablishError> {
    let name = member.name;
    provenance::check_registry(&alliance.chain, agreed.registry).await?;
    provenance::check_alliance(alliance, agreed.registry.address).await?;
    let record = view(&alliance.chain, alliance.address, &Alliance::memberRecordCall { name }).await?;
    if !record.isActive {
        return Err(EstablishError::NotAdmitted { member: name });
    }
    let own_anchor = prepared.to_alliance.map(|made| made.address);
    let is_as_declared = record.authority == member.key.address()
        && record.nodeContract == prepared.node_contract
        && record.anchor == own_anchor.unwrap_or(Address::ZERO);
    if !is_as_declared {
        return Err(EstablishError::OtherTerms { member: name, what: "authority, node contract or anchor" });
    }
    check_terms(alliance, member, agreed).await?;
    check_anchors(alliance, prepared, agreed).await?;
    let state = AllianceState::from_code(view(&alliance.chain, alliance.address, &Alliance::stateCall {}).await?);
    if state == Some(AllianceState::Proposed) {
        check_partners(alliance, agreed).await?;
    }
    let contract = NodeContract { chain: member.site.chain.clone(), address: prepared.node_contract };
    put_node_contract(alliance, member, prepared, &contract).await?;
    if state == Some(AllianceState::Proposed) && !record.hasAccepted {
        let accept = Alliance::acceptCall { name };
        let call = Call { to: Some(alliance.address), data: accept.abi_encode().into() };
        alliance.chain.submit(&member.key, call).await?;
    }
    Ok(EstablishedMember { name, node_contract: contract, to_member: prepared.to_member, to_alliance: own_anchor })
}

/// That it is for the same, with exactly those members, and that exactly its endorsers weigh what it has declared.
async fn check_terms(alliance: &AllianceContract, member: &Joining, agreed: &Agreed) -> Result<(), EstablishError> {
    let (chain, address, name) = (&alliance.chain, alliance.address, member.name);
    let other = |what| Err(EstablishError::OtherTerms { member: name, what });
    if view(chain, address, &Alliance::purposeCall {}).await? != agreed.purpose {
        return other("purpose");
    }
    let mut found = alliance.members().await?;
    let mut expected = agreed.partners.clone();
    expected.push(name);
    found.sort_unstable();
    expected.sort_unstable();
    if found != expected {
        return other("set of members");
    }
    let mut total = U256::ZERO;
    for endorser in &member.endorsers {
        let weight = U256::from(endorser.weight);
        total = total.saturating_add(weight);
        if alliance.weight(name, endorser.node).await? != weight {
            return other("set of endorsers");
        }
    }
    if alliance.total_weight(name).await? == total { Ok(()) } else { other("set of endorsers") }
}

/// Accepting is consent to all anchors: one that was made otherwise than our own could prove what is not so, whatever code it has now.
async fn check_anchors(
    alliance: &AllianceContract,
    prepared: &Prepared,
    agreed: &Agreed,
) -> Result<(), EstablishError> {
    let shown: Vec<Made> = agreed.others.iter().filter_map(|other| other.anchor).chain(prepared.to_alliance).collect();
    for member in alliance.members().await? {
        let call = Alliance::memberRecordCall { name: member };
        let record = view(&alliance.chain, alliance.address, &call).await?;
        if record.genesisHash.is_zero() {
            continue;
        }
        let made = shown.iter().find(|made| made.address == record.anchor);
        let made = made.ok_or(EstablishError::AnchorUnshown { member })?;
        let followed = (record.chainId, record.genesisHash);
        provenance::check_anchor(&alliance.chain, *made, member, followed).await?;
    }
    Ok(())
}

/// That whoever shall speak for each other member, with which node contract, is who has declared what was shown: anybody may have declared under its name, with its anchor. Later, members
/// have voted for what there is.
async fn check_partners(alliance: &AllianceContract, agreed: &Agreed) -> Result<(), EstablishError> {
    let (chain, registry) = (&alliance.chain, agreed.registry.address);
    let mut shown_names = Vec::with_capacity(agreed.others.len());
    for other in &agreed.others {
        let shown = view(chain, registry, &RequirementRegistry::declaredCall { id: other.id }).await?;
        let its = shown.requirement;
        let name = its.name;
        shown_names.push(name);
        let record = view(chain, alliance.address, &Alliance::memberRecordCall { name }).await?;
        let declared = (shown.authority, its.chainId, its.genesisHash, its.nodeContract);
        if record.isActive && (record.authority, record.chainId, record.genesisHash, record.nodeContract) != declared {
            return Err(EstablishError::OtherTerms { member: name, what: "authority, chain or node contract" });
        }
    }
    match agreed.partners.iter().find(|partner| !shown_names.contains(partner)) {
        Some(partner) => Err(EstablishError::OtherTerms {
            member: *partner,
            what: "requirement, as far as was shown: its file was not given",
        }),
        None => Ok(()),
    }
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
            make(chain, key, &StoreNode::BYTECODE, &arguments).await?.address
        }
        NodeContractKind::Rules => {
            let arguments = RuleNode::constructorCall { anchor, alliance: alliance.address, member: name, owner };
            make(chain, key, &RuleNode::BYTECODE, &arguments).await?.address
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
