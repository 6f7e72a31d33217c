//! The way of votes to the network, through the record.

use std::time::SystemTime;

use commonware_actor::{Feedback, Unreliable};
use commonware_codec::ReadExt as _;
use commonware_consensus::types::Round;
use commonware_p2p::{CheckedSender, LimitedSender, Recipients};
use commonware_runtime::IoBufs;

use super::VoteRecord;

/// A sender of votes that lets none out that the record does not cover.
#[derive(Clone, Debug)]
pub(crate) struct CoveredVotes<S> {
    inner: S,
    record: VoteRecord,
}

impl<S> CoveredVotes<S> {
    pub(super) const fn new(inner: S, record: VoteRecord) -> Self {
        Self { inner, record }
    }
}

impl<S: LimitedSender> LimitedSender for CoveredVotes<S> {
    type Checked<'a> = CoveredVote<'a, S::Checked<'a>>;
    type PublicKey = S::PublicKey;

    fn check(&mut self, recipients: Recipients<Self::PublicKey>) -> Result<Self::Checked<'_>, SystemTime> {
        let Self { inner, record } = self;
        Ok(CoveredVote { inner: inner.check(recipients)?, record })
    }
}

/// One vote on its way.
pub(crate) struct CoveredVote<'a, C> {
    inner: C,
    record: &'a VoteRecord,
}

impl<C: CheckedSender> CheckedSender for CoveredVote<'_, C> {
    type PublicKey = C::PublicKey;

    fn recipients(&self) -> Vec<Self::PublicKey> {
        self.inner.recipients()
    }

    fn send(self, message: impl Into<IoBufs> + Send, priority: bool) -> Unreliable<Feedback> {
        let message = message.into();
        match round_of(&message) {
            Some(round) if self.record.covers(round) => self.inner.send(message, priority),
            _ => Unreliable::rejected(),
        }
    }
}

/// The round of an encoded vote: each kind begins with a byte for the kind and the round.
pub(super) fn round_of(vote: &IoBufs) -> Option<Round> {
    let mut bytes = vote.clone();
    u8::read(&mut bytes).ok()?;
    Round::read(&mut bytes).ok()
}
