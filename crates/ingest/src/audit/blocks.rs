//! Data blocks computed anew: every leaf is in exactly one, and the recorded root is that of its leaves (DATA-4).

use std::collections::BTreeMap;

use alloy_primitives::B256;
use chancery_primitives::data_block::Leaf;
use chancery_reference_points::DoorResult;

use super::Failure;
use crate::{
    blocks::{leaves, tree},
    entry::BlockBounds,
    group::broken,
    index::Index,
    reading::JournalReader,
};

/// A block that was closed.
#[derive(Default)]
struct Closed {
    /// Its leaves; none when it began before the audit did.
    leaves: Option<Vec<(u64, Leaf)>>,
    /// The newest of the chain's blocks that the journal knew when it was closed.
    after_block: u64,
}

/// Where the journal says that a block is recorded.
pub(super) struct Record {
    pub(super) first: u64,
    pub(super) root: B256,
    pub(super) block_number: u64,
}

/// A block whose root is that of its leaves.
pub(super) struct Computed {
    pub(super) count: u32,
    pub(super) first_time: u64,
    pub(super) last_time: u64,
    pub(super) after_block: u64,
}

/// Blocks that are closed and not recorded yet, and the leaves after the last closed one.
#[derive(Default)]
pub(super) struct Blocks {
    open: Vec<(u64, Leaf)>,
    closed: BTreeMap<u64, Closed>,
    last_closed: Option<u64>,
    newest_block: u64,
}

impl Blocks {
    pub(super) fn leaf(&mut self, place: u64, leaf: Leaf) {
        self.open.push((place, leaf));
    }

    /// Leaves move from the open block to a closed one. `from`: where the audit began; what a block holds from before is not here.
    pub(super) fn closed(
        &mut self,
        place: u64,
        bounds: &BlockBounds,
        from: u64,
        index: &Index,
    ) -> DoorResult<Result<(), Failure>> {
        let failure = |detail: String| Ok(Err(Failure::new("block-bounds", place, detail)));
        if let Some(last) = self.last_closed.filter(|last| bounds.first <= *last) {
            return failure(format!("the block from place {} overlaps the one that ends at {last}", bounds.first));
        }
        let indexed = index.block_of(bounds.first).map_err(broken)?;
        if indexed.is_none_or(|block| block.bounds != *bounds) {
            return failure(format!("the index has other bounds of the block from place {}", bounds.first));
        }
        self.last_closed = Some(bounds.last);
        let after = self.open.partition_point(|(place, _)| *place <= bounds.last);
        let rest = self.open.split_off(after);
        let held = std::mem::replace(&mut self.open, rest);
        let mut block = Closed { leaves: None, after_block: self.newest_block };
        if bounds.first >= from {
            let is_whole =
                held.len() == bounds.count as usize && held.first().is_some_and(|(place, _)| *place == bounds.first);
            if !is_whole {
                return failure(format!(
                    "the block says {} leaves from place {}, there are {}",
                    bounds.count,
                    bounds.first,
                    held.len()
                ));
            }
            block.leaves = Some(held);
        }
        self.closed.insert(bounds.first, block);
        Ok(Ok(()))
    }

    /// What the root was compared with; a block that began before the audit did is read from the journal.
    pub(super) fn recorded(
        &mut self,
        place: u64,
        record: &Record,
        reader: &JournalReader,
        index: &Index,
    ) -> DoorResult<Result<Computed, Failure>> {
        let Record { first, root, block_number } = *record;
        let failure = |check, detail: String| Ok(Err(Failure::new(check, place, detail)));
        let indexed = index.block_of(first).map_err(broken)?.filter(|block| block.bounds.first == first);
        let Some(indexed) = indexed else {
            return failure("block-bounds", format!("a block from place {first} is recorded that was never closed"));
        };
        let Closed { leaves: held, after_block } = self.closed.remove(&first).unwrap_or_default();
        let held = match held {
            Some(held) => held,
            None => leaves(reader.directory(), index, &indexed.bounds)?,
        };
        let tree = tree(&held)?;
        if tree.root().0 != root {
            let detail = format!("the leaves of the block from place {first} have another root than was recorded");
            return failure("block-root", detail);
        }
        if indexed.record.is_none_or(|known| known.root != root) {
            return failure("block-index", format!("the index has another root of the block from place {first}"));
        }
        self.newest_block = self.newest_block.max(block_number);
        Ok(Ok(Computed {
            count: u32::try_from(tree.operation_count()).unwrap_or(u32::MAX),
            first_time: tree.first_time().get(),
            last_time: tree.last_time().get(),
            after_block,
        }))
    }
}
