#![allow(clippy::unwrap_used)]

use alloy_primitives::B256;

use super::*;

const NOW_MS: u64 = 1_795_230_000_000;

fn main() -> ChainName {
    ChainName("main".into())
}

fn block() -> AuditedBlock {
    AuditedBlock {
        first: 4,
        place: 9,
        file: "00000000000000000000.journal".into(),
        offset: 512,
        root: B256::repeat_byte(7),
        count: 3,
        first_time: 10,
        last_time: 12,
        block_number: 40,
        after_block: 39,
    }
}

fn recorded() -> RecordedBlock {
    RecordedBlock {
        root: B256::repeat_byte(7),
        count: 3,
        first_time: 10,
        last_time: 12,
        recorded_at: NOW_MS / 1000 - 3600,
        block_number: 40,
    }
}

// M-MON-4, WATCH-1
#[test]
fn a_block_is_as_the_chain_has_it_or_the_first_difference_is_named() {
    assert_eq!(compare(&block(), Some(&recorded()), &main()), None);
    let other = |change: fn(&mut AuditedBlock)| {
        let mut block = block();
        change(&mut block);
        compare(&block, Some(&recorded()), &main()).unwrap().check
    };
    assert_eq!(compare(&block(), None, &main()).unwrap().check, "chain-root");
    assert_eq!(other(|block| block.root = B256::repeat_byte(8)), "chain-root");
    assert_eq!(other(|block| block.count = 2), "chain-count");
    assert_eq!(other(|block| block.last_time = 13), "chain-count");
    assert_eq!(other(|block| block.block_number = 41), "chain-place");
    assert_eq!(other(|block| block.after_block = 40), "chain-order");
    let named = compare(&block(), None, &main()).unwrap();
    assert_eq!((named.place, named.offset), (9, 512));
    assert!(named.detail.contains("place 4") && named.detail.contains("0x0707"), "{}", named.detail);
}
