//! Data blocks computed anew: every leaf is in exactly one, and the recorded root is that of its leaves (DATA-4).

use std::collections::BTreeMap;

use alloy_primitives::B256;
use chancery_primitives::data_block::Leaf;
use chancery_reference_points::DoorResult;

use super::Failure;
use crate::{
    blocks::{leaves, tree},
    entry::BlockBounds,
    index::Index,
    reading::JournalReader,
};

/// Blocks that are closed and not recorded yet, and the leaves after the last closed one.
#[derive(Default)]
pub(super) struct Blocks {
    open: Vec<(u64, Leaf)>,
    closed: BTreeMap<u64, Vec<(u64, Leaf)>>,
    last_closed: Option<u64>,
}

impl Blocks {
    pub(super) fn leaf(&mut self, place: u64, leaf: Leaf) {
        self.open.push((place, leaf));
    }

    /// Leaves move from the open block to a closed one. `from`: where the audit began; what a block holds from before is not here.
    pub(super) fn closed(&mut self, place: u64, bounds: BlockBounds, from: u64) -> Result<(), Failure> {
        if let Some(last) = self.last_closed.filter(|last| bounds.first <= *last) {
            let detail = format!("the block from place {} overlaps the one that ends at {last}", bounds.first);
            return Err(Failure::new("block-bounds", place, detail));
        }
        self.last_closed = Some(bounds.last);
        let after = self.open.partition_point(|(place, _)| *place <= bounds.last);
        let rest = self.open.split_off(after);
        let held = std::mem::replace(&mut self.open, rest);
        if bounds.first < from {
            return Ok(());
        }
        let is_whole =
            held.len() == bounds.count as usize && held.first().is_some_and(|(place, _)| *place == bounds.first);
        if !is_whole {
            let detail =
                format!("the block says {} leaves from place {}, there are {}", bounds.count, bounds.first, held.len());
            return Err(Failure::new("block-bounds", place, detail));
        }
        self.closed.insert(bounds.first, held);
        Ok(())
    }

    /// Whether the root was compared; a block that began before the audit did is read from the journal.
    pub(super) fn recorded(
        &mut self,
        place: u64,
        first: u64,
        root: B256,
        reader: &JournalReader,
        index: &Index,
    ) -> DoorResult<Result<bool, Failure>> {
        let held = match self.closed.remove(&first) {
            Some(held) => held,
            None => match index.block_of(first).map_err(crate::group::broken)? {
                Some(block) if block.bounds.first == first => leaves(reader.directory(), index, &block.bounds)?,
                _ => return Ok(Err(Failure::new("block-bounds", place, "a block is recorded that was never closed"))),
            },
        };
        if tree(&held)?.root().0 != root {
            let detail = format!("the leaves of the block from place {first} have another root than was recorded");
            return Ok(Err(Failure::new("block-root", place, detail)));
        }
        Ok(Ok(true))
    }
}
