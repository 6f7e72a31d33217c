//! What a chain has of data blocks, proven by its state: one proof for a page of them, none for each.

use alloy_primitives::{B256, U256};
use chancery_contracts::predeploys;
use chancery_ledger::Chain;
use chancery_light::MAX_STORAGE_SLOTS;
use chancery_primitives::data_block_storage::{DataBlockWords, block_slots, root_slot, roots_slot};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    data_block::{MAX_RECORDED_ROOTS, RecordedBlock, RecordedRoots},
};

use crate::{error::door_error, processing::malformed};

/// Data blocks of one proof: each has two slots.
const BLOCKS_OF_A_PROOF: usize = MAX_STORAGE_SLOTS / 2;
/// Roots of one proof: beside them stands how many there are.
const ROOTS_OF_A_PROOF: usize = MAX_STORAGE_SLOTS - 1;

/// What the chain has of these roots, in their order.
pub(super) async fn blocks(chain: &Chain, roots: &[B256]) -> DoorResult<Vec<Option<RecordedBlock>>> {
    if roots.len() > MAX_RECORDED_ROOTS {
        return Err(malformed(format!("at most {MAX_RECORDED_ROOTS} roots")));
    }
    let mut found = Vec::with_capacity(roots.len());
    for page in roots.chunks(BLOCKS_OF_A_PROOF) {
        let slots: Vec<B256> = page.iter().flat_map(|root| block_slots(*root)).collect();
        let values = proven(chain, &slots).await?;
        for (root, words) in page.iter().zip(values.chunks_exact(2)) {
            let &[times, place] = words else { return Err(incomplete()) };
            let words = DataBlockWords::decode(times, place);
            found.push(words.is_recorded().then_some(RecordedBlock {
                root: *root,
                count: words.operation_count,
                first_time: words.first_time,
                last_time: words.last_time,
                recorded_at: words.recorded_at,
                block_number: words.recorded_block,
            }));
        }
    }
    Ok(found)
}

/// The chain's roots from a number on.
pub(super) async fn roots(chain: &Chain, from: u64) -> DoorResult<RecordedRoots> {
    let mut found = RecordedRoots { total: 0, roots: Vec::new() };
    // A chain that has no block after its genesis, which is known by its hash, has recorded nothing, and has no certificate to prove that by.
    if from == 0 && chain.head().await.map_err(door_error)?.number == 0 {
        return Ok(found);
    }
    loop {
        let next = from.saturating_add(found.roots.len() as u64);
        let wanted = (MAX_RECORDED_ROOTS - found.roots.len()).min(ROOTS_OF_A_PROOF);
        let numbers = (0..wanted as u64).map(|offset| next.saturating_add(offset));
        let slots: Vec<B256> = std::iter::once(roots_slot()).chain(numbers.map(root_slot)).collect();
        let values = proven(chain, &slots).await?;
        let (total, page) = values.split_first().ok_or_else(incomplete)?;
        // The chain may grow from proof to proof; it does not shrink.
        found.total = total.saturating_to();
        let left = usize::try_from(found.total.saturating_sub(next)).unwrap_or(usize::MAX);
        let page = page.get(..left.min(wanted)).ok_or_else(incomplete)?;
        found.roots.extend(page.iter().map(|root| B256::from(*root)));
        if left <= wanted || found.roots.len() >= MAX_RECORDED_ROOTS {
            return Ok(found);
        }
    }
}

/// Slots of the registry at the newest final block.
async fn proven(chain: &Chain, slots: &[B256]) -> DoorResult<Vec<U256>> {
    let evidence = chain.state(predeploys::DATA_BLOCK_REGISTRY, slots).await.map_err(door_error)?;
    let evidence = evidence.ok_or_else(|| {
        let detail =
            format!("chain {} has no certificates of finality: nothing that it shows proves anything", chain.name());
        DoorError::new(Code::NotProvable, detail).with("chain", chain.name())
    })?;
    Ok(evidence.state.storage.into_iter().map(|(_, value)| value).collect())
}

fn incomplete() -> DoorError {
    DoorError::internal(std::io::Error::other("a proof has other slots than were asked for"))
}
