//! One attempt: the five steps under one idempotency key. Each is public, so that a caller may look between them.

use alloy_primitives::{B256, Bytes};
use chancery_ledger::LedgerError;
use futures::future::{Either, FutureExt as _, ready, select, try_join, try_join_all};

use super::{Committed, MemberAccess, Milestone, Nobody, Onlooker, RequestError, Requester};
use crate::{
    alliance::{
        message::{
            Endorsement, MAX_ENDORSEMENTS, MAX_PARTS, Part, PartReference, Request, RequestFault, Sequence,
            endorsements_hash,
        },
        submission::Submission,
    },
    contracts::ViewError,
};

impl Requester {
    /// Steps 1 to 5 once. What was sequenced under this key before is not asked again, but followed to its end; the first answer says so.
    pub(super) async fn attempt(
        &self,
        idempotency_key: B256,
        calls: &[(B256, Bytes)],
        onlooker: &dyn Onlooker,
    ) -> (bool, Result<Committed, RequestError>) {
        let (member, node) = (self.identity.member, self.identity.node);
        let suggests = calls.iter().map(|(member, call)| self.suggest(*member, call));
        let suggesting = Box::pin(try_join(self.time(), try_join_all(suggests)));
        let knowing = Box::pin(self.alliance.number_of(member, node, idempotency_key));
        // Asked side by side: suggestions change nothing, and nobody waits for them where there is a number already.
        let (known, suggesting) = match select(knowing, suggesting).await {
            Either::Left((known, suggesting)) => (known, suggesting.left_future()),
            Either::Right((suggested, knowing)) => (knowing.await, ready(suggested).right_future()),
        };
        match known {
            Ok(Some(number)) => {
                // Now: what is not polled would keep others of the same chain waiting.
                drop(suggesting);
                onlooker.at(&Milestone::Found { number });
                (true, self.follow(number, idempotency_key, None).await)
            }
            Ok(None) => match suggesting.await {
                Ok((now, parts)) => (false, Box::pin(self.begin(idempotency_key, now, parts, onlooker)).await),
                Err(error) => (false, Err(error)),
            },
            Err(error) => (false, Err(error.into())),
        }
    }

    async fn time(&self) -> Result<u64, RequestError> {
        Ok(self.alliance.time_s().await?)
    }

    /// `now` is a time of the alliance chain that has passed.
    async fn begin(
        &self,
        idempotency_key: B256,
        now: u64,
        parts: Vec<Part>,
        onlooker: &dyn Onlooker,
    ) -> Result<Committed, RequestError> {
        onlooker.at(&Milestone::Suggested { parts: &parts });
        let (request, endorsements, parts) = Box::pin(self.gather(idempotency_key, now, parts, onlooker)).await?;
        onlooker.at(&Milestone::Endorsed { count: endorsements.len() });
        let submission = self.sign_aside(request, endorsements, parts).await?;
        onlooker.at(&Milestone::Signed { submission: &submission });
        Box::pin(self.send_seen(&submission, onlooker)).await
    }

    /// Step 1: what a call would read and change at the newest final block of its member's chain.
    ///
    /// # Errors
    /// `CallRefused` by the node contract, `MemberUnknown`, `View`.
    pub async fn suggest(&self, member: B256, call: &Bytes) -> Result<Part, RequestError> {
        let access = self.member(member)?;
        let found = access.contract.suggest(call).await.map_err(|error| match error {
            ViewError::Ledger(LedgerError::Reverted { reason, .. }) => {
                RequestError::CallRefused { member, reason: reason.to_string() }
            }
            error => error.into(),
        })?;
        Ok(Part { member, call: call.clone(), reads: found.reads, writes: found.writes })
    }

    /// Step 2: has the parts endorsed, each by more than half of its member's weight, and signs what comes together.
    ///
    /// # Errors
    /// `NotEndorsed` with each endorser's reason; `Form`, `MemberUnknown`, `View`, `Key`.
    pub async fn endorse(&self, idempotency_key: B256, parts: Vec<Part>) -> Result<Submission, RequestError> {
        let now = self.time().await?;
        let (request, endorsements, parts) = Box::pin(self.gather(idempotency_key, now, parts, &Nobody)).await?;
        self.sign_aside(request, endorsements, parts).await
    }

    async fn gather(
        &self,
        idempotency_key: B256,
        now: u64,
        mut parts: Vec<Part>,
        onlooker: &dyn Onlooker,
    ) -> Result<(Request, Vec<Endorsement>, Vec<Part>), RequestError> {
        if parts.len() > MAX_PARTS {
            return Err(RequestFault::PartCount(parts.len()).into());
        }
        parts.sort_by_key(|part| part.member);
        let request = Request {
            idempotency_key,
            certificate: self.identity.certificate,
            valid_until: now.saturating_add(self.limits.valid_for_s),
            window: self.limits.window_s,
            parts: parts.iter().map(|part| PartReference { member: part.member, part_hash: part.hash() }).collect(),
        };
        request.check()?;
        onlooker.at(&Milestone::Proposed { request: &request });
        let asked = parts.iter().map(|part| async {
            let member = self.member(part.member)?;
            self.endorsements(&request, part, member).await
        });
        let endorsements: Vec<Endorsement> = try_join_all(asked).await?.into_iter().flatten().collect();
        Ok((request, endorsements, parts))
    }

    /// Puts a request and its endorsements together and signs them: nobody can add or leave out one (step 3). It may block, where the key is kept elsewhere.
    ///
    /// # Errors
    /// `TooManyEndorsements`; `Key`.
    pub fn sign(
        &self,
        request: Request,
        endorsements: Vec<Endorsement>,
        parts: Vec<Part>,
    ) -> Result<Submission, RequestError> {
        let sequence = sequence(&request, &endorsements)?;
        let signature = self.identity.key.sign(&sequence, &self.alliance.domain())?;
        Ok(Submission { request, endorsements, signature, parts })
    }

    /// The same on the async runtime, which does not wait for a token.
    async fn sign_aside(
        &self,
        request: Request,
        endorsements: Vec<Endorsement>,
        parts: Vec<Part>,
    ) -> Result<Submission, RequestError> {
        let sequence = sequence(&request, &endorsements)?;
        let signature = self.identity.key.sign_aside(&sequence, &self.alliance.domain()).await?;
        Ok(Submission { request, endorsements, signature, parts })
    }

    /// Steps 3 to 5: has it carried, and waits for the decision.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn send(&self, submission: &Submission) -> Result<Committed, RequestError> {
        Box::pin(self.send_seen(submission, &Nobody)).await
    }

    async fn send_seen(&self, submission: &Submission, onlooker: &dyn Onlooker) -> Result<Committed, RequestError> {
        match self.carrier.carry(submission).await {
            Err(refusal) if self.is_final(&refusal, submission).await => Err(refusal.into()),
            // Its number is asked of the chain: a carrier that names another one would have us follow another request (A-MORE-2). Or an earlier process of ours has
            // sequenced another suggestion under this key: its end is the end of this attempt.
            _ => self.await_number(submission, onlooker).await,
        }
    }

    pub(super) fn member(&self, name: B256) -> Result<&MemberAccess, RequestError> {
        self.members.iter().find(|member| member.name == name).ok_or(RequestError::MemberUnknown(name))
    }
}

/// What is signed for a request with these endorsements.
fn sequence(request: &Request, endorsements: &[Endorsement]) -> Result<Sequence, RequestError> {
    if endorsements.len() > MAX_ENDORSEMENTS {
        return Err(RequestError::TooManyEndorsements(endorsements.len()));
    }
    Ok(Sequence { request_hash: request.hash(), endorsements_hash: endorsements_hash(endorsements) })
}
