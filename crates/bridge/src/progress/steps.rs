//! From the state of a request to what is shown of it: five steps of each party. The first of the specification's six, the suggestion, passes between a requester and a node
//! contract and leaves no trace on a chain: whatever has a number was suggested.

use alloy_primitives::B256;

use super::{
    Endorsing,
    told::{Asked, End, Place, Reason, Source},
    window::{PartRecord, ProgressWindow, Record},
};
use crate::alliance::store::Outcome;

/// A step that leaves a trace, in the order of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepName {
    /// Endorsers of the member have signed.
    Endorse,
    /// The alliance chain has given a number, and verified every signature.
    Sequence,
    /// The member holds the keys, or refuses.
    Reserve,
    /// The member's outcome is shown to the alliance chain, which decides.
    Decide,
    /// The member applies, or gives back what it held.
    Apply,
}

impl StepName {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Endorse, Self::Sequence, Self::Reserve, Self::Decide, Self::Apply];
}

/// How far a step of a party is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Others come first.
    Ahead,
    /// It is this party's turn.
    Awaited,
    /// It went well.
    Done,
    /// It went wrong: bad signatures, or a refusal.
    Failed,
    /// It does not happen, because of what went wrong elsewhere.
    Omitted,
    /// Nobody here follows the member's chain.
    Unseen,
}

/// A step of a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub name: StepName,
    /// How far.
    pub state: StepState,
    /// What became of the part by it, from `Reserve` on.
    pub outcome: Option<Outcome>,
    /// Why the member refuses.
    pub reason: Option<Reason>,
    /// The event that shows it, and on which chain.
    pub shown: Option<(Source, Place)>,
}

/// A party of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyProgress {
    /// The member.
    pub member: B256,
    /// Its endorsers.
    pub endorsing: Endorsing,
    /// [`StepName::ALL`], in that order.
    pub steps: [Step; 5],
}

/// What the alliance says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Outcomes are taken until the deadline.
    Sequenced,
    /// It is applied everywhere.
    Committed,
    /// It is applied nowhere.
    Aborted,
    /// A signature was bad or weight was missing.
    Invalid,
}

/// A request on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestProgress {
    /// Its number.
    pub number: u64,
    /// The request.
    pub asked: Asked,
    /// Where it got its number.
    pub asked_at: Place,
    /// What the alliance says.
    pub status: Status,
    /// Where and how it was decided.
    pub end: Option<(Place, End)>,
    /// Its deadline has passed, and the alliance has not decided: anybody may let it expire.
    pub is_overdue: bool,
    /// The first step for which a party is awaited; `None`: nobody is, as far as is seen from here. What a member whose chain is not followed has still to apply is `Unseen`.
    pub step: Option<StepName>,
    /// The parties that are awaited for it.
    pub awaited: Vec<B256>,
    /// Members of its parts, in their order.
    pub parties: Vec<PartyProgress>,
}

impl RequestProgress {
    /// Nobody is awaited any more, as far as is seen from here: it is decided or invalid, and every member that is followed has done its last step.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.step.is_none()
    }
}

/// What a step is made from.
struct Way<'a> {
    status: Status,
    asked_at: Place,
    record: &'a Record,
    member: B256,
    part: Option<&'a PartRecord>,
    is_followed: bool,
}

impl ProgressWindow {
    /// A request; `None`: it is none of the newest.
    #[must_use]
    pub fn request(&self, number: u64) -> Option<RequestProgress> {
        let record = self.requests.get(&number)?;
        let (asked_at, asked) = record.asked.as_ref()?;
        let status = match (asked.deadline_s, record.end) {
            (None, _) => Status::Invalid,
            (_, Some((_, End::Committed))) => Status::Committed,
            (_, Some((_, End::Aborted { .. }))) => Status::Aborted,
            (Some(_), None) => Status::Sequenced,
        };
        let parties = asked.parties.iter().map(|member| {
            let part = self.parts.get(member).and_then(|parts| parts.get(&number));
            let is_followed = self.heads.contains_key(&Source::Member(*member));
            let way = Way { status, asked_at: *asked_at, record, member: *member, part, is_followed };
            let endorsing = self.endorsing(record, asked_at, asked, *member);
            PartyProgress { member: *member, endorsing, steps: way.steps() }
        });
        let parties: Vec<_> = parties.collect();
        let awaits = |party: &PartyProgress, name: StepName| {
            party.steps.iter().any(|step| step.name == name && step.state == StepState::Awaited)
        };
        let step = StepName::ALL.into_iter().find(|name| parties.iter().any(|party| awaits(party, *name)));
        let awaited = parties.iter().filter(|party| step.is_some_and(|name| awaits(party, name)));
        let time_s = self.head(Source::Alliance).map_or(0, |head| head.time_ms / 1000);
        Some(RequestProgress {
            number,
            asked: asked.clone(),
            asked_at: *asked_at,
            status,
            end: record.end,
            is_overdue: status == Status::Sequenced && asked.deadline_s.is_some_and(|deadline_s| time_s > deadline_s),
            step,
            awaited: awaited.map(|party| party.member).collect(),
            parties,
        })
    }
}

impl Way<'_> {
    fn steps(&self) -> [Step; 5] {
        let reserve = self.reserve();
        let decide = self.decide(&reserve);
        [self.endorse(), self.sequence(), reserve, decide, self.apply(&reserve)]
    }

    fn endorse(&self) -> Step {
        let member = self.member;
        let is_bad =
            self.record.faults.iter().any(|fault| fault.member == member) || self.record.light.contains_key(&member);
        self.at_asking(StepName::Endorse, is_bad)
    }

    fn sequence(&self) -> Step {
        self.at_asking(StepName::Sequence, self.status == Status::Invalid)
    }

    fn at_asking(&self, name: StepName, is_bad: bool) -> Step {
        let state = if is_bad { StepState::Failed } else { StepState::Done };
        Step { name, state, outcome: None, reason: None, shown: Some((Source::Alliance, self.asked_at)) }
    }

    /// By the member's own event or, where nobody follows its chain, by what was shown of it.
    fn reserve(&self) -> Step {
        let own = self.part.and_then(|part| part.first).map(|(place, outcome)| {
            let source = Source::Member(self.member);
            match outcome {
                Ok(()) => (source, place, Outcome::Reserved, None),
                Err(reason) => (source, place, Outcome::Refused, reason),
            }
        });
        let known = own.or_else(|| self.shown().map(|(place, outcome)| (Source::Alliance, place, outcome, None)));
        let Some((source, place, outcome, reason)) = known else {
            let state = match self.status {
                Status::Sequenced => StepState::Awaited,
                Status::Committed => StepState::Unseen,
                Status::Aborted | Status::Invalid => StepState::Omitted,
            };
            return Step { name: StepName::Reserve, state, outcome: None, reason: None, shown: None };
        };
        let reason = reason.or_else(|| self.reason());
        let state = if outcome == Outcome::Refused { StepState::Failed } else { StepState::Done };
        Step { name: StepName::Reserve, state, outcome: Some(outcome), reason, shown: Some((source, place)) }
    }

    fn decide(&self, reserve: &Step) -> Step {
        let Some((place, outcome)) = self.shown() else {
            let state = match (self.status, reserve.state) {
                (Status::Sequenced, StepState::Done | StepState::Failed) => StepState::Awaited,
                (Status::Sequenced, _) => StepState::Ahead,
                _ => StepState::Omitted,
            };
            return Step { name: StepName::Decide, state, outcome: None, reason: None, shown: None };
        };
        let (state, reason) =
            if outcome == Outcome::Refused { (StepState::Failed, self.reason()) } else { (StepState::Done, None) };
        let shown = Some((Source::Alliance, place));
        Step { name: StepName::Decide, state, outcome: Some(outcome), reason, shown }
    }

    fn apply(&self, reserve: &Step) -> Step {
        let name = StepName::Apply;
        if let Some((place, outcome)) = self.part.and_then(|part| part.last) {
            let shown = Some((Source::Member(self.member), place));
            return Step { name, state: StepState::Done, outcome: Some(outcome), reason: None, shown };
        }
        let its_turn = if self.is_followed { StepState::Awaited } else { StepState::Unseen };
        let state = match (self.status, reserve.state) {
            (Status::Sequenced, _) => StepState::Ahead,
            (Status::Committed, _) | (Status::Aborted, StepState::Done) => its_turn,
            (Status::Aborted | Status::Invalid, _) => StepState::Omitted,
        };
        Step { name, state, outcome: None, reason: None, shown: None }
    }

    /// What the alliance was shown of the member.
    fn shown(&self) -> Option<(Place, Outcome)> {
        self.record.shown.get(&self.member).map(|(place, outcome, _)| (*place, *outcome))
    }

    /// Why the alliance has aborted because of the member.
    fn reason(&self) -> Option<Reason> {
        match self.record.end {
            Some((_, End::Aborted { member: Some(member), reason })) if member == self.member => reason,
            _ => None,
        }
    }
}
