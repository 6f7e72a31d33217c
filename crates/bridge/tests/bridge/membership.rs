//! Members that leave and come while requests are on their way: a relay carries what was sequenced before to its end, and learns of those that are admitted while it runs
//! (A-EST, A-MORE-1, A-MORE-2, ALLIANCE-7).

use std::{sync::Arc, time::Duration};

use alloy_primitives::{B256, Bytes, U256};
use alloy_sol_types::SolValue as _;
use chancery_bridge::{
    alliance::{decision::RequestState, store::Outcome},
    checkup::{Finding, members, requests},
    contracts::NodeContract,
    endorser::{Endorser, NodeEndorser},
    relay::measured::Reach,
    requester::{MemberAccess, RequestError, Requester},
};
use chancery_contracts::StoreNode;
use tokio::time::{sleep, timeout};

use crate::support::{
    partnership::name,
    world::{
        World,
        parties::{EndorserSeat, RelaySeat},
        shared::Trap,
        simulate,
        step::{Moment, Party, Step},
    },
};

const START: [u64; 2] = [1000, 500];
const WINDOW_S: u64 = 120;
const LOOK: Duration = Duration::from_millis(100);
const LOOKED_THROUGH: Duration = Duration::from_secs(5);
/// Of the simulated clock; many times what anything takes here.
const MAX_WAIT: Duration = Duration::from_secs(600);

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waits = async {
        while !holds() {
            sleep(LOOK).await;
        }
    };
    timeout(MAX_WAIT, waits).await.unwrap_or_else(|_| panic!("never: {what}"));
}

fn call(account: B256, value: u64) -> Bytes {
    let write = StoreNode::Write { key: account, value: B256::from(U256::from(value)) };
    (vec![account], vec![write]).abi_encode_params().into()
}

/// A transfer between the two that founded the alliance.
fn transfer(world: &World, account: B256) -> Vec<(B256, Bytes)> {
    let members = world.founded.members.iter().zip([START[0] - 70, START[1] + 70]);
    members.map(|(member, value)| (member.name, call(account, value))).collect()
}

async fn requester(world: &World, relay: &Arc<RelaySeat>, window_s: u64) -> Requester {
    let life = world.shared.life(Party::Requester);
    let seats = [EndorserSeat::all_of(world, 0).await, EndorserSeat::all_of(world, 1).await];
    let endorsers = seats.each_ref().map(|seats| EndorserSeat::reached(seats));
    world.requester(&life, 0, &endorsers, relay.clone(), window_s).await
}

/// Asks until there is an end.
fn insist(requester: Requester, key: B256, calls: Vec<(B256, Bytes)>) {
    tokio::spawn(async move {
        while requester.execute(key, &calls).await.is_err() {
            sleep(LOOK).await;
        }
    });
}

// A-EST, A-MORE-1: "Requests that were sequenced before go on to their decision", and to their application.
#[test]
fn a_member_leaves_between_reserve_and_apply_and_the_next_relay_brings_its_part_to_its_end() {
    let account = name("account");
    simulate(async {
        let world = World::new(0, &[account], START);
        let relay = RelaySeat::empty();
        relay.begin(&world).await;
        let asking = requester(&world, &relay, WINDOW_S).await;
        world.shared.set_trap(Trap { victim: Party::Relay, step: Step::Reserve(1), moment: Moment::After });
        insist(asking, account, transfer(&world, account));
        until("the second member holds its key", || world.shared.take_sprung().is_some()).await;
        let land = world.founded.members[1].name;
        world.founded.leave(1);
        until("it has left", || !world.is_member(land)).await;
        let (state, outcomes) = world.standing(1);
        assert_eq!((state, outcomes[1]), (RequestState::Sequenced, Some(Outcome::Reserved)));

        // Nobody carries it: whoever looks sees what is held there, though it is no member any more.
        let chains = world.chains(&world.shared.life(Party::Onlooker)).await;
        let alliance = world.alliance(&chains);
        let (links, _) = members::look(&alliance, &chains, 1 << 20).await.unwrap();
        assert!(links.iter().any(|link| link.name == land), "{links:?}");
        let findings = requests::look(&alliance, &links).await.unwrap();
        let awaited = findings.iter().find_map(|finding| match finding {
            Finding::RequestsWaiting { oldest: 1, awaited, .. } => Some(awaited.as_slice()),
            _ => None,
        });
        assert!(awaited.unwrap().contains(&"land registry".to_owned()), "{findings:?}");

        relay.begin(&world).await;
        until("it is applied on both", || world.standing(1).1 == [Some(Outcome::Applied); 2]).await;
        assert!(world.is_still_at_rest() && !world.half(1, account).is_held);
        assert_eq!(requests::look(&alliance, &links).await.unwrap(), []);
    });
}

// A-EST, A-MORE-2: no restart is needed for it.
#[test]
fn a_running_relay_carries_for_a_member_that_is_admitted_under_it() {
    let account = name("account");
    simulate(async {
        let world = World::new(0, &[account], START);
        let relay = RelaySeat::empty();
        relay.begin(&world).await;
        let mut asking = requester(&world, &relay, WINDOW_S).await;
        let tax = world.founded.admit("tax office");
        until("it is admitted", || world.is_member(tax.name)).await;

        let chains = world.chains(&world.shared.life(Party::Onlooker)).await;
        let contract = NodeContract { chain: chains[1].clone(), address: tax.node_contract };
        let endorsers = tax.nodes.iter().map(|node| {
            let endorser: Arc<dyn Endorser> = Arc::new(NodeEndorser {
                domain: world.alliance(&chains).domain(),
                member: tax.name,
                contract: contract.clone(),
                certificate: node.certificate,
                key: node.key.clone(),
                database: None,
            });
            endorser
        });
        let endorsers = endorsers.collect();
        asking.members.push(MemberAccess { name: tax.name, contract: contract.clone(), endorsers });
        let calls = [(world.founded.members[0].name, call(account, 930)), (tax.name, call(account, 70))];
        // That everybody's certificates and the new node contract are in a final block is not waited for otherwise.
        let committed = timeout(MAX_WAIT, async {
            loop {
                match asking.execute(account, &calls).await {
                    Ok(committed) => break committed,
                    Err(error @ RequestError::Expired { .. }) => panic!("nobody carries for it: {error}"),
                    Err(_) => sleep(LOOK).await,
                }
            }
        });
        let number = committed.await.unwrap().number;
        let applied = timeout(MAX_WAIT, async {
            while contract.outcome(number).await.unwrap() != Some(Outcome::Applied) {
                sleep(LOOK).await;
            }
        });
        applied.await.unwrap();
        let known = relay.measured().members.into_iter().map(|member| (member.name, member.reach));
        assert!(known.collect::<Vec<_>>().contains(&(tax.name, Reach::Reached)));
    });
}

// A-MORE-2: a node contract of an organization's own may tell of what does not exist; nothing of that is looked after.
#[test]
fn reservations_that_a_members_contract_invents_take_nobodys_place() {
    let account = name("account");
    simulate(async {
        let world = World::new(0, &[account], START);
        let relay = RelaySeat::empty();
        relay.begin(&world).await;
        let liar = world.founded.admit_liar("tax office", &[900, 901, 902, 903]);
        until("the liar is carried for", || {
            let members = relay.measured().members;
            members.iter().any(|member| (member.name, member.reach) == (liar.name, Reach::Reached))
        })
        .await;
        let asking = requester(&world, &relay, WINDOW_S).await;
        insist(asking, account, transfer(&world, account));
        until("a request of others is applied", || {
            world.request_count() > 0 && world.standing(1).1 == [Some(Outcome::Applied); 2]
        })
        .await;
        // Of the simulated clock: more than a look at all contracts takes.
        sleep(LOOKED_THROUGH).await;
        let measured = relay.measured();
        assert_eq!((measured.open, measured.parked, measured.without_room), (0, 0, 0), "{measured:?}");
    });
}

// A-MORE-2, ALLIANCE-7: what is decided leaves nothing behind in a relay that does not reach all of its members.
#[test]
fn a_decided_request_with_a_part_of_a_member_that_is_not_reached_is_let_go_and_counted() {
    let account = name("account");
    simulate(async {
        let world = World::new(0, &[account], START);
        let relay = RelaySeat::empty();
        // The alliance's chain and the first member's.
        relay.begin_with(&world, 2).await;
        let asking = requester(&world, &relay, 12).await;
        let land = world.founded.members[1].name;
        let calls = transfer(&world, account);
        // It has its answer before the relay is done, and the world makes blocks only as long as it is kept here.
        let asked = tokio::spawn(async move { asking.execute(account, &calls).await });
        until("it is let go", || relay.measured().left_to_others == 1).await;
        let measured = relay.measured();
        assert_eq!((measured.open, measured.parked, measured.without_room), (0, 0, 0), "{measured:?}");
        let reach = measured.members.iter().find(|member| member.name == land).map(|member| member.reach);
        assert_eq!(reach, Some(Reach::Elsewhere));
        asked.abort();
    });
}
