//! The relay as a process runs it: takes submissions, and drives every request of the alliance to its end, many side by side.

use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc, time::Duration};

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use async_trait::async_trait;
use chancery_contracts::Alliance;
use chancery_ledger::{Call, LedgerError};
use futures::future::{join_all, pending};
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    MemberLink, RelayError, RequestRelay, Settlement, Testimony,
    carrier::{Carrier, CarryRefusal},
    decided::Decided,
    errand::{Errand, Stop},
    ferry::Ferry,
    parts::{Parts, reserved},
    request::submit_call,
    step::{Step, is_to_expire, next_step},
    stop::Visitor,
};
use crate::{
    alliance::{
        decision::{Decision, RequestState},
        store::Outcome,
        submission::Submission,
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
/// Submissions that are remembered by number until they are driven.
const MAX_HANDED_IN: usize = 4096;

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
    relay: RequestRelay,
    alliance: AllianceContract,
    members: BTreeMap<B256, Route>,
    places: Semaphore,
    limits: CourierLimits,
    parts: Mutex<Parts>,
    handed_in: Mutex<BTreeMap<u64, Errand>>,
    decided: Mutex<Decided>,
    submitted: Notify,
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
        let (mut open, mut seen) = (JoinSet::new(), None);
        loop {
            match self.discover(&mut seen, MAX_OPEN.saturating_sub(open.len())).await {
                Ok(numbers) => {
                    for number in numbers {
                        let own = Arc::clone(self);
                        open.spawn(async move { own.drive(number).await });
                    }
                }
                Err(error) => tracing::warn!(%error, "the alliance's requests cannot be read"),
            }
            timeout(self.limits.pause, self.submitted.notified()).await.ok();
            while open.try_join_next().is_some() {}
        }
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
        let Some(decision) = self.alliance.decision(number).await? else {
            return Ok((RequestState::Sequenced, Visit::Later));
        };
        if decision.state() != RequestState::Sequenced {
            self.decided.lock().tell(number);
        }
        let now = self.alliance.time_s().await?;
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
                    errand.is_careful |= matches!(error, RelayError::Ledger(LedgerError::Reverted { .. }));
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
                Ok((Visit::Moved, found.or(outcome)))
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
                    return Ok((Visit::Moved, found));
                }
                Ok(match visitor.settle(part).await? {
                    Settlement::Applied => (Visit::Done, Some(Outcome::Applied)),
                    Settlement::Released => (Visit::Done, Some(Outcome::Released)),
                    Settlement::Open { .. } | Settlement::Unknown => (Visit::Later, outcome),
                })
            }
        }
    }

    /// The number that a submission's key has, of the same request or of another one.
    async fn number_of(&self, submission: &Submission) -> Result<Option<u64>, ViewError> {
        let request = &submission.request;
        let Some((_, identity)) = self.alliance.certificate(request.certificate).await? else { return Ok(None) };
        self.alliance.number_of(identity.member, identity.node, request.idempotency_key).await
    }

    /// The number of what was sequenced before, if it is the same request. Without a transaction: the contract answers that number, or the next one, or why it refuses.
    async fn known_number(&self, submission: &Submission) -> Result<Option<u64>, ViewError> {
        // Counted first: whatever gets a number meanwhile counts as new, and then the same again changes nothing.
        let count = self.alliance.request_count().await?;
        let call = Call { to: Some(self.relay.contract), data: submit_call(submission).abi_encode().into() };
        let answer = self.alliance.chain.simulate(Address::ZERO, &call).await?;
        let number = Alliance::submitCall::abi_decode_returns(&answer)?;
        Ok(Some(number).filter(|number| *number <= count))
    }
}

#[async_trait]
impl Carrier for Courier {
    async fn carry(&self, submission: &Submission) -> Result<u64, CarryRefusal> {
        submission.check().map_err(|fault| CarryRefusal::Malformed { fault })?;
        let known = self.known_number(submission).await.map_err(refused)?;
        let is_new = known.is_none();
        let number = match known {
            Some(number) => number,
            None => {
                Box::pin(self.relay.submit_examined(submission)).await.map_err(|error| match error {
                    RelayError::Ledger(error) => CarryRefusal::from(error),
                    error => CarryRefusal::Unavailable { reason: error.to_string() },
                })?;
                // It succeeded: the number is this request's.
                let number = self.number_of(submission).await.map_err(refused)?;
                number.ok_or_else(|| CarryRefusal::Unavailable { reason: "it has no number yet".to_owned() })?
            }
        };
        {
            // Only now: what the alliance does not take is not worth a place.
            let mut parts = self.parts.lock();
            for (reference, part) in submission.request.parts.iter().zip(&submission.parts) {
                parts.insert(reference.part_hash, part.clone());
            }
        }
        if is_new {
            let mut handed_in = self.handed_in.lock();
            handed_in.insert(number, Errand::handed_in(&submission.request.parts));
            while handed_in.len() > MAX_HANDED_IN {
                handed_in.pop_first();
            }
        }
        self.submitted.notify_one();
        Ok(number)
    }

    async fn decided(&self, number: u64) {
        let told = self.decided.lock().wait(number);
        if told.await.is_err() {
            // Nobody can tell any more.
            pending().await
        }
    }

    fn announces(&self) -> bool {
        true
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

fn refused(error: ViewError) -> CarryRefusal {
    match error {
        ViewError::Ledger(error) => error.into(),
        ViewError::Answer(_) => CarryRefusal::Unavailable { reason: "the alliance's answer cannot be read".to_owned() },
    }
}
