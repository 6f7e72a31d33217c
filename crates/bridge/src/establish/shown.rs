//! What a requirement's member would send to the others in a file, found on the alliance chain: the anchor that its authority has put there, and the transaction that made it.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent as _;
use chancery_contracts::Anchor;
use chancery_ledger::{Chain, Event, EventFilter};

use super::{Declared, EstablishError, Made, OpenRequirement, provenance};
use crate::contracts::view;

/// For how long anchors are looked back for: as long as a requirement may stand.
const MAX_AGE_MS: u64 = 366 * 86_400_000;
/// The authority's newest transactions, any of which may have made the anchor.
const MAX_MADE: u64 = 8192;
/// Of these at a time: what a node takes in one filter.
const MADE_AT_A_TIME: usize = 512;
/// Anchors of these that have begun since then and are looked at, the newest.
const MAX_BEGUN: usize = 64;
/// Blocks between the one that made an anchor and the one in which it began.
const MAX_BLOCKS_TO_BEGIN: u64 = 256;

/// Finds what comes with a requirement: an anchor that its authority has made, and begun, of this version's code and the genesis that the requirement names. Any other is passed over.
/// Only contracts that the authority itself has made with one of its newest 8,192 transactions are asked for, so nobody else's can stand in their way.
///
/// # Errors
/// `AnchorUnshown` when its authority has put none there that is so; an unreachable chain.
pub async fn declared_with(home: &Chain, requirement: &OpenRequirement) -> Result<Declared, EstablishError> {
    let id = U256::from(requirement.id);
    let Some(genesis_hash) = requirement.genesis_hash else { return Ok(Declared { id, anchor: None }) };
    let since_ms = home.head().await?.time_ms.saturating_sub(MAX_AGE_MS);
    let next = home.transaction_count(requirement.authority).await?;
    let from_block = home.first_block_at(since_ms).await?;
    let nonces: Vec<u64> = (next.saturating_sub(MAX_MADE)..next).rev().collect();
    for some in nonces.chunks(MADE_AT_A_TIME) {
        let filter = EventFilter {
            contracts: some.iter().map(|nonce| requirement.authority.create(*nonce)).collect(),
            // An anchor that begins follows from epoch zero on.
            topics: [vec![Anchor::Followed::SIGNATURE_HASH], vec![B256::ZERO], Vec::new(), Vec::new()],
            from_block,
            to_block: None,
        };
        if let Some(declared) = Box::pin(begun(home, requirement, genesis_hash, &filter)).await? {
            return Ok(declared);
        }
    }
    Err(EstablishError::AnchorUnshown { member: requirement.name })
}

/// The newest of these that is what the requirement says.
async fn begun(
    home: &Chain,
    requirement: &OpenRequirement,
    genesis_hash: B256,
    filter: &EventFilter,
) -> Result<Option<Declared>, EstablishError> {
    let followed = (requirement.chain_id, genesis_hash);
    for event in home.latest_events(filter, MAX_BEGUN).await? {
        if !follows(home, event.contract, followed).await? {
            continue;
        }
        let Some(made) = made_by(home, &event, requirement.authority).await? else { continue };
        match provenance::check_anchor(home, made, requirement.name, followed).await {
            Ok(()) => return Ok(Some(Declared { id: U256::from(requirement.id), anchor: Some(made) })),
            Err(EstablishError::StrangeAnchor { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Whether a contract says that it follows that chain. A contract may log what an anchor does, and answer whatever it likes.
async fn follows(home: &Chain, contract: Address, followed: (u64, B256)) -> Result<bool, EstablishError> {
    match view(home, contract, &Anchor::chainCall {}).await {
        Ok(chain) => Ok((chain.chainId, chain.genesisHash) == followed),
        Err(error) if error.is_temporary() => Err(error.into()),
        Err(_) => Ok(false),
    }
}

/// The transaction that made it, if that account has begun it and it was made shortly before.
async fn made_by(home: &Chain, began: &Event, authority: Address) -> Result<Option<Made>, EstablishError> {
    let address = began.contract;
    if home.transaction(began.tx_hash, Some(began.block_number)).await?.from != authority {
        return Ok(None);
    }
    let first = began.block_number.saturating_sub(MAX_BLOCKS_TO_BEGIN);
    for number in (first..=began.block_number).rev() {
        if let Some(transaction) = home.maker(number, address).await? {
            return Ok(Some(Made { address, transaction }));
        }
    }
    Ok(None)
}
