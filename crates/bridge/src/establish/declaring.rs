//! Requirements: what a member wants, declared with its own key, and the alliance that anybody makes of those that belong together.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall as _;
use chancery_contracts::{Alliance, RequirementRegistry};
use chancery_ledger::{Call, Chain, EventFilter, SubmitterKey};

use super::{EstablishError, Joining, Made, NoArguments, Prepared, logged, provenance::make};
use crate::contracts::{AllianceContract, ViewError, view};

/// Requirements of one authority that are looked through for one that says the same.
const MAX_OWN_DECLARATIONS: usize = 256;
/// For how long they are looked for: one that is older is declared anew, which changes nothing for anybody.
const MAX_AGE_MS: u64 = 366 * 86_400_000;

/// What a member wants of an alliance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What the alliance is for.
    pub purpose: B256,
    /// The members that it wants to communicate with, in any order.
    pub partners: Vec<B256>,
    /// Last second of the alliance chain in which it stands.
    pub open_until: u64,
}

/// A requirement that was declared, with the anchor that comes with it: all that others need of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Its number in the registry.
    pub id: U256,
    /// Follows the member's chain; `None`: a foreign one.
    pub anchor: Option<Made>,
}

/// Puts a registry of requirements on the alliance chain. Anybody; members of one alliance use the same.
///
/// # Errors
/// An unreachable chain.
pub async fn open_registry(home: &Chain, key: &Arc<SubmitterKey>) -> Result<Made, EstablishError> {
    Ok(make(home, key, &RequirementRegistry::BYTECODE, &NoArguments).await?)
}

/// Declares what a member wants, in the name of its key. One that stands and says the same, apart from its time, is not declared again.
///
/// # Errors
/// `Reverted` with what is wrong with it; an unreachable chain.
pub async fn declare(
    home: &Chain,
    registry: Address,
    member: &Joining,
    terms: &Terms,
    prepared: &Prepared,
) -> Result<Declared, EstablishError> {
    let requirement = requirement(member, terms, prepared.node_contract);
    let id = match standing(home, registry, member.key.address(), &requirement, terms).await? {
        Some(id) => id,
        None => {
            let call = RequirementRegistry::declareCall { requirement };
            let event: RequirementRegistry::Declared = logged(home, &member.key, registry, &call, "Declared").await?;
            event.id
        }
    };
    Ok(Declared { id, anchor: prepared.to_alliance })
}

/// Takes a requirement back, in the name of its authority. An alliance that was proposed with it stays, and waits for the authority to accept.
///
/// # Errors
/// `Reverted` with `NotTheAuthority`, `RequirementUnknown`, `RequirementClosed`; an unreachable chain.
pub async fn withdraw(
    home: &Chain,
    registry: Address,
    authority: &Arc<SubmitterKey>,
    id: U256,
) -> Result<(), EstablishError> {
    let call = RequirementRegistry::withdrawCall { id };
    home.submit(authority, Call { to: Some(registry), data: call.abi_encode().into() }).await?;
    Ok(())
}

/// Makes the alliance of requirements that belong together. Anybody; it waits then for each of their authorities to accept.
///
/// # Errors
/// `NotTogether`; `Reverted` with `AnchorMismatch`, `NameTaken`; an unreachable chain.
pub async fn propose(
    home: &Chain,
    key: &Arc<SubmitterKey>,
    registry: Address,
    declared: &[Declared],
) -> Result<AllianceContract, EstablishError> {
    let ids: Vec<_> = declared.iter().map(|each| each.id).collect();
    let together = RequirementRegistry::belongTogetherCall { ids: ids.clone() };
    if !view(home, registry, &together).await? {
        return Err(EstablishError::NotTogether);
    }
    let anchors = declared.iter().map(|each| each.anchor.map_or(Address::ZERO, |anchor| anchor.address)).collect();
    let arguments = Alliance::constructorCall { requirements: registry, ids, anchors };
    let address = make(home, key, &Alliance::BYTECODE, &arguments).await?.address;
    Ok(AllianceContract { chain: home.clone(), address })
}

fn requirement(member: &Joining, terms: &Terms, node_contract: Address) -> RequirementRegistry::Requirement {
    let config = member.site.chain.config();
    let mut partners = terms.partners.clone();
    partners.sort_unstable();
    let each = member.endorsers.iter();
    let mut endorsers: Vec<_> =
        each.map(|it| RequirementRegistry::Endorser { node: it.node, weight: it.weight }).collect();
    endorsers.sort_unstable_by_key(|endorser| endorser.node);
    RequirementRegistry::Requirement {
        purpose: terms.purpose,
        name: member.name,
        chainId: config.chain_id,
        genesisHash: config.essentials.as_ref().map_or(B256::ZERO, |essentials| essentials.genesis_hash),
        nodeContract: node_contract,
        openUntil: terms.open_until,
        partners,
        endorsers,
    }
}

/// An own requirement that stands and says the same.
async fn standing(
    home: &Chain,
    registry: Address,
    authority: Address,
    wanted: &RequirementRegistry::Requirement,
    terms: &Terms,
) -> Result<Option<U256>, EstablishError> {
    use alloy_sol_types::SolEvent as _;
    let since_ms = home.head().await?.time_ms.saturating_sub(MAX_AGE_MS);
    let filter = EventFilter {
        from_block: home.first_block_at(since_ms).await?,
        contracts: vec![registry],
        topics: [
            vec![RequirementRegistry::Declared::SIGNATURE_HASH],
            Vec::new(),
            vec![authority.into_word()],
            vec![terms.purpose],
        ],
        ..EventFilter::default()
    };
    for event in home.latest_events(&filter, MAX_OWN_DECLARATIONS).await? {
        let found = RequirementRegistry::Declared::decode_raw_log(event.topics.iter().copied(), &event.data)
            .map_err(ViewError::from)?;
        let asked = RequirementRegistry::openCall { id: found.id };
        // It reverts for one that was withdrawn, or whose time is over.
        let Ok(open) = view(home, registry, &asked).await else { continue };
        let its = open.requirement;
        let is_same = its.name == wanted.name
            && its.chainId == wanted.chainId
            && its.genesisHash == wanted.genesisHash
            && its.nodeContract == wanted.nodeContract
            && its.partners == wanted.partners
            && its.endorsers.len() == wanted.endorsers.len()
            && its
                .endorsers
                .iter()
                .zip(&wanted.endorsers)
                .all(|(one, other)| one.node == other.node && one.weight == other.weight);
        if is_same {
            return Ok(Some(found.id));
        }
    }
    Ok(None)
}
