//! What can happen next, and what has to be so whatever has happened.

use chancery_bridge::alliance::{decision::RequestState, store::Outcome};
use stateright::{Model, Property};

use super::{City, Protocol, Rule, Step};
use crate::model::{MONEY, NO_HALF_COMMIT, relay};

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
            Property::always(NO_HALF_COMMIT, |protocol: &Self, city: &City| {
                (0..protocol.transfers.len()).all(|request| {
                    let outcomes: Vec<_> = (0..protocol.parties(request))
                        .filter_map(|party| protocol.outcome(city, request, party))
                        .collect();
                    !outcomes.contains(&Outcome::Applied)
                        || !outcomes.iter().any(|outcome| matches!(outcome, Outcome::Released | Outcome::Refused))
                })
            }),
            Property::always(MONEY, |protocol: &Self, city: &City| {
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
        // What an honest relay does from a state does not depend on who is foreign.
        if self.foreign.is_none() {
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
            ]);
        }
        properties.extend([
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
