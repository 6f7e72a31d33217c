//! A validator says its newest votes again while nothing comes of them, and sends the blocks that it voted for.
//!
//! Consensus journals its votes before it sends them and sends them once, trusting that the network delivers. It does not to a peer that is
//! not connected yet, or again: after a start of several validators together, and after a cut. Then the view would have to time out (the
//! heartbeat and 4 s), though everybody who is needed has voted. The votes are the same bytes as before, so whoever has them already ignores
//! them, and nobody can be made to vote twice in a view by it.

use std::time::Duration;

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

/// A vote of which nothing has come after this is said again: many times what a quorum needs when all goes well.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
/// Each further pause is twice as long, up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// How often the votes that a start has found in the journal are said whatever has come of them: peers may have stopped before they saw it.
const SAID_AFTER_START: u32 = 4;
/// Votes that wait to be read.
const MAX_NOTED_VOTES: usize = 1024;
/// Views, counted from the newest, of which votes are said again: the one in progress and those being finalized.
const NEWEST_VIEWS: u64 = 3;

/// What the reporter has seen.
enum Noted {
    Own(Box<OwnVote>),
    Final(View),
}

/// Passes everything on, and notes the validator's own votes and what has become final.
#[derive(Clone)]
pub(crate) struct VoteRecorder<R> {
    inner: R,
    me: Option<Participant>,
    noted: mpsc::Sender<Noted>,
}

impl<R: Reporter<Activity = Activity<ConsensusScheme, BlockDigest>>> Reporter for VoteRecorder<R> {
    type Activity = R::Activity;

    fn report(&mut self, activity: Self::Activity) -> Feedback {
        if self.me.is_some() {
            let own = |vote: OwnVote| Some(Noted::Own(Box::new(vote)));
            let noted = match &activity {
                Activity::Notarize(vote) if Some(vote.signer()) == self.me => own(Vote::Notarize(vote.clone())),
                Activity::Nullify(vote) if Some(vote.signer()) == self.me => own(Vote::Nullify(vote.clone())),
                Activity::Finalize(vote) if Some(vote.signer()) == self.me => own(Vote::Finalize(vote.clone())),
                Activity::Finalization(certificate) => Some(Noted::Final(certificate.proposal.round.view())),
                _ => None,
            };
            if let Some(noted) = noted {
                // Full: the task has not run for long, and what is missed is at worst not said again.
                let _ = self.noted.try_send(noted);
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
    noted: mpsc::Receiver<Noted>,
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
        let (note, noted) = mpsc::channel(MAX_NOTED_VOTES);
        let (to_self, own) = mpsc::channel(MAX_NOTED_VOTES);
        let signer = scheme.me().and_then(|member| member.signer());
        let recorder = VoteRecorder { inner: reporter, me: signer, noted: note };
        let votes = (sender.clone(), WithOwnVotes { inner: receiver, own });
        (Self { me, relay, sender, noted, to_self }, recorder, votes)
    }

    /// Has this validator hear messages before those of its peers.
    pub(crate) fn begin_with(&self, messages: Vec<Message<PeerKey>>) {
        for message in messages {
            // There is room for more than there are peers, and nothing is lost but a hint.
            let _ = self.to_self.try_send(message);
        }
    }

    /// Runs until consensus ends.
    pub(crate) async fn run<E: Clock>(mut self, context: E) {
        let mut votes: Vec<OwnVote> = Vec::new();
        let mut pause = FIRST_PAUSE;
        let mut due = context.current() + pause;
        let (mut said, mut last_final) = (0, View::zero());
        loop {
            if said >= SAID_AFTER_START {
                votes.retain(|vote| view(vote) > last_final);
            }
            tokio::select! {
                biased;
                noted = self.noted.recv() => {
                    match noted {
                        None => return,
                        Some(Noted::Own(vote)) => {
                            votes.push(*vote);
                            keep_newest(&mut votes);
                            pause = FIRST_PAUSE;
                            due = context.current() + pause;
                        }
                        Some(Noted::Final(view)) => last_final = last_final.max(view),
                    }
                }
                () = context.sleep_until(due), if !votes.is_empty() => {
                    debug!(votes = votes.len(), "last votes are said again");
                    if !self.say(&votes).await {
                        return;
                    }
                    said += 1;
                    pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                    due = context.current() + pause;
                }
            }
        }
    }

    /// Says votes to everybody, itself included; whether consensus still listens.
    async fn say(&mut self, votes: &[OwnVote]) -> bool {
        for vote in votes {
            if let Vote::Notarize(vote) = vote {
                let (round, recipients) = (vote.proposal.round, Recipients::All);
                // Whoever has not got the block could not vote for it.
                self.relay.broadcast(vote.proposal.payload, Plan::Forward { round, recipients });
            }
            let bytes = IoBuf::from(vote.encode());
            self.sender.send(Recipients::All, bytes.clone(), true);
            if self.to_self.send((self.me.clone(), bytes)).await.is_err() {
                return false;
            }
        }
        true
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
