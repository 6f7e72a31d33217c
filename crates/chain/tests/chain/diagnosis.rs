//! What any one node says of why a chain stands still, from the statuses of real nodes: who is behind, who runs without voting, where the network is
//! cut. `docs/specs/chain.md`: CHAIN-9.

use std::time::Duration;

use chancery_chain::{CutLink, Finding, Silence, diagnose};
use chancery_rpc::{NodeReports as _, NodeStatus};
use commonware_p2p::{Recipients, Sender as _, simulated::Link};
use commonware_runtime::{Clock as _, Quota};
use commonware_utils::NZU32;

use crate::support::{
    faults::weather::{Links, calm},
    simulation::{Simulation, good_link, simulate},
    until,
};

fn status(simulation: &Simulation, node: usize) -> NodeStatus {
    simulation.nodes[node].witness.as_ref().unwrap().status()
}

fn findings(simulation: &Simulation, node: usize) -> Vec<Finding> {
    diagnose(&status(simulation, node), None).findings
}

/// Runs until a node finds something of this kind.
async fn until_found<T>(simulation: &Simulation, node: usize, wanted: impl Fn(&Finding) -> Option<T>) -> T {
    let mut found = None;
    until(&simulation.context, || {
        found = findings(simulation, node).iter().find_map(&wanted);
        found.is_some()
    })
    .await;
    found.unwrap()
}

/// Links between nodes that are both in one of these groups.
fn only_within(nodes: usize, groups: &[&[usize]]) -> Links {
    let linked = |one: usize, other: usize| groups.iter().any(|group| group.contains(&one) && group.contains(&other));
    (0..nodes).map(|from| (0..nodes).map(|to| linked(from, to).then(good_link)).collect()).collect()
}

fn names(silent: &[Silence]) -> Vec<&str> {
    silent.iter().map(|silence| silence.organization.as_str()).collect()
}

/// Transactions of one account, each in a block of its own.
async fn blocks(simulation: &Simulation, count: u64) {
    let first = simulation.nonce(0, 0);
    for nonce in first..first + count {
        simulation.submit(0, 0, nonce);
        simulation.until_nonces(0, nonce + 1).await;
    }
}

// CHAIN-9: half of four on each side. What the far side does is known to nobody here, and is said so.
#[test]
fn a_side_without_a_quorum_says_whom_nobody_on_it_hears() {
    simulate(90, |context| async move {
        let mut simulation = Simulation::new(context, 4, good_link()).await;
        simulation.start_all().await;
        blocks(&simulation, 2).await;
        // Everybody has told everybody how it is, and whom it hears.
        let all_told = |node: usize| {
            status(&simulation, node).validators.iter().filter(|it| !it.is_me).all(|it| it.report.is_some())
        };
        until(&simulation.context, || (0..4).all(all_told)).await;
        simulation.link(&only_within(4, &[&[0, 1], &[2, 3]])).await;
        for (node, far) in [
            (0, ["validator 2", "validator 3"]),
            (1, ["validator 2", "validator 3"]),
            (3, ["validator 0", "validator 1"]),
        ] {
            let (silent, telling, text) = until_found(&simulation, node, |finding| match finding {
                Finding::NoQuorum { silent, telling, .. } if silent.len() == 2 => {
                    Some((silent.clone(), *telling, finding.to_string()))
                }
                _ => None,
            })
            .await;
            assert_eq!((names(&silent), telling), (far.to_vec(), 1), "{text}");
            assert!(silent.iter().all(|it| it.heard_by.is_empty() && it.side_since_ms >= it.since_ms), "{silent:?}");
            assert!(text.contains("neither by this node nor by the other one"), "{text}");
            assert!(text.contains("what they do is not known on this side"), "{text}");
        }
        simulation.link(&calm(4)).await;
        blocks(&simulation, 1).await;
        let is_well = |node: usize| {
            !findings(&simulation, node)
                .iter()
                .any(|it| matches!(it, Finding::NoQuorum { .. } | Finding::Silent { .. } | Finding::Cut { .. }))
        };
        until(&simulation.context, || (0..4).all(is_well)).await;
        simulation.agreed()
    });
}

// CHAIN-9: two groups of seven that one validator between them joins, and no five that any leader reaches.
#[test]
fn a_cut_between_groups_is_named_by_whoever_hears_of_both() {
    simulate(91, |context| async move {
        let mut simulation = Simulation::new(context, 7, good_link()).await;
        simulation.start_all().await;
        blocks(&simulation, 1).await;
        simulation.link(&only_within(7, &[&[0, 1, 2], &[0, 3], &[3, 4], &[4, 5, 6]])).await;
        let of = |numbers: &[usize]| numbers.iter().map(|at| format!("validator {at}")).collect::<Vec<_>>();
        let is_pair = |link: &CutLink, one: &str, other: &str| {
            [(&*link.unheard, &*link.by), (&*link.by, &*link.unheard)].contains(&(one, other))
        };
        let is_named = |groups: &[Vec<String>], cut: &[CutLink]| {
            groups.contains(&of(&[0, 1, 2]))
                && groups.contains(&of(&[4, 5, 6]))
                && cut.iter().any(|it| is_pair(it, "validator 0", "validator 4") && it.hears_back == Some(false))
        };
        let cut = until_found(&simulation, 3, |finding| match finding {
            Finding::Partitioned { groups, cut, silent, .. } if silent.is_empty() && is_named(groups, cut) => {
                Some(cut.clone())
            }
            _ => None,
        })
        .await;
        assert!(!cut.iter().any(|link| is_pair(link, "validator 0", "validator 3")), "{cut:?}");
        simulation.link(&calm(7)).await;
        blocks(&simulation, 1).await;
        simulation.agreed()
    });
}

// CHAIN-9: the chain goes on without a link, and who is at neither end of it names it.
#[test]
fn a_link_that_is_cut_between_two_others_is_named_while_the_chain_goes_on() {
    simulate(92, |context| async move {
        let mut simulation = Simulation::new(context, 4, good_link()).await;
        simulation.start_all().await;
        blocks(&simulation, 1).await;
        let mut links = calm(4);
        links[2][3] = None;
        links[3][2] = None;
        simulation.link(&links).await;
        let expected = |one: &CutLink| {
            let mut ends = [one.unheard.as_str(), one.by.as_str()];
            ends.sort_unstable();
            ends == ["validator 2", "validator 3"] && one.hears_back == Some(false)
        };
        until_found(&simulation, 0, |finding| match finding {
            Finding::Cut { links } => links.iter().all(expected).then_some(()),
            _ => None,
        })
        .await;
        blocks(&simulation, 1).await;
        // At its end it is known that the other one runs.
        let heard_by = until_found(&simulation, 2, |finding| match finding {
            Finding::Silent { silent, .. } => silent.first().map(|it| (it.organization.clone(), it.heard_by.clone())),
            _ => None,
        })
        .await;
        assert_eq!(heard_by.0, "validator 3");
        assert!(heard_by.1.contains(&"validator 0".to_owned()), "{heard_by:?}");
        simulation.agreed()
    });
}

/// A round trip within what a peer waits for an answer.
fn slow_link() -> Link {
    Link { latency: Duration::from_millis(850), jitter: Duration::ZERO, ..good_link() }
}

// CHAIN-9: who runs and is behind, or has lost the journal of its votes, is not called silent.
#[test]
fn a_validator_that_catches_up_and_one_that_abstains_are_named_by_the_others() {
    simulate(93, |context| async move {
        let mut simulation = Simulation::new(context, 4, good_link()).await;
        simulation.keep_votes_apart();
        simulation.start_all().await;
        blocks(&simulation, 1).await;
        simulation.kill(3).await;
        blocks(&simulation, 100).await;
        let mut links = calm(4);
        (0..3).for_each(|other| (links[3][other], links[other][3]) = (Some(slow_link()), Some(slow_link())));
        simulation.link(&links).await;
        simulation.start(3).await;
        for node in [0, 2] {
            let (who, behind) = until_found(&simulation, node, |finding| match finding {
                Finding::OthersBehind { organization, blocks_behind, .. } => {
                    Some((organization.clone(), *blocks_behind))
                }
                Finding::NotVoting { organization, blocks_behind, .. } if *blocks_behind > 0 => {
                    Some((organization.clone(), *blocks_behind))
                }
                _ => None,
            })
            .await;
            assert_eq!(who, "validator 3");
            assert!((33..=140).contains(&behind), "{behind}");
        }
        simulation.link(&calm(4)).await;
        // It has voted in a view beyond the first bound of its record.
        let voted = || status(&simulation, 0).validators[3].last_vote.is_some_and(|vote| vote.view > 70);
        until(&simulation.context, voted).await;
        simulation.kill(3).await;
        simulation.dirs[3] = tempfile::tempdir().unwrap();
        simulation.start(3).await;
        for node in [0, 1] {
            let (who, text) = until_found(&simulation, node, |finding| match finding {
                Finding::NotVoting { organization, abstains_through: Some(_), .. } => {
                    Some((organization.clone(), finding.to_string()))
                }
                _ => None,
            })
            .await;
            assert_eq!(who, "validator 3");
            assert!(text.contains("has lost the journal of its votes"), "{text}");
            assert!(!findings(&simulation, node).iter().any(|it| it.silent().iter().any(|it| it.organization == who)));
        }
        simulation.agreed()
    });
}

// CHAIN-9: a node drops what it does not route or cannot read, as one of an earlier release does, and shuts nobody out for it.
#[test]
fn reports_that_nobody_reads_harm_nobody() {
    simulate(94, |context| async move {
        let mut simulation = Simulation::new(context, 4, good_link()).await;
        for node in 0..3 {
            simulation.start(node).await;
        }
        let control = simulation.oracle.control(simulation.nodes[3].keys.peer_public_key());
        let (mut sender, _receiver) = control.register(2, Quota::per_second(NZU32!(512))).await.unwrap();
        let numbered = |mut channel: u64, message: &[u8]| {
            let mut bytes = vec![];
            while channel > 0x7f {
                bytes.push(channel as u8 | 0x80);
                channel >>= 7;
            }
            bytes.push(channel as u8);
            [bytes.as_slice(), message].concat()
        };
        for message in [&[][..], &[1], &[9; 40], &[0xff; 2_000]] {
            sender.send(Recipients::All, numbered(u64::MAX, message), false);
            sender.send(Recipients::All, numbered(u64::MAX - 1, message), false);
        }
        blocks(&simulation, 2).await;
        simulation.context.sleep(Duration::from_secs(3)).await;
        for node in 0..3 {
            let status = status(&simulation, node);
            let told: Vec<bool> = status.validators.iter().map(|it| it.report.is_some()).collect();
            assert_eq!(told, (0..4).map(|at| at != node && at != 3).collect::<Vec<_>>());
        }
        assert!(simulation.oracle.blocked().await.unwrap().is_empty());
        simulation.agreed()
    });
}
