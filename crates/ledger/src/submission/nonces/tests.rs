#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn book(count: u64) -> NonceBook {
    let mut book = NonceBook::default();
    book.synchronize(count);
    book
}

#[test]
fn nothing_is_handed_out_before_the_chain_was_asked() {
    assert_eq!(NonceBook::default().reserve(), None);
    assert_eq!(book(7).reserve(), Some(7));
}

#[test]
fn a_returned_nonce_is_the_next_one() {
    let mut book = book(3);
    let (first, second) = (book.reserve().unwrap(), book.reserve().unwrap());
    book.give_back(first);
    assert_eq!(book.reserve(), Some(first));
    book.give_back(second);
    book.give_back(first);
    assert_eq!((book.reserve(), book.reserve()), (Some(3), Some(4)));
}

#[test]
fn a_gap_before_ours_is_claimed_once() {
    let mut book = book(10);
    for _ in 0..3 {
        book.reserve();
    }
    book.give_back(11);
    assert_eq!(book.claim_gaps(8, 64), [8, 9, 11]);
    assert_eq!(book.claim_gaps(8, 64), [0; 0]);
    assert_eq!(book.reserve(), Some(13));
}

#[test]
fn doubt_waits_for_what_is_in_use() {
    let mut book = book(1);
    let nonce = book.reserve().unwrap();
    book.doubt();
    assert_eq!(book.reserve(), Some(2));
    book.spent(nonce);
    book.spent(2);
    book.doubt();
    assert_eq!(book.reserve(), None);
}

#[derive(Clone, Debug)]
enum Step {
    Reserve,
    GiveBack(usize),
    Spend,
    Synchronize(u64),
    Gaps,
    Doubt,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Reserve),
        2 => (0..8_usize).prop_map(Step::GiveBack),
        2 => Just(Step::Spend),
        1 => (0..6_u64).prop_map(Step::Synchronize),
        1 => Just(Step::Gaps),
        1 => Just(Step::Doubt),
    ];
    prop::collection::vec(step, 0..200)
}

proptest! {
    /// LEDGER-3: whatever happens, no nonce is in use twice, and none that the chain has spent is handed out.
    #[test]
    fn a_nonce_is_never_in_use_twice(steps in steps()) {
        let mut book = book(0);
        let mut used: BTreeSet<u64> = BTreeSet::new();
        let mut mined = 0_u64;
        for step in steps {
            match step {
                Step::Reserve => match book.reserve() {
                    Some(nonce) => {
                        prop_assert!(used.insert(nonce), "{nonce} twice");
                        prop_assert!(nonce >= mined, "{nonce} is spent, the chain has {mined}");
                    }
                    None => book.synchronize(mined.max(used.last().map_or(0, |last| last + 1))),
                },
                Step::GiveBack(index) => if let Some(nonce) = used.iter().nth(index).copied() {
                    used.remove(&nonce);
                    book.give_back(nonce);
                },
                // The chain mines in order: only the lowest can be spent.
                Step::Spend => if let Some(nonce) = used.first().copied()
                    && nonce == mined
                {
                    used.remove(&nonce);
                    mined = nonce + 1;
                    book.spent(nonce);
                },
                Step::Synchronize(foreign) => {
                    // Somebody else sends with the same key, where we use nothing.
                    if used.is_empty() {
                        mined += foreign;
                    }
                    book.synchronize(mined);
                }
                Step::Gaps => for nonce in book.claim_gaps(mined, 64) {
                    prop_assert!(used.insert(nonce), "{nonce} claimed although in use");
                },
                Step::Doubt => book.doubt(),
            }
            prop_assert_eq!(book.in_use(), used.len());
        }
    }
}
