//! What a courier remembers of a request while it drives it: facts that do not change any more, so that it need not ask for them again. All of it can be found on chain.

use alloy_primitives::B256;

use crate::alliance::{message::PartReference, store::Outcome};

/// A request on its way.
#[derive(Debug, Default)]
pub(super) struct Errand {
    /// Its parts in their order; `None`: not asked yet.
    pub(super) stops: Option<Vec<Stop>>,
    /// It was sequenced a moment ago by our own hand: no member has heard of it.
    pub(super) is_fresh: bool,
    /// A step was refused: from now on each is estimated before it is sent.
    pub(super) is_careful: bool,
    /// It is decided, and has a part that others carry.
    pub(super) is_left: bool,
}

/// A part of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    pub(super) member: B256,
    /// `None`: not asked yet.
    pub(super) part_hash: Option<B256>,
    /// The last outcome that was seen there; one of a block that is final stands until the decision is applied.
    pub(super) outcome: Option<Outcome>,
}

impl Errand {
    /// Of what was handed in and has a number now.
    pub(super) fn handed_in(parts: &[PartReference]) -> Self {
        let stops =
            parts.iter().map(|part| Stop { member: part.member, part_hash: Some(part.part_hash), outcome: None });
        Self { stops: Some(stops.collect()), is_fresh: true, is_careful: false, is_left: false }
    }

    /// Stops of which the members alone are known.
    pub(super) fn stops_of(members: Vec<B256>) -> Vec<Stop> {
        members.into_iter().map(|member| Stop { member, part_hash: None, outcome: None }).collect()
    }
}
