//! The chains of the model, and what steps do to them.

mod exploration;

use std::{collections::BTreeSet, sync::Arc};

use alloy_primitives::{B256, U256};
use chancery_bridge::alliance::{
    decision::{Decision, RequestState},
    message::{HashedPart, Part, Read, Write},
    policy::Policy,
    store::{Evidence, Outcome, Store},
};

const START: i64 = 10;
const BALANCE: B256 = B256::repeat_byte(0xba);
/// Endorsers of every member, by weight.
const WEIGHTS: [u64; 3] = [50, 49, 1];

/// A rule that is right, or one that looks right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Right,
    /// Members believe their own clocks to be the alliance's.
    ReleaseByLocalClock,
    /// The alliance commits whenever the last reservation is proven.
    CommitWithoutDeadline,
    /// A late header releases, whatever its state has.
    ReleaseWithoutState,
}

/// Who gets and who pays; whether honest endorsers sign it.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    pub(crate) parts: Vec<(usize, i64)>,
    pub(crate) is_honest: bool,
}

impl Transfer {
    pub(crate) fn honest(parts: &[(usize, i64)]) -> Self {
        Self { parts: parts.to_vec(), is_honest: true }
    }

    pub(crate) fn forged(parts: &[(usize, i64)]) -> Self {
        Self { parts: parts.to_vec(), is_honest: false }
    }
}

pub(crate) struct Protocol {
    pub(crate) members: usize,
    pub(crate) transfers: Vec<Transfer>,
    pub(crate) window: u64,
    pub(crate) end_time: u64,
    parts: Vec<Vec<HashedPart>>,
    rule: Rule,
    foreign: Option<usize>,
    liars: Vec<u64>,
    policy: Policy,
}

/// All chains, and everything of them that was ever final. A step changes little of it: the rest is shared with the states before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct City {
    /// The alliance chain's time.
    pub(crate) time: u64,
    pub(crate) decisions: Vec<Option<Decision>>,
    pub(crate) stores: Vec<Arc<Store>>,
    /// Of each request: what some final header of the alliance chain shows.
    pub(crate) evidence: Vec<Arc<BTreeSet<Evidence>>>,
    /// Of each request and part: what some final header of the member chain shows.
    pub(crate) outcomes: Vec<Vec<Arc<BTreeSet<Outcome>>>>,
    /// The members' own clocks, where a wrong rule looks at them.
    pub(crate) clocks: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Tick,
    TickMember { member: usize },
    Sequence { request: usize },
    Expire { request: usize },
    Reserve { request: usize, party: usize },
    Prove { request: usize, party: usize, outcome: Outcome },
    Apply { request: usize, party: usize, evidence: Evidence },
    Release { request: usize, party: usize, evidence: Evidence },
}

impl Protocol {
    pub(crate) fn new(members: usize, transfers: Vec<Transfer>) -> Self {
        let parts = transfers.iter().map(|transfer| transfer.parts.iter().map(part).collect()).collect();
        let policy = Policy::new(WEIGHTS.map(|weight| (endorser(weight), weight))).unwrap();
        let (window, end_time) = (1, 3);
        Self { members, transfers, window, end_time, parts, rule: Rule::Right, foreign: None, liars: vec![], policy }
    }

    pub(crate) fn with_rule(self, rule: Rule) -> Self {
        Self { rule, ..self }
    }

    pub(crate) fn with_foreign(self, member: usize, liars: &[u64]) -> Self {
        Self { foreign: Some(member), ..self.with_liars(liars) }
    }

    pub(crate) fn with_liars(self, liars: &[u64]) -> Self {
        Self { liars: liars.to_vec(), ..self }
    }

    pub(crate) fn part(&self, request: usize, party: usize) -> &HashedPart {
        &self.parts[request][party]
    }

    pub(crate) fn member(&self, request: usize, party: usize) -> usize {
        self.transfers[request].parts[party].0
    }

    pub(crate) fn parties(&self, request: usize) -> usize {
        self.transfers[request].parts.len()
    }

    pub(crate) fn balances(&self, city: &City) -> Vec<i64> {
        city.stores.iter().map(|store| balance(store)).collect()
    }

    /// Nothing is open, held or out of balance.
    pub(crate) fn is_settled(&self, city: &City) -> bool {
        let decided = city.decisions.iter().flatten().all(|decision| decision.state() != RequestState::Sequenced);
        let free = city.stores.iter().all(|store| store.entries().all(|(_, entry)| !entry.is_held()));
        decided && free && self.balances(city).iter().sum::<i64>() == self.money()
    }

    fn money(&self) -> i64 {
        START * i64::try_from(self.members).unwrap()
    }

    /// Who signs what: honest endorsers what is so, liars anything.
    fn passes(&self, is_so: bool) -> bool {
        self.policy.passes(WEIGHTS.iter().filter(|weight| is_so || self.liars.contains(weight)).map(|w| endorser(*w)))
    }

    fn outcome(&self, city: &City, request: usize, party: usize) -> Option<Outcome> {
        city.stores[self.member(request, party)].outcome(number(request))
    }

    /// What may be shown to the alliance of a part.
    fn claims(&self, city: &City, request: usize, party: usize) -> Vec<Outcome> {
        let shown = &city.outcomes[request][party];
        if self.foreign != Some(self.member(request, party)) {
            return shown.iter().copied().collect();
        }
        [Outcome::Reserved, Outcome::Refused].into_iter().filter(|claim| self.passes(shown.contains(claim))).collect()
    }

    /// What may be shown to a member of a request, under the rule.
    fn releases(&self, city: &City, request: usize, party: usize) -> Vec<Evidence> {
        let Some(decision) = city.decisions[request] else { return vec![] };
        let open = Decision::sequenced(
            decision.deadline() - self.window,
            self.window,
            u8::try_from(self.parties(request)).unwrap(),
        );
        let mut shown: Vec<_> = city.evidence[request].iter().copied().collect();
        match self.rule {
            Rule::ReleaseByLocalClock => {
                let time = city.clocks[self.member(request, party)];
                shown.push(Evidence { time, decision: Some(open) });
            }
            Rule::ReleaseWithoutState => shown.iter_mut().for_each(|evidence| evidence.decision = Some(open)),
            Rule::Right | Rule::CommitWithoutDeadline => {}
        }
        shown
    }
}

impl City {
    pub(crate) fn start(protocol: &Protocol) -> Self {
        let mut store = Store::default();
        store.set(BALANCE, amount(START)).unwrap();
        let store = Arc::new(store);
        let requests = protocol.transfers.len();
        let open = |request| (0..protocol.parties(request)).map(|_| Arc::default()).collect();
        Self {
            time: 0,
            decisions: vec![None; requests],
            stores: (0..protocol.members).map(|_| store.clone()).collect(),
            evidence: (0..requests).map(|_| Arc::default()).collect(),
            outcomes: (0..requests).map(open).collect(),
            clocks: vec![0; protocol.members],
        }
    }

    pub(crate) fn is_committed(&self, request: usize) -> bool {
        self.decisions[request].is_some_and(|decision| decision.state() == RequestState::Committed)
    }

    /// Does a step; one that is refused changes nothing.
    pub(crate) fn step(&mut self, protocol: &Protocol, step: Step) {
        match step {
            Step::Tick => self.time += 1,
            Step::TickMember { member } => self.clocks[member] += 1,
            Step::Sequence { request } => {
                let parties = u8::try_from(protocol.parties(request)).unwrap();
                let is_endorsed = protocol.passes(protocol.transfers[request].is_honest);
                self.decisions[request].get_or_insert_with(|| match is_endorsed {
                    true => Decision::sequenced(self.time, protocol.window, parties),
                    false => Decision::invalid(parties),
                });
            }
            Step::Expire { request } => {
                let _ = self.decisions[request].as_mut().map(|decision| decision.expire(self.time));
            }
            Step::Prove { request, party, outcome } => {
                let Some(decision) = self.decisions[request].as_mut() else { return };
                let now = match protocol.rule {
                    Rule::CommitWithoutDeadline => self.time.min(decision.deadline()),
                    _ => self.time,
                };
                let _ = decision.prove(u8::try_from(party).unwrap(), Some(outcome), now);
            }
            Step::Reserve { request, party } => {
                self.change(protocol.member(request, party), |store| {
                    let _ = store.reserve(number(request), protocol.part(request, party), |_, _| true);
                });
            }
            Step::Apply { request, party, evidence } => {
                self.change(protocol.member(request, party), |store| {
                    let _ = store.apply(number(request), protocol.part(request, party), &evidence);
                });
            }
            Step::Release { request, party, evidence } => {
                self.change(protocol.member(request, party), |store| {
                    let _ = store.release(number(request), protocol.part(request, party), &evidence);
                });
            }
        }
        self.finalize(protocol);
    }

    /// Does something to a member's store. One that stays as it was stays shared.
    fn change(&mut self, member: usize, what: impl FnOnce(&mut Store)) {
        let store = &mut self.stores[member];
        let mut changed = Store::clone(store);
        what(&mut changed);
        if changed != **store {
            *store = Arc::new(changed);
        }
    }

    /// Every step is a final block: what it shows can be shown for ever.
    fn finalize(&mut self, protocol: &Protocol) {
        for request in 0..self.decisions.len() {
            if let Some(decision) = self.decisions[request] {
                // How many parts are prepared does not matter to members.
                let is_new =
                    |seen: &Evidence| (seen.time, seen.decision.unwrap().state()) != (self.time, decision.state());
                if self.evidence[request].iter().all(is_new) {
                    let seen = Evidence { time: self.time, decision: Some(decision) };
                    Arc::make_mut(&mut self.evidence[request]).insert(seen);
                }
            }
            for party in 0..protocol.parties(request) {
                let Some(outcome) = protocol.outcome(self, request, party) else { continue };
                let shown = &mut self.outcomes[request][party];
                if !shown.contains(&outcome) {
                    Arc::make_mut(shown).insert(outcome);
                }
            }
        }
    }
}

pub(crate) fn number(request: usize) -> u64 {
    u64::try_from(request).unwrap() + 1
}

/// Reads the balance in the version that it has at the start, and writes the next one.
fn part((member, change): &(usize, i64)) -> HashedPart {
    HashedPart::from(Part {
        member: B256::with_last_byte(u8::try_from(*member).unwrap()),
        call: format!("{change}").into_bytes().into(),
        reads: vec![Read { key: BALANCE, version: 1 }],
        writes: vec![Write { key: BALANCE, value: amount(START + change) }],
    })
}

fn balance(store: &Store) -> i64 {
    U256::from_be_bytes(store.entry(BALANCE).value.0).to()
}

fn amount(money: i64) -> B256 {
    B256::from(U256::from(money))
}

fn endorser(weight: u64) -> B256 {
    B256::with_last_byte(u8::try_from(weight).unwrap())
}
