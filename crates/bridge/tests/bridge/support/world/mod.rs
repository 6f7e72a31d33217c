//! Three chains, an alliance and everybody who takes part in a request, in one process and on one thread, on a clock that waits for nobody: the same seed gives the
//! same run.
//!
//! Real are the contracts' bytecode, its execution, store, pool and JSON-RPC (`chancery-execution`, `chancery-rpc`), what verifies headers and proofs, and all of
//! `chancery-bridge` over `chancery-ledger`. Simulated are time, the wires between a party and a node, and consensus: a chain has one validator, whose
//! certificates are made here.
//!
//! | module | is |
//! |---|---|
//! | [`node`] | a chain that can be crashed and started again over its files |
//! | [`wire`] | what lies between a party and a node |
//! | [`shared`] | clock, weather, lives and the trap in which a party dies at a chosen step |
//! | [`step`] | parties and steps |
//! | [`founding`] | the alliance |
//! | [`parties`] | relay and endorsers that die and come back |
//! | [`story`] | a whole run by its seed |

pub(crate) mod chance;
pub(crate) mod founding;
pub(crate) mod node;
pub(crate) mod parties;
pub(crate) mod shared;
pub(crate) mod step;
pub(crate) mod story;
mod wire;

use std::{sync::Arc, time::Duration};

use alloy::rpc::client::RpcClient;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use chancery_bridge::{
    alliance::{decision::RequestState, store::Outcome},
    contracts::{AllianceContract, NodeContract},
    endorser::Endorser,
    relay::Carrier,
    requester::{Backoff, MemberAccess, Requester, RequesterIdentity, RequesterLimits},
};
use chancery_contracts::{Alliance, StoreNode};
use chancery_ledger::{Chain, ChainConfig, Ledger, LedgerLimits, RevertReasons};
use parking_lot::Mutex;
use serde_json::json;
use tokio::{task::JoinHandle, time::sleep};

use self::{
    founding::{Founded, found},
    node::SimNode,
    shared::{Life, Overheard, Shared},
    step::{HOME, Moment, Step},
    wire::Wire,
};

/// How often a validator looks whether there is something to do, in milliseconds.
const TICK_MS: u64 = 25;
/// Pause between blocks without content.
const HEARTBEAT_MS: u64 = 2000;
const NAMES: [&str; 3] = ["home", "first", "second"];
const FIRST_CHAIN_ID: u64 = 9000;

/// Runs something on a clock that leaps to the next moment at which anything happens.
pub(crate) fn simulate<T>(run: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(run)
}

pub(crate) struct World {
    pub(crate) shared: Arc<Shared>,
    pub(crate) founded: Founded,
    validators: Vec<JoinHandle<()>>,
    /// Every number up to this one is at its end.
    rested: Mutex<u64>,
    /// What was found when it was looked last whether all are, and of which blocks.
    looked: Mutex<Option<(Heads, bool)>>,
}

/// Height and hash of each chain's newest block: all that anybody can know of them follows from that.
type Heads = [(u64, B256); 3];

/// What stands of an account on a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Half {
    pub(crate) value: u64,
    pub(crate) version: u64,
    pub(crate) is_held: bool,
}

impl World {
    /// Each account has so much on either member.
    pub(crate) fn new(seed: u64, accounts: &[B256], start: [u64; 2]) -> Self {
        let nodes = [0, 1, 2].map(|i| SimNode::new(NAMES[i], FIRST_CHAIN_ID + i as u64));
        let shared = Shared::new(nodes, seed);
        let founded = found(&shared.nodes, accounts, start, shared.now_ms());
        let validators = (0..3).map(|chain| tokio::spawn(make_blocks(shared.clone(), chain))).collect();
        Self { shared, founded, validators, rested: Mutex::new(0), looked: Mutex::new(None) }
    }

    /// The three chains as a party reaches them in one of its lives.
    pub(crate) async fn chains(&self, life: &Life) -> [Chain; 3] {
        let limits = LedgerLimits {
            request_timeout: Duration::from_secs(2),
            // Time passes while an outage is waited for, not while it is presumed.
            breaker_failures: u32::MAX,
            submission_deadline: Duration::from_secs(10),
            abandon_after: Duration::from_secs(20),
            poll_min: Duration::from_millis(20),
            ..LedgerLimits::default()
        };
        let reached = self.shared.nodes.iter().enumerate().map(|(chain, node)| {
            let url = format!("http://{}.invalid", node.name).parse().unwrap();
            let config = ChainConfig::certified(node.name, url, node.essentials.clone());
            let wire = Wire { shared: self.shared.clone(), chain, life: life.clone() };
            (config, RpcClient::new(wire, true))
        });
        let ledger = Ledger::over(reached.collect(), limits, RevertReasons::of_our_contracts()).await.unwrap();
        NAMES.map(|name| ledger.chain(name).unwrap().clone())
    }

    pub(crate) fn alliance(&self, chains: &[Chain; 3]) -> AllianceContract {
        AllianceContract { chain: chains[HOME].clone(), address: self.founded.alliance }
    }

    pub(crate) fn node_contract(&self, chains: &[Chain; 3], member: usize) -> NodeContract {
        let address = self.founded.members[member].node_contract;
        NodeContract { chain: chains[member + 1].clone(), address }
    }

    /// One of the first member's nodes, for one of its lives.
    pub(crate) async fn requester(
        &self,
        life: &Life,
        node: usize,
        endorsers: &[Vec<Arc<dyn Endorser>>; 2],
        carrier: Arc<dyn Carrier>,
        window_s: u64,
    ) -> Requester {
        let chains = self.chains(life).await;
        let own = &self.founded.members[0];
        let seat = &own.nodes[node];
        let members = (0..2).map(|member| MemberAccess {
            name: self.founded.members[member].name,
            contract: self.node_contract(&chains, member),
            endorsers: endorsers[member].clone(),
        });
        Requester {
            alliance: self.alliance(&chains),
            identity: RequesterIdentity {
                member: own.name,
                node: seat.name,
                certificate: seat.certificate,
                key: seat.key.clone(),
            },
            members: members.collect(),
            carrier,
            limits: RequesterLimits {
                valid_for_s: window_s,
                window_s,
                endorse_timeout: Duration::from_secs(10),
                poll: Duration::from_millis(100),
                resend_after: Duration::from_secs(3),
                patience: Duration::from_secs(30),
                max_tries: 1,
                // Of the operating system's randomness nothing may depend here; whoever asks again waits by the seed.
                backoff: Backoff { first: Duration::ZERO, longest: Duration::ZERO },
            },
        }
    }

    /// A view function at the newest block, past all wires.
    pub(crate) fn view<C: SolCall>(&self, chain: usize, contract: Address, call: &C) -> Option<C::Return> {
        let request = json!({"to": contract, "input": Bytes::from(call.abi_encode())});
        let answer = self.shared.nodes[chain].ask("eth_call", json!([request, "latest"]))?;
        let answer: Bytes = serde_json::from_value(answer).unwrap();
        Some(C::abi_decode_returns(&answer).unwrap())
    }

    /// What a member has of an account; its node has to be up.
    pub(crate) fn half(&self, member: usize, account: B256) -> Half {
        let contract = self.founded.members[member].node_contract;
        let entry = self.view(member + 1, contract, &StoreNode::entryCall { key: account }).unwrap();
        Half {
            value: U256::from_be_bytes(entry.value.0).to(),
            version: entry.version,
            is_held: (entry.writer, entry.readers) != (0, 0),
        }
    }

    /// Whether a name is a member's now.
    pub(crate) fn is_member(&self, name: B256) -> bool {
        let call = Alliance::memberRecordCall { name };
        self.view(HOME, self.founded.alliance, &call).unwrap().isActive
    }

    pub(crate) fn request_count(&self) -> u64 {
        self.view(HOME, self.founded.alliance, &Alliance::requestCountCall {}).unwrap()
    }

    /// State of a number on the alliance, and its outcomes on the members.
    pub(crate) fn standing(&self, number: u64) -> (RequestState, [Option<Outcome>; 2]) {
        let state = self.view(HOME, self.founded.alliance, &Alliance::requestAtCall { number }).unwrap().state;
        let outcomes = [0, 1].map(|member| {
            let contract = self.founded.members[member].node_contract;
            let found = self.view(member + 1, contract, &StoreNode::outcomeCall { number }).unwrap();
            Outcome::from_word(U256::from(found.outcome))
        });
        (RequestState::from_code(state).unwrap(), outcomes)
    }

    /// Whether every number is at its end: applied by both members, or by none and nothing is held. What is at its end stays there, and is not looked at again;
    /// nor is anything while no chain has a new block.
    ///
    /// # Panics
    /// On a half-commit.
    pub(crate) fn is_at_rest(&self) -> bool {
        let [Some(home), Some(first), Some(second)] = self.shared.nodes.each_ref().map(|node| node.head()) else {
            return false;
        };
        let (heads, mut looked) = ([home, first, second], self.looked.lock());
        if let Some((before, found)) = *looked
            && before == heads
        {
            return found;
        }
        let found = self.are_all_over();
        *looked = Some((heads, found));
        found
    }

    fn are_all_over(&self) -> bool {
        let count = self.request_count();
        let mut rested = self.rested.lock();
        while *rested < count {
            if !self.is_over(*rested + 1) {
                return false;
            }
            *rested += 1;
        }
        true
    }

    /// The same from the first number on.
    pub(crate) fn is_still_at_rest(&self) -> bool {
        *self.rested.lock() = 0;
        *self.looked.lock() = None;
        self.is_at_rest()
    }

    fn is_over(&self, number: u64) -> bool {
        let (state, outcomes) = self.standing(number);
        let applied = outcomes.iter().filter(|outcome| **outcome == Some(Outcome::Applied)).count();
        assert!(applied == 0 || state == RequestState::Committed, "{number} is {state:?} and applied");
        let given_up = |outcome: &Option<Outcome>| matches!(outcome, Some(Outcome::Released | Outcome::Refused));
        assert!(applied == 0 || !outcomes.iter().any(given_up), "{number} is half committed: {outcomes:?}");
        match state {
            RequestState::Sequenced => false,
            RequestState::Committed => applied == 2,
            RequestState::Aborted | RequestState::Invalid => !outcomes.contains(&Some(Outcome::Reserved)),
        }
    }

    /// What everything that happened comes to.
    pub(crate) fn digest(&self) -> B256 {
        let mut all = Vec::new();
        for node in &self.shared.nodes {
            let (height, hash) = node.head().unwrap();
            all.extend_from_slice(&height.to_be_bytes());
            all.extend_from_slice(hash.as_slice());
        }
        keccak256(all)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for validator in &self.validators {
            validator.abort();
        }
    }
}

/// A validator: a block at once when there is something to put into it, otherwise one each heartbeat.
async fn make_blocks(shared: Arc<Shared>, chain: usize) {
    let node = shared.nodes[chain].clone();
    loop {
        sleep(Duration::from_millis(TICK_MS)).await;
        let Some((last_ms, has_work)) = node.pulse() else { continue };
        let now_ms = shared.now_ms();
        if !has_work && now_ms < last_ms + HEARTBEAT_MS {
            continue;
        }
        let Some(made) = node.advance(now_ms) else { continue };
        let mut steps = Vec::new();
        for (transaction, receipt) in made.block().transactions().iter().zip(made.receipts().iter()) {
            use alloy::consensus::Transaction as _;
            let envelope = transaction.envelope();
            let Some(to) = envelope.to().filter(|_| receipt.success) else { continue };
            let input = envelope.input().clone();
            steps.extend(Step::of_call(chain, &input));
            shared.overhear(Overheard { chain, to, input });
        }
        drop(made);
        for step in steps {
            shared.note(step, Moment::After);
        }
    }
}
