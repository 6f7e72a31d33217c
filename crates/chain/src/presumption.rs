//! Who counts as active when an epoch begins.
//!
//! Consensus skips a leader that has been silent for long, if a quorum of the others has not been ([`crate::ConsensusTiming::inactivity_timeout`]). But it
//! begins every epoch with having heard nobody: as soon as a quorum has voted, a leader that is a millisecond behind them, or is not connected yet
//! after a start, counts as silent. Those who have heard it vote for its block, those who have not vote to give it up, neither are enough, and
//! the view has to time out (the heartbeat and 4 s). So whoever has not been silent for long is presumed active, until it has been.
//!
//! Any message of the epoch counts as a sign of life, even one about a view that nobody has reached, which is then dropped. Such a message, which
//! never leaves this node, is put in front of what peers send.

use commonware_codec::Encode as _;
use commonware_consensus::{
    simplex::types::{Nullify, Vote},
    types::{Epoch, Round, View},
};
use commonware_p2p::Message;
use commonware_runtime::IoBuf;

use crate::{BlockDigest, ConsensusScheme, PeerKey};

/// A sign of life for each of these peers, for this validator's ears alone. None, when it is not a validator of the epoch.
pub(crate) fn signs_of_life(scheme: &ConsensusScheme, epoch: Epoch, peers: Vec<PeerKey>) -> Vec<Message<PeerKey>> {
    // It has to be well-formed and is verified by nobody. What is signed is the view before the first, which nobody votes in.
    let Some(signed) = Nullify::sign::<BlockDigest>(scheme, Round::new(epoch, View::zero())) else {
        return Vec::new();
    };
    let vote = Vote::<ConsensusScheme, BlockDigest>::Nullify(Nullify {
        round: Round::new(epoch, View::new(u64::MAX)),
        attestation: signed.attestation,
    });
    let bytes = IoBuf::from(vote.encode());
    peers.into_iter().map(|peer| (peer, bytes.clone())).collect()
}
