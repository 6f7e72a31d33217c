#![allow(clippy::unwrap_used)]

use chancery_rpc::{ClockSet, DiskStatus, HeadStatus, ReportedStatus, TimingStatus, ViewStatus};

use super::*;

/// The node's clock in all cases.
const NOW: u64 = 1_800_000_000_000;

/// A validator among four that hears everybody and follows the chain.
fn healthy() -> NodeStatus {
    let validator = |index: usize| ValidatorStatus {
        organization: ["tax", "land", "school", "health"][index].to_owned(),
        peer_key: format!("{index}"),
        is_me: index == 0,
        connected_since_ms: (index > 0).then_some(NOW - 500_000),
        last_heard_ms: (index > 0).then_some(NOW - 900),
        last_vote: None,
        clock_ahead_ms: (index > 0).then_some(-40),
        report: None,
    };
    NodeStatus {
        chain: "main".into(),
        chain_id: 7100,
        is_validator: true,
        may_connect: true,
        now_ms: NOW,
        started_at_ms: NOW - 600_000,
        head: HeadStatus { height: 100, time_ms: NOW - 800, last_final_at_ms: Some(NOW - 700) },
        final_height: 100,
        epoch: 0,
        view: 120,
        timing: TimingStatus { heartbeat_ms: 1_000, certification_timeout_ms: 5_000, inactivity_timeout_ms: 10_000 },
        validators: (0..4).map(validator).collect(),
        recent_views: vec![],
        waiting_transactions: 0,
        disk: Some(DiskStatus { path: "/data".into(), free_bytes: 50 << 30, total_bytes: 100 << 30 }),
        clock_set: None,
        abstains_through: None,
        accused: vec![],
    }
}

fn lose(status: &mut NodeStatus, index: usize, ms: u64) {
    status.validators[index].connected_since_ms = None;
    status.validators[index].last_heard_ms = Some(NOW - ms);
}

fn stand_still(status: &mut NodeStatus) {
    status.head.last_final_at_ms = Some(NOW - 60_000);
}

/// The text of what is found after a change to a healthy node.
fn found(change: impl FnOnce(&mut NodeStatus)) -> (Option<Severity>, String) {
    let mut status = healthy();
    change(&mut status);
    let diagnosis = diagnose(&status, Some(NOW + 100));
    let text: Vec<String> = diagnosis.findings.iter().map(ToString::to_string).collect();
    (diagnosis.severity(), text.join("\n"))
}

#[test]
fn nothing_is_wrong_with_a_node_that_hears_everybody_and_follows() {
    assert_eq!(found(|_| {}), (None, String::new()));
    // Moments that pass: a peer that reconnects, blocks on their way, an idle chain between two heartbeats, a node that has just started.
    assert_eq!(found(|status| lose(status, 1, 3_000)).0, None);
    assert_eq!(found(|status| status.final_height += 5).0, None);
    assert_eq!(found(|status| status.head.last_final_at_ms = Some(NOW - 6_000)).0, None);
    let just_started = |status: &mut NodeStatus| {
        status.started_at_ms = NOW - 2_000;
        status.head.last_final_at_ms = None;
        status.validators.iter_mut().for_each(|it| (it.connected_since_ms, it.last_heard_ms) = (None, None));
    };
    assert_eq!(found(just_started).0, None);
    // Alone, there is nobody to hear.
    assert_eq!(found(|status| status.validators.truncate(1)).0, None);
}

#[test]
fn a_chain_without_a_quorum_names_who_is_missing() {
    let (severity, text) = found(|status| {
        stand_still(status);
        lose(status, 1, 61_000);
        lose(status, 3, 64_000);
    });
    assert_eq!(severity, Some(Severity::Sick));
    assert!(text.contains("2 validators are heard and 3 are needed") && text.contains("health and land"), "{text}");
    assert!(!text.contains("school") && !text.contains("tax"), "{text}");
}

#[test]
fn a_connection_over_which_nothing_comes_counts_for_nothing() {
    let (_, text) = found(|status| {
        stand_still(status);
        status.validators[1].last_heard_ms = Some(NOW - 61_000);
        status.validators[2].last_heard_ms = None;
    });
    assert!(text.contains("land and school"), "{text}");
}

#[test]
fn one_missing_validator_of_four_is_named_while_the_chain_goes_on() {
    let (severity, text) = found(|status| lose(status, 2, 300_000));
    assert_eq!(severity, Some(Severity::Attention));
    assert!(text.contains("nothing is heard of school; the chain goes on with the 3"), "{text}");
}

#[test]
fn a_node_that_hears_nobody_is_cut_off_and_blames_nobody() {
    let (severity, text) = found(|status| {
        stand_still(status);
        (1..4).for_each(|index| lose(status, index, 61_000));
    });
    assert_eq!(severity, Some(Severity::Sick));
    assert!(text.contains("cut off") && text.contains("none of the 3 other validators"), "{text}");
    let (_, text) = found(|status| {
        status.head.last_final_at_ms = None;
        status.validators.iter_mut().for_each(|it| (it.connected_since_ms, it.last_heard_ms) = (None, None));
    });
    assert!(text.contains("cut off"), "never connected: {text}");
}

#[test]
fn a_standstill_with_a_quorum_is_told_apart() {
    let (severity, text) = found(|status| {
        stand_still(status);
        lose(status, 1, 61_000);
    });
    assert_eq!(severity, Some(Severity::Sick));
    assert!(text.contains("although 3 validators are heard") && text.contains("view 120"), "{text}");
}

#[test]
fn a_node_that_is_behind_says_by_how_much() {
    let (severity, text) = found(|status| status.final_height = 5_000);
    assert_eq!(severity, Some(Severity::Sick));
    assert!(text.contains("it has block 100, and block 5000 is final"), "{text}");
}

/// A validator tells that it has everything, and hears everybody.
fn tells(status: &mut NodeStatus, index: usize) -> &mut ReportedStatus {
    let heard_ms = vec![Some(NOW - 2_000); status.validators.len()];
    status.validators[index].report.insert(ReportedStatus {
        at_ms: NOW - 1_000,
        up_since_ms: NOW - 500_000,
        epoch: 0,
        view: 120,
        final_view: 119,
        height: 100,
        final_height: 100,
        blocks_behind: 0,
        abstains_through: None,
        heard_ms,
    })
}

// CHAIN-9
#[test]
fn what_is_told_of_a_chain_that_is_well_is_nothing_wrong() {
    assert_eq!(found(|status| (1..4).for_each(|index| tells(status, index).height = 100)), (None, String::new()));
    // One that started a moment ago has not heard everybody yet.
    let has_just_started = |status: &mut NodeStatus| {
        let report = tells(status, 1);
        (report.up_since_ms, report.heard_ms) = (NOW - 3_000, vec![None; 4]);
    };
    assert_eq!(found(has_just_started).0, None);
    // Words that are no news say nothing any more.
    let long_ago = |status: &mut NodeStatus| {
        let report = tells(status, 1);
        (report.at_ms, report.blocks_behind, report.heard_ms) = (NOW - 60_000, 5_000, vec![None; 4]);
    };
    assert_eq!(found(long_ago).0, None);
}

// CHAIN-9: who lies about what is final alone moves nobody.
#[test]
fn a_node_is_behind_what_more_validators_than_may_lie_call_final() {
    let told = |heights: &[u64]| {
        found(|status| {
            for (index, height) in heights.iter().enumerate() {
                tells(status, index + 1).final_height = *height;
            }
        })
    };
    assert_eq!(told(&[u64::MAX, 100, 100]).0, None);
    let (severity, text) = told(&[u64::MAX, 5_000, 100]);
    assert_eq!(severity, Some(Severity::Sick));
    assert!(text.contains("it has block 100, and block 5000 is final"), "{text}");
}

// CHAIN-9
#[test]
fn a_validator_that_runs_without_voting_is_not_asked_to_start() {
    let (severity, text) = found(|status| {
        stand_still(status);
        lose(status, 1, 61_000);
        lose(status, 3, 64_000);
        let report = tells(status, 1);
        (report.abstains_through, report.heard_ms[3]) = (Some(184), None);
    });
    assert_eq!(severity, Some(Severity::Sick));
    assert!(
        text.contains("nothing is heard of health, neither by") && text.contains("land runs without voting"),
        "{text}"
    );
    assert!(text.contains("land runs and does not vote: it has lost the journal"), "{text}");
    let (severity, text) = found(|status| tells(status, 2).blocks_behind = 700);
    assert_eq!(severity, Some(Severity::Attention));
    assert!(text.contains("school is 700 blocks behind"), "{text}");
}

// CHAIN-9: what comes from one side alone.
#[test]
fn a_link_that_carries_in_one_direction_is_named_with_its_direction() {
    let (severity, text) = found(|status| {
        tells(status, 1).heard_ms[2] = Some(NOW - 90_000);
        tells(status, 2);
    });
    assert_eq!(severity, Some(Severity::Attention));
    assert!(text.contains("land does not hear school, though school hears land"), "{text}");
}

#[test]
fn a_clock_is_blamed_where_most_others_agree() {
    let (_, text) = found(|status| status.validators[1].clock_ahead_ms = Some(-3_600_000));
    assert!(text.contains("the clock of land is 60 min behind this node's"), "{text}");
    let (_, text) = found(|status| {
        status.validators[1].clock_ahead_ms = Some(-3_600_000);
        status.validators[2].clock_ahead_ms = Some(-3_600_100);
    });
    assert!(text.contains("this node's clock is off: it is 60 min ahead of the others'"), "{text}");
    let (_, text) = found(|status| status.head.time_ms = NOW + 3_600_000);
    assert!(text.contains("at least 60 min behind the chain's last block"), "{text}");
    let (_, text) = found(|status| status.clock_set = Some(ClockSet { at_ms: NOW - 5_000, by_ms: -3_600_000 }));
    assert!(text.contains("put back by 60 min"), "{text}");
    assert_eq!(found(|it| it.clock_set = Some(ClockSet { at_ms: NOW - 86_400_000, by_ms: 9_000 })).0, None, "old news");
    let asked = diagnose(&healthy(), Some(NOW + 3_600_000)).findings;
    assert_eq!(asked, [Finding::AskersClock { ahead_ms: -3_600_000 }]);
}

#[test]
fn little_room_on_the_disk_is_said_before_there_is_none() {
    let room = |free_bytes, total_bytes| {
        found(|status| status.disk = Some(DiskStatus { path: "/data".into(), free_bytes, total_bytes }))
    };
    assert!(room(500 << 20, 100 << 30).1.contains("500 MiB are left for /data"));
    assert_eq!(room(500 << 20, 1 << 30).0, None, "half of a small disk is free");
    assert!(room(10 << 20, 1 << 30).1.contains("10 MiB"));
}

#[test]
fn a_leader_whose_turns_are_all_lost_is_named_and_one_that_lost_one_is_not() {
    let turns = |lost: [bool; 4]| {
        move |status: &mut NodeStatus| {
            let ended = |(view, given_up)| ViewStatus { view, leader: "school".into(), given_up };
            status.recent_views = (100..).step_by(4).zip(lost).map(ended).collect();
        }
    };
    assert!(
        found(turns([false, true, true, true])).1.contains("school is heard, but its turns as leader are given up")
    );
    assert_eq!(found(turns([true, true, true, false])).0, None);
    assert_eq!(found(turns([true, true, false, true])).0, None);
}

#[test]
fn who_is_accused_is_named() {
    let (severity, text) = found(|status| status.accused = vec!["land".into(), "tax".into()]);
    assert_eq!(severity, Some(Severity::Attention));
    assert!(text.contains("validators of land and tax"), "{text}");
}

#[test]
fn the_worst_comes_first() {
    let mut status = healthy();
    stand_still(&mut status);
    (1..3).for_each(|index| lose(&mut status, index, 61_000));
    status.accused = vec!["land".into()];
    status.disk.as_mut().unwrap().free_bytes = 1;
    let severities: Vec<_> = diagnose(&status, None).findings.iter().map(Finding::severity).collect();
    assert_eq!(severities, [Severity::Sick, Severity::Attention, Severity::Attention]);
}

// PERMIT-6
#[test]
fn a_node_that_the_chain_does_not_let_connect_is_told_so_before_anything_else() {
    let (severity, text) = found(|status| {
        status.is_validator = false;
        status.may_connect = false;
        stand_still(status);
        (0..4).for_each(|index| lose(status, index, 61_000));
        status.validators.iter_mut().for_each(|validator| validator.is_me = false);
    });
    assert_eq!(severity, Some(Severity::Sick));
    assert!(text.starts_with("this node is not permitted to connect"), "{text}");
    assert!(text.contains("propose-permit connect"), "{text}");
}
