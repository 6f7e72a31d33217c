//! The volumes of the history.
//!
//! Within a volume history lies under keys that are hashes: what a block writes belongs between everything that is there, and the database merges the
//! two again and again. In one heap each entry costs the more the longer the chain is. So the history is kept in volumes of so many entries, one behind
//! the other: only the newest is merged, and the others are never touched again but by pruning
//! (docs/decisions/0051-the-past-is-kept-in-volumes.md).

use std::ops::RangeInclusive;

use parking_lot::RwLock;

use super::{
    Store, StoreError,
    keys::{self, Kind},
};

/// Where the volumes of the final blocks' history begin (STORE-4).
pub(super) struct Volumes {
    most_entries: u64,
    written: RwLock<Written>,
}

#[derive(Default)]
struct Written {
    /// Of the second volume and those after it, in order. The first begins with the chain.
    first_heights: Vec<u64>,
    /// Of the newest volume.
    entries: u64,
}

/// What one commit adds to the history.
pub(super) struct Extension {
    most_entries: u64,
    newest: u32,
    begun: Vec<u64>,
    entries: u64,
}

/// Where a block's history goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) volume: u32,
    /// The volume begins with this block.
    pub(super) begins: bool,
}

impl Volumes {
    /// Those of a chain that has no blocks yet.
    pub(super) fn new(most_entries: u64) -> Self {
        Self { most_entries, written: RwLock::default() }
    }

    /// The volume that holds the history of the block at a height.
    pub(super) fn of(&self, height: u64) -> u32 {
        // A volume has a million entries: there are far fewer than 2^32.
        self.written.read().first_heights.partition_point(|first| *first <= height) as u32
    }

    /// The volumes that hold the history of some heights, oldest first.
    pub(super) fn between(&self, first_height: u64, last_height: u64) -> RangeInclusive<u32> {
        self.of(first_height)..=self.of(last_height)
    }

    /// Begins a commit. There is one at a time.
    pub(super) fn extension(&self) -> Extension {
        let written = self.written.read();
        Extension {
            most_entries: self.most_entries,
            newest: written.first_heights.len() as u32,
            begun: Vec::new(),
            entries: written.entries,
        }
    }

    /// The commit is durable.
    pub(super) fn extend(&self, extension: Extension) {
        let mut written = self.written.write();
        written.first_heights.extend(extension.begun);
        written.entries = extension.entries;
    }
}

impl Extension {
    /// Where the history of the next block goes, which has so many entries.
    pub(super) fn place(&mut self, height: u64, entries: usize) -> Place {
        let begins = self.entries >= self.most_entries;
        if begins {
            self.newest += 1;
            self.begun.push(height);
            self.entries = 0;
        }
        self.entries = self.entries.saturating_add(entries as u64);
        Place { volume: self.newest, begins }
    }

    /// Entries of the newest volume so far.
    pub(super) fn entries(&self) -> u64 {
        self.entries
    }
}

impl Store {
    /// Reads where the volumes begin; `None`: they are out of order. Where nobody counted the entries of the newest, the next block begins another.
    pub(super) fn read_volumes(&self, most_entries: u64) -> Result<Option<Volumes>, StoreError> {
        let mut first_heights: Vec<u64> = Vec::new();
        for entry in self.chain.prefix([Kind::Volume as u8]) {
            let (key, value) = entry.into_inner().map_err(StoreError::while_doing("opening"))?;
            let Ok(height) = value.as_ref().try_into().map(u64::from_be_bytes) else { return Ok(None) };
            let number = first_heights.len() as u64 + 1;
            if key[..] != keys::block(Kind::Volume, number) || first_heights.last().is_some_and(|last| *last >= height)
            {
                return Ok(None);
            }
            first_heights.push(height);
        }
        let entries = self.meta_height(keys::META_VOLUME_ENTRIES)?.unwrap_or(u64::MAX);
        Ok(Some(Volumes { most_entries, written: RwLock::new(Written { first_heights, entries }) }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// STORE-4: where a block's history was put is where it is looked for, whatever came later.
        #[test]
        fn a_blocks_history_is_looked_for_where_it_was_put(
            commits in proptest::collection::vec(proptest::collection::vec(0usize..9, 1..4), 1..20),
            most_entries in 1u64..12,
        ) {
            let volumes = Volumes::new(most_entries);
            let (mut put, mut height) = (Vec::new(), 0);
            for blocks in commits {
                let mut extension = volumes.extension();
                for entries in blocks {
                    put.push(extension.place(height, entries));
                    height += 1;
                }
                volumes.extend(extension);
                for (height, place) in put.iter().enumerate() {
                    prop_assert_eq!(volumes.of(height as u64), place.volume);
                }
            }
            prop_assert!(put.windows(2).all(|pair| pair[1].volume == pair[0].volume + u32::from(pair[1].begins)));
            prop_assert_eq!(volumes.between(0, height - 1), 0..=put.last().unwrap().volume);
        }
    }

    #[test]
    fn a_volume_that_is_full_ends_with_its_block() {
        let volumes = Volumes::new(10);
        let mut extension = volumes.extension();
        let places = [(0, 6), (1, 6), (2, 1)].map(|(height, entries)| extension.place(height, entries));
        assert_eq!(places.map(|place| (place.volume, place.begins)), [(0, false), (0, false), (1, true)]);
        assert_eq!(extension.entries(), 1);
        // Nothing of it counts before the commit is durable.
        assert_eq!(volumes.of(2), 0);
        volumes.extend(extension);
        assert_eq!(volumes.between(1, 2), 0..=1);
    }
}
