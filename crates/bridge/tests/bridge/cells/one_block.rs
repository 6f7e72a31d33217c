//! Two requests over one version of a key, of which a member's chain has both in one block.

use std::sync::Arc;

use alloy_sol_types::SolEvent as _;
use chancery_bridge::{
    alliance::{slots, store::Refusal},
    checkup::members,
    relay::RequestRelay,
    requester::RequestError,
};
use chancery_contracts::StoreNode;
use chancery_ledger::{EventFilter, SubmitterKey};
use tokio::time::{sleep, timeout};

use super::{AMOUNT, LOOK, MAX_CELL, START, Stage};
use crate::support::{
    partnership::name,
    world::{
        World,
        founding::fixed_secret,
        parties::{EndorserSeat, RelaySeat},
        simulate,
        step::Party,
    },
};

// A-ERR, A-CONS, ALLIANCE-8: a member is asked about both in one block of its chain. The second is refused with the number of the first, which commits.
#[test]
fn of_two_requests_over_one_version_in_one_block_the_second_is_refused_by_name() {
    let account = name("account");
    simulate(async {
        let world = Arc::new(World::new(0, &[account], START));
        let endorsers = [EndorserSeat::all_of(&world, 0).await, EndorserSeat::all_of(&world, 1).await];
        let stage = Stage { world: world.clone(), relay: RelaySeat::empty(), endorsers };
        let life = world.shared.life(Party::Onlooker);
        let (chains, requester) = (world.chains(&life).await, stage.requester(&life).await);
        let alliance = world.alliance(&chains);
        let (links, _) = members::look(&alliance, &chains, 1 << 20).await.unwrap();
        let bank = links.iter().find(|link| link.name == world.founded.members[0].name).unwrap();
        let key = Arc::new(SubmitterKey::from_hex(&fixed_secret("whoever carries")).unwrap());
        let relay = RequestRelay { chain: alliance.chain.clone(), contract: alliance.address, key };

        // Both rest on the same version of the account.
        let mut submissions = Vec::new();
        for (errand, amount) in [("first", AMOUNT), ("second", 2 * AMOUNT)] {
            let mut parts = Vec::new();
            for (member, call) in stage.calls(account, [START[0] - amount, START[1] + amount]) {
                parts.push(requester.suggest(member, &call).await.unwrap());
            }
            submissions.push(requester.endorse(name(errand), parts).await.unwrap());
        }
        for submission in &submissions {
            relay.submit(submission).await.unwrap();
        }
        let asked = [1, 2].map(|number| slots::part(number, bank.name));
        let proven = bank.to_member.prove(relay.contract, &asked).await.unwrap();
        let calls = [0, 1].map(|place| {
            let part = submissions[place].parts.iter().find(|part| part.member == bank.name).unwrap();
            let (reads, writes) = (part.reads.iter(), part.writes.iter());
            StoreNode::reserveCall {
                number: place as u64 + 1,
                part: StoreNode::Part {
                    member: part.member,
                    call: part.call.clone(),
                    reads: reads.map(|read| StoreNode::Read { key: read.key, version: read.version }).collect(),
                    writes: writes.map(|write| StoreNode::Write { key: write.key, value: write.value }).collect(),
                },
                anchored: proven.anchored,
                proof: proven.slots[place].proof.clone(),
            }
        });
        world.founded.together(0, &calls);
        let contract = world.node_contract(&chains, 0);
        let decides = async {
            while contract.outcome(2).await.unwrap().is_none() {
                sleep(LOOK).await;
            }
        };
        timeout(MAX_CELL, decides).await.expect("it is a block of its own");
        let filter = EventFilter {
            contracts: vec![contract.address],
            topics: [
                vec![StoreNode::Reserved::SIGNATURE_HASH, StoreNode::Refused::SIGNATURE_HASH],
                vec![],
                vec![],
                vec![],
            ],
            ..EventFilter::default()
        };
        let events = contract.chain.events(&filter, 8).await.unwrap();
        let [reserved, refused] = &events[..] else { panic!("{events:?}") };
        assert_eq!(reserved.block_number, refused.block_number, "one block");
        assert_ne!(reserved.tx_hash, refused.tx_hash);

        // A relay finds both, and their requesters learn what became of them.
        stage.relay.begin(&world).await;
        let error = requester.send(&submissions[1]).await.unwrap_err();
        let RequestError::Refused { number: 2, refusal: Refusal::Conflict { key, holder, .. }, .. } = error else {
            panic!("{error}")
        };
        assert_eq!((key, holder), (account, 1));
        assert_eq!(requester.send(&submissions[0]).await.unwrap().number, 1);
        let rests = async {
            while !world.is_at_rest() {
                sleep(LOOK).await;
            }
        };
        timeout(MAX_CELL, rests).await.expect("nothing is held");
        let moved = [START[0] - AMOUNT, START[1] + AMOUNT];
        assert_eq!(stage.halves(account).map(|half| half.value), moved, "the first alone");
    });
}
