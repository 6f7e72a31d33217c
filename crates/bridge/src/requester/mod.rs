//! The requester: suggestion, endorsements, sequencing, outcome, and what to do when it does not succeed (A-ERR; `docs/specs/alliance.md`).
//!
//! ```text
//! execute(key, calls)
//!   -> suggest each call at a final block -> endorsers of each member, at once -> good ones until more than half -> sign
//!   -> carrier (relay) -> number -> decision
//!        ^                            |-> Committed
//!        |-- the same key: no answer -|-> refused, invalid, expired -- backoff --> suggest anew, with the next key
//! ```
//! One idempotency key of the caller stands for one intent: each attempt derives its own from it, in order, so that a requester that was killed finds on
//! chain what its earlier self began, and an intent is committed at most once. Every wait ends by the alliance chain's time or by [`RequesterLimits`].

mod attempt;
mod backoff;
mod confirmation;
mod endorsements;
mod error;
mod guarantee;
mod intent;
mod onlooker;
mod outcome;
mod refused;
mod standing;
mod undecided;

use std::{sync::Arc, time::Duration};

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_sol_types::SolValue;
use tokio::time::sleep;

use self::onlooker::{Nobody, Watch};
pub(crate) use self::standing::view_error;
pub use self::{
    backoff::Backoff,
    endorsements::{Declined, Doubt},
    error::{NextStep, RequestError},
    guarantee::{Lost, MissingGuarantee},
    onlooker::{Milestone, Onlooker},
    standing::{PartyStanding, RequestStanding},
};
use crate::{
    contracts::{AllianceContract, NodeContract},
    endorser::Endorser,
    key::NodeKey,
    relay::Carrier,
};

/// Most numbers that one idempotency key of a caller uses up; those of earlier processes count.
const MAX_ATTEMPTS: u64 = 1000;

/// Who asks: a node of a member with a transaction certificate that allows it.
#[derive(Clone, Debug)]
pub struct RequesterIdentity {
    /// Its member's name.
    pub member: B256,
    /// Its name.
    pub node: B256,
    /// Serial number of its transaction certificate.
    pub certificate: u64,
    /// What its identity certificate names.
    pub key: Arc<NodeKey>,
}

/// A member as the requester reaches it.
#[derive(Clone)]
pub struct MemberAccess {
    /// The member's name.
    pub name: B256,
    /// Where suggestions come from.
    pub contract: NodeContract,
    /// Who may endorse; the first [`crate::alliance::message::MAX_ENDORSEMENTS`] are asked.
    pub endorsers: Vec<Arc<dyn Endorser>>,
}

/// Every bound of a requester.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequesterLimits {
    /// Seconds of the alliance chain in which a request is to be sequenced.
    pub valid_for_s: u64,
    /// Seconds from sequencing to the deadline.
    pub window_s: u64,
    /// Longest wait for one endorser.
    pub endorse_timeout: Duration,
    /// First pause between two looks at the alliance chain; later ones grow to four times as much.
    pub poll: Duration,
    /// What is not decided yet is handed to the carrier again after so long: it may have been killed.
    pub resend_after: Duration,
    /// How much longer than the alliance chain's own times it waits when that chain stands still.
    pub patience: Duration,
    /// Tries of one call of [`Requester::execute`].
    pub max_tries: u32,
    /// Pauses between them. After `databasePromised` the last ones are longer: see [`Backoff`].
    pub backoff: Backoff,
}

impl Default for RequesterLimits {
    fn default() -> Self {
        Self {
            valid_for_s: 60,
            window_s: 60,
            endorse_timeout: Duration::from_secs(5),
            poll: Duration::from_millis(50),
            resend_after: Duration::from_secs(3),
            patience: Duration::from_secs(30),
            max_tries: 6,
            backoff: Backoff { first: Duration::from_millis(50), longest: Duration::from_secs(5) },
        }
    }
}

/// A request that will be applied on every member, and on none but by this number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Its number.
    pub number: u64,
    /// Under which key it was sequenced.
    pub idempotency_key: B256,
    /// What it cannot be relied on for; empty unless a foreign chain takes part.
    pub missing: Vec<MissingGuarantee>,
}

/// Puts requests of one node together. Cheap to clone.
#[derive(Clone)]
pub struct Requester {
    /// The alliance.
    pub alliance: AllianceContract,
    /// Who asks.
    pub identity: RequesterIdentity,
    /// The members that it can ask of.
    pub members: Vec<MemberAccess>,
    /// Who carries what it has put together.
    pub carrier: Arc<dyn Carrier>,
    /// Its bounds.
    pub limits: RequesterLimits,
}

impl Requester {
    /// Brings calls of several members to one end: applied on all of them, or an error and applied on none. `calls` names each member once, in any order.
    ///
    /// What was overtaken (stale, in conflict, expired) is suggested anew, with growing pauses; what got no answer is sent again as it is. The same
    /// `idempotency_key` continues where an earlier call with it ended, even of another process. What was committed is compared with `calls` before it counts as success.
    ///
    /// # Errors
    /// The last [`RequestError`]; [`RequestError::next_step`] says what it leaves to do. `Carry` is the carrier's word; [`Self::bring`] does not rest on it.
    pub async fn execute(&self, idempotency_key: B256, calls: &[(B256, Bytes)]) -> Result<Committed, RequestError> {
        Box::pin(self.execute_seen(idempotency_key, calls, &Nobody)).await
    }

    /// As [`Self::execute`], and somebody looks on.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub async fn execute_seen(
        &self,
        idempotency_key: B256,
        calls: &[(B256, Bytes)],
        onlooker: &dyn Onlooker,
    ) -> Result<Committed, RequestError> {
        Box::pin(self.execute_watched(idempotency_key, calls, &Watch::new(onlooker))).await
    }

    async fn execute_watched(
        &self,
        idempotency_key: B256,
        calls: &[(B256, Bytes)],
        onlooker: &Watch<'_>,
    ) -> Result<Committed, RequestError> {
        let (mut attempt, mut tries) = (0, 0);
        loop {
            let key = attempt_key(idempotency_key, attempt);
            let (is_earlier, result) = Box::pin(self.attempt(key, calls, onlooker)).await;
            let compared = match result {
                Ok(committed) => {
                    let signed = onlooker.sent().map_or_else(Vec::new, |sent| sent.parts);
                    self.compare(committed.number, calls, &signed).await.map(|()| committed)
                }
                Err(error) => Err(error),
            };
            let error = match compared {
                Ok(committed) => {
                    onlooker.at(&Milestone::Decided { number: committed.number });
                    return Ok(committed);
                }
                Err(error) => error,
            };
            onlooker.at(&Milestone::Failed { key, error: &error });
            let next = error.next_step();
            if next == NextStep::Correct {
                return Err(error);
            }
            // Only a key whose number has its end is spent: another one for what may still be sequenced could commit an intent twice.
            if error.number().is_some() {
                attempt += 1;
                onlooker.forget();
            }
            if is_earlier && error.number().is_some() && attempt < MAX_ATTEMPTS {
                continue;
            }
            tries += 1;
            if tries >= self.limits.max_tries || attempt >= MAX_ATTEMPTS {
                return Err(error);
            }
            tracing::debug!(%error, attempt, "a request is tried again");
            let pause = self.limits.pause(&error, tries);
            onlooker.at(&Milestone::Again { error: &error, pause });
            sleep(pause).await;
        }
    }
}

/// A name in plain text where it is that.
pub(crate) fn readable(name: B256) -> String {
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    let text = &name[..end];
    let is_plain = !text.is_empty() && text.iter().all(|byte| (b' '..=b'~').contains(byte));
    if is_plain { String::from_utf8_lossy(text).into_owned() } else { format!("{name:?}") }
}

/// The idempotency key of an attempt: the same for the same intent, whoever computes it.
#[must_use]
pub fn attempt_key(idempotency_key: B256, attempt: u64) -> B256 {
    keccak256((idempotency_key, attempt).abi_encode())
}

/// Whether a key is that of one of an intent's attempts.
pub(crate) fn is_attempt_of(idempotency_key: B256, attempt: B256) -> bool {
    (0..MAX_ATTEMPTS).any(|n| attempt_key(idempotency_key, n) == attempt)
}
