#![allow(clippy::unwrap_used)]
use super::super::message::{Read, Write};
use super::*;

fn key(name: u8) -> B256 {
    B256::repeat_byte(name)
}

fn value(amount: u8) -> B256 {
    B256::with_last_byte(amount)
}

/// Reads keys in the versions given, and writes keys.
fn part(reads: &[(u8, u64)], writes: &[u8]) -> HashedPart {
    HashedPart::from(Part {
        member: key(0xaa),
        call: "pay".into(),
        reads: reads.iter().map(|(name, version)| Read { key: key(*name), version: *version }).collect(),
        writes: writes.iter().map(|name| Write { key: key(*name), value: value(9) }).collect(),
    })
}

fn reserve(store: &mut Store, number: u64, part: &HashedPart) -> Result<(Outcome, Option<Refusal>), StoreError> {
    store.reserve(number, part, |_, _| true)
}

fn shows(time: u64, decision: Decision) -> Evidence {
    Evidence { time, decision: Some(decision) }
}

fn sequenced() -> Decision {
    Decision::sequenced(100, 10, 1)
}

fn committed() -> Decision {
    let mut decision = sequenced();
    decision.prove(0, Some(Outcome::Reserved), 105).unwrap();
    decision
}

fn aborted() -> Decision {
    let mut decision = sequenced();
    decision.prove(0, Some(Outcome::Refused), 105).unwrap();
    decision
}

#[test]
fn a_committed_part_is_written_and_its_keys_are_free() {
    let mut store = Store::default();
    let part = part(&[(1, 0), (2, 0)], &[2]);
    assert_eq!(reserve(&mut store, 1, &part), Ok((Outcome::Reserved, None)));
    assert_eq!(store.apply(1, &part, &shows(106, committed())), Ok(()));
    assert_eq!(store.entry(key(2)), Entry { version: 1, value: value(9), ..Entry::default() });
    assert_eq!(store.entry(key(1)), Entry::default());
    assert_eq!(store.apply(1, &part, &shows(106, committed())), Ok(()), "again changes nothing");
    assert_eq!(store.entry(key(2)).version, 1);
}

#[test]
fn a_reservation_outlasts_its_deadline_until_a_later_header_shows_no_commit() {
    let mut store = Store::default();
    let part = part(&[], &[2]);
    reserve(&mut store, 1, &part).unwrap();
    let open = |time| Err(StoreError::DecisionOpen { deadline: 110, time });
    assert_eq!(store.release(1, &part, &shows(109, sequenced())), open(109));
    assert_eq!(store.release(1, &part, &shows(110, sequenced())), open(110));
    assert_eq!(store.release(1, &part, &shows(111, committed())), Err(StoreError::Committed));
    let nothing = Evidence { time: 500, decision: None };
    assert_eq!(store.release(1, &part, &nothing), Err(StoreError::RequestNotShown));
    assert!(store.entry(key(2)).is_held());
    assert_eq!(store.release(1, &part, &shows(111, sequenced())), Ok(()));
    assert_eq!(store.entry(key(2)), Entry::default());
}

#[test]
fn an_abort_releases_at_once() {
    let mut store = Store::default();
    let part = part(&[(1, 0)], &[2]);
    reserve(&mut store, 1, &part).unwrap();
    assert_eq!(store.release(1, &part, &shows(105, aborted())), Ok(()));
    assert_eq!(store.outcome(1), Some(Outcome::Released));
    assert_eq!(store.release(1, &part, &shows(105, aborted())), Ok(()), "again changes nothing");
    assert_eq!(reserve(&mut store, 1, &part), Ok((Outcome::Released, None)), "a number is not reserved twice");
    assert!(!store.entry(key(1)).is_held());
    assert_eq!(store.apply(1, &part, &shows(106, committed())), Err(StoreError::NotReserved(Some(Outcome::Released))));
}

#[test]
fn only_a_commit_applies() {
    let mut store = Store::default();
    let part = part(&[], &[2]);
    assert_eq!(store.apply(1, &part, &shows(106, committed())), Err(StoreError::NotReserved(None)));
    reserve(&mut store, 1, &part).unwrap();
    for decision in [sequenced(), aborted()] {
        let refused = Err(StoreError::NotCommitted(Some(decision.state())));
        assert_eq!(store.apply(1, &part, &shows(106, decision)), refused);
    }
    assert_eq!(store.outcome(1), Some(Outcome::Reserved));
}

#[test]
fn another_part_than_the_reserved_one_does_nothing() {
    let mut store = Store::default();
    let (mine, other) = (part(&[], &[2]), part(&[], &[2, 3]));
    reserve(&mut store, 1, &mine).unwrap();
    let differs = Err(StoreError::PartDiffers { expected: mine.part_hash(), found: other.part_hash() });
    assert_eq!(store.apply(1, &other, &shows(106, committed())), differs);
    assert_eq!(store.release(1, &other, &shows(111, sequenced())), differs);
}

#[test]
fn a_version_that_has_changed_is_stale_and_says_which() {
    let mut store = Store::default();
    store.set(key(1), value(5)).unwrap();
    let refusal = Refusal::Stale { key: key(1), expected: 0, actual: 1 };
    assert_eq!(reserve(&mut store, 1, &part(&[(1, 0)], &[])), Ok((Outcome::Refused, Some(refusal))));
    assert_eq!(reserve(&mut store, 1, &part(&[(1, 1)], &[])), Ok((Outcome::Refused, None)), "for ever");
}

#[test]
fn of_two_requests_over_one_version_the_second_fails() {
    let mut store = Store::default();
    let (first, second) = (part(&[(1, 0)], &[1]), part(&[(1, 0)], &[1]));
    reserve(&mut store, 1, &first).unwrap();
    store.apply(1, &first, &shows(106, committed())).unwrap();
    let refusal = Refusal::Stale { key: key(1), expected: 0, actual: 1 };
    assert_eq!(reserve(&mut store, 2, &second), Ok((Outcome::Refused, Some(refusal))));
}

#[test]
fn the_younger_dies_and_the_older_waits() {
    let mut store = Store::default();
    reserve(&mut store, 5, &part(&[], &[1])).unwrap();
    let conflict = Refusal::Conflict { key: key(1), holder: 5, expected: Some(0), actual: Some(0) };
    assert!(conflict.to_string().contains("request 5 (expected version 0, actual version 0): ask again"), "{conflict}");
    assert_eq!(reserve(&mut store, 6, &part(&[(1, 0)], &[])), Ok((Outcome::Refused, Some(conflict))));
    let held = Err(StoreError::KeyHeld { key: key(1), holder: 5 });
    assert_eq!(reserve(&mut store, 4, &part(&[(1, 0)], &[])), held);
    assert_eq!(store.outcome(4), None, "it may try again");
}

#[test]
fn readers_share_and_a_writer_is_alone() {
    let mut store = Store::default();
    reserve(&mut store, 3, &part(&[(1, 0)], &[])).unwrap();
    assert_eq!(reserve(&mut store, 5, &part(&[(1, 0)], &[])), Ok((Outcome::Reserved, None)));
    let conflict = Refusal::Conflict { key: key(1), holder: 3, expected: None, actual: Some(0) };
    assert_eq!(reserve(&mut store, 4, &part(&[], &[1])), Ok((Outcome::Refused, Some(conflict))));
    let held = Err(StoreError::KeyHeld { key: key(1), holder: 3 });
    assert_eq!(reserve(&mut store, 2, &part(&[], &[1])), held);
    // The oldest is remembered until no reader is left: 4 would be refused, though only 5 reads.
    store.release(3, &part(&[(1, 0)], &[]), &shows(111, sequenced())).unwrap();
    assert_eq!(reserve(&mut store, 2, &part(&[], &[1])), held);
    store.release(5, &part(&[(1, 0)], &[]), &shows(111, sequenced())).unwrap();
    assert_eq!(reserve(&mut store, 2, &part(&[], &[1])), Ok((Outcome::Reserved, None)));
}

#[test]
fn the_member_itself_does_not_write_what_is_held() {
    let mut store = Store::default();
    reserve(&mut store, 1, &part(&[(1, 0)], &[2])).unwrap();
    for name in [1, 2] {
        assert_eq!(store.set(key(name), value(1)), Err(StoreError::KeyHeld { key: key(name), holder: 1 }));
    }
}

#[test]
fn a_refused_part_holds_nothing() {
    let mut store = Store::default();
    let rejected = Ok((Outcome::Refused, Some(Refusal::Rejected)));
    assert_eq!(store.reserve(1, &part(&[(1, 0)], &[2]), |_, _| false), rejected);
    let malformed = Ok((Outcome::Refused, Some(Refusal::Malformed)));
    assert_eq!(reserve(&mut store, 2, &part(&[], &[2, 1])), malformed);
    assert_eq!(reserve(&mut store, 3, &part(&[(1, 0), (1, 0)], &[])), malformed);
    assert!(store.entries().all(|(_, entry)| !entry.is_held()));
}
