//! One table: each party dies at each step of a request, before the step and after it, and comes back with nothing but its keys. The request ends on both members or
//! on neither, what was held is free, and two accounts on two chains have together what they had (A-MORE-1, ALLIANCE-4, ALLIANCE-5, ALLIANCE-7, ALLIANCE-9).
//!
//! Parties and steps: `support/world/step.rs`. Whoever is not named as dying goes on, and notices what it notices.

mod majority;
mod one_block;

use std::{sync::Arc, time::Duration};

use alloy_primitives::{B256, Bytes};
use alloy_sol_types::SolValue as _;
use chancery_bridge::{
    alliance::{store::Refusal, submission::Submission},
    requester::{Committed, RequestError, Requester},
};
use chancery_contracts::StoreNode;
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use self::majority::LIE;
use crate::support::{
    partnership::name,
    world::{
        Half, World,
        parties::{EndorserSeat, RelaySeat},
        shared::{Life, Trap},
        simulate,
        step::{Moment, Party, Step},
    },
};

/// Both halves of an account at the start.
const START: [u64; 2] = [1000, 500];
const AMOUNT: u64 = 70;
/// How long somebody is dead.
const AWAY: Duration = Duration::from_secs(2);
/// Longer than anything takes that a requester without an answer, or a relay whose step was kept, has on its way.
const QUIET: Duration = Duration::from_secs(4);
/// Longer than the pause between two looks for reservations that came after their deadline.
const QUIET_AFTER_A_DEADLINE: Duration = Duration::from_secs(70);
/// The same of one that has its answer.
const QUIET_WITH_ANSWER: Duration = Duration::from_millis(500);
const LOOK: Duration = Duration::from_millis(100);
/// Of the simulated clock; many times what a request takes.
const MAX_CELL: Duration = Duration::from_secs(600);
const WINDOW_S: u64 = 60;
/// Of a request whose deadline is waited for.
const SHORT_WINDOW_S: u64 = 12;

/// How a request is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Applied on both.
    Commit,
    /// The second member refuses; the first gives back what it held.
    Abort,
    /// The same, and the second is not asked before the first holds its key: that is given back in any case.
    Release,
    /// The second member is not asked before the deadline has passed.
    Expire,
    /// Its requester never comes back: one or the other.
    Orphan,
    /// Applied on both, with a value on the first that nothing but the word of most of its endorsers stands for.
    Lie,
    /// The same, and the second member is not asked before the deadline has passed.
    LateLie,
}

impl End {
    /// What both halves of an account have together afterwards.
    const fn money(self, before: [u64; 2]) -> u64 {
        match self {
            Self::Lie => LIE + before[1] + AMOUNT,
            _ => before[0] + before[1],
        }
    }
}

/// What a requester wants.
#[derive(Clone)]
enum Errand {
    Calls(B256, Vec<(B256, Bytes)>),
    Prepared(Box<Submission>),
}

type Answer = Result<Committed, RequestError>;

/// A world, and who is alive in it.
struct Stage {
    world: Arc<World>,
    relay: Arc<RelaySeat>,
    endorsers: [Vec<Arc<EndorserSeat>>; 2],
}

impl Stage {
    async fn set(accounts: &[B256]) -> Self {
        let world = Arc::new(World::new(0, accounts, START));
        let endorsers = [EndorserSeat::all_of(&world, 0).await, EndorserSeat::all_of(&world, 1).await];
        let relay = RelaySeat::empty();
        relay.begin(&world).await;
        Self { world, relay, endorsers }
    }

    fn halves(&self, account: B256) -> [Half; 2] {
        [0, 1].map(|member| self.world.half(member, account))
    }

    fn calls(&self, account: B256, values: [u64; 2]) -> Vec<(B256, Bytes)> {
        let members = self.world.founded.members.iter().zip(values);
        let call = |value: u64| -> Bytes {
            let write = StoreNode::Write { key: account, value: B256::from(alloy_primitives::U256::from(value)) };
            (vec![account], vec![write]).abi_encode_params().into()
        };
        members.map(|(member, value)| (member.name, call(value))).collect()
    }

    async fn requester(&self, life: &Life) -> Requester {
        self.requester_with(life, WINDOW_S).await
    }

    async fn requester_with(&self, life: &Life, window_s: u64) -> Requester {
        let endorsers = self.endorsers.each_ref().map(|seats| EndorserSeat::reached(seats));
        self.world.requester(life, 0, &endorsers, self.relay.clone(), window_s).await
    }

    /// A requester lives until it has its answer, or dies without one.
    async fn ask(&self, errand: &Errand) -> JoinHandle<Option<Answer>> {
        let life = self.world.shared.life(Party::Requester);
        let requester = self.requester(&life).await;
        let errand = errand.clone();
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = life.end.cancelled() => None,
                answer = insist(&requester, &errand) => Some(answer),
            }
        })
    }

    /// A transfer that is endorsed, and not handed in yet.
    async fn prepared(&self, account: B256, calls: &[(B256, Bytes)], window_s: u64) -> Submission {
        let life = self.world.shared.life(Party::Onlooker);
        let requester = self.requester_with(&life, window_s).await;
        let mut parts = Vec::new();
        for (member, call) in calls {
            parts.push(requester.suggest(*member, call).await.unwrap());
        }
        requester.endorse(account, parts).await.unwrap()
    }

    /// One that the second member overtakes before it is handed in.
    async fn overtaken(&self, account: B256, calls: &[(B256, Bytes)], version: u64) -> Submission {
        let submission = self.prepared(account, calls, WINDOW_S).await;
        self.world.founded.set(1, account, START[1]);
        while self.world.half(1, account).version == version {
            sleep(LOOK).await;
        }
        submission
    }

    async fn bring_back(&self, victim: Party) {
        match victim {
            Party::Node(chain) => self.world.shared.nodes[chain].start(),
            Party::Relay => self.relay.begin(&self.world).await,
            Party::Endorsers(member) => EndorserSeat::revive(&self.world, &self.endorsers[member]).await,
            Party::Requester | Party::Onlooker => {}
        }
    }

    /// One cell of the table; whether its step came.
    async fn play(&self, account: B256, trap: Trap, end: End) -> bool {
        let before = self.halves(account);
        let calls = self.calls(account, [before[0].value - AMOUNT, before[1].value + AMOUNT]);
        let errand = match end {
            End::Abort | End::Release => {
                Errand::Prepared(Box::new(self.overtaken(account, &calls, before[1].version).await))
            }
            End::Expire => Errand::Prepared(Box::new(self.prepared(account, &calls, SHORT_WINDOW_S).await)),
            End::Lie => Errand::Prepared(Box::new(self.lied_about(account, &calls, WINDOW_S).await)),
            End::LateLie => Errand::Prepared(Box::new(self.lied_about(account, &calls, SHORT_WINDOW_S).await)),
            End::Commit | End::Orphan => Errand::Calls(account, calls),
        };
        self.world.shared.set_trap(trap);
        match end {
            End::Release => self.world.shared.hold(Step::Reserve(1), Step::Reserve(0)),
            End::Expire | End::LateLie => self.world.shared.hold(Step::Reserve(1), Step::Expire),
            End::Commit | End::Abort | End::Orphan | End::Lie => {}
        }
        let mut asking = Some(self.ask(&errand).await);
        let (mut answer, mut is_orphan, mut came, mut quiet) = (None, false, false, Duration::ZERO);
        let long_enough = match end {
            End::Orphan => QUIET,
            End::Expire | End::LateLie => QUIET_AFTER_A_DEADLINE,
            End::Commit | End::Abort | End::Release | End::Lie => QUIET_WITH_ANSWER,
        };
        let course = async {
            while quiet < long_enough {
                sleep(LOOK).await;
                quiet += LOOK;
                if let Some(trap) = self.world.shared.take_sprung() {
                    came = true;
                    sleep(AWAY).await;
                    self.bring_back(trap.victim).await;
                    is_orphan = trap.victim == Party::Requester && end == End::Orphan;
                    quiet = Duration::ZERO;
                }
                if let Some(task) = asking.take_if(|task| task.is_finished()) {
                    answer = task.await.unwrap();
                }
                if answer.is_none() && asking.is_none() && !is_orphan {
                    asking = Some(self.ask(&errand).await);
                }
                if !(answer.is_some() || is_orphan) || !self.world.is_at_rest() {
                    quiet = Duration::ZERO;
                }
            }
        };
        timeout(MAX_CELL, course).await.unwrap_or_else(|_| panic!("{trap:?} {end:?}: no end"));
        self.world.shared.disarm();
        self.world.shared.let_go();
        self.check(account, &before, end, answer.as_ref(), &format!("{trap:?} {end:?}"));
        came
    }

    fn check(&self, account: B256, before: &[Half; 2], end: End, answer: Option<&Answer>, cell: &str) {
        let after = self.halves(account);
        let values = |halves: &[Half; 2]| halves.each_ref().map(|half| half.value);
        assert_eq!(values(&after).iter().sum::<u64>(), end.money(values(before)), "{cell}: money");
        assert!(!after[0].is_held && !after[1].is_held, "{cell}: held: {after:?}");
        let moved = after[0].value != before[0].value;
        let versions = [after[0].version - before[0].version, after[1].version - before[1].version];
        match end {
            End::Commit => {
                assert!(matches!(answer, Some(Ok(_))), "{cell}: {answer:?}");
                assert_eq!((moved, versions), (true, [1, 1]), "{cell}: once");
            }
            End::Lie => {
                assert!(matches!(answer, Some(Ok(_))), "{cell}: {answer:?}");
                assert_eq!(
                    (after[0].value, after[1].value),
                    (LIE, before[1].value + AMOUNT),
                    "{cell}: as it was signed"
                );
                assert_eq!(versions, [1, 1], "{cell}: once");
            }
            End::Expire | End::LateLie => {
                assert!(matches!(answer, Some(Err(RequestError::Expired { .. }))), "{cell}: {answer:?}");
                assert_eq!((moved, versions), (false, [0, 0]), "{cell}: nothing");
            }
            End::Abort | End::Release => {
                let is_stale = matches!(
                    answer,
                    Some(Err(RequestError::Refused { refusal: Refusal::Stale { key, .. }, .. })) if *key == account
                );
                assert!(is_stale, "{cell}: {answer:?}");
                // The second member's own write is the one that overtook it.
                assert_eq!((moved, versions), (false, [0, 1]), "{cell}: nothing");
            }
            End::Orphan => {
                let expected = u64::from(moved);
                assert_eq!(versions, [expected, expected], "{cell}: both or neither");
            }
        }
    }
}

/// Asks until there is an end.
async fn insist(requester: &Requester, errand: &Errand) -> Answer {
    loop {
        let answer = match errand {
            Errand::Calls(key, calls) => requester.execute(*key, calls).await,
            Errand::Prepared(submission) => requester.send(submission).await,
        };
        match answer {
            Ok(committed) => return Ok(committed),
            Err(error) if matches!(errand, Errand::Prepared(_)) && error.number().is_some() => return Err(error),
            Err(_) => sleep(Duration::from_millis(300)).await,
        }
    }
}

/// Plays every cell of these rows; each step has to come, so that the table is what it says.
fn play(victims: &[Party], steps: &[Step], end: End) {
    let moments = [Moment::Before, Moment::After];
    let cells: Vec<Trap> = victims
        .iter()
        .flat_map(|victim| steps.iter().map(move |step| (*victim, *step)))
        .flat_map(|(victim, step)| moments.map(|moment| Trap { victim, step, moment }))
        .collect();
    let accounts: Vec<B256> = (0..cells.len()).map(|cell| name(&format!("account {cell}"))).collect();
    simulate(async {
        let stage = Stage::set(&accounts).await;
        for (trap, account) in cells.iter().zip(&accounts) {
            assert!(stage.play(*account, *trap, end).await, "{trap:?} {end:?}: the step never came");
        }
        assert!(stage.world.is_still_at_rest());
        for account in &accounts {
            let halves = stage.halves(*account);
            assert_eq!(halves[0].value + halves[1].value, end.money(START));
        }
    });
}

// A-MORE-1
#[test]
fn a_requester_dies_at_each_step_and_comes_back() {
    play(&[Party::Requester], &Step::OF_A_COMMIT, End::Commit);
    play(&[Party::Requester], &Step::OF_AN_ABORT, End::Abort);
}

// A-MORE-1, ALLIANCE-7
#[test]
fn a_requester_dies_at_each_step_for_ever() {
    play(&[Party::Requester], &Step::OF_A_COMMIT, End::Orphan);
}

// A-MORE-1, A-END
#[test]
fn most_endorsers_of_a_member_die_at_each_step() {
    play(&[Party::Endorsers(0), Party::Endorsers(1)], &Step::OF_A_COMMIT, End::Commit);
}

// A-MORE-1, A-MORE-2
#[test]
fn the_relay_dies_at_each_step() {
    play(&[Party::Relay], &Step::OF_A_COMMIT, End::Commit);
    play(&[Party::Relay], &Step::OF_AN_ABORT, End::Abort);
}

// A-MORE-1
#[test]
fn the_node_of_the_alliance_chain_dies_at_each_step() {
    play(&[Party::Node(0)], &Step::OF_A_COMMIT, End::Commit);
    play(&[Party::Node(0)], &Step::OF_AN_ABORT, End::Abort);
}

// A-MORE-1
#[test]
fn the_node_of_a_member_dies_at_each_step() {
    play(&[Party::Node(1), Party::Node(2)], &Step::OF_A_COMMIT, End::Commit);
    play(&[Party::Node(1), Party::Node(2)], &Step::OF_AN_ABORT, End::Abort);
}

// A-MORE-1, ALLIANCE-4, ALLIANCE-7: what the first member held is given back, whoever dies over it.
#[test]
fn whoever_dies_at_a_release_it_is_made() {
    play(&[Party::Requester, Party::Relay, Party::Node(0), Party::Node(1)], &[Step::Release(0)], End::Release);
}

// A-MORE-1, ALLIANCE-7: nobody decides, and the deadline is recorded and its reservation released.
#[test]
fn whoever_dies_when_a_deadline_is_recorded_what_was_held_is_free() {
    play(&[Party::Requester, Party::Relay, Party::Node(0), Party::Node(1)], &[Step::Expire], End::Expire);
    play(&[Party::Requester, Party::Relay, Party::Node(0), Party::Node(1)], &[Step::Release(0)], End::Expire);
}
