//! A look at one request, and what can be done for it now.

use std::time::Duration;

use alloy_primitives::B256;
use chancery_traces::TARGET;
use futures::future::{join_all, try_join};
use tokio::time::{Instant, timeout};
use tracing::{Instrument as _, info_span};

use super::{
    Courier, RelayError, Settlement,
    docket::Lot,
    errand::{Errand, Stop},
    parts::reserved,
    roads::{Road, Route},
    step::{Step, is_to_expire, next_step},
    stop::Visitor,
};
use crate::{
    alliance::{
        decision::{Decision, RequestState},
        store::Outcome,
    },
    contracts::NodeContract,
};

/// Longest care for one part at a time: many times what a chain takes for a transaction.
const PART_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest wait for one's turn at a member.
const PLACE_PATIENCE: Duration = Duration::from_secs(2);

/// What a visit did for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Visit {
    /// Nothing is left to do.
    Done,
    /// Something is, later.
    Later(Awaits),
    /// A step was made: there may be another one now.
    Moved,
}

/// What comes first; of several parts, that which keeps it longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Awaits {
    /// A reservation that may have been sent before the abort, or never.
    Late,
    /// Its requester, other requests, or time.
    Others,
    /// Something at a member.
    Member(B256),
    /// A member that does not answer.
    Silent(B256),
}

impl Awaits {
    /// Where it waits.
    pub(super) const fn lot(self) -> Lot {
        match self {
            Self::Late => Lot::Late,
            Self::Others => Lot::Others,
            Self::Member(member) | Self::Silent(member) => Lot::Member(member),
        }
    }
}

/// Where a request is when one of its parts is visited.
#[derive(Clone, Copy, Debug)]
struct Journey {
    number: u64,
    decision: Decision,
    party: u8,
    /// Time of the newest block of the alliance chain, in seconds.
    now: u64,
    is_fresh: bool,
    is_careful: bool,
}

impl Courier {
    pub(super) async fn visit(&self, number: u64, errand: &mut Errand) -> Result<(RequestState, Visit), RelayError> {
        // Neither has to be of the same block as the other: what follows from them, the contracts decide.
        let (decision, now) = {
            // Nobody closes it.
            let _place = self.places.acquire().await;
            Box::pin(try_join(self.alliance.decision(number), self.alliance.time_s())).await?
        };
        let Some(decision) = decision else { return Ok((RequestState::Sequenced, Visit::Later(Awaits::Others))) };
        if decision.state() != RequestState::Sequenced {
            self.decided.lock().tell(number);
        }
        if is_to_expire(&decision, now) {
            self.relay.expire(number).await?;
            return Ok((decision.state(), Visit::Moved));
        }
        let stops = match errand.stops.take() {
            Some(stops) => stops,
            None => Errand::stops_of(self.alliance.parties(number).await?),
        };
        let stops = errand.stops.insert(stops);
        // Handed in again, one that is decided is not new: what its members came to is asked.
        let is_fresh = errand.is_fresh && decision.state() == RequestState::Sequenced;
        let is_careful = errand.is_careful;
        errand.is_fresh = false;
        let parts: Vec<_> = (0..)
            .zip(stops.iter().copied())
            .map(|(party, stop)| {
                let at = Journey { number, decision, party, now, is_fresh, is_careful };
                Box::pin(self.visit_part(at, stop))
            })
            .collect();
        let mut visit = Visit::Done;
        for (stop, part) in stops.iter_mut().zip(join_all(parts).await) {
            // One member's chain that does not answer keeps nobody else waiting.
            match part {
                Ok((own, outcome)) => {
                    stop.outcome = outcome;
                    visit = visit.max(own);
                }
                Err(Fault { error, awaits }) => {
                    tracing::debug!(number, %error, "a part is not carried further now");
                    errand.is_careful |= error.is_refusal();
                    // What it was may have changed by another's hand.
                    stop.outcome = None;
                    visit = visit.max(Visit::Later(awaits));
                }
            }
        }
        errand.is_left = decision.state() != RequestState::Sequenced
            && stops.iter().any(|stop| matches!(self.road(stop.member), Road::Elsewhere));
        Ok((decision.state(), visit))
    }

    /// What was done, and the outcome there as far as it is known then.
    async fn visit_part(&self, at: Journey, stop: Stop) -> Result<(Visit, Option<Outcome>), Fault> {
        let member = stop.member;
        let route = match self.road(member) {
            Road::Reached(route) => route,
            Road::Silent => return Ok((Visit::Later(Awaits::Silent(member)), None)),
            // Others carry it: of what it is decided to be, they tell that member.
            Road::Elsewhere if at.decision.state() != RequestState::Sequenced => return Ok((Visit::Done, None)),
            Road::Elsewhere => return Ok((Visit::Later(Awaits::Member(member)), None)),
        };
        let Ok(Ok(_place)) = timeout(PLACE_PATIENCE, route.places.acquire()).await else {
            let awaits = if route.is_silent() { Awaits::Silent(member) } else { Awaits::Member(member) };
            return Ok((Visit::Later(awaits), stop.outcome));
        };
        let span = info_span!(target: TARGET, "relay carry", alliance.request = at.number, member = %member);
        match timeout(PART_TIMEOUT, Box::pin(self.carry_part(&route, at, stop)).instrument(span)).await {
            Ok(Ok(done)) => {
                if route.answers() {
                    self.docket.lock().hasten(Lot::Member(member), Instant::now());
                    self.submitted.notify_one();
                }
                Ok(done)
            }
            Ok(Err(error)) => {
                let is_silent = error.is_silence_of(route.link.to_member.host.name());
                if is_silent {
                    route.falls_silent();
                }
                let awaits = if is_silent { Awaits::Silent(member) } else { Awaits::Member(member) };
                Err(Fault { error, awaits })
            }
            Err(_) => {
                tracing::warn!(number = at.number, %member, "a part takes long, and is visited again");
                route.falls_silent();
                Ok((Visit::Later(Awaits::Silent(member)), None))
            }
        }
    }

    async fn carry_part(&self, route: &Route, at: Journey, stop: Stop) -> Result<(Visit, Option<Outcome>), RelayError> {
        let Journey { number, decision, party, now, is_fresh, is_careful } = at;
        let link = &route.link;
        let contract = NodeContract { chain: link.to_member.host.clone(), address: link.node_contract };
        let outcome = match stop.outcome {
            // Asked also to see whether it answers.
            _ if route.is_silent() => contract.outcome(number).await?,
            None if !is_fresh => contract.outcome(number).await?,
            known => known,
        };
        let visitor = Visitor { relay: &self.relay, route, number, party, is_careful };
        match next_step(&decision, party, outcome, now) {
            Step::Done => Ok((Visit::Done, outcome)),
            Step::Wait if decision.state() == RequestState::Aborted => Ok((Visit::Later(Awaits::Late), outcome)),
            // Its reservation was proven, and it does not show it: nobody else can do anything about that.
            Step::Wait if decision.state() == RequestState::Committed => {
                Ok((Visit::Later(Awaits::Member(stop.member)), outcome))
            }
            Step::Wait => Ok((Visit::Later(Awaits::Others), outcome)),
            Step::Report => {
                let found = visitor.report().await?;
                Ok((moved(route, found), found.or(outcome)))
            }
            step @ (Step::Reserve | Step::Settle) => {
                let hash = match stop.part_hash {
                    Some(hash) => hash,
                    None => self.alliance.part_hash(number, stop.member).await?,
                };
                let known = self.parts.lock().get(hash);
                let part = match known {
                    None if outcome.is_some() => reserved(&contract, number, hash, &decision).await?,
                    known => known,
                };
                // Its requester sends it again, or another relay has it; what is reserved, the member has to show.
                let Some(part) = part else {
                    let awaits = outcome.map_or(Awaits::Others, |_| Awaits::Member(stop.member));
                    return Ok((Visit::Later(awaits), outcome));
                };
                if step == Step::Reserve {
                    let mut found = visitor.reserve(stop, hash, part).await?;
                    if found.is_none() && route.back.is_none() {
                        found = contract.outcome(number).await?;
                    }
                    return Ok((reserved_or_later(stop.member, found), found));
                }
                Ok(match visitor.settle(part).await? {
                    Settlement::Applied => (Visit::Done, Some(Outcome::Applied)),
                    Settlement::Released => (Visit::Done, Some(Outcome::Released)),
                    Settlement::Open { .. } | Settlement::Unknown => (Visit::Later(Awaits::Others), outcome),
                })
            }
        }
    }
}

/// Why a part was not carried, and who has to move first.
struct Fault {
    error: RelayError,
    awaits: Awaits,
}

/// A contract that takes a reservation and shows none is not asked again at once: each time costs a transaction.
const fn reserved_or_later(member: B256, found: Option<Outcome>) -> Visit {
    if found.is_none() { Visit::Later(Awaits::Member(member)) } else { Visit::Moved }
}

/// A proof that shows no outcome comes from a node that is behind: then there is nothing to be done at once.
fn moved(route: &Route, found: Option<Outcome>) -> Visit {
    if route.back.is_some() && found.is_none() { Visit::Later(Awaits::Member(route.link.name)) } else { Visit::Moved }
}
