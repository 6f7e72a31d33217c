//! What a chain has recorded, compared with what is kept here of it (M-MON-4, WATCH-1): of every root of every chain, in order, the leaves are computed anew; and of every root that
//! is kept for it, whether the chain has it.

use alloy_primitives::B256;
use chancery_reference_points::{
    DoorError, DoorResult,
    data_block::{KeptBlock, KeptBlocks, KeptLeaves, MAX_RECORDED_ROOTS, RecordedBlock},
    data_search::{Difference, StoredDifference},
    hash_place::place_of,
    m2p::M2p,
    m2r::M2rData,
    mandate::Mandate,
    operation::ChainName,
};

/// How long a root may be on the chain before it is known here, in milliseconds: whoever records it hears of it later than the chain has it.
const KNOWN_AFTER_MS: u64 = 30_000;

/// Where numbers of what a chain has end, and places among the roots that are kept for it begin: beyond every number, and one that every reader of JSON can hold.
const OF_INDEX: u64 = 1 << 52;

/// Data blocks of a chain from a number on that were looked at.
pub(crate) struct Looked {
    /// Where it goes on; after a difference, behind it.
    pub(crate) next: u64,
    /// Whether that is the end.
    pub(crate) is_end: bool,
    /// Data blocks that were compared.
    pub(crate) blocks: u64,
    /// Leaves of single operations that were computed anew.
    pub(crate) operations: u64,
    /// The first whose leaves are not here, or are others.
    pub(crate) difference: Option<Difference>,
}

/// Looks at a page of what a chain has; behind that, at a page of what is kept for it. `now_ms`: of what is younger than a moment, nothing may be here yet.
pub(crate) async fn look(
    doors: (&dyn M2p, &dyn M2rData),
    by: &Mandate,
    chain: &ChainName,
    from: u64,
    now_ms: u64,
) -> DoorResult<Looked> {
    if let Some(place) = from.checked_sub(OF_INDEX) {
        return from_index(doors, by, chain, place).await;
    }
    let looked = from_chain(doors, by, chain, from, now_ms).await?;
    Ok(if looked.is_end { Looked { next: OF_INDEX, is_end: false, ..looked } } else { looked })
}

/// From what is kept for a chain to the chain.
async fn from_index(
    (m2p, m2r): (&dyn M2p, &dyn M2rData),
    by: &Mandate,
    chain: &ChainName,
    place: u64,
) -> DoorResult<Looked> {
    let roots = m2r.indexed_roots(chain, place).await?;
    let is_end = roots.len() < MAX_RECORDED_ROOTS;
    let after = |root: B256| OF_INDEX.saturating_add(place_of(root)).saturating_add(1);
    let next = roots.last().map_or(OF_INDEX.saturating_add(place), |last| after(*last));
    let looked = Looked { next, is_end, blocks: roots.len() as u64, operations: 0, difference: None };
    if roots.is_empty() {
        return Ok(looked);
    }
    let found = m2p.recorded_blocks(by, chain, roots.clone()).await?;
    let mut strange = roots.iter().zip(found).filter_map(|(root, found)| found.is_none().then_some(*root));
    let Some(root) = strange.next() else { return Ok(looked) };
    let is_last = roots.last() == Some(&root);
    let (next, difference) = (after(root), Some(unrecorded(chain, root)));
    Ok(Looked { next, is_end: is_end && is_last, difference, ..looked })
}

/// A block that is kept as one that the chain has, and it has not.
fn unrecorded(chain: &ChainName, root: B256) -> Difference {
    let stored =
        StoredDifference { store: format!("operations of {chain}"), id: root, expected: None, found: Some(root) };
    Difference {
        check: "index-unrecorded".to_owned(),
        place: 0,
        index: None,
        file: String::new(),
        offset: 0,
        detail: format!("the index of operations says that chain {chain} has recorded root {root}, and it has not"),
        stored: Some(stored),
    }
}

async fn from_chain(
    (m2p, m2r): (&dyn M2p, &dyn M2rData),
    by: &Mandate,
    chain: &ChainName,
    from: u64,
    now_ms: u64,
) -> DoorResult<Looked> {
    let page = m2p.recorded_roots(by, chain, from).await?;
    let KeptBlocks { journal, blocks } = m2r.kept_blocks(page.roots.clone()).await?;
    let here: Vec<(u64, B256, KeptBlock)> =
        (from..).zip(page.roots).zip(blocks).map(|((number, root), kept)| (number, root, kept)).collect();
    if here.is_empty() && from < page.total {
        return Err(DoorError::internal(std::io::Error::other("of what a chain has, nothing is answered")));
    }
    let next = from.saturating_add(here.len() as u64);
    let operations = here.iter().map(|(.., kept)| leaves_of(kept)).sum();
    let looked = Looked { next, is_end: next >= page.total, blocks: next - from, operations, difference: None };
    let doubtful: Vec<_> = here.into_iter().filter(|(.., kept)| *kept != KeptBlock::InJournal).collect();
    if doubtful.is_empty() {
        return Ok(looked);
    }
    let recorded = m2p.recorded_blocks(by, chain, doubtful.iter().map(|(_, root, _)| *root).collect()).await?;
    let is_old =
        |block: &RecordedBlock| block.recorded_at.saturating_mul(1000).saturating_add(KNOWN_AFTER_MS) <= now_ms;
    let found = doubtful.iter().zip(recorded).find_map(|((number, root, kept), recorded)| {
        let recorded = recorded?;
        // Until whoever records it has heard of it, nothing of it has to be here. What is here has to be right at once.
        if matches!(kept, KeptBlock::Nothing | KeptBlock::Announced) && !is_old(&recorded) {
            return None;
        }
        let of = Recorded { chain, is_journals: *chain == journal, number: *number, root: *root, block: &recorded };
        Some((*number, of.compare(kept)?))
    });
    Ok(match found {
        // What comes after it has its place.
        Some((number, difference)) => {
            let next = number.saturating_add(1);
            Looked { next, is_end: next >= page.total, blocks: next - from, difference: Some(difference), ..looked }
        }
        None => looked,
    })
}

const fn leaves_of(kept: &KeptBlock) -> u64 {
    match kept {
        KeptBlock::Leaves(leaves) => leaves.count,
        _ => 0,
    }
}

/// A data block that a chain has.
struct Recorded<'a> {
    chain: &'a ChainName,
    /// Whether the journal is recorded there too.
    is_journals: bool,
    number: u64,
    root: B256,
    block: &'a RecordedBlock,
}

impl Recorded<'_> {
    /// The first way in which what is kept is not what the chain has.
    fn compare(&self, kept: &KeptBlock) -> Option<Difference> {
        let leaves = match kept {
            KeptBlock::InJournal => return None,
            KeptBlock::Nothing if self.is_journals => return Some(self.lost()),
            KeptBlock::Nothing => {
                return Some(self.differs("index-root", None, "the index of operations has nothing of it"));
            }
            KeptBlock::Announced => {
                let what = "the index of operations has no more of it than that it was about to be sent";
                return Some(self.differs("index-rows", None, what));
            }
            KeptBlock::Unreadable => {
                return Some(self.differs("index-rows", None, "a row of it in the index of operations does not read"));
            }
            KeptBlock::Leaves(leaves) => leaves,
        };
        let KeptLeaves { chain, root, count, first_time, last_time, block_number } = leaves;
        if *root != Some(self.root) {
            let given = root.map_or_else(|| "no root".to_owned(), |root| format!("root {root}"));
            let what = format!("its {count} rows in the index of operations give {given}");
            return Some(self.differs("index-rows", *root, &what));
        }
        let block = self.block;
        if (*count, *first_time, *last_time) != (u64::from(block.count), block.first_time, block.last_time) {
            let what = format!("its {count} rows are from {first_time} to {last_time}");
            return Some(self.differs("index-count", *root, &what));
        }
        if chain != self.chain || block_number.is_some_and(|number| number != block.block_number) {
            let at = block_number.map_or_else(String::new, |number| format!("block {number} of "));
            return Some(self.differs("index-place", *root, &format!("the index says that it is in {at}{chain}")));
        }
        None
    }

    fn differs(&self, check: &str, found: Option<B256>, what: &str) -> Difference {
        let Self { chain, number, root, .. } = self;
        let RecordedBlock { count, block_number, first_time, last_time, .. } = self.block;
        let stored =
            StoredDifference { store: format!("operations of {chain}"), id: *root, expected: Some(*root), found };
        Difference {
            stored: Some(stored),
            ..self.of(
                check,
                format!(
                    "chain {chain} has recorded data block number {number} with root {root} in its block {block_number}: {count} leaves from {first_time} to {last_time}; {what}"
                ),
            )
        }
    }

    /// A block that the chain has, and nobody here.
    fn lost(&self) -> Difference {
        let Self { chain, number, root, .. } = self;
        let RecordedBlock { count, block_number, first_time, last_time, .. } = self.block;
        self.of(
            "journal-root",
            format!(
                "chain {chain} has recorded data block number {number} with root {root} in its block {block_number}: {count} leaves from {first_time} to {last_time}; neither the journal nor the index of operations has leaves that give it"
            ),
        )
    }

    fn of(&self, check: &str, detail: String) -> Difference {
        Difference {
            check: check.to_owned(),
            place: self.number,
            index: None,
            file: String::new(),
            offset: 0,
            detail,
            stored: None,
        }
    }
}

#[cfg(test)]
mod tests;
