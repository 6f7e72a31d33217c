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

use commonware_consensus::types::{Epoch, Height};
use commonware_p2p::{
    Message, Receiver, Sender,
    utils::mux::{Builder as _, MuxHandle, Muxer, SubReceiver, SubSender},
};
use commonware_runtime::{Clock, Handle, Metrics, Spawner, Storage};
use commonware_utils::{channel::mpsc as backup_channel, vec::NonEmptyVec};
use tokio::sync::mpsc;
use tracing::{debug, info, warn};

use crate::{
    ConsensusScheme, NodeError, PeerKey, PeerTracker, ValidatorSet,
    epochs::Membership,
    finalizer::{ChainChange, Marshal},
    storage::BlockFinalization,
};

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
    elsewhere: backup_channel::Receiver<(u64, Message<PeerKey>)>,
}

impl<S: Sender<PublicKey = PeerKey>> EpochMuxes<S> {
    pub(crate) fn start<E, V, R>(context: &E, votes: (S, V), certificates: (S, R), resolver: (S, R)) -> Self
    where
        E: Spawner + Metrics,
        V: Receiver<PublicKey = PeerKey>,
        R: Receiver<PublicKey = PeerKey>,
    {
        let (mux, vote_handle, elsewhere) =
            Muxer::builder(context.child("votes_by_epoch"), votes.0, votes.1).with_backup().build();
        mux.start();
        let (mux, certificate_handle) =
            Muxer::new(context.child("certificates_by_epoch"), certificates.0, certificates.1);
        mux.start();
        let (mux, resolver_handle) = Muxer::new(context.child("requests_by_epoch"), resolver.0, resolver.1);
        mux.start();
        Self { votes: vote_handle, certificates: certificate_handle, resolver: resolver_handle, elsewhere }
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
    /// The block that the epoch begins on.
    pub(crate) first_parent: alloy_primitives::B256,
    /// Name of the engine's journal.
    pub(crate) partition: String,
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
}

/// Who decides in an epoch, and how this node takes part.
type Entered = (ValidatorSet, ConsensusScheme);

impl<S: Sender<PublicKey = PeerKey>> Orchestrator<S> {
    /// Runs until a part ends, and says which.
    pub(crate) async fn run<E: Spawner + Storage + Metrics + Clock>(
        mut self,
        context: E,
        mut epoch: u64,
        entered: Entered,
        floor: Option<BlockFinalization>,
    ) -> NodeError {
        let mut validators = entered.0.clone();
        let mut engine = match self.enter(epoch, entered, floor).await {
            Ok(engine) => engine,
            Err(error) => return error,
        };
        loop {
            tokio::select! {
                biased;
                _ = &mut engine => return self.part_ended("consensus"),
                change = self.changes.recv() => {
                    let last = match change {
                        Some(ChainChange::EpochEnded(last)) => last,
                        Some(ChainChange::NodesPermitted) => match self.connect(&validators) {
                            Ok(()) => continue,
                            Err(error) => return error,
                        },
                        None => return self.part_ended("finalizer"),
                    };
                    if last < epoch {
                        continue;
                    }
                    engine.abort();
                    let _ = engine.await;
                    epoch = last + 1;
                    let entered = match self.membership.enter(epoch) {
                        Ok(entered) => entered,
                        Err(error) => return error,
                    };
                    validators = entered.0.clone();
                    engine = match self.enter(epoch, entered, None).await {
                        Ok(engine) => engine,
                        Err(error) => return error,
                    };
                    self.forget(&context, last).await;
                }
                message = self.muxes.elsewhere.recv() => {
                    let Some((theirs, (peer, _))) = message else { return self.part_ended("network") };
                    self.heard_of(theirs, epoch, peer).await;
                }
            }
        }
    }

    async fn enter(
        &mut self,
        epoch: u64,
        (validators, scheme): Entered,
        floor: Option<BlockFinalization>,
    ) -> Result<Handle<()>, NodeError> {
        use commonware_cryptography::certificate::Scheme as _;
        info!(
            chain = %self.name,
            epoch,
            validators = validators.peers().len(),
            votes = scheme.me().is_some(),
            "epoch begins"
        );
        self.connect(&validators)?;
        let Some(channels) = self.muxes.register(epoch).await else { return Err(self.part_ended("network")) };
        let start = EpochStart {
            epoch: Epoch::new(epoch),
            validators,
            scheme,
            floor,
            first_parent: self.membership.first_parent(epoch)?,
            partition: self.journal(epoch),
            channels,
        };
        Ok((self.start)(start))
    }

    /// Says who is to be connected with: the validators, and whoever the chain permits besides.
    fn connect(&mut self, validators: &ValidatorSet) -> Result<(), NodeError> {
        self.tracker.permit(&self.membership.permitted_nodes()?);
        self.tracker.track(validators);
        Ok(())
    }

    /// A peer votes in an epoch that has not begun here: it has the last block of this one, with its certificate.
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
        if let Err(error) = context.remove(&journal, None).await {
            warn!(chain = %self.name, epoch, %error, "the journal {journal} of an epoch that is over cannot be removed; it may be deleted");
        }
    }

    fn part_ended(&self, part: &'static str) -> NodeError {
        NodeError::PartEnded { chain: self.name.to_string(), part }
    }
}

/// See [`Orchestrator::journal`].
fn journal(partition: &str, epoch: u64) -> String {
    if epoch == 0 { format!("{partition}-consensus") } else { format!("{partition}-consensus-{epoch}") }
}
