//! The alliance chain's side of a request: sequenced, and then decided once, by a deadline (ALLIANCE-1, ALLIANCE-2).

use alloy_primitives::U256;

use super::{message::MAX_PARTS, store::Outcome};

/// What the alliance says of a number. The codes are those of the contract's storage; a number that does not exist has 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum RequestState {
    /// Outcomes are taken until the deadline.
    Sequenced = 1,
    /// Every part is reserved: it will be applied everywhere.
    Committed = 2,
    /// It will be applied nowhere.
    Aborted = 3,
    /// A signature was bad or weight was missing: it was never shown to a member.
    Invalid = 4,
}

impl RequestState {
    /// The contract's number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// From the contract's number.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Sequenced),
            2 => Some(Self::Committed),
            3 => Some(Self::Aborted),
            4 => Some(Self::Invalid),
            _ => None,
        }
    }
}

/// What an outcome did to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing that was not so before.
    Unchanged,
    /// One more part is known to be reserved.
    Prepared,
    /// It was the last one.
    Committed,
    /// The member has refused.
    Aborted,
}

/// Why the alliance does not take an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecisionError {
    /// No such part.
    #[error("the request has {parties} parts: there is none at {party}")]
    PartyUnknown {
        /// The index given.
        party: u8,
        /// How many there are.
        parties: u8,
    },
    /// ALLIANCE-2.
    #[error("the deadline was {deadline}, and it is {now}: let it expire")]
    DeadlinePassed {
        /// Last second in which it could have been committed.
        deadline: u64,
        /// The block's time.
        now: u64,
    },
    /// The member has not reserved or refused yet.
    #[error("the member has not decided yet: reserve there first")]
    OutcomeOpen,
    /// What a member cannot have come to while the alliance has not decided.
    #[error("outcome {0:?} cannot be before the decision")]
    OutcomeImpossible(Outcome),
    /// Expiring is for afterwards.
    #[error("it can be committed until {deadline}, and it is {now}")]
    DeadlineAhead {
        /// Last second in which it can be committed.
        deadline: u64,
        /// The block's time.
        now: u64,
    },
}

/// A request as the alliance chain keeps it: one word of storage, which is what members are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Decision {
    state: RequestState,
    deadline: u64,
    parties: u8,
    prepared: u16,
}

impl Decision {
    /// Outcomes are taken from now on, for `window` seconds.
    ///
    /// `parties` is 1 to [`MAX_PARTS`]: [`super::message::Request::check`] has seen to it.
    #[must_use]
    pub const fn sequenced(now: u64, window: u64, parties: u8) -> Self {
        Self { state: RequestState::Sequenced, deadline: now.saturating_add(window), parties, prepared: 0 }
    }

    /// Recorded, and never shown to a member (ALLIANCE-12).
    #[must_use]
    pub const fn invalid(parties: u8) -> Self {
        Self { state: RequestState::Invalid, deadline: 0, parties, prepared: 0 }
    }

    /// What became of it.
    #[must_use]
    pub const fn state(&self) -> RequestState {
        self.state
    }

    /// Last second in which it can be committed.
    #[must_use]
    pub const fn deadline(&self) -> u64 {
        self.deadline
    }

    /// How many parts it has.
    #[must_use]
    pub const fn parties(&self) -> u8 {
        self.parties
    }

    /// Whether that part is known to be reserved.
    #[must_use]
    pub const fn is_prepared(&self, party: u8) -> bool {
        self.prepared >> party & 1 == 1
    }

    /// Takes what was proven of a member's part, in a block of time `now`.
    ///
    /// # Errors
    /// See [`DecisionError`].
    pub fn prove(&mut self, party: u8, outcome: Option<Outcome>, now: u64) -> Result<Progress, DecisionError> {
        if party >= self.parties {
            return Err(DecisionError::PartyUnknown { party, parties: self.parties });
        }
        if self.state != RequestState::Sequenced || (self.is_prepared(party) && outcome == Some(Outcome::Reserved)) {
            return Ok(Progress::Unchanged);
        }
        if now > self.deadline {
            return Err(DecisionError::DeadlinePassed { deadline: self.deadline, now });
        }
        match outcome {
            None => Err(DecisionError::OutcomeOpen),
            Some(Outcome::Refused) => {
                self.state = RequestState::Aborted;
                Ok(Progress::Aborted)
            }
            Some(Outcome::Reserved) => {
                self.prepared |= 1 << party;
                if u32::from(self.parties) == self.prepared.count_ones() {
                    self.state = RequestState::Committed;
                    return Ok(Progress::Committed);
                }
                Ok(Progress::Prepared)
            }
            Some(other) => Err(DecisionError::OutcomeImpossible(other)),
        }
    }

    /// Records that the deadline has passed without a commit.
    ///
    /// # Errors
    /// [`DecisionError::DeadlineAhead`].
    pub const fn expire(&mut self, now: u64) -> Result<Progress, DecisionError> {
        if !matches!(self.state, RequestState::Sequenced) {
            return Ok(Progress::Unchanged);
        }
        if now <= self.deadline {
            return Err(DecisionError::DeadlineAhead { deadline: self.deadline, now });
        }
        self.state = RequestState::Aborted;
        Ok(Progress::Aborted)
    }

    /// The word of `Alliance`'s storage.
    #[must_use]
    pub fn to_word(self) -> U256 {
        U256::from(self.state.code())
            | U256::from(self.deadline) << 8
            | U256::from(self.parties) << 72
            | U256::from(self.prepared) << 88
    }

    /// From a word of `Alliance`'s storage; `None` if no request stands there.
    #[must_use]
    pub fn from_word(word: U256) -> Option<Self> {
        let low: u128 = (word & U256::from(u128::MAX)).to();
        let parties = u8::try_from(low >> 72 & 0xffff).ok()?;
        let decision = Self {
            state: RequestState::from_code(u8::try_from(low & 0xff).ok()?)?,
            deadline: u64::try_from(low >> 8 & u128::from(u64::MAX)).ok()?,
            parties,
            prepared: u16::try_from(low >> 88 & 0xffff).ok()?,
        };
        ((1..=MAX_PARTS).contains(&usize::from(parties)) && decision.to_word() == word).then_some(decision)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_second_still_commits_and_the_next_does_not() {
        let mut decision = Decision::sequenced(100, 10, 1);
        assert_eq!(
            decision.prove(0, Some(Outcome::Reserved), 111),
            Err(DecisionError::DeadlinePassed { deadline: 110, now: 111 })
        );
        assert_eq!(decision.expire(110), Err(DecisionError::DeadlineAhead { deadline: 110, now: 110 }));
        assert_eq!(decision.prove(0, Some(Outcome::Reserved), 110), Ok(Progress::Committed));
    }

    #[test]
    fn a_decision_is_written_once() {
        let mut committed = Decision::sequenced(100, 10, 2);
        assert_eq!(committed.prove(0, Some(Outcome::Reserved), 101), Ok(Progress::Prepared));
        assert_eq!(committed.prove(0, Some(Outcome::Reserved), 101), Ok(Progress::Unchanged));
        assert_eq!(committed.prove(1, Some(Outcome::Reserved), 101), Ok(Progress::Committed));
        assert_eq!(committed.prove(1, Some(Outcome::Refused), 102), Ok(Progress::Unchanged));
        assert_eq!(committed.expire(1_000), Ok(Progress::Unchanged));
        assert_eq!(committed.state(), RequestState::Committed);

        let mut aborted = Decision::sequenced(100, 10, 2);
        assert_eq!(aborted.prove(1, Some(Outcome::Refused), 101), Ok(Progress::Aborted));
        assert_eq!(aborted.prove(0, Some(Outcome::Reserved), 101), Ok(Progress::Unchanged));
        assert_eq!(aborted.state(), RequestState::Aborted);
    }

    #[test]
    fn an_open_or_impossible_outcome_decides_nothing() {
        let mut decision = Decision::sequenced(100, 10, 1);
        assert_eq!(decision.prove(0, None, 101), Err(DecisionError::OutcomeOpen));
        assert_eq!(
            decision.prove(0, Some(Outcome::Released), 101),
            Err(DecisionError::OutcomeImpossible(Outcome::Released))
        );
        assert_eq!(
            decision.prove(1, Some(Outcome::Reserved), 101),
            Err(DecisionError::PartyUnknown { party: 1, parties: 1 })
        );
        assert_eq!(decision.state(), RequestState::Sequenced);
    }

    proptest! {
        #[test]
        fn a_word_is_read_as_it_was_written(now in any::<u64>(), window in any::<u64>(), parties in 1_u8..=16, prepared in any::<u16>(), code in 1_u8..=4) {
            let mut decision = Decision::sequenced(now, window, parties);
            decision.state = RequestState::from_code(code).unwrap();
            decision.prepared = prepared;
            prop_assert_eq!(Decision::from_word(decision.to_word()), Some(decision));
        }

        #[test]
        fn another_word_is_no_request(bits in 104_usize..256) {
            let word = Decision::sequenced(1, 1, 1).to_word() | U256::from(1) << bits;
            prop_assert_eq!(Decision::from_word(word), None);
        }
    }
}
