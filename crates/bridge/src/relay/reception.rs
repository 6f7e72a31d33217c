//! How a courier takes submissions: examined by the contract without a transaction, sequenced, remembered.

use alloy_primitives::Address;
use alloy_sol_types::SolCall;
use async_trait::async_trait;
use chancery_contracts::Alliance;
use chancery_ledger::Call;
use futures::future::{join, pending};
use tokio::time::Instant;

use super::{
    RelayError,
    carrier::{Carrier, CarryRefusal},
    courier::Courier,
    errand::Errand,
    request::submit_call,
};
use crate::{
    alliance::{certificate::IdentityCertificate, decision::RequestState, submission::Submission},
    contracts::ViewError,
};

/// Submissions that are remembered by number until they are driven.
const MAX_HANDED_IN: usize = 4096;

impl Courier {
    /// The number that a submission's key has, of the same request or of another one.
    async fn number_of(
        &self,
        submission: &Submission,
        identity: &IdentityCertificate,
    ) -> Result<Option<u64>, ViewError> {
        self.alliance.number_of(identity.member, identity.node, submission.request.idempotency_key).await
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
                // Whose certificate it is never changes: it is asked while the transaction is under way.
                let (submitted, identity) = join(
                    Box::pin(self.relay.submit_examined(submission)),
                    self.alliance.certificate(submission.request.certificate),
                )
                .await;
                submitted.map_err(|error| match error {
                    RelayError::Ledger(error) => CarryRefusal::from(error),
                    error => CarryRefusal::Unavailable { reason: error.to_string() },
                })?;
                // It succeeded: the number is this request's.
                let number = match identity.map_err(refused)? {
                    Some((_, identity)) => self.number_of(submission, &identity).await.map_err(refused)?,
                    None => None,
                };
                number.ok_or_else(|| CarryRefusal::Unavailable { reason: "it has no number yet".to_owned() })?
            }
        };
        // Whoever sends again what is at its end needs no place for it; if something of it waits here all the same, it may wait for this.
        let is_wanted = is_new || {
            let decision = self.alliance.decision(number).await.map_err(refused)?;
            decision.is_none_or(|decision| decision.state() == RequestState::Sequenced)
        };
        if is_wanted || self.docket.lock().is_parked(number) {
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
        {
            // Its content is here: if it waits for that, it need not any longer.
            let mut docket = self.docket.lock();
            docket.hasten_one(number, Instant::now());
            // It may have found no room outside when that was missing.
            if is_wanted && !is_new && docket.room_for_found() > 0 {
                docket.find(number);
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

fn refused(error: ViewError) -> CarryRefusal {
    match error {
        ViewError::Ledger(error) => error.into(),
        ViewError::Answer(_) => CarryRefusal::Unavailable { reason: "the alliance's answer cannot be read".to_owned() },
    }
}
