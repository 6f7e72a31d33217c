#![allow(clippy::unwrap_used)]

use alloy_primitives::U256;
use proptest::prelude::*;

use super::*;

fn key(of: u8) -> B256 {
    B256::from(U256::from(of))
}

/// `reads` at version 1, `writes` of the value 9.
fn promise(part: u8, reads: &[u8], writes: &[u8]) -> Promise {
    let mut keys = BTreeMap::new();
    for read in reads {
        keys.insert(key(*read), PromisedKey { subject: key(*read), version: 1, is_read: true, value: None });
    }
    for write in writes {
        let of = PromisedKey { subject: key(*write), version: 1, is_read: false, value: None };
        keys.entry(key(*write)).or_insert(of).value = Some(key(9));
    }
    Promise { part: key(part), until_s: 100, asker: None, keys }
}

fn applied(of: u8, version: u64, value: u8) -> BTreeMap<B256, Applied> {
    [(key(of), Applied { key: key(of), subject: key(of), version, value: key(value) })].into()
}

// DATABASE-8: a promise is over as soon as its part is applied, or cannot be reserved any more; not before.
#[test]
fn a_promise_is_over_when_it_is_applied_or_stale() {
    let own = promise(1, &[1], &[1]);
    assert!(!own.is_over(&applied(1, 1, 3)), "as it was promised");
    assert!(own.is_over(&applied(1, 2, 9)) && own.is_over(&applied(1, 2, 3)));
    let new = promise(1, &[], &[1]);
    assert!(!new.is_over(&BTreeMap::new()) && !new.is_over(&applied(1, 1, 9)));
    assert!(!new.is_over(&applied(1, 2, 3)), "another's write says nothing of one that does not rest on it");
    assert!(new.is_over(&applied(1, 3, 9)));
}

// DATABASE-8: of two that write the key that both have read the chain commits one: they are not tried together.
#[test]
fn what_excludes_each_other_on_the_chain_is_not_tried_together() {
    let asked = promise(1, &[1], &[1]);
    let others = [promise(2, &[1], &[1]), promise(3, &[2], &[2]), promise(4, &[2], &[2]), promise(5, &[1], &[3])];
    let layers = layers(&others, &asked);
    let parts: Vec<Vec<B256>> = layers.iter().map(|layer| layer.iter().map(|promise| promise.part).collect()).collect();
    assert_eq!(parts, [vec![key(3), key(5)], vec![key(4)]], "the one of the same key is in none");
}

// DATABASE-8: however much the nodes of one member ask for, and of each that comes after it, there is room for others; and never for more than are tried with each new part.
#[test]
fn whoever_asks_for_much_leaves_room_for_others() {
    let of = |asker: Option<u8>| Promise { asker: asker.map(key), ..promise(1, &[], &[1]) };
    let mut promises = Vec::new();
    let mut taken = Vec::new();
    for asker in [Some(1), Some(2), None, Some(3), Some(4), Some(5), Some(6), Some(7)] {
        let before = promises.len();
        while has_room(&promises, asker.map(key)) {
            promises.push(of(asker));
        }
        taken.push(promises.len() - before);
    }
    assert_eq!(taken, [32, 16, 8, 4, 2, 1, 1, 0]);
    assert_eq!(promises.len(), MAX_PROMISES);
    assert!(!has_room(&promises, Some(key(1))), "what others have taken it does not get");
}

proptest! {
    // DATABASE-8: each promise that may be committed beside a part is tried with it once, and never with one that excludes it.
    #[test]
    fn every_promise_that_may_be_committed_is_in_one_layer(
        parts in proptest::collection::vec((proptest::collection::vec(0u8..4, 0..3), proptest::collection::vec(0u8..4, 1..3)), 1..12)
    ) {
        let all: Vec<Promise> = (0..).zip(&parts).map(|(part, (reads, writes))| promise(part, reads, writes)).collect();
        let (asked, others) = all.split_first().unwrap();
        let layers = layers(others, asked);
        for promise in others {
            let times = layers.iter().flatten().filter(|known| **known == promise).count();
            prop_assert_eq!(times, usize::from(!promise.excludes(asked)));
        }
        for layer in &layers {
            for (i, one) in layer.iter().enumerate() {
                prop_assert!(layer[i + 1..].iter().all(|other| !one.excludes(other) && !other.excludes(one)));
            }
        }
    }
}
