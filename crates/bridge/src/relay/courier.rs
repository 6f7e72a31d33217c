//! The relay as a process runs it: takes submissions, and drives every request of the alliance to its end, many side by side.

use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc, time::Duration};

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use async_trait::async_trait;
use chancery_contracts::Alliance;
use chancery_ledger::Call;
use futures::future::join_all;
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    MemberLink, RelayError, RequestRelay, Testimony,
    carrier::{Carrier, CarryRefusal},
    ferry::Ferry,
    parts::{Parts, reserved},
    request::submit_call,
    step::{Step, is_to_expire, next_step},
};
use crate::{
    alliance::{decision::Decision, slots, submission::Submission},
    contracts::{AllianceContract, NodeContract, ViewError},
};

/// Requests that are not at their end and looked after at a time; more wait until one of these is.
const MAX_OPEN: usize = 4096;
/// Requests for which something is done at the same time.
const PARALLEL: usize = 128;
/// Longest care for one request at a time: many times what a chain takes for a transaction.
const VISIT_TIMEOUT: Duration = Duration::from_secs(60);
/// First pause before a request is visited again for which nothing could be done.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

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
    submitted: Notify,
}

/// A member with what carries proofs to it and back.
#[derive(Debug)]
struct Route {
    link: MemberLink,
    /// Words of the alliance, to the member.
    out: Arc<Ferry>,
    /// Words of the member's node contract, to the alliance; `None`: they are attested.
    back: Option<Arc<Ferry>>,
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
        Self { relay, alliance, members, places, limits, parts: Mutex::default(), submitted: Notify::new() }
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
        let mut pause = FIRST_PAUSE;
        loop {
            let visit = match self.places.acquire().await {
                Ok(_place) => timeout(VISIT_TIMEOUT, Box::pin(self.visit(number))).await,
                // Nobody closes it.
                Err(_) => return,
            };
            match visit {
                Ok(Ok(Visit::Done)) => return,
                Ok(Ok(Visit::Moved)) => {
                    pause = FIRST_PAUSE;
                    continue;
                }
                Ok(Ok(Visit::Later)) => {}
                Ok(Err(error)) => tracing::debug!(number, %error, "a request is not carried further now"),
                Err(_) => tracing::warn!(number, "a request takes long, and is visited again"),
            }
            sleep(pause).await;
            pause = (pause * 2).min(self.limits.pause);
        }
    }

    async fn visit(&self, number: u64) -> Result<Visit, RelayError> {
        let Some(decision) = self.alliance.decision(number).await? else { return Ok(Visit::Later) };
        let now = self.alliance.time_s().await?;
        if is_to_expire(&decision, now) {
            self.relay.expire(number).await?;
            return Ok(Visit::Moved);
        }
        let members = self.alliance.parties(number).await?;
        let parts =
            (0..).zip(members).map(|(party, member)| Box::pin(self.visit_part(number, decision, party, member, now)));
        let mut visit = Visit::Done;
        for part in join_all(parts).await {
            // One member's chain that does not answer keeps nobody else waiting.
            visit = visit.max(part.unwrap_or_else(|error| {
                tracing::debug!(number, %error, "a part is not carried further now");
                Visit::Later
            }));
        }
        Ok(visit)
    }

    async fn visit_part(
        &self,
        number: u64,
        decision: Decision,
        party: u8,
        member: B256,
        now: u64,
    ) -> Result<Visit, RelayError> {
        let Some(Route { link, out, back }) = self.members.get(&member) else { return Ok(Visit::Later) };
        let contract = NodeContract { chain: link.to_member.host.clone(), address: link.node_contract };
        let outcome = contract.outcome(number).await?;
        let step = next_step(&decision, party, outcome, now);
        match step {
            Step::Done => return Ok(Visit::Done),
            Step::Wait => return Ok(Visit::Later),
            Step::Report => match back {
                Some(back) => {
                    let proven = back.prove(slots::outcome(number)).await?;
                    self.relay.report_with(number, party, &proven).await?;
                }
                None => self.relay.report(link, number, party).await?,
            },
            Step::Reserve | Step::Settle => {
                let hash = self.alliance.part_hash(number, member).await?;
                let known = self.parts.lock().get(hash);
                let part = match known {
                    None if outcome.is_some() => reserved(&contract, number, hash, &decision).await?,
                    known => known,
                };
                // Its requester sends it again, or another relay has it.
                let Some(part) = part else { return Ok(Visit::Later) };
                if step == Step::Reserve {
                    let proven = out.prove(slots::part(number, member)).await?;
                    self.relay.reserve_with(link, number, &part, &proven).await?;
                } else {
                    let proven = out.prove(slots::request(number)).await?;
                    self.relay.settle_with(link, number, &part, &proven).await?;
                }
            }
        }
        Ok(Visit::Moved)
    }

    /// The number of what was sequenced before, if it is the same request.
    async fn known_number(&self, submission: &Submission) -> Result<Option<u64>, ViewError> {
        let request = &submission.request;
        let Some((_, identity)) = self.alliance.certificate(request.certificate).await? else { return Ok(None) };
        let number = self.alliance.number_of(identity.member, identity.node, request.idempotency_key).await?;
        if number.is_some() {
            // Without a transaction: the contract answers the number, or that the key is another request's.
            let call = Call { to: Some(self.relay.contract), data: submit_call(submission).abi_encode().into() };
            let answer = self.alliance.chain.simulate(Address::ZERO, &call).await?;
            return Ok(Some(Alliance::submitCall::abi_decode_returns(&answer)?));
        }
        Ok(None)
    }
}

#[async_trait]
impl Carrier for Courier {
    async fn carry(&self, submission: &Submission) -> Result<u64, CarryRefusal> {
        submission.check().map_err(|fault| CarryRefusal::Malformed { fault })?;
        let number = match self.known_number(submission).await.map_err(refused)? {
            Some(number) => number,
            None => {
                Box::pin(self.relay.submit(submission)).await.map_err(|error| match error {
                    RelayError::Ledger(error) => CarryRefusal::from(error),
                    error => CarryRefusal::Unavailable { reason: error.to_string() },
                })?;
                let number = self.known_number(submission).await.map_err(refused)?;
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
        self.submitted.notify_one();
        Ok(number)
    }
}

fn refused(error: ViewError) -> CarryRefusal {
    match error {
        ViewError::Ledger(error) => error.into(),
        ViewError::Answer(_) => CarryRefusal::Unavailable { reason: "the alliance's answer cannot be read".to_owned() },
    }
}
