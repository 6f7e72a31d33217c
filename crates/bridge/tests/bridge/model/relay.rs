//! A relay that does what a relay is for.

use super::city::{City, Protocol, Step};

/// Carries the newest of everything to everybody until nothing changes any more. Time stands still meanwhile.
pub(crate) fn act(protocol: &Protocol, city: &City, sequences: bool) -> City {
    let mut city = city.clone();
    loop {
        let before = city.clone();
        for request in 0..protocol.transfers.len() {
            if sequences {
                city.step(protocol, Step::Sequence { request });
            }
            city.step(protocol, Step::Expire { request });
            for party in 0..protocol.parties(request) {
                if city.decisions[request].is_none() {
                    continue;
                }
                city.step(protocol, Step::Reserve { request, party });
                let shown = city.outcomes[request][party].clone();
                for outcome in shown.iter().copied() {
                    city.step(protocol, Step::Prove { request, party, outcome });
                }
                if let Some(evidence) = city.evidence[request].last().copied() {
                    city.step(protocol, Step::Apply { request, party, evidence });
                    city.step(protocol, Step::Release { request, party, evidence });
                }
            }
        }
        if city == before {
            return city;
        }
    }
}

/// After every deadline, and with nothing new: what is left has to be given back or applied.
pub(crate) fn settle(protocol: &Protocol, city: &City) -> City {
    let mut city = city.clone();
    let last = city.decisions.iter().flatten().map(|decision| decision.deadline()).max();
    while last.is_some_and(|deadline| city.time <= deadline) {
        city.step(protocol, Step::Tick);
    }
    act(protocol, &city, false)
}
