#![allow(clippy::unwrap_used)]

use super::*;

fn main() -> ChainName {
    ChainName("main".into())
}

fn root() -> B256 {
    B256::repeat_byte(7)
}

fn leaves() -> KeptLeaves {
    KeptLeaves { chain: main(), root: Some(root()), count: 3, first_time: 10, last_time: 12, block_number: Some(40) }
}

/// The difference between these leaves and what the chain has.
fn compared(kept: &KeptBlock, is_journals: bool) -> Option<Difference> {
    let block = RecordedBlock {
        root: root(),
        count: 3,
        first_time: 10,
        last_time: 12,
        recorded_at: 1_795_226_400,
        block_number: 40,
    };
    Recorded { chain: &main(), is_journals, number: 5, root: root(), block: &block }.compare(kept)
}

// M-MON-4, WATCH-1
#[test]
fn the_leaves_of_a_block_are_as_the_chain_has_it_or_the_first_difference_is_named() {
    assert_eq!(compared(&KeptBlock::Leaves(leaves()), true), None);
    assert_eq!(compared(&KeptBlock::InJournal, true), None);
    // A city that was killed before it knew where the block is.
    assert_eq!(compared(&KeptBlock::Leaves(KeptLeaves { block_number: None, ..leaves() }), false), None);
    let other = |change: fn(&mut KeptLeaves)| {
        let mut leaves = leaves();
        change(&mut leaves);
        compared(&KeptBlock::Leaves(leaves), true).unwrap()
    };
    assert_eq!(other(|leaves| leaves.count = 2).check, "index-count");
    assert_eq!(other(|leaves| leaves.first_time = 9).check, "index-count");
    assert_eq!(other(|leaves| leaves.block_number = Some(41)).check, "index-place");
    assert_eq!(other(|leaves| leaves.chain = ChainName("degree".into())).check, "index-place");
    assert_eq!(other(|leaves| leaves.root = None).check, "index-rows");
    let changed = other(|leaves| leaves.root = Some(B256::repeat_byte(8)));
    let stored = changed.stored.unwrap();
    assert_eq!((changed.check.as_str(), changed.place, stored.store.as_str()), ("index-rows", 5, "operations of main"));
    assert_eq!((stored.id, stored.expected, stored.found), (root(), Some(root()), Some(B256::repeat_byte(8))));
    for (kept, check) in [
        (KeptBlock::Announced, "index-rows"),
        (KeptBlock::Unreadable, "index-rows"),
        (KeptBlock::Nothing, "index-root"),
    ] {
        let found = compared(&kept, false).unwrap();
        assert_eq!((found.check.as_str(), found.stored.unwrap().found), (check, None));
    }
    let lost = compared(&KeptBlock::Nothing, true).unwrap();
    assert_eq!((lost.check.as_str(), lost.place, lost.stored), ("journal-root", 5, None));
}
