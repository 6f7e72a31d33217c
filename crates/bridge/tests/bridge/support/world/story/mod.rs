//! One run by its seed: three requesters move money between two accounts on two chains and get in each other's way, over wires that lose, delay and double what they
//! carry, while parties die and come back, a relay lies and forges, and an endorser signs whatever it is shown (A-MORE-1, A-MORE-2).
//!
//! Whatever happened, in the end
//! * no request is applied on one member alone (ALLIANCE-5), and nothing is held (ALLIANCE-7);
//! * each intent was committed exactly once, and the money of both members together is what it was (ALLIANCE-9, ALLIANCE-13);
//! * of all requests that rest on one version of an account exactly one was committed;
//! * what most endorsers of a member did not sign was not (ALLIANCE-10).

mod client;
mod forger;
pub(crate) mod liars;

use std::{sync::Arc, time::Duration};

use alloy_primitives::{B256, keccak256};
use chancery_bridge::{
    alliance::decision::RequestState,
    endorser::Endorser,
    requester::{Requester, attempt_key},
};
use chancery_contracts::Alliance;
use tokio::time::{sleep, timeout};

use self::{client::Transfer, forger::Forger, liars::FickleRelay};
use super::{
    World,
    chance::Chance,
    founding::ENDORSERS,
    parties::{EndorserSeat, RelaySeat},
    shared::{Life, Weather},
    simulate,
    step::{HOME, Party},
};
use crate::support::partnership::name;

const START: [u64; 2] = [10_000, 500];
const ACCOUNTS: usize = 2;
/// Each of them is a node of the first member.
const CLIENTS: usize = ENDORSERS;
const INTENTS: u64 = 2;
/// Seconds from sequencing to the deadline.
const WINDOW_S: u64 = 40;
/// Of the simulated clock; many times what is left to do when the weather has become calm.
const MAX_REST: Duration = Duration::from_secs(1800);
const LOOK: Duration = Duration::from_millis(250);
/// More attempts than an intent has in any run.
const MAX_ATTEMPTS: u64 = 200;

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Of every block.
    pub(crate) digest: B256,
    pub(crate) committed: u64,
    pub(crate) aborted: u64,
    pub(crate) invalid: u64,
    pub(crate) kills: u64,
    /// False answers to requesters.
    pub(crate) lies: u64,
    /// Transactions that were replayed or forged.
    pub(crate) forgeries: u64,
}

/// Everybody, as clients reach them.
pub(crate) struct Cast {
    world: World,
    accounts: Vec<B256>,
    seats: [Vec<Arc<EndorserSeat>>; 2],
    endorsers: [Vec<Arc<dyn Endorser>>; 2],
    relay: Arc<RelaySeat>,
    fickle: Arc<FickleRelay>,
}

/// Runs a seed.
///
/// # Panics
/// When a promise is broken.
pub(crate) fn run(seed: u64) -> Outcome {
    simulate(async move { Cast::begin(seed).await.play(Chance::new(seed.wrapping_mul(31).wrapping_add(7))).await })
}

impl Cast {
    async fn begin(seed: u64) -> Arc<Self> {
        let accounts: Vec<B256> = (0..ACCOUNTS).map(|i| name(&format!("account {i}"))).collect();
        let world = World::new(seed, &accounts, START);
        let seats = [EndorserSeat::all_of(&world, 0).await, EndorserSeat::all_of(&world, 1).await];
        let mut endorsers = seats.each_ref().map(|seats| EndorserSeat::reached(seats));
        // One of three of the first member.
        endorsers[0][ENDORSERS - 1] = liars::signs_everything(&world, ENDORSERS - 1);
        let relay = RelaySeat::empty();
        relay.begin(&world).await;
        let fickle = FickleRelay::before(&relay, Chance::new(!seed));
        Arc::new(Self { world, accounts, seats, endorsers, relay, fickle })
    }

    async fn requester(&self, life: &Life, node: usize) -> Requester {
        self.world.requester(life, node, &self.endorsers, self.fickle.clone(), WINDOW_S).await
    }

    async fn play(self: Arc<Self>, mut chance: Chance) -> Outcome {
        self.world.shared.set_weather(Weather {
            max_delay_ms: 5 + chance.below(60),
            lost: chance.below(40),
            doubled: chance.below(100),
        });
        let clients: Vec<_> = (0..CLIENTS)
            .map(|node| tokio::spawn(client::run(self.clone(), node, Chance::new(chance.next()))))
            .collect();
        let cheat = tokio::spawn(client::cheat(self.clone(), Chance::new(chance.next())));
        let forger = Forger::begin(&self.world, Chance::new(chance.next()));
        let kills = self.reap(&mut chance).await;
        self.world.shared.set_weather(Weather::CALM);
        let ends = async {
            let mut transfers = Vec::new();
            for client in clients {
                transfers.extend(client.await.unwrap());
            }
            cheat.await.unwrap();
            transfers
        };
        let transfers = timeout(MAX_REST, ends).await.expect("an intent was never committed");
        let forgeries = forger.end().await;
        let rests = async {
            while !self.world.is_at_rest() {
                sleep(LOOK).await;
            }
        };
        timeout(MAX_REST, rests).await.expect("something is held, or open, after its deadline");
        assert!(self.world.is_still_at_rest());
        self.check(&transfers);
        let mut outcome =
            Outcome { digest: self.world.digest(), kills, lies: self.fickle.lies(), forgeries, ..Outcome::default() };
        for number in 1..=self.world.request_count() {
            match self.world.standing(number).0 {
                RequestState::Committed => outcome.committed += 1,
                RequestState::Aborted => outcome.aborted += 1,
                RequestState::Invalid => outcome.invalid += 1,
                RequestState::Sequenced => panic!("{number} is open"),
            }
        }
        assert_eq!(outcome.committed, transfers.len() as u64, "what nobody wanted was committed");
        outcome
    }

    /// Kills at random moments, and lets them come back.
    async fn reap(&self, chance: &mut Chance) -> u64 {
        const VICTIMS: [Party; 7] = [
            Party::Requester,
            Party::Endorsers(0),
            Party::Endorsers(1),
            Party::Relay,
            Party::Node(0),
            Party::Node(1),
            Party::Node(2),
        ];
        let kills = 2 + chance.below(5);
        for _ in 0..kills {
            sleep(chance.between_ms(200, 3000)).await;
            let victim = VICTIMS[chance.index(VICTIMS.len())];
            self.world.shared.kill(victim);
            sleep(chance.between_ms(100, 2500)).await;
            match victim {
                Party::Node(chain) => self.world.shared.nodes[chain].start(),
                Party::Relay => self.relay.begin(&self.world).await,
                Party::Endorsers(member) => EndorserSeat::revive(&self.world, &self.seats[member]).await,
                Party::Requester | Party::Onlooker => {}
            }
        }
        kills
    }

    fn check(&self, transfers: &[Transfer]) {
        for transfer in transfers {
            let numbers = self.numbers_of(transfer);
            let committed: Vec<u64> = numbers
                .into_iter()
                .filter(|number| self.world.standing(*number).0 == RequestState::Committed)
                .collect();
            assert_eq!(committed, [transfer.number], "an intent is committed once, as its requester was told");
        }
        for account in &self.accounts {
            let own: Vec<&Transfer> = transfers.iter().filter(|transfer| transfer.account == *account).collect();
            let moved: u64 = own.iter().map(|transfer| transfer.amount).sum();
            let halves = [0, 1].map(|member| self.world.half(member, *account));
            assert_eq!(halves.map(|half| half.value), [START[0] - moved, START[1] + moved], "money of {account}");
            assert!(!halves[0].is_held && !halves[1].is_held, "{account} is held: {halves:?}");
            // The founding wrote once.
            let version = 1 + own.len() as u64;
            assert_eq!(halves.map(|half| half.version), [version; 2], "one commit rests on each version");
        }
    }

    /// Every number that an intent ever got.
    fn numbers_of(&self, transfer: &Transfer) -> Vec<u64> {
        let own = &self.world.founded.members[0];
        let number = |attempt| {
            let call = Alliance::numberOfCall {
                member: own.name,
                node: own.nodes[transfer.node].name,
                idempotencyKey: attempt_key(transfer.intent, attempt),
            };
            self.world.view(HOME, self.world.founded.alliance, &call).unwrap()
        };
        (0..MAX_ATTEMPTS).map(number).take_while(|number| *number != 0).collect()
    }
}

/// What a node wants for the nth time.
fn intent(node: usize, nth: u64) -> B256 {
    keccak256(format!("node {node} intent {nth}"))
}
