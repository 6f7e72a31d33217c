//! Where a request stands, and what an intent has led to so far: from what is on chain, for whoever asks later.

use alloy_primitives::{B256, Bytes};

use super::{MAX_ATTEMPTS, RequestError, Requester, attempt_key};
use crate::{
    alliance::{
        decision::RequestState,
        sequence::{BadSignature, WeightMissing},
        store::{Outcome, Refusal},
    },
    contracts::ViewError,
    relay::{RelayError, reserved_part},
};

/// A request as its chains have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestStanding {
    /// Its number.
    pub number: u64,
    /// What the alliance says.
    pub state: RequestState,
    /// Last second in which it can be committed.
    pub deadline: u64,
    /// Time of the newest final block of the alliance chain, in seconds.
    pub time_s: u64,
    /// Its parts, in their order; none of an invalid one.
    pub parties: Vec<PartyStanding>,
    /// Of an invalid one: each bad signature.
    pub bad: Vec<BadSignature>,
    /// Of an invalid one: members whose endorsers are not more than half.
    pub missing: Vec<WeightMissing>,
}

/// A part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyStanding {
    /// Whose.
    pub member: B256,
    /// The alliance has been shown its reservation.
    pub is_prepared: bool,
    /// The requester reaches the member's chain.
    pub is_reached: bool,
    /// What became of it there; `None`: nothing yet, or it is not reached.
    pub outcome: Option<Outcome>,
    /// Why it was refused there.
    pub refusal: Option<Refusal>,
}

impl Requester {
    /// Where a request stands; `None`: there is no such number.
    ///
    /// # Errors
    /// `View`.
    pub async fn standing(&self, number: u64) -> Result<Option<RequestStanding>, RequestError> {
        let time_s = self.alliance.time_s().await?;
        let Some(decision) = self.alliance.decision(number).await? else { return Ok(None) };
        let (mut parties, mut faults) = (Vec::new(), (Vec::new(), Vec::new()));
        if decision.state() == RequestState::Invalid {
            faults = self.faults(number).await?;
        }
        for (party, member) in (0..).zip(self.alliance.parties(number).await?) {
            let (mut outcome, mut refusal) = (None, None);
            let access = self.member(member).ok();
            if let Some(access) = access {
                outcome = access.contract.outcome(number).await?;
                refusal = access.contract.refusal(number).await?;
            }
            let (is_prepared, is_reached) = (decision.is_prepared(party), access.is_some());
            parties.push(PartyStanding { member, is_prepared, is_reached, outcome, refusal });
        }
        let (state, deadline, (bad, missing)) = (decision.state(), decision.deadline(), faults);
        Ok(Some(RequestStanding { number, state, deadline, time_s, parties, bad, missing }))
    }

    /// The numbers that an intent has got so far, in the order of its attempts. Each has to be of these calls, as far as the chains show it.
    ///
    /// # Errors
    /// `IntentDiffers`: the key stands for other calls; `View`.
    pub async fn earlier(&self, idempotency_key: B256, calls: &[(B256, Bytes)]) -> Result<Vec<u64>, RequestError> {
        let mut numbers = Vec::new();
        for attempt in 0..MAX_ATTEMPTS {
            let key = attempt_key(idempotency_key, attempt);
            let known = self.alliance.number_of(self.identity.member, self.identity.node, key).await?;
            let Some(number) = known else { break };
            self.check_intent(number, calls).await?;
            numbers.push(number);
        }
        Ok(numbers)
    }

    async fn check_intent(&self, number: u64, calls: &[(B256, Bytes)]) -> Result<(), RequestError> {
        let Some(decision) = self.alliance.decision(number).await? else { return Ok(()) };
        // Of an invalid one the alliance keeps no parts; nothing of it is or will be in force.
        if decision.state() == RequestState::Invalid {
            return Ok(());
        }
        let parties = self.alliance.parties(number).await?;
        let is_asked = |member: &B256| calls.iter().any(|(asked, _)| asked == member);
        if parties.len() != calls.len() || !parties.iter().all(is_asked) {
            return Err(RequestError::IntentDiffers { number });
        }
        for (member, call) in calls {
            let hash = self.alliance.part_hash(number, *member).await?;
            let contract = &self.member(*member)?.contract;
            let part = reserved_part(contract, number, hash, &decision).await.map_err(view_error)?;
            if part.is_some_and(|part| part.call != *call) {
                return Err(RequestError::IntentDiffers { number });
            }
        }
        Ok(())
    }
}

/// What reading a chain fails with.
pub(crate) fn view_error(error: RelayError) -> RequestError {
    match error {
        RelayError::View(error) => error.into(),
        RelayError::Ledger(error) => ViewError::from(error).into(),
        RelayError::Answer(error) => ViewError::from(error).into(),
        error => RequestError::Unprovable { reason: error.to_string() },
    }
}
