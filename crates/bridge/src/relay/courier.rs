//! The relay as a process runs it: takes submissions, and drives every request of the alliance to its end, many side by side.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::Arc,
    time::Duration,
};

use alloy_primitives::B256;
use futures::future::{join_all, try_join};
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    MemberLink, RelayError, RequestRelay, Settlement, Testimony,
    decided::Decided,
    errand::{Errand, Stop},
    ferry::Ferry,
    parts::{Parts, reserved},
    step::{Step, is_to_expire, next_step},
    stop::Visitor,
};
use crate::{
    alliance::{
        decision::{Decision, RequestState},
        store::Outcome,
    },
    contracts::{AllianceContract, NodeContract, ViewError},
};

/// Requests that are not at their end and looked after at a time; more wait until one of these is.
const MAX_OPEN: usize = 4096;
/// Requests for which something is done at the same time.
const PARALLEL: usize = 512;
/// Longest care for one request at a time: many times what a chain takes for a transaction.
const VISIT_TIMEOUT: Duration = Duration::from_secs(60);
/// First pause before a request is visited again for which nothing could be done.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
/// How many times longer the pauses may become for a request that is decided: nobody waits for what is left of it but those who want a key that was reserved late.
const DECIDED_PAUSES: u32 = 64;

/// Bounds of a courier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CourierLimits {
    /// Requests before the newest that are looked through when it starts: those that were sequenced within a day must be among them.
    pub look_back: u64,
    /// Longest pause before new requests are looked for, and before one is visited again for which nothing could be done.
    pub pause: Duration,
}

impl Default for CourierLimits {
    fn default() -> Self {
        Self { look_back: 10_000, pause: Duration::from_millis(500) }
    }
}

/// Carries the requests of one alliance. It keeps nothing that cannot be found again: requests are on chain, and their parts come from requesters.
#[derive(Debug)]
pub struct Courier {
    pub(super) relay: RequestRelay,
    pub(super) alliance: AllianceContract,
    members: BTreeMap<B256, Route>,
    places: Semaphore,
    limits: CourierLimits,
    pub(super) parts: Mutex<Parts>,
    pub(super) handed_in: Mutex<BTreeMap<u64, Errand>>,
    pub(super) decided: Mutex<Decided>,
    pub(super) submitted: Notify,
}

/// A member with what carries proofs to it and back.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) link: MemberLink,
    /// Words of the alliance, to the member.
    pub(super) out: Arc<Ferry>,
    /// Words of the member's node contract, to the alliance; `None`: they are attested.
    pub(super) back: Option<Arc<Ferry>>,
}

/// What a visit did for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Visit {
    /// Nothing is left to do.
    Done,
    /// Something is, later.
    Later,
    /// A step was made: there may be another one now.
    Moved,
}

impl Courier {
    /// For the members that are given; parts of others wait for other relays.
    #[must_use]
    pub fn new(relay: RequestRelay, members: Vec<MemberLink>, limits: CourierLimits) -> Self {
        let alliance = AllianceContract { chain: relay.chain.clone(), address: relay.contract };
        let routes = members.into_iter().map(|link| {
            let out = Ferry::new(link.to_member.clone(), relay.contract);
            let back = match &link.to_alliance {
                Testimony::Proven(anchor) => Some(Ferry::new(anchor.clone(), link.node_contract)),
                Testimony::Attested(_) => None,
            };
            (link.name, Route { link, out, back })
        });
        let members = routes.collect();
        let places = Semaphore::new(PARALLEL);
        Self {
            relay,
            alliance,
            members,
            places,
            limits,
            parts: Mutex::default(),
            handed_in: Mutex::default(),
            decided: Mutex::default(),
            submitted: Notify::new(),
        }
    }

    /// Carries until it is dropped. What fails is logged and tried again.
    pub async fn run(self: &Arc<Self>) {
        let (mut open, mut seen, mut early) = (JoinSet::new(), None, BTreeSet::new());
        loop {
            // Those that were handed in here need not be found on chain first.
            for number in self.fresh(seen, &early, MAX_OPEN.saturating_sub(open.len())) {
                early.insert(number);
                let own = Arc::clone(self);
                open.spawn(async move { own.drive(number).await });
            }
            match self.discover(&mut seen, MAX_OPEN.saturating_sub(open.len())).await {
                Ok(numbers) => {
                    for number in numbers {
                        if !early.remove(&number) {
                            let own = Arc::clone(self);
                            open.spawn(async move { own.drive(number).await });
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "the alliance's requests cannot be read"),
            }
            timeout(self.limits.pause, self.submitted.notified()).await.ok();
            while open.try_join_next().is_some() {}
        }
    }

    /// Numbers that were handed in here and are not driven yet, at most `room`. Before the chain was looked at once it is not known which are driven.
    fn fresh(&self, seen: Option<u64>, early: &BTreeSet<u64>, room: usize) -> Vec<u64> {
        let Some(seen) = seen else { return Vec::new() };
        let handed_in = self.handed_in.lock();
        let newer = handed_in.range(seen.saturating_add(1)..).map(|(number, _)| *number);
        newer.filter(|number| !early.contains(number)).take(room).collect()
    }

    /// Numbers that are new, at most `room`; at the start, the newest [`CourierLimits::look_back`].
    async fn discover(&self, seen: &mut Option<u64>, room: usize) -> Result<RangeInclusive<u64>, ViewError> {
        let count = self.alliance.request_count().await?;
        let known = seen.unwrap_or_else(|| count.saturating_sub(self.limits.look_back));
        let last = count.min(known.saturating_add(room as u64));
        *seen = Some(last);
        Ok(known.saturating_add(1)..=last)
    }

    /// Brings one request to its end.
    async fn drive(&self, number: u64) {
        let mut errand = self.handed_in.lock().remove(&number).unwrap_or_default();
        let (mut pause, mut longest) = (FIRST_PAUSE, self.limits.pause);
        loop {
            let visit = match self.places.acquire().await {
                Ok(_place) => timeout(VISIT_TIMEOUT, Box::pin(self.visit(number, &mut errand))).await,
                // Nobody closes it.
                Err(_) => return,
            };
            match visit {
                Ok(Ok((_, Visit::Done))) => return,
                Ok(Ok((_, Visit::Moved))) => {
                    pause = FIRST_PAUSE;
                    continue;
                }
                Ok(Ok((RequestState::Sequenced, Visit::Later))) => {}
                Ok(Ok((_, Visit::Later))) => longest = self.limits.pause.saturating_mul(DECIDED_PAUSES),
                Ok(Err(error)) => tracing::debug!(number, %error, "a request is not carried further now"),
                Err(_) => tracing::warn!(number, "a request takes long, and is visited again"),
            }
            sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    async fn visit(&self, number: u64, errand: &mut Errand) -> Result<(RequestState, Visit), RelayError> {
        // Neither has to be of the same block as the other: what follows from them, the contracts decide.
        let (decision, now) = Box::pin(try_join(self.alliance.decision(number), self.alliance.time_s())).await?;
        let Some(decision) = decision else { return Ok((RequestState::Sequenced, Visit::Later)) };
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
        let (is_fresh, is_careful) = (errand.is_fresh, errand.is_careful);
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
                Err(error) => {
                    tracing::debug!(number, %error, "a part is not carried further now");
                    errand.is_careful |= error.is_refusal();
                    // What it was may have changed by another's hand.
                    stop.outcome = None;
                    visit = visit.max(Visit::Later);
                }
            }
        }
        Ok((decision.state(), visit))
    }

    /// What was done, and the outcome there as far as it is known then.
    async fn visit_part(&self, at: Journey, stop: Stop) -> Result<(Visit, Option<Outcome>), RelayError> {
        let Journey { number, decision, party, now, is_fresh, is_careful } = at;
        let Some(route) = self.members.get(&stop.member) else { return Ok((Visit::Later, None)) };
        let link = &route.link;
        let contract = NodeContract { chain: link.to_member.host.clone(), address: link.node_contract };
        let outcome = match stop.outcome {
            None if !is_fresh => contract.outcome(number).await?,
            known => known,
        };
        let visitor = Visitor { relay: &self.relay, route, number, party, is_careful };
        match next_step(&decision, party, outcome, now) {
            Step::Done => Ok((Visit::Done, outcome)),
            Step::Wait => Ok((Visit::Later, outcome)),
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
                // Its requester sends it again, or another relay has it.
                let Some(part) = part else { return Ok((Visit::Later, outcome)) };
                if step == Step::Reserve {
                    let found = visitor.reserve(stop, hash, part).await?;
                    return Ok((moved(route, found), found));
                }
                Ok(match visitor.settle(part).await? {
                    Settlement::Applied => (Visit::Done, Some(Outcome::Applied)),
                    Settlement::Released => (Visit::Done, Some(Outcome::Released)),
                    Settlement::Open { .. } | Settlement::Unknown => (Visit::Later, outcome),
                })
            }
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

/// A proof that shows no outcome comes from a node that is behind: then there is nothing to be done at once.
const fn moved(route: &Route, found: Option<Outcome>) -> Visit {
    if route.back.is_some() && found.is_none() { Visit::Later } else { Visit::Moved }
}
