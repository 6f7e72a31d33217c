//! The chains of the model, and what can happen to them.

use std::collections::BTreeSet;

use alloy_primitives::{B256, U256};
use chancery_bridge::alliance::{
    decision::{Decision, RequestState},
    message::{HashedPart, Part, Read, Write},
    policy::Policy,
    store::{Evidence, Outcome, Store},
};
use stateright::{Model, Property};

use super::relay;

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

/// All chains, and everything of them that was ever final.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct City {
    /// The alliance chain's time.
    pub(crate) time: u64,
    pub(crate) decisions: Vec<Option<Decision>>,
    pub(crate) stores: Vec<Store>,
    /// Of each request: what some final header of the alliance chain shows.
    pub(crate) evidence: Vec<BTreeSet<Evidence>>,
    /// Of each request and part: what some final header of the member chain shows.
    pub(crate) outcomes: Vec<Vec<BTreeSet<Outcome>>>,
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
        city.stores.iter().map(balance).collect()
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
        let requests = protocol.transfers.len();
        Self {
            time: 0,
            decisions: vec![None; requests],
            stores: vec![store; protocol.members],
            evidence: vec![BTreeSet::new(); requests],
            outcomes: (0..requests).map(|request| vec![BTreeSet::new(); protocol.parties(request)]).collect(),
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
                let store = &mut self.stores[protocol.member(request, party)];
                let _ = store.reserve(number(request), protocol.part(request, party), |_, _| true);
            }
            Step::Apply { request, party, evidence } => {
                let store = &mut self.stores[protocol.member(request, party)];
                let _ = store.apply(number(request), protocol.part(request, party), &evidence);
            }
            Step::Release { request, party, evidence } => {
                let store = &mut self.stores[protocol.member(request, party)];
                let _ = store.release(number(request), protocol.part(request, party), &evidence);
            }
        }
        self.finalize(protocol);
    }

    /// Every step is a final block: what it shows can be shown for ever.
    fn finalize(&mut self, protocol: &Protocol) {
        for request in 0..self.decisions.len() {
            if let Some(decision) = self.decisions[request] {
                // How many parts are prepared does not matter to members.
                let is_new =
                    |seen: &Evidence| (seen.time, seen.decision.unwrap().state()) != (self.time, decision.state());
                if self.evidence[request].iter().all(is_new) {
                    self.evidence[request].insert(Evidence { time: self.time, decision: Some(decision) });
                }
            }
            for party in 0..protocol.parties(request) {
                let outcome = protocol.outcome(self, request, party);
                self.outcomes[request][party].extend(outcome);
            }
        }
    }
}

impl Model for Protocol {
    type State = City;
    type Action = Step;

    fn init_states(&self) -> Vec<City> {
        vec![City::start(self)]
    }

    fn actions(&self, city: &City, steps: &mut Vec<Step>) {
        if city.time < self.end_time {
            steps.push(Step::Tick);
        }
        if self.rule == Rule::ReleaseByLocalClock {
            steps.extend(
                (0..self.members)
                    .filter(|member| city.clocks[*member] < self.end_time)
                    .map(|member| Step::TickMember { member }),
            );
        }
        // Numbers are given in the order of sequencing.
        steps.extend(city.decisions.iter().position(Option::is_none).map(|request| Step::Sequence { request }));
        for request in 0..self.transfers.len() {
            // A member reserves what is proven to have been sequenced.
            if !city.evidence[request]
                .iter()
                .any(|shown| shown.decision.is_some_and(|d| d.state() != RequestState::Invalid))
            {
                continue;
            }
            steps.push(Step::Expire { request });
            for party in 0..self.parties(request) {
                steps.push(Step::Reserve { request, party });
                steps.extend(self.claims(city, request, party).into_iter().map(|outcome| Step::Prove {
                    request,
                    party,
                    outcome,
                }));
                steps.extend(city.evidence[request].iter().map(|evidence| Step::Apply {
                    request,
                    party,
                    evidence: *evidence,
                }));
                steps.extend(self.releases(city, request, party).into_iter().map(|evidence| Step::Release {
                    request,
                    party,
                    evidence,
                }));
            }
        }
    }

    fn next_state(&self, city: &City, step: Step) -> Option<City> {
        let mut next = city.clone();
        next.step(self, step);
        (next != *city).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(super::NO_HALF_COMMIT, |protocol: &Self, city: &City| {
                (0..protocol.transfers.len()).all(|request| {
                    let outcomes: Vec<_> = (0..protocol.parties(request))
                        .filter_map(|party| protocol.outcome(city, request, party))
                        .collect();
                    !outcomes.contains(&Outcome::Applied)
                        || !outcomes.iter().any(|outcome| matches!(outcome, Outcome::Released | Outcome::Refused))
                })
            }),
            Property::always(super::MONEY, |protocol: &Self, city: &City| {
                let pending: i64 = (0..protocol.transfers.len())
                    .filter(|request| city.is_committed(*request))
                    .flat_map(|request| (0..protocol.parties(request)).map(move |party| (request, party)))
                    .filter(|(request, party)| protocol.outcome(city, *request, *party) != Some(Outcome::Applied))
                    .map(|(request, party)| protocol.transfers[request].parts[party].1)
                    .sum();
                protocol.balances(city).iter().sum::<i64>() + pending == protocol.money()
            }),
        ];
        if self.rule != Rule::Right || !self.transfers.iter().all(|transfer| transfer.is_honest) || self.passes(false) {
            return properties;
        }
        properties.extend([
            Property::always(
                "an honest relay settles everything, from anywhere (ALLIANCE-7)",
                |protocol: &Self, city: &City| protocol.is_settled(&relay::settle(protocol, city)),
            ),
            Property::always(
                "an honest relay commits one of all that conflict (ALLIANCE-8)",
                |protocol: &Self, city: &City| {
                    // Before any deadline, whatever the relay before it has done.
                    city.time > 0 || {
                        let later = relay::act(protocol, city, true);
                        (0..protocol.transfers.len()).any(|request| later.is_committed(request))
                    }
                },
            ),
            Property::always("two requests over one version are not both committed", |protocol: &Self, city: &City| {
                let conflicts = protocol.transfers.len() > 1;
                !(conflicts && city.is_committed(0) && city.is_committed(1))
            }),
            Property::sometimes("a commit is applied everywhere", |protocol: &Self, city: &City| {
                (0..protocol.parties(0)).all(|party| protocol.outcome(city, 0, party) == Some(Outcome::Applied))
            }),
            Property::sometimes("a part is released", |protocol: &Self, city: &City| {
                protocol.outcome(city, 0, 0) == Some(Outcome::Released)
            }),
            Property::sometimes("a member applies after the deadline", |protocol: &Self, city: &City| {
                let late = city.decisions[0].is_some_and(|decision| city.time > decision.deadline());
                late && city.is_committed(0) && protocol.outcome(city, 0, 0) == Some(Outcome::Reserved)
            }),
        ]);
        if self.transfers.len() > 1 {
            properties.push(Property::sometimes("the younger of two is refused", |protocol: &Self, city: &City| {
                (0..protocol.parties(1)).any(|party| protocol.outcome(city, 1, party) == Some(Outcome::Refused))
            }));
        }
        properties
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
