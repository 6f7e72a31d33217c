//! Where a request stands: from what is on chain, for whoever asks later.

use alloy_primitives::B256;

use super::{RequestError, Requester};
use crate::{
    alliance::{
        decision::RequestState,
        sequence::{BadSignature, WeightMissing},
        store::{Outcome, Refusal},
    },
    contracts::ViewError,
    relay::RelayError,
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
