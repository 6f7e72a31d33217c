use alloy_primitives::{B256, U256};
use chancery_ledger::KeyError;

use super::Declined;
use crate::{
    alliance::{
        comparison::Difference,
        message::{MAX_ENDORSEMENTS, RequestFault},
        sequence::{BadSignature, WeightMissing},
        store::Refusal,
    },
    contracts::ViewError,
    endorser::EndorseRefusal,
    relay::CarryRefusal,
};

/// Why a request was not committed. Nothing of it is in force on any member, except where the next step is [`NextStep::SendAgain`], and for `Carry` as far as the carrier
/// has told the truth.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Name each member once, of those that the requester can reach.
    #[error("member {0} is unknown here, or named twice")]
    MemberUnknown(B256),
    /// See [`RequestFault`].
    #[error(transparent)]
    Form(#[from] RequestFault),
    /// Ask fewer members, or those with fewer endorsers.
    #[error("a request has at most {MAX_ENDORSEMENTS} endorsements, and this one needs {0}")]
    TooManyEndorsements(usize),
    /// The node contract does not understand or does not allow the call.
    #[error("the node contract of {member} refuses the call: {reason}")]
    CallRefused {
        /// The member.
        member: B256,
        /// In the contract's own terms.
        reason: String,
    },
    /// Too few endorsers found the same. Each that did not says why.
    #[error("endorsers of {member} weigh {weight} of {total}, and more than half is needed: {}", said(.declined))]
    NotEndorsed {
        /// The member.
        member: B256,
        /// What the good endorsements weigh.
        weight: U256,
        /// What all endorsers weigh.
        total: U256,
        /// Who did not endorse, by the place in the requester's list, and why.
        declined: Vec<Declined>,
    },
    /// The alliance or the carrier did not take it, as the carrier says: another one may still have it sequenced until its `valid_until` ([`Self::Undecided`]).
    #[error(transparent)]
    Carry(#[from] CarryRefusal),
    /// Nobody had it sequenced in time, and nobody can any more.
    #[error("it was to be sequenced until {valid_until}, and was not")]
    Lapsed {
        /// Seconds of the alliance chain.
        valid_until: u64,
    },
    /// Sequenced as invalid: these signatures were bad, or these members' weight was missing, in the block that sequenced it.
    #[error("request {number} is invalid: {}", faults(.bad, .missing))]
    Invalid {
        /// Its number.
        number: u64,
        /// Each bad signature, by name.
        bad: Vec<BadSignature>,
        /// Members whose endorsers are not more than half.
        missing: Vec<WeightMissing>,
    },
    /// A member did not reserve its part.
    #[error("request {number} was refused by {member}: {refusal}")]
    Refused {
        /// Its number.
        number: u64,
        /// Who.
        member: B256,
        /// Why: for a stale version the key, the expected and the actual version.
        refusal: Refusal,
    },
    /// Its deadline passed without a commit: it will never be committed.
    #[error("request {number} was not decided until {deadline}")]
    Expired {
        /// Its number.
        number: u64,
        /// Seconds of the alliance chain.
        deadline: u64,
    },
    /// It may still be committed: ask again with the same idempotency key.
    #[error("what becomes of the request is not known yet (number {number:?})")]
    OutcomeUnknown {
        /// Its number, if it has one.
        number: Option<u64>,
    },
    /// It was refused, by somebody whose word does not end it: what was sent has its number, or can still get one. Ask again with the same idempotency key.
    #[error("{cause}; but what was sent may be sequenced until {valid_until}, so what becomes of it is not known yet")]
    Undecided {
        /// Its number, if it has one.
        number: Option<u64>,
        /// Seconds of the alliance chain.
        valid_until: u64,
        /// Who refused what.
        cause: Box<RequestError>,
    },
    /// It is committed, and it is not known whether it is what these calls ask, or what it cannot be relied on for: ask again with the same idempotency key.
    #[error("request {number} is committed, but it could not be compared with what is asked: {reason}")]
    Unread {
        /// Its number.
        number: u64,
        /// What could not be read.
        reason: String,
    },
    /// The key counts for each node by itself: ask again from that node, or with another key.
    #[error("node {} of the same member has used the idempotency key for request {number}: ask from that node, or choose another key", name(.node))]
    AskedElsewhere {
        /// The other node.
        node: B256,
        /// Its first request under the key.
        number: u64,
    },
    /// The key stands for another request already: choose another one, or ask with the calls of that.
    #[error("the idempotency key was used for request {number}, which asks for something else: choose another key")]
    IntentDiffers {
        /// The earlier request.
        number: u64,
    },
    /// Nothing of it can be shown to others: it is not decided or not applied everywhere yet, or a chain shows no proof.
    #[error("it cannot be proven (yet): {reason}")]
    Unprovable {
        /// What is missing.
        reason: String,
    },
    /// A chain could not be read.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The node's key does not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// What an error leaves to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// It was overtaken: read again and ask again. [`super::Requester::execute`] does.
    SuggestAnew,
    /// Nothing is known: ask the same again, with the same idempotency key. [`super::Requester::execute`] does.
    SendAgain,
    /// The same would fail again: change the calls, the certificate, or ask whoever refuses.
    Correct,
}

impl RequestError {
    /// What is left to do.
    #[must_use]
    pub fn next_step(&self) -> NextStep {
        match self {
            Self::Refused { refusal: Refusal::Stale { .. } | Refusal::Conflict { .. }, .. }
            | Self::Expired { .. }
            | Self::Lapsed { .. } => NextStep::SuggestAnew,
            // Who signed badly is left out when it is asked again.
            Self::Invalid { .. } => NextStep::SuggestAnew,
            Self::NotEndorsed { declined, .. } if declined.iter().any(Declined::may_pass) => NextStep::SuggestAnew,
            Self::OutcomeUnknown { .. } | Self::Undecided { .. } | Self::Unread { .. } => NextStep::SendAgain,
            Self::Carry(refusal) if refusal.is_temporary() => NextStep::SendAgain,
            Self::View(error) if error.is_temporary() => NextStep::SendAgain,
            Self::Refused { .. }
            | Self::NotEndorsed { .. }
            | Self::MemberUnknown(_)
            | Self::Form(_)
            | Self::TooManyEndorsements(_)
            | Self::CallRefused { .. }
            | Self::Carry(_)
            | Self::IntentDiffers { .. }
            | Self::AskedElsewhere { .. }
            | Self::Unprovable { .. }
            | Self::View(_)
            | Self::Key(_) => NextStep::Correct,
        }
    }

    /// The number whose end it is; `None` if it was not sequenced, or has no end yet.
    #[must_use]
    pub const fn number(&self) -> Option<u64> {
        match self {
            Self::Invalid { number, .. } | Self::Refused { number, .. } | Self::Expired { number, .. } => Some(*number),
            _ => None,
        }
    }

    /// Whether a member's database has promised others what does not go with it.
    #[must_use]
    pub fn is_promised(&self) -> bool {
        let promised =
            |it: &Declined| matches!(it.doubt, super::Doubt::Refused(EndorseRefusal::DatabasePromised { .. }));
        matches!(self, Self::NotEndorsed { declined, .. } if declined.iter().any(promised))
    }

    /// The key that two endorsers or versions differ in.
    #[must_use]
    pub fn differing_key(&self) -> Option<B256> {
        match self {
            Self::Refused { refusal: Refusal::Stale { key, .. } | Refusal::Conflict { key, .. }, .. } => Some(*key),
            Self::NotEndorsed { declined, .. } => declined.iter().find_map(Declined::difference).map(|it| it.key()),
            _ => None,
        }
    }
}

impl Declined {
    /// What it finds instead.
    #[must_use]
    pub const fn difference(&self) -> Option<&Difference> {
        match &self.doubt {
            super::Doubt::Refused(EndorseRefusal::Differs { difference }) => Some(difference),
            _ => None,
        }
    }

    /// Whether a later suggestion may find it otherwise.
    fn may_pass(&self) -> bool {
        matches!(self.difference(), Some(Difference::Version { .. }))
            || match &self.doubt {
                super::Doubt::Refused(EndorseRefusal::Unavailable { .. } | EndorseRefusal::DatabasePromised { .. }) => {
                    true
                }
                super::Doubt::Refused(EndorseRefusal::Channel { fault }) => fault.is_temporary(),
                _ => false,
            }
    }
}

fn name(node: &B256) -> String {
    super::readable(*node)
}

fn said(declined: &[Declined]) -> String {
    let each = declined.iter().map(|declined| format!("endorser {}: {}", declined.place, declined.doubt));
    each.collect::<Vec<_>>().join("; ")
}

fn faults(bad: &[BadSignature], missing: &[WeightMissing]) -> String {
    let bad = bad.iter().map(|bad| format!("certificate {} of {}: {}", bad.serial, bad.member, bad.fault));
    let missing = missing.iter().map(|it| format!("{} has {} of {}", it.member, it.weight, it.total));
    bad.chain(missing).collect::<Vec<_>>().join("; ")
}
