//! One consensus engine after the other: each epoch has its own, over sub-channels that carry the epoch's number.
//!
//! ```text
//!   votes, certificates, requests --(by epoch)--> engine of epoch e --> marshal --> finalizer --last block of e is committed--+
//!            |                                        ^                                                                      |
//!            +-- votes of a later epoch: whoever      +------- stopped, and the engine of e + 1 begins on that block <-------+
//!                sends them has the last block of e, so marshal asks for it
//! ```
//!
//! Until the last block of an epoch is final here, the engine of the epoch goes on, so whoever is behind is helped to make it final (leaders only
//! propose that block again). Nothing of a later epoch can be verified before: its validators stand in the state after that block (MEMBER-3).

use std::{convert::Infallible, io, time::Duration};

use commonware_consensus::types::{Epoch, Height};
use commonware_cryptography::certificate::Scheme as _;
use commonware_p2p::{
    Message, Receiver, Sender,
    utils::mux::{Builder as _, MuxHandle, Muxer, SubReceiver, SubSender},
};
use commonware_runtime::{Clock, Handle, Metrics, Spawner, Storage};
use commonware_utils::{channel::mpsc as backup_channel, vec::NonEmptyVec};
use tokio::sync::{mpsc, watch};
use tracing::{debug, info, warn};

use crate::{
    ConsensusScheme, NodeError, PeerKey, PeerTracker, ValidatorSet, Witness,
    block::hash,
    epochs::Membership,
    final_views::{self, NewestFinalization, final_after},
    finalizer::{ChainChange, Marshal},
    self_report,
    storage::BlockFinalization,
    vote_record::{Standing, VoteRecord},
};

/// How often it is tried to take the channels over from an engine that was stopped.
const CHANNEL_TRIES: usize = 500;
/// Pause between two tries.
const CHANNEL_PAUSE: Duration = Duration::from_millis(10);

/// The sub-channels of one epoch.
pub(crate) struct EpochChannels<S: Sender<PublicKey = PeerKey>> {
    pub(crate) votes: (SubSender<S>, SubReceiver<PeerKey>),
    pub(crate) certificates: (SubSender<S>, SubReceiver<PeerKey>),
    pub(crate) resolver: (SubSender<S>, SubReceiver<PeerKey>),
}

/// Channels that are told apart by epoch.
pub(crate) struct EpochMuxes<S: Sender<PublicKey = PeerKey>> {
    votes: MuxHandle<S>,
    certificates: MuxHandle<S>,
    resolver: MuxHandle<S>,
    /// Votes of epochs that have no engine here, with who sent them.
    votes_elsewhere: Elsewhere,
    /// Certificates of such epochs: of one that is idle nothing else is heard.
    certificates_elsewhere: Elsewhere,
}

type Elsewhere = backup_channel::Receiver<(u64, Message<PeerKey>)>;

impl<S: Sender<PublicKey = PeerKey>> EpochMuxes<S> {
    pub(crate) fn start<E, V, R>(context: &E, votes: (S, V), certificates: (S, R), resolver: (S, R)) -> Self
    where
        E: Spawner + Metrics,
        V: Receiver<PublicKey = PeerKey>,
        R: Receiver<PublicKey = PeerKey>,
    {
        let (mux, vote_handle, votes_elsewhere) =
            Muxer::builder(context.child("votes_by_epoch"), votes.0, votes.1).with_backup().build();
        mux.start();
        let (mux, certificate_handle, certificates_elsewhere) =
            Muxer::builder(context.child("certificates_by_epoch"), certificates.0, certificates.1)
                .with_backup()
                .build();
        mux.start();
        let (mux, resolver_handle) = Muxer::new(context.child("requests_by_epoch"), resolver.0, resolver.1);
        mux.start();
        Self {
            votes: vote_handle,
            certificates: certificate_handle,
            resolver: resolver_handle,
            votes_elsewhere,
            certificates_elsewhere,
        }
    }

    /// The next message of an epoch that has no engine here. Cancel-safe.
    async fn elsewhere(&mut self) -> Option<(u64, Message<PeerKey>)> {
        tokio::select! {
            biased;
            vote = self.votes_elsewhere.recv() => vote,
            certificate = self.certificates_elsewhere.recv() => certificate,
        }
    }

    /// Where validators tell one another how they are: beside the requests, since what is not routed there is dropped and nothing else.
    pub(crate) async fn reports(&mut self) -> Option<(SubSender<S>, SubReceiver<PeerKey>)> {
        self.resolver.register(self_report::SUB_CHANNEL).await.ok()
    }

    async fn register(&mut self, epoch: u64) -> Option<EpochChannels<S>> {
        Some(EpochChannels {
            votes: self.votes.register(epoch).await.ok()?,
            certificates: self.certificates.register(epoch).await.ok()?,
            resolver: self.resolver.register(epoch).await.ok()?,
        })
    }
}

/// What an engine begins with.
pub(crate) struct EpochStart<S: Sender<PublicKey = PeerKey>> {
    pub(crate) epoch: Epoch,
    pub(crate) validators: ValidatorSet,
    pub(crate) scheme: ConsensusScheme,
    /// The newest certificate of the epoch that the chain has, from an earlier run.
    pub(crate) floor: Option<BlockFinalization>,
    /// Told of what becomes final.
    pub(crate) finals: watch::Sender<NewestFinalization>,
    /// The block that the engine begins on: the last of the epoch before, or that of the floor.
    pub(crate) first_parent: alloy_primitives::B256,
    /// Name of the engine's journal.
    pub(crate) partition: String,
    /// What covers the engine's votes.
    pub(crate) votes: VoteRecord,
    pub(crate) channels: EpochChannels<S>,
}

/// Starts an engine.
pub(crate) type StartEngine<S> = Box<dyn FnMut(EpochStart<S>) -> Handle<()> + Send>;

/// Runs the engines of a chain.
pub(crate) struct Orchestrator<S: Sender<PublicKey = PeerKey>> {
    pub(crate) name: std::sync::Arc<str>,
    pub(crate) membership: Membership,
    pub(crate) marshal: Marshal,
    pub(crate) muxes: EpochMuxes<S>,
    pub(crate) tracker: Box<dyn PeerTracker>,
    pub(crate) start: StartEngine<S>,
    /// What committed blocks have changed.
    pub(crate) changes: mpsc::UnboundedReceiver<ChainChange>,
    /// What the names of consensus' files begin with.
    pub(crate) partition: String,
    /// The views that this node's key may have voted in.
    pub(crate) votes: VoteRecord,
    /// Told when that cannot be written any more.
    pub(crate) vote_failures: mpsc::UnboundedReceiver<io::Error>,
    pub(crate) witness: Witness,
}

/// An engine, and the view after which it may be replaced by one that votes.
struct Running {
    validators: ValidatorSet,
    engine: Handle<()>,
    abstains: Option<(u64, watch::Receiver<NewestFinalization>)>,
}

impl<S: Sender<PublicKey = PeerKey>> Orchestrator<S> {
    /// Runs until a part ends, and says which.
    pub(crate) async fn run<E: Spawner + Storage + Metrics + Clock>(
        mut self,
        context: E,
        epoch: u64,
        floor: Option<BlockFinalization>,
    ) -> NodeError {
        match self.run_epochs(&context, epoch, floor).await {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    async fn run_epochs<E: Spawner + Storage + Metrics + Clock>(
        &mut self,
        context: &E,
        mut epoch: u64,
        floor: Option<BlockFinalization>,
    ) -> Result<Infallible, NodeError> {
        let mut running = self.enter(context, epoch, floor).await?;
        loop {
            tokio::select! {
                biased;
                _ = &mut running.engine => return Err(self.part_ended("consensus")),
                failure = self.vote_failures.recv() => {
                    let source = failure.unwrap_or_else(|| io::ErrorKind::BrokenPipe.into());
                    return Err(NodeError::VoteRecord { path: self.votes.path().to_owned(), source });
                }
                change = self.changes.recv() => {
                    let last = match change {
                        Some(ChainChange::EpochEnded(last)) => last,
                        Some(ChainChange::NodesPermitted) => {
                            self.connect(&running.validators)?;
                            continue;
                        }
                        None => return Err(self.part_ended("finalizer")),
                    };
                    if last < epoch {
                        continue;
                    }
                    stop(running.engine).await;
                    epoch = last + 1;
                    running = self.enter(context, epoch, None).await?;
                    self.forget(context, last).await;
                }
                floor = may_vote(&mut running.abstains) => {
                    info!(chain = %self.name, epoch, view = final_views::view(&floor), "votes again");
                    stop(running.engine).await;
                    let entered = self.membership.enter(epoch)?;
                    running = self.begin(context, epoch, entered, Standing::Votes, Some(floor)).await?;
                }
                message = self.muxes.elsewhere() => {
                    let Some((theirs, (peer, _))) = message else { return Err(self.part_ended("network")) };
                    self.heard_of(theirs, epoch, peer).await;
                }
            }
        }
    }

    async fn enter<E: Storage + Clock>(
        &mut self,
        context: &E,
        epoch: u64,
        floor: Option<BlockFinalization>,
    ) -> Result<Running, NodeError> {
        let (validators, scheme) = self.membership.enter(epoch)?;
        let standing = match scheme.me() {
            // Nobody goes on without a validator that is alone, so it would wait for ever.
            Some(_) if validators.peers().len() > 1 => {
                // A folder from which the files were removed is no journal.
                let has_journal = context.scan(&self.journal(epoch)).await.is_ok_and(|files| !files.is_empty());
                self.votes.standing(epoch, has_journal)
            }
            _ => Standing::Votes,
        };
        self.begin(context, epoch, (validators, scheme), standing, floor).await
    }

    async fn begin<E: Clock>(
        &mut self,
        context: &E,
        epoch: u64,
        (validators, scheme): (ValidatorSet, ConsensusScheme),
        standing: Standing,
        floor: Option<BlockFinalization>,
    ) -> Result<Running, NodeError> {
        let votes = scheme.me().is_some() && standing == Standing::Votes;
        info!(chain = %self.name, epoch, validators = validators.peers().len(), votes, "epoch begins");
        self.connect(&validators)?;
        let channels = self.channels(context, epoch).await?;
        // A node that began within the epoch, from a snapshot, may not have that block, and begins on its certificate.
        let first_parent = match &floor {
            Some(floor) => hash(floor.proposal.payload),
            None => self.membership.first_parent(epoch)?,
        };
        let (finals, seen) = watch::channel(None);
        let mut start = EpochStart {
            epoch: Epoch::new(epoch),
            scheme,
            floor,
            finals,
            first_parent,
            partition: self.journal(epoch),
            votes: self.votes.clone(),
            channels,
            validators: validators.clone(),
        };
        let mut abstains = None;
        if let Standing::Abstains { through } = standing {
            warn!(
                chain = %self.name,
                epoch,
                through,
                record = %self.votes.path().display(),
                "the journal of this validator's votes is lost or was put back: it only verifies until a view is final that it cannot have voted in"
            );
            start.scheme = start.validators.verifier();
            // A journal without votes must never be taken for that of the votes.
            start.partition = verifying(&start.partition);
            abstains = Some((through, seen));
        }
        self.witness.note_abstaining(abstains.as_ref().map(|(through, _)| *through));
        Ok(Running { validators, engine: (self.start)(start), abstains })
    }

    /// The sub-channels of an epoch. Those of an engine that was stopped are free when the last of its tasks has gone.
    async fn channels<E: Clock>(&mut self, context: &E, epoch: u64) -> Result<EpochChannels<S>, NodeError> {
        for _ in 0..CHANNEL_TRIES {
            if let Some(channels) = self.muxes.register(epoch).await {
                return Ok(channels);
            }
            context.sleep(CHANNEL_PAUSE).await;
        }
        Err(self.part_ended("network"))
    }

    /// Says who is to be connected with in an epoch.
    pub(crate) fn connect_to_members(&mut self, epoch: u64) -> Result<(), NodeError> {
        let (validators, _) = self.membership.enter(epoch)?;
        self.connect(&validators)
    }

    /// Says who is to be connected with: the validators, and whoever the chain permits besides.
    fn connect(&mut self, validators: &ValidatorSet) -> Result<(), NodeError> {
        self.tracker.permit(&self.membership.permitted_nodes()?);
        self.tracker.track(validators);
        Ok(())
    }

    /// A peer votes in an epoch that has not begun here, or has a certificate of it: it has the last block of this one, with its certificate.
    async fn heard_of(&mut self, theirs: u64, ours: u64, peer: PeerKey) {
        if theirs <= ours {
            return;
        }
        let boundary = Height::new(self.membership.epochs().last(ours));
        if self.marshal.get_finalization(boundary).await.is_some() {
            return;
        }
        debug!(chain = %self.name, theirs, ours, %peer, "a peer is in a later epoch");
        self.marshal.hint_finalized(boundary, NonEmptyVec::new(peer));
    }

    /// Name of an epoch's journal. The first has the name that it had when there was only one.
    fn journal(&self, epoch: u64) -> String {
        journal(&self.partition, epoch)
    }

    /// Removes the journal of an epoch that is over: nobody takes its votes any more.
    async fn forget<E: Storage>(&mut self, context: &E, epoch: u64) {
        let journal = self.journal(epoch);
        // Most epochs have no such journal.
        let _ = context.remove(&verifying(&journal), None).await;
        if let Err(error) = context.remove(&journal, None).await {
            warn!(chain = %self.name, epoch, %error, "the journal {journal} of an epoch that is over cannot be removed; it may be deleted");
        }
    }

    fn part_ended(&self, part: &'static str) -> NodeError {
        NodeError::PartEnded { chain: self.name.to_string(), part }
    }
}

async fn stop(engine: Handle<()>) {
    engine.abort();
    let _ = engine.await;
}

/// Waits until a validator that abstains cannot have voted in the view in progress; what is final then.
async fn may_vote(abstains: &mut Option<(u64, watch::Receiver<NewestFinalization>)>) -> BlockFinalization {
    match abstains {
        Some((through, finals)) => final_after(finals, *through).await,
        None => std::future::pending().await,
    }
}

/// Name of the journal of an engine that only verifies in place of one that votes.
fn verifying(journal: &str) -> String {
    format!("{journal}-verifying")
}

/// See [`Orchestrator::journal`].
fn journal(partition: &str, epoch: u64) -> String {
    if epoch == 0 { format!("{partition}-consensus") } else { format!("{partition}-consensus-{epoch}") }
}
