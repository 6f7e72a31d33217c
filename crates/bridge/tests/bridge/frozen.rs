//! An anchor that was shown two branches, and a member whose chain does not answer: whoever looks is told (ANCHOR-4, A-MULTI, A-MORE-1).

use std::time::Duration;

use alloy_sol_types::SolCall as _;
use chancery_bridge::{
    anchor::Conflict,
    checkup::{Finding, members},
    progress::{Follower, MemberStanding, Told},
    relay::{AnchorBoard, Branch, Testimony, push::push_if_due},
};
use chancery_contracts::Anchor;
use chancery_primitives::anchor_storage::{AnchorWords, anchor_slots};
use tokio::time::{sleep, timeout};

use crate::support::world::{World, simulate, step::Party};

const LOOK: Duration = Duration::from_millis(100);
/// Of the simulated clock; many times what anything takes here.
const MAX_WAIT: Duration = Duration::from_secs(600);

/// Follows until a member is seen so.
async fn followed(follower: &mut Follower, what: &str, is_so: impl Fn(&[MemberStanding]) -> bool) {
    let sees = async {
        loop {
            let told = follower.read().await.unwrap();
            let shown = told.iter().any(|told| matches!(told, Told::Standing(standing) if is_so(&standing.members)));
            if shown {
                break;
            }
            sleep(LOOK).await;
        }
    };
    timeout(MAX_WAIT, sees).await.unwrap_or_else(|_| panic!("never told: {what}"));
}

#[test]
fn a_frozen_anchor_and_a_silent_member_are_named_by_the_live_view_the_doctor_and_whoever_pushes() {
    simulate(async {
        let world = World::new(0, &[], [0, 0]);
        let chains = world.chains(&world.shared.life(Party::Onlooker)).await;
        let alliance = world.alliance(&chains);
        let [bank, land] = world.founded.members.each_ref().map(|member| member.name);
        let of = |all: &[MemberStanding], name| all.iter().find(|member| member.name == name).unwrap().clone();
        let mut follower = Follower::new(alliance.clone(), chains.to_vec());
        followed(&mut follower, "that all is well", |all| {
            all.iter().all(|member| !(member.is_frozen_there || member.is_frozen_here || member.is_unreachable))
        })
        .await;

        world.founded.freeze();
        followed(&mut follower, "whose anchor is frozen", |all| {
            let (frozen, other) = (of(all, bank), of(all, land));
            frozen.is_frozen_there && !frozen.is_frozen_here && !other.is_frozen_there
        })
        .await;
        let (links, findings) = members::look(&alliance, &chains, 1 << 20).await.unwrap();
        let frozen = findings.iter().filter_map(|finding| match finding {
            Finding::AnchorFrozen { followed, host, .. } => Some((followed.as_str(), host.as_str())),
            _ => None,
        });
        assert_eq!(frozen.collect::<Vec<_>>(), [("first", "home")], "{findings:?}");
        let link = links.iter().find(|link| link.name == bank).unwrap();
        let Testimony::Proven(anchor) = &link.to_alliance else { panic!("a foreign member") };
        // What the contract keeps is where storage proofs look for it.
        let call = Anchor::conflictCall {}.abi_encode().into();
        let said = anchor.host.view(anchor.anchor, &call).await.unwrap();
        let said = Anchor::conflictCall::abi_decode_returns(&said.data).unwrap();
        let evidence = anchor.host.state(anchor.anchor, &anchor_slots()).await.unwrap().unwrap();
        let values: Vec<_> = evidence.state.storage.into_iter().map(|(_, value)| value).collect();
        let words = AnchorWords::decode(values.try_into().unwrap());
        assert_eq!(words.conflict, Some((said.number, [said.first, said.second])));
        assert!(words.latest > 0 && words.generation == 0 && said.first != said.second, "{words:?}");
        let board = AnchorBoard::default();
        assert_eq!(push_if_due(anchor, 1, &board).await.unwrap(), None, "nothing is taken there");
        let seen = board.seen();
        assert!(seen[0].standing.unwrap().is_frozen && seen[0].pushed == 0, "{seen:?}");

        world.shared.nodes[2].crash();
        followed(&mut follower, "who does not answer", |all| {
            of(all, land).is_unreachable && !of(all, bank).is_unreachable
        })
        .await;
        world.shared.nodes[2].start();
        followed(&mut follower, "who answers again", |all| !of(all, land).is_unreachable).await;
    });
}

// ANCHOR-4, C-CHAINS: an anchor compares what it is shown alone; whoever feeds it shows it the second certificate, long before a push is due.
#[test]
fn whoever_feeds_an_anchor_that_is_on_another_branch_freezes_it() {
    simulate(async {
        let world = World::new(1, &[], [0, 0]);
        let chains = world.chains(&world.shared.life(Party::Relay)).await;
        let (links, _) = members::look(&world.alliance(&chains), &chains, 1 << 20).await.unwrap();
        let [misled, other] = world.founded.members.each_ref().map(|member| {
            let link = links.iter().find(|link| link.name == member.name).unwrap();
            let Testimony::Proven(anchor) = &link.to_alliance else { panic!("a foreign member") };
            anchor.clone()
        });
        let [theirs, own] = world.founded.mislead();
        let records = async {
            loop {
                match misled.standing().await.unwrap().newest {
                    Some(newest) => break newest,
                    None => sleep(LOOK).await,
                }
            }
        };
        let recorded = timeout(MAX_WAIT, records).await.expect("it is believed, as long as nobody shows the other");
        assert_eq!(recorded.hash, theirs);

        let board = AnchorBoard::default();
        assert_eq!(push_if_due(&misled, 1 << 20, &board).await.unwrap(), None, "no push is due");
        let seen = board.seen().swap_remove(0);
        assert!(seen.standing.unwrap().is_frozen && seen.pushed == 0, "{seen:?}");
        let conflict = Conflict { number: recorded.number, first: theirs, second: own };
        assert_eq!(seen.branch, Branch::Contradicted { conflict, refusal: None });
        let call = Anchor::conflictCall {}.abi_encode().into();
        let said = misled.host.view(misled.anchor, &call).await.unwrap();
        let said = Anchor::conflictCall::abi_decode_returns(&said.data).unwrap();
        assert_eq!((said.number, said.first, said.second), (conflict.number, theirs, own));

        // One that is on the same branch goes on.
        let board = AnchorBoard::default();
        let pushed = push_if_due(&other, 1, &board).await.unwrap().unwrap();
        assert_eq!(push_if_due(&other, 1 << 20, &board).await.unwrap(), None);
        let seen = board.seen().swap_remove(0);
        assert!(matches!(seen.branch, Branch::Same(newest) if newest.number == pushed), "{seen:?}");
        assert!(!seen.standing.unwrap().is_frozen, "{seen:?}");
    });
}
