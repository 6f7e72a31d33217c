//! What is to be done next for a request, from what is on chain alone: hence a relay that was killed goes on where it was, and several may carry the same.

use crate::alliance::{
    decision::{Decision, RequestState},
    store::Outcome,
};

/// What is to be done for one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Show the member that its part was sequenced.
    Reserve,
    /// Show the alliance what the member came to.
    Report,
    /// Show the member the decision.
    Settle,
    /// Others have to move first.
    Wait,
    /// Nothing, for ever.
    Done,
}

/// Whether the alliance has to record that the deadline passed, in a block of time `now`.
#[must_use]
pub fn is_to_expire(decision: &Decision, now: u64) -> bool {
    decision.state() == RequestState::Sequenced && now > decision.deadline()
}

/// The next step for part `party`, whose member has come to `outcome` (`None`: to nothing yet), in a block of the alliance chain of time `now`.
#[must_use]
pub fn next_step(decision: &Decision, party: u8, outcome: Option<Outcome>, now: u64) -> Step {
    match (decision.state(), outcome) {
        (RequestState::Invalid, _) => Step::Done,
        (_, Some(Outcome::Applied | Outcome::Released)) => Step::Done,
        (RequestState::Sequenced, None) => Step::Reserve,
        (RequestState::Sequenced, Some(Outcome::Reserved)) if decision.is_prepared(party) => Step::Wait,
        (RequestState::Sequenced, Some(Outcome::Reserved | Outcome::Refused)) => Step::Report,
        (RequestState::Committed | RequestState::Aborted, Some(Outcome::Reserved)) => Step::Settle,
        // The member's node may be behind what was proven of it.
        (RequestState::Committed, None) => Step::Wait,
        // A reservation may be under way that somebody sent before the abort: its keys are to be given back.
        (RequestState::Aborted, None) if now <= decision.deadline() => Step::Wait,
        (RequestState::Aborted, None) | (RequestState::Committed | RequestState::Aborted, Some(Outcome::Refused)) => {
            Step::Done
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const OUTCOMES: [Option<Outcome>; 5] =
        [None, Some(Outcome::Reserved), Some(Outcome::Refused), Some(Outcome::Applied), Some(Outcome::Released)];

    fn steps(decision: &Decision) -> [Step; 5] {
        OUTCOMES.map(|outcome| next_step(decision, 0, outcome, 105))
    }

    #[test]
    fn every_state_and_outcome_has_its_step() {
        let mut decision = Decision::sequenced(100, 10, 2);
        assert_eq!(steps(&decision), [Step::Reserve, Step::Report, Step::Report, Step::Done, Step::Done]);
        decision.prove(0, Some(Outcome::Reserved), 100).unwrap();
        assert_eq!(steps(&decision), [Step::Reserve, Step::Wait, Step::Report, Step::Done, Step::Done]);
        let mut aborted = decision;
        aborted.prove(1, Some(Outcome::Refused), 100).unwrap();
        assert_eq!(next_step(&aborted, 0, None, 111), Step::Done);
        assert_eq!(steps(&aborted), [Step::Wait, Step::Settle, Step::Done, Step::Done, Step::Done]);
        decision.prove(1, Some(Outcome::Reserved), 100).unwrap();
        assert_eq!(steps(&decision), [Step::Wait, Step::Settle, Step::Done, Step::Done, Step::Done]);
        assert_eq!(steps(&Decision::invalid(2)), [Step::Done; 5]);
    }

    #[test]
    fn only_what_is_undecided_after_its_deadline_expires() {
        let mut decision = Decision::sequenced(100, 10, 1);
        assert!(!is_to_expire(&decision, 110));
        assert!(is_to_expire(&decision, 111));
        decision.prove(0, Some(Outcome::Reserved), 105).unwrap();
        assert!(!is_to_expire(&decision, 111));
    }
}
