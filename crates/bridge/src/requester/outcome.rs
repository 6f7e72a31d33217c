//! What became of a request, from what is on chain.

use std::time::Duration;

use alloy_primitives::{B256, U256};
use alloy_sol_types::SolEvent;
use chancery_contracts::Alliance;
use chancery_ledger::{Event, EventFilter};
use futures::future::{try_join, try_join_all};
use tokio::time::{Instant, sleep, timeout};

use super::{Committed, Lost, Milestone, MissingGuarantee, Onlooker, RequestError, Requester};
use crate::{
    alliance::{
        certificate::SignatureFault,
        decision::{Decision, RequestState},
        message::{MAX_ENDORSEMENTS, MAX_PARTS, MAX_WINDOW_S},
        sequence::{BadSignature, WeightMissing},
        submission::Submission,
    },
    contracts::ViewError,
    relay::CarryRefusal,
};

/// Pause between two looks at the alliance chain's clock.
const CLOCK_PAUSE: Duration = Duration::from_millis(500);
/// By how much the pauses between two looks at a decision grow, as multiples of [`super::RequesterLimits::poll`].
const SLOWEST_POLL: u32 = 4;
/// The same with a carrier that says when to look.
const SLOWEST_POLL_TOLD: u32 = 20;

impl Requester {
    /// Waits until a number is decided. With the submission at hand, hands it to the carrier again from time to time.
    ///
    /// # Errors
    /// `Invalid`, `Refused`, `Expired`; `Unread` of a committed one; `OutcomeUnknown` when the alliance chain gives no answer for longer than the limits allow.
    pub async fn follow(
        &self,
        number: u64,
        idempotency_key: B256,
        submission: Option<&Submission>,
    ) -> Result<Committed, RequestError> {
        let mut give_up = Instant::now() + self.limits.patience;
        let mut deadline_seen = false;
        let mut resend_after = self.limits.resend_after;
        let mut resend = Instant::now() + resend_after;
        let (mut pause, mut look_at_clock) = (self.limits.poll, Instant::now());
        let (mut is_told, mut told) = (!self.carrier.announces(), self.carrier.decided(number));
        loop {
            let decision = tolerant(self.alliance.decision(number).await)?.flatten();
            match decision.map(|decision| (decision.state(), decision)) {
                None => {}
                Some((RequestState::Committed, _)) => {
                    let unread = |error: RequestError| RequestError::Unread { number, reason: error.to_string() };
                    let missing = self.missing(number).await.map_err(unread)?;
                    return Ok(Committed { number, idempotency_key, missing });
                }
                Some((RequestState::Invalid, _)) => return Err(self.invalid(number).await?),
                Some((RequestState::Aborted, decision)) => {
                    return Err(self.aborted(number, &decision, submission).await?);
                }
                Some((RequestState::Sequenced, decision)) => {
                    let deadline = decision.deadline();
                    // Deadlines are whole seconds.
                    let is_due = Instant::now() >= look_at_clock;
                    if is_due && let Some(now) = tolerant(self.alliance.time_s().await)? {
                        look_at_clock = Instant::now() + CLOCK_PAUSE;
                        if !deadline_seen {
                            deadline_seen = true;
                            give_up += Duration::from_secs(deadline.saturating_sub(now).min(MAX_WINDOW_S));
                        }
                        if now > deadline && self.is_without_commit(number).await? {
                            return Err(RequestError::Expired { number, deadline });
                        }
                    }
                }
            }
            let now = Instant::now();
            if now >= give_up {
                return Err(RequestError::OutcomeUnknown { number: Some(number) });
            }
            if let Some(submission) = submission.filter(|_| now >= resend) {
                // Doubled: a carrier that is slow has enough to do.
                resend_after = resend_after.saturating_mul(2);
                resend = now + resend_after;
                if let Err(error) = self.carrier.carry(submission).await {
                    tracing::debug!(%error, "not carried again");
                }
            }
            if is_told {
                sleep(pause).await;
                pause = (pause * 2).min(self.limits.poll * SLOWEST_POLL);
            } else if timeout(pause, &mut told).await.is_ok() {
                (is_told, pause) = (true, self.limits.poll);
            } else {
                pause = (pause * 2).min(self.limits.poll * SLOWEST_POLL_TOLD);
            }
        }
    }

    /// Asked after a final block of a time after the deadline was seen: then there will never be a commit, whether somebody expires it or not.
    async fn is_without_commit(&self, number: u64) -> Result<bool, RequestError> {
        let decision = tolerant(self.alliance.decision(number).await)?.flatten();
        Ok(decision.is_some_and(|decision| decision.state() == RequestState::Sequenced))
    }

    /// Sends what nobody has confirmed, until it has a number or cannot get one any more.
    pub(super) async fn await_number(
        &self,
        submission: &Submission,
        onlooker: &dyn Onlooker,
    ) -> Result<Committed, RequestError> {
        let (request, key) = (&submission.request, submission.request.idempotency_key);
        let give_up = Instant::now() + Duration::from_secs(self.limits.valid_for_s) + self.limits.patience;
        let mut tries = 0;
        loop {
            let mut known = tolerant(self.number_now(key).await)?.flatten();
            if known.is_none() {
                let is_late = tolerant(self.alliance.time_s().await)?.is_some_and(|now| now > request.valid_until);
                if is_late {
                    // Asked once more: only what has no number after such a time gets none. Not to be told is no answer.
                    let again = tolerant(self.number_now(key).await)?;
                    if again == Some(None) {
                        return Err(RequestError::Lapsed { valid_until: request.valid_until });
                    }
                    known = again.flatten();
                }
            }
            if let Some(number) = known {
                onlooker.at(&Milestone::Sequenced { number });
                return self.follow(number, key, Some(submission)).await;
            }
            if Instant::now() >= give_up {
                return Err(RequestError::OutcomeUnknown { number: None });
            }
            tries += 1;
            sleep(self.limits.backoff.delay(tries)).await;
            match self.carrier.carry(submission).await {
                // That nobody speaks to us any more says nothing of what was sent before: the chain decides, until it is too late for that.
                Err(CarryRefusal::Channel { fault }) => tracing::debug!(%fault, "not carried again"),
                Err(refusal) if self.is_final(&refusal, submission).await => return Err(refusal.into()),
                // Which number it has, the chain says.
                _ => {}
            }
        }
    }

    /// The number that a key of this node has.
    async fn number_now(&self, key: B256) -> Result<Option<u64>, ViewError> {
        self.alliance.number_of(self.identity.member, self.identity.node, key).await
    }

    /// What foreign members cost. A name stands for one chain for ever, so members that are likely are asked about at once.
    async fn missing(&self, number: u64) -> Result<Vec<MissingGuarantee>, RequestError> {
        let known = try_join_all(self.members.iter().map(|access| self.is_foreign(access.name)));
        let (members, known) = try_join(self.alliance.parties(number), known).await?;
        let mut missing = Vec::new();
        for member in members {
            let place = self.members.iter().position(|access| access.name == member);
            let is_foreign = match place.and_then(|place| known.get(place)) {
                Some(is_foreign) => *is_foreign,
                None => self.is_foreign(member).await?,
            };
            if is_foreign {
                missing.extend(Lost::ALL.map(|lost| MissingGuarantee { member, lost }));
            }
        }
        Ok(missing)
    }

    async fn is_foreign(&self, member: B256) -> Result<bool, ViewError> {
        Ok(self.alliance.member(member).await?.is_foreign)
    }

    /// Who refused, and why.
    async fn aborted(
        &self,
        number: u64,
        decision: &Decision,
        submission: Option<&Submission>,
    ) -> Result<RequestError, RequestError> {
        for member in self.alliance.parties(number).await? {
            let Ok(access) = self.member(member) else { continue };
            let part = submission.and_then(|sent| sent.part_of(member));
            let sent = part.map(|part| (&self.alliance, part));
            if let Some(refusal) = access.contract.refusal_of(number, sent).await? {
                return Ok(RequestError::Refused { number, member, refusal });
            }
        }
        Ok(RequestError::Expired { number, deadline: decision.deadline() })
    }

    async fn invalid(&self, number: u64) -> Result<RequestError, RequestError> {
        let (bad, missing) = self.faults(number).await?;
        Ok(RequestError::Invalid { number, bad, missing })
    }

    /// Which signatures were bad and whose weight was missing.
    pub(super) async fn faults(&self, number: u64) -> Result<(Vec<BadSignature>, Vec<WeightMissing>), RequestError> {
        let names = [Alliance::BadSignature::SIGNATURE_HASH, Alliance::WeightMissing::SIGNATURE_HASH];
        let filter = EventFilter {
            contracts: vec![self.alliance.address],
            topics: [names.to_vec(), vec![U256::from(number).into()], Vec::new(), Vec::new()],
            ..EventFilter::default()
        };
        let limit = MAX_ENDORSEMENTS + MAX_PARTS;
        let events = self.alliance.chain.events(&filter, limit).await.map_err(ViewError::from)?;
        let (mut bad, mut missing) = (Vec::new(), Vec::new());
        for event in &events {
            if event.topics.first() == Some(&Alliance::BadSignature::SIGNATURE_HASH) {
                bad.extend(bad_signature(event)?);
            } else {
                missing.push(weight_missing(event)?);
            }
        }
        Ok((bad, missing))
    }
}

/// A chain that does not answer for a moment is asked again.
fn tolerant<T>(read: Result<T, ViewError>) -> Result<Option<T>, RequestError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_temporary() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn bad_signature(event: &Event) -> Result<Option<BadSignature>, ViewError> {
    let found = Alliance::BadSignature::decode_raw_log(event.topics.iter().copied(), &event.data)?;
    let fault = SignatureFault::from_code(found.fault);
    Ok(fault.map(|fault| BadSignature { member: found.member, serial: found.certificate, fault }))
}

fn weight_missing(event: &Event) -> Result<WeightMissing, ViewError> {
    let found = Alliance::WeightMissing::decode_raw_log(event.topics.iter().copied(), &event.data)?;
    // At most 64 weights of 64 bits.
    Ok(WeightMissing { member: found.member, weight: found.weight.saturating_to(), total: found.total.saturating_to() })
}
