//! A validator that starts again says once more what it voted last, and sends the blocks that it voted for.
//!
//! Consensus journals its votes before it sends them and never sends them twice, trusting that the others have gone on meanwhile. When
//! nobody has (a single validator, or all that were stopped together), the view in which they stopped would have to time out first. The votes
//! are the same bytes as before, so whoever has them already ignores them, and nobody can be made to vote twice in a view by it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use commonware_actor::Feedback;
use commonware_codec::Encode as _;
use commonware_consensus::{
    Relay, Reporter,
    simplex::{
        Plan,
        types::{Activity, Attributable as _, Vote},
    },
    types::{Participant, View},
};
use commonware_cryptography::certificate::Scheme as _;
use commonware_p2p::{Message, Receiver, Recipients, Sender};
use commonware_runtime::{Clock, IoBuf};
use tokio::sync::mpsc;
use tracing::debug;

use crate::{BlockDigest, ConsensusScheme, PeerKey};

type OwnVote = Vote<ConsensusScheme, BlockDigest>;

/// When they are said, counted from one to the next: as soon as the journal will have been read, and again for peers that
/// are still connecting.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_secs(2), Duration::from_secs(6)];
/// Votes that wait to be read.
const MAX_NOTED_VOTES: usize = 1024;
/// Views, counted from the newest, of which votes are said again: the one in which it stopped and the one being finalized.
const NEWEST_VIEWS: u64 = 3;

/// Passes everything on, and notes the validator's own votes while the journal is read.
#[derive(Clone)]
pub(crate) struct VoteRecorder<R> {
    inner: R,
    me: Option<Participant>,
    recording: Arc<AtomicBool>,
    noted: mpsc::Sender<OwnVote>,
}

impl<R: Reporter<Activity = Activity<ConsensusScheme, BlockDigest>>> Reporter for VoteRecorder<R> {
    type Activity = R::Activity;

    fn report(&mut self, activity: Self::Activity) -> Feedback {
        if self.me.is_some() && self.recording.load(Ordering::Relaxed) {
            let vote = match &activity {
                Activity::Notarize(vote) if Some(vote.signer()) == self.me => Some(Vote::Notarize(vote.clone())),
                Activity::Nullify(vote) if Some(vote.signer()) == self.me => Some(Vote::Nullify(vote.clone())),
                Activity::Finalize(vote) if Some(vote.signer()) == self.me => Some(Vote::Finalize(vote.clone())),
                _ => None,
            };
            if let Some(vote) = vote {
                // Full: more votes than any journal has left. Closed: they were said for the last time.
                let _ = self.noted.try_send(vote);
            }
        }
        self.inner.report(activity)
    }
}

/// What peers send, and what the validator says to itself.
#[derive(Debug)]
pub(crate) struct WithOwnVotes<R> {
    inner: R,
    own: mpsc::Receiver<Message<PeerKey>>,
}

impl<R: Receiver<PublicKey = PeerKey>> Receiver for WithOwnVotes<R> {
    type Error = R::Error;
    type PublicKey = PeerKey;

    async fn recv(&mut self) -> Result<Message<PeerKey>, Self::Error> {
        tokio::select! {
            biased;
            Some(own) = self.own.recv() => Ok(own),
            received = self.inner.recv() => received,
        }
    }

    fn capacity(&self) -> std::num::NonZeroUsize {
        self.inner.capacity()
    }
}

/// The three parts: around the reporter, around the receiver of votes, and the task that says them.
pub(crate) struct LastVotes<S, L> {
    me: PeerKey,
    relay: L,
    sender: S,
    recording: Arc<AtomicBool>,
    noted: mpsc::Receiver<OwnVote>,
    to_self: mpsc::Sender<Message<PeerKey>>,
}

impl<S, L> LastVotes<S, L>
where
    S: Sender<PublicKey = PeerKey>,
    L: Relay<Digest = BlockDigest, PublicKey = PeerKey, Plan = Plan<PeerKey>>,
{
    pub(crate) fn new<R, V>(
        scheme: &ConsensusScheme,
        me: PeerKey,
        relay: L,
        reporter: R,
        (sender, receiver): (S, V),
    ) -> (Self, VoteRecorder<R>, (S, WithOwnVotes<V>)) {
        let recording = Arc::new(AtomicBool::new(true));
        let (note, noted) = mpsc::channel(MAX_NOTED_VOTES);
        let (to_self, own) = mpsc::channel(MAX_NOTED_VOTES);
        let signer = scheme.me().and_then(|member| member.signer());
        let recorder = VoteRecorder { inner: reporter, me: signer, recording: recording.clone(), noted: note };
        let votes = (sender.clone(), WithOwnVotes { inner: receiver, own });
        (Self { me, relay, sender, recording, noted, to_self }, recorder, votes)
    }

    /// Says them each time, then ends.
    pub(crate) async fn run<E: Clock>(mut self, context: E) {
        let mut votes: Vec<OwnVote> = Vec::new();
        for pause in PAUSES {
            context.sleep(pause).await;
            while let Ok(vote) = self.noted.try_recv() {
                votes.push(vote);
                keep_newest(&mut votes);
            }
            debug!(votes = votes.len(), "last votes are said again");
            for vote in &votes {
                if let Vote::Notarize(vote) = vote {
                    let (round, recipients) = (vote.proposal.round, Recipients::All);
                    // Whoever has not got the block could not vote for it.
                    self.relay.broadcast(vote.proposal.payload, Plan::Forward { round, recipients });
                }
                let bytes = IoBuf::from(vote.encode());
                self.sender.send(Recipients::All, bytes.clone(), true);
                if self.to_self.send((self.me.clone(), bytes)).await.is_err() {
                    return;
                }
            }
        }
        self.recording.store(false, Ordering::Relaxed);
    }
}

fn keep_newest(votes: &mut Vec<OwnVote>) {
    let newest = votes.iter().map(view).max().map_or(0, View::get);
    votes.retain(|vote| view(vote).get() + NEWEST_VIEWS > newest);
}

fn view(vote: &OwnVote) -> View {
    match vote {
        Vote::Notarize(vote) => vote.proposal.round.view(),
        Vote::Nullify(vote) => vote.round.view(),
        Vote::Finalize(vote) => vote.proposal.round.view(),
    }
}
