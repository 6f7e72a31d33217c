//! Who takes part in a request, and the steps of it, as they are seen on the wires and on the chains.

use alloy_primitives::Bytes;
use alloy_sol_types::SolCall as _;
use chancery_contracts::{Alliance, StoreNode};

/// The alliance chain among the three.
pub(crate) const HOME: usize = 0;

/// Somebody who can die. Members are counted from 0; their chains are 1 and 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Party {
    Requester,
    /// More than half of a member's endorsers.
    Endorsers(usize),
    Relay,
    /// The node of a chain.
    Node(usize),
    /// Whoever looks on.
    Onlooker,
}

/// A step of a request over two members; those of a member with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Suggest(usize),
    Endorse(usize),
    Sequence,
    /// The alliance chain's header is shown to a member.
    AnchorOut(usize),
    Reserve(usize),
    /// A member's header is shown to the alliance.
    AnchorBack,
    Report(usize),
    Apply(usize),
    Release(usize),
    /// The alliance records that a deadline has passed.
    Expire,
}

impl Step {
    /// Of a request that is applied on both members.
    pub(crate) const OF_A_COMMIT: [Self; 14] = [
        Self::Suggest(0),
        Self::Suggest(1),
        Self::Endorse(0),
        Self::Endorse(1),
        Self::Sequence,
        Self::AnchorOut(0),
        Self::AnchorOut(1),
        Self::Reserve(0),
        Self::Reserve(1),
        Self::AnchorBack,
        Self::Report(0),
        Self::Report(1),
        Self::Apply(0),
        Self::Apply(1),
    ];

    /// Those of a request that the second member refuses which come in any case: whether the first is asked before that is a matter of time.
    pub(crate) const OF_AN_ABORT: [Self; 4] = [Self::Sequence, Self::AnchorOut(1), Self::Reserve(1), Self::Report(1)];

    /// What a call of a contract on a chain is.
    pub(crate) fn of_call(chain: usize, input: &Bytes) -> Option<Self> {
        let selector: [u8; 4] = input.get(..4)?.try_into().ok()?;
        if chain == HOME {
            return match selector {
                Alliance::submitCall::SELECTOR => Some(Self::Sequence),
                chancery_contracts::Anchor::submitCall::SELECTOR => Some(Self::AnchorBack),
                Alliance::expireCall::SELECTOR => Some(Self::Expire),
                Alliance::proveCall::SELECTOR => {
                    let party = Alliance::proveCall::abi_decode(input).ok()?.party;
                    usize::try_from(party).ok().map(Self::Report)
                }
                _ => None,
            };
        }
        let member = chain - 1;
        match selector {
            chancery_contracts::Anchor::submitCall::SELECTOR => Some(Self::AnchorOut(member)),
            StoreNode::reserveCall::SELECTOR => Some(Self::Reserve(member)),
            StoreNode::applyDecisionCall::SELECTOR => Some(Self::Apply(member)),
            StoreNode::releaseCall::SELECTOR => Some(Self::Release(member)),
            _ => None,
        }
    }
}

/// Which moment of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    /// It is about to be taken.
    Before,
    /// It has had its effect: what was sent is in a final block, what was asked is answered.
    After,
}
