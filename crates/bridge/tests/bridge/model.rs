//! Every interleaving of the commit protocol over two and three members, explored (`docs/specs/alliance.md`).
//!
//! The relay is as bad as it can be: whatever was ever final may be shown to anybody, at any time, in any order, as often as it likes, or never. Parties may stop at
//! any step, since every step is optional. What it cannot do is forge proofs; endorsers of a foreign member can, as far as their weight goes.
//! Wrong rules are explored as well, and have to be caught.
mod city;
mod relay;

use city::{City, Protocol, Rule, Transfer};
use stateright::{Checker, HasDiscoveries, Model};
use std::{collections::BTreeSet, sync::LazyLock};

const NO_HALF_COMMIT: &str = "no half-commit (ALLIANCE-5)";
const MONEY: &str = "money is constant over all chains (ALLIANCE-9)";

/// Two members; the first pays the second, and the second pays the first, over the same versions.
fn two_members() -> Protocol {
    Protocol::new(2, vec![Transfer::honest(&[(0, -1), (1, 1)]), Transfer::honest(&[(0, 2), (1, -2)])])
}

/// Three members, and one request over all of them.
fn three_members() -> Protocol {
    Protocol::new(3, vec![Transfer::honest(&[(0, -3), (1, 1), (2, 2)])])
}

/// Three members; two requests that meet in one of them.
fn three_members_in_conflict() -> Protocol {
    let mut protocol =
        Protocol::new(3, vec![Transfer::honest(&[(0, -1), (1, 1)]), Transfer::honest(&[(1, -1), (2, 1)])]);
    protocol.end_time = protocol.window + 1;
    protocol
}

/// How many states there are.
fn assert_holds(protocol: Protocol, at_least: usize) -> usize {
    let checker = protocol.checker().threads(2).spawn_bfs().join();
    println!("{} states", checker.unique_state_count());
    checker.assert_properties();
    assert!(checker.unique_state_count() > at_least, "only {} states", checker.unique_state_count());
    checker.unique_state_count()
}

/// Explored once, though more than one test rests on it.
static STATES_OF_TWO_MEMBERS: LazyLock<usize> = LazyLock::new(|| assert_holds(two_members(), 10_000));

fn assert_caught(protocol: Protocol, property: &'static str) {
    let found = HasDiscoveries::AllOf(BTreeSet::from([property]));
    let checker = protocol.checker().threads(2).finish_when(found).spawn_bfs().join();
    let path = checker.assert_any_discovery(property);
    println!("{property}: {:?}", path.into_actions());
}

#[test]
fn two_members_commit_both_or_neither_whatever_the_relay_does() {
    assert!(*STATES_OF_TWO_MEMBERS > 10_000);
}

#[test]
fn three_members_commit_all_or_none_whatever_the_relay_does() {
    assert_holds(three_members(), 1_000);
}

#[test]
fn requests_that_meet_in_one_of_three_members_do_not_block_one_another() {
    assert_holds(three_members_in_conflict(), 10_000);
}

#[test]
fn a_lock_that_expires_by_the_members_own_clock_is_caught() {
    assert_caught(two_members().with_rule(Rule::ReleaseByLocalClock), NO_HALF_COMMIT);
}

#[test]
fn a_commit_after_the_deadline_is_caught() {
    assert_caught(two_members().with_rule(Rule::CommitWithoutDeadline), NO_HALF_COMMIT);
}

#[test]
fn a_late_header_without_a_look_at_its_state_is_caught() {
    assert_caught(two_members().with_rule(Rule::ReleaseWithoutState), NO_HALF_COMMIT);
}

#[test]
fn endorsers_of_exactly_half_the_weight_cannot_lie_about_a_foreign_member() {
    // Whatever is so may be shown of a foreign member too: as many states are the same states, and all that holds in them holds here.
    let states = assert_holds(two_members().with_foreign(1, &[50]), 10_000);
    assert_eq!(states, *STATES_OF_TWO_MEMBERS);
}

#[test]
fn endorsers_of_more_than_half_the_weight_can_half_commit_with_a_foreign_member() {
    assert_caught(two_members().with_foreign(1, &[50, 1]), NO_HALF_COMMIT);
}

#[test]
fn a_request_that_makes_money_passes_with_more_than_half_of_the_weight_alone() {
    let forged = || Protocol::new(2, vec![Transfer::forged(&[(0, 0), (1, 5)])]);
    let refused = forged().with_liars(&[50]).checker().threads(2).spawn_bfs().join();
    refused.assert_no_discovery(MONEY);
    assert!(refused.unique_state_count() < 20, "it is recorded as invalid, and nothing follows but time");
    assert_caught(forged().with_liars(&[49, 1, 50]), MONEY);
}

#[test]
fn an_honest_relay_commits_at_once_when_nobody_disturbs() {
    let protocol = three_members();
    let city = relay::act(&protocol, &City::start(&protocol), true);
    assert!(city.is_committed(0) && protocol.is_settled(&city), "{city:?}");
    assert_eq!(protocol.balances(&city), [7, 11, 12]);
}
