#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::progress::{RequestProgress, Signed, Status, StepName, StepState};

const BANK: B256 = B256::repeat_byte(0xba);
const REGISTRY: B256 = B256::repeat_byte(0xde);

fn node(n: u8) -> B256 {
    B256::repeat_byte(n)
}

/// In block `block`, at `block` seconds.
fn place(block: u64, log: u64) -> Place {
    Place { block, log, block_hash: B256::ZERO, time_ms: block * 1000, tx_hash: B256::from(U256::from(block)) }
}

fn asked(deadline_s: Option<u64>) -> Asked {
    let signed = |member, certificate, n| Signed { member, certificate, node: Some(node(n)) };
    Asked {
        request_hash: B256::repeat_byte(7),
        certificate: 1,
        requester: Some((BANK, node(1))),
        deadline_s,
        parties: vec![BANK, REGISTRY],
        signed: Some(vec![signed(BANK, 1, 1), signed(REGISTRY, 2, 2), signed(REGISTRY, 3, 3)]),
    }
}

fn shown(number: u64, member: B256, outcome: Outcome) -> AllianceFact {
    AllianceFact::Shown { number, member, outcome, is_attested: false }
}

/// What each chain tells, in its order: request 1 is committed, 2 stale at the registry, 3 invalid, 4 on its way, 5 past its deadline.
fn chains() -> [Vec<Told>; 3] {
    let policy = |member, nodes: &[u8]| AllianceFact::Policy {
        member,
        endorsers: nodes.iter().map(|n| (node(*n), 1)).collect(),
    };
    let ask = |number, deadline_s| AllianceFact::Asked { number, asked: asked(deadline_s) };
    let stale = Reason::Stale { expected: 0, actual: 1 };
    let alliance = [
        policy(BANK, &[1]),
        policy(REGISTRY, &[2, 3, 4]),
        ask(1, Some(1000)),
        ask(2, Some(1000)),
        AllianceFact::BadSignature { number: 3, member: REGISTRY, certificate: 3, fault: SignatureFault::from_code(9) },
        AllianceFact::WeightMissing { number: 3, member: REGISTRY, weight: U256::from(1), total: U256::from(3) },
        ask(3, None),
        shown(1, BANK, Outcome::Reserved),
        shown(1, REGISTRY, Outcome::Reserved),
        AllianceFact::Ended { number: 1, end: End::Committed },
        shown(2, BANK, Outcome::Reserved),
        shown(2, REGISTRY, Outcome::Refused),
        AllianceFact::Ended { number: 2, end: End::Aborted { member: Some(REGISTRY), reason: Some(stale) } },
        ask(4, Some(1000)),
        ask(5, Some(15)),
    ];
    let mut alliance: Vec<_> = (1..).zip(alliance).map(|(block, fact)| Told::Alliance(place(block, 0), fact)).collect();
    alliance.push(Told::Head(Source::Alliance, Head { block: 20, time_ms: 20_000 }));
    let member = |name, facts: Vec<MemberFact>| {
        let mut told: Vec<_> =
            (1..).zip(facts).map(|(block, fact)| Told::Member(name, place(block, 0), fact)).collect();
        told.push(Told::Head(Source::Member(name), Head { block: 20, time_ms: 20_000 }));
        told
    };
    let bank = vec![
        MemberFact::Reserved { number: 1 },
        MemberFact::Reserved { number: 2 },
        MemberFact::Applied { number: 1 },
        MemberFact::Reserved { number: 4 },
    ];
    let registry = vec![
        MemberFact::Reserved { number: 1 },
        MemberFact::Refused { number: 2, reason: Some(stale) },
        MemberFact::Applied { number: 1 },
    ];
    [alliance, member(BANK, bank), member(REGISTRY, registry)]
}

fn shows(window: &ProgressWindow) -> Vec<RequestProgress> {
    window.numbers().map(|number| window.request(number).unwrap()).collect()
}

fn in_order() -> ProgressWindow {
    let mut window = ProgressWindow::new(MAX_REQUESTS);
    for told in chains().iter().flatten() {
        window.apply(told);
    }
    window
}

fn states(window: &ProgressWindow, number: u64) -> Vec<[StepState; 5]> {
    window.request(number).unwrap().parties.iter().map(|party| party.steps.map(|step| step.state)).collect()
}

// A-MULTI, A-ERR
#[test]
fn every_step_of_every_party_is_told() {
    use StepState::{Ahead, Awaited, Done, Failed, Omitted};
    let window = in_order();
    assert_eq!(states(&window, 1), [[Done; 5]; 2]);
    let committed = window.request(1).unwrap();
    assert_eq!((committed.status, committed.is_finished()), (Status::Committed, true));
    // The bank has not given back yet what it held.
    assert_eq!(states(&window, 2), [[Done, Done, Done, Done, Awaited], [Done, Done, Failed, Failed, Omitted]]);
    let stale = window.request(2).unwrap();
    assert_eq!((stale.step, stale.awaited.as_slice()), (Some(StepName::Apply), [BANK].as_slice()));
    assert_eq!(stale.parties[1].steps[2].reason, Some(Reason::Stale { expected: 0, actual: 1 }));
    let invalid = window.request(3).unwrap();
    assert_eq!((invalid.status, invalid.is_finished()), (Status::Invalid, true));
    assert_eq!(
        states(&window, 3),
        [[Done, Failed, Omitted, Omitted, Omitted], [Failed, Failed, Omitted, Omitted, Omitted]]
    );
    let endorsing = &invalid.parties[1].endorsing;
    assert_eq!((endorsing.weight, endorsing.total), (1, 3));
    assert_eq!(
        (endorsing.endorsed.as_slice(), endorsing.missing.as_slice()),
        ([node(2)].as_slice(), [node(4)].as_slice())
    );
    assert_eq!(endorsing.faulty[0].node, Some(node(3)));
    assert_eq!(states(&window, 4), [[Done, Done, Done, Awaited, Ahead], [Done, Done, Awaited, Ahead, Ahead]]);
    let open = window.request(4).unwrap();
    assert_eq!((open.step, open.awaited.as_slice()), (Some(StepName::Reserve), [REGISTRY].as_slice()));
    assert!(!open.is_overdue && window.request(5).unwrap().is_overdue);
}

#[test]
fn a_member_whose_chain_nobody_follows_is_told_by_what_was_shown_of_it() {
    let mut window = ProgressWindow::new(MAX_REQUESTS);
    let [alliance, bank, _] = chains();
    for told in alliance.iter().chain(&bank) {
        window.apply(told);
    }
    use StepState::{Done, Failed, Omitted, Unseen};
    assert_eq!(states(&window, 1)[1], [Done, Done, Done, Done, Unseen]);
    assert_eq!(states(&window, 2)[1], [Done, Done, Failed, Failed, Omitted]);
    assert!(window.request(1).unwrap().is_finished(), "nobody here can see what is left");
}

#[test]
fn a_deadline_that_passes_is_news_once() {
    let mut window = in_order();
    let head = |block, time_s: u64| Told::Head(Source::Alliance, Head { block, time_ms: time_s * 1000 });
    assert_eq!(window.apply(&head(21, 1000)), BTreeSet::new());
    assert_eq!(window.apply(&head(22, 1001)), BTreeSet::from([4]));
    assert_eq!(window.apply(&head(23, 1002)), BTreeSet::new());
}

#[test]
fn the_newest_are_kept_whatever_a_member_tells() {
    let mut window = ProgressWindow::new(2);
    for number in 1..=5 {
        let fact = AllianceFact::Asked { number, asked: asked(Some(1000)) };
        window.apply(&Told::Alliance(place(number, 0), fact));
        window.apply(&Told::Member(BANK, place(number, 0), MemberFact::Reserved { number }));
        // Numbers that nobody gave.
        for lie in 0..10 {
            let number = u64::MAX - number * 10 - lie;
            window.apply(&Told::Member(BANK, place(1, 0), MemberFact::Reserved { number }));
        }
    }
    assert_eq!(window.numbers().collect::<Vec<_>>(), [4, 5]);
    assert!(window.parts[&BANK].len() <= 4, "{}", window.parts[&BANK].len());
    assert_eq!(window.request(5).unwrap().parties[0].steps[2].state, StepState::Done);
    assert_eq!(
        window.apply(&Told::Alliance(place(9, 0), AllianceFact::Ended { number: 1, end: End::Committed })),
        BTreeSet::new()
    );
    assert_eq!(window.request(1), None);
}

proptest! {
    // A-MULTI: chains tell of their events in their own order, and one may be late by any number of them.
    #[test]
    fn every_interleaving_makes_the_same_state(turns in prop::collection::vec(0_usize..3, 0..64)) {
        let chains = chains();
        let mut next = [0; 3];
        let mut window = ProgressWindow::new(MAX_REQUESTS);
        for chain in turns.into_iter().chain((0..3).flat_map(|chain| std::iter::repeat_n(chain, 32))) {
            if let Some(told) = chains[chain].get(next[chain]) {
                window.apply(told);
                next[chain] += 1;
            }
        }
        prop_assert_eq!(shows(&window), shows(&in_order()));
    }

    // Whoever is killed reads again from an earlier place of each chain.
    #[test]
    fn what_is_told_again_changes_nothing(read in prop::array::uniform3(0_usize..20), again in prop::array::uniform3(0_usize..20)) {
        let chains = chains();
        let mut window = ProgressWindow::new(MAX_REQUESTS);
        for (chain, read) in chains.iter().zip(read) {
            for told in chain.iter().take(read) {
                window.apply(told);
            }
        }
        for ((chain, read), again) in chains.iter().zip(read).zip(again) {
            for told in chain.iter().skip(read.min(again)) {
                window.apply(told);
            }
        }
        prop_assert_eq!(shows(&window), shows(&in_order()));
    }
}
