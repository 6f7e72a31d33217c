use std::{path::PathBuf, sync::Arc, time::Duration};

use chancery_execution::{Blockchain, FinalizeError, MAX_VALIDATORS};
use commonware_broadcast::buffered;
use commonware_consensus::{
    CertifiableAutomaton, Epochable as _, Relay, Reporter,
    marshal::{
        self,
        core::Actor as MarshalActor,
        resolver::p2p as backfill,
        standard::{Inline, Standard},
    },
    simplex::{
        self, Floor, ForwardPolicy, SkipBudget, SkipPolicy,
        elector::RoundRobin,
        types::{Activity, Context},
    },
    types::ViewDelta,
};
use commonware_cryptography::sha256::Sha256;
use commonware_p2p::{Blocker, Provider, Receiver, Sender};
use commonware_parallel::Sequential;
use commonware_runtime::{Clock, Handle, Metrics, Spawner, Storage, buffer::paged::CacheRef};
use commonware_utils::{NZDuration, NZUsize, channel::oneshot};
use rand::CryptoRng;
use tokio::sync::mpsc;
use tracing::info;

use crate::{
    ConsensusBlock, ConsensusScheme, ConsensusTiming, NodeError, PeerKey, PeerTracker, ValidatorKeys, ValidatorSet,
    Witness,
    application::Application,
    block::digest,
    epochs::Membership,
    final_views::FinalViews,
    finalizer::Finalizer,
    gossip,
    last_final::LastFinal,
    last_proposal::LastProposal,
    last_votes::LastVotes,
    orchestrator::{EpochMuxes, EpochStart, Orchestrator, StartEngine},
    presumption::signs_of_life,
    recovery, self_report,
    storage::{self, BLOCKS_PER_SECTION, REPLAY_BUFFER_BYTES, WRITE_BUFFER_BYTES},
    vote_record::VoteRecord,
    witness::Electorate,
};

/// Messages that wait in one actor's mailbox before its overflow policy applies.
const MAILBOX_MESSAGES: std::num::NonZeroUsize = NZUsize!(256);
/// Blocks kept of each sender until they are needed: one per view that may be in progress.
const BUFFERED_BLOCKS_PER_SENDER: usize = 16;
/// Final blocks handed to execution and not acknowledged: what one commit may batch. Marshal holds twice as many in memory.
pub(crate) const MAX_PENDING_ACKS: std::num::NonZeroUsize = NZUsize!(16);
/// Missing blocks fetched at a time.
const MAX_REPAIR: std::num::NonZeroUsize = NZUsize!(16);
/// Views behind the final one whose votes and blocks are still useful to peers.
const VIEW_RETENTION: ViewDelta = ViewDelta::new(64);
/// A peer that does not answer in this time is asked no longer.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
/// Pause before a failed fetch is tried again.
const FETCH_RETRY: Duration = Duration::from_millis(200);
/// One pair of a sender and a receiver for each thing that validators exchange.
#[derive(Debug)]
pub struct Channels<S, R> {
    /// Votes.
    pub votes: (S, R),
    /// Certificates.
    pub certificates: (S, R),
    /// Requests for certificates of views that were missed.
    pub resolver: (S, R),
    /// Proposed blocks.
    pub blocks: (S, R),
    /// Requests for final blocks that were missed.
    pub backfill: (S, R),
    /// Transactions for the pools.
    pub transactions: (S, R),
}

/// What consensus on one chain needs.
pub struct EngineConfig<P, B> {
    /// The chain's execution, open.
    pub chain: Blockchain,
    /// Who decides in the first epoch.
    pub validators: ValidatorSet,
    /// This node's keys: it votes in each epoch whose validators have them.
    pub keys: ValidatorKeys,
    /// Told who decides, epoch by epoch.
    pub tracker: Box<dyn PeerTracker>,
    /// Whether there is anybody else. One that is alone tells nobody of its transactions.
    pub has_peers: bool,
    /// Whether others are there from whom blocks can be fetched that this node has lost.
    pub can_fetch: bool,
    /// Says which peers there are.
    pub peers: P,
    /// Shuts out peers that break the protocol.
    pub blocker: B,
    /// Timeouts.
    pub timing: ConsensusTiming,
    /// What the names of consensus' files begin with; one per chain and validator in a storage directory.
    pub partition: String,
    /// Where execution keeps its data, to name it in errors.
    pub data_dir: PathBuf,
    /// Where the record of the views that the keys may have voted in is kept (CHAIN-7).
    pub votes_dir: PathBuf,
    /// Overhears everything.
    pub witness: Witness,
}

/// A running engine. Its tasks are children of the context it was started with and end with it.
pub struct EngineHandle {
    chain: String,
    consensus: Handle<NodeError>,
    marshal: Handle<()>,
    broadcast: Handle<()>,
    finalizer: Handle<Result<(), FinalizeError>>,
    gossip: Option<Handle<()>>,
}

impl EngineHandle {
    /// The name of the chain.
    pub(crate) fn chain(&self) -> &str {
        &self.chain
    }

    /// Waits until a part of the engine ends, which happens only when something is wrong or the runtime stops.
    pub async fn ended(&mut self) -> NodeError {
        let gossip = async {
            match &mut self.gossip {
                Some(gossip) => drop(gossip.await),
                None => std::future::pending().await,
            }
        };
        let part = tokio::select! {
            reason = &mut self.consensus => match reason {
                Ok(reason) => return reason,
                Err(_) => "consensus",
            },
            _ = &mut self.marshal => "marshal",
            _ = &mut self.broadcast => "broadcast",
            _ = gossip => "transaction gossip",
            result = &mut self.finalizer => {
                if let Ok(Err(source)) = result {
                    return NodeError::Finalize { chain: self.chain.clone(), source: Box::new(source) };
                }
                "finalizer"
            }
        };
        NodeError::PartEnded { chain: self.chain.clone(), part }
    }
}

/// Starts consensus over the given channels. What was left by an earlier run is taken up first: the execution store catches
/// up with consensus' own files, and consensus begins no lower than what execution has; what both lack is fetched from peers (CHAIN-5).
///
/// # Errors
/// [`NodeError::ConsensusStorage`], [`NodeError::Damaged`], [`NodeError::ExecutionBehind`], [`NodeError::Store`], [`NodeError::Finalize`],
/// [`NodeError::VoteRecord`].
pub async fn start_engine<E, P, B, S, R>(
    context: E,
    config: EngineConfig<P, B>,
    channels: Channels<S, R>,
) -> Result<EngineHandle, NodeError>
where
    E: Clock + CryptoRng + Spawner + Storage + Metrics,
    P: Provider<PublicKey = PeerKey>,
    B: Blocker<PublicKey = PeerKey>,
    S: Sender<PublicKey = PeerKey>,
    R: Receiver<PublicKey = PeerKey>,
{
    let EngineConfig {
        chain,
        validators,
        keys,
        tracker,
        has_peers,
        can_fetch,
        peers,
        blocker,
        timing,
        partition,
        data_dir,
        votes_dir,
        witness,
    } = config;
    let name: Arc<str> = chain.genesis_config().name.as_str().into();
    let me = keys.peer_public_key();
    let (votes, vote_failures) = VoteRecord::open(&votes_dir, &data_dir, &partition)?;
    // A follower votes for nothing, and its key may lie where nobody writes.
    if validators.peers().iter().any(|peer| *peer == me) {
        votes.try_to_write()?;
    }
    let membership = Membership::new(chain.clone(), validators, keys);
    let cache = storage::page_cache();
    let mut begins_anew = false;
    let (marshal, mailbox, floor, head) = loop {
        let (blocks, certificates) = storage::open(&context, &partition, &cache, &chain).await?;
        recovery::replay(&context, &chain, &blocks, &certificates, &partition).await?;
        let floor = recovery::highest_certificate(&chain, &membership)?;
        let (marshal, mailbox, processed) = MarshalActor::init(
            context.child("marshal"),
            certificates,
            blocks,
            marshal::Config {
                provider: membership.schemes().clone(),
                epocher: membership.epocher(),
                start: recovery::marshal_start(&context, &chain, &partition, floor.as_ref()).await?,
                partition_prefix: partition.clone(),
                mailbox_size: MAILBOX_MESSAGES,
                view_retention: VIEW_RETENTION,
                prunable_items_per_section: BLOCKS_PER_SECTION,
                page_cache: cache.clone(),
                replay_buffer: REPLAY_BUFFER_BYTES,
                key_write_buffer: WRITE_BUFFER_BYTES,
                value_write_buffer: WRITE_BUFFER_BYTES,
                block_codec_config: (),
                max_repair: MAX_REPAIR,
                max_pending_acks: MAX_PENDING_ACKS,
                strategy: Sequential,
            },
        )
        .await;
        let head = chain.head().block().height();
        let processed = processed.processed().map_or(0, |processed| processed.height().get());
        if processed <= head {
            break (marshal, mailbox, floor, head);
        }
        if begins_anew || !can_fetch {
            return Err(NodeError::ExecutionBehind { chain: name.to_string(), data_dir, partition, head, processed });
        }
        drop((marshal, mailbox));
        recovery::forget_progress(&context, &name, &partition, head, processed).await?;
        begins_anew = true;
    };
    let epoch = membership.current_epoch();

    let resolver = backfill::init(
        context.child("backfill"),
        backfill::Config {
            public_key: me.clone(),
            peer_provider: peers.clone(),
            blocker: blocker.clone(),
            mailbox_size: MAILBOX_MESSAGES,
            fetch_timeout: NZDuration!(FETCH_TIMEOUT),
            fetch_retry_delay: FETCH_RETRY,
            priority_requests: false,
            priority_responses: false,
        },
        channels.backfill,
    );
    let (broadcast, buffer) = buffered::Engine::new(
        context.child("broadcast"),
        buffered::Config {
            public_key: me.clone(),
            mailbox_size: MAILBOX_MESSAGES,
            deque_size: BUFFERED_BLOCKS_PER_SENDER,
            priority: true,
            codec_config: (),
            peer_provider: peers,
            strategy: Sequential,
        },
    );
    let last_proposal = LastProposal::new(&data_dir);
    if let Some((round, block)) = last_proposal.read().filter(|(_, block)| block.block().height() > head) {
        // Nobody waits for it to be durable: it is in its file.
        let (ack, _) = oneshot::channel();
        mailbox.verified_deferred(round, ConsensusBlock::digested(block.block().clone()), ack);
    }
    let application = Application::new(chain.clone(), name.clone(), timing.heartbeat)
        .with_last_proposal(last_proposal)
        .with_witness(witness.clone());
    let automaton = Inline::new(context.child("application"), application, mailbox.clone(), membership.epocher());
    let (tell_changes, changes) = mpsc::unbounded_channel();
    let (finalizer, reporter) = Finalizer::new(chain.clone(), name.clone(), mailbox.clone(), tell_changes);
    let heard_votes = (channels.votes.0, witness.hearing(channels.votes.1));
    let mut muxes = EpochMuxes::start(&context, heard_votes, channels.certificates, channels.resolver);
    if has_peers && let Some(reports) = muxes.reports().await {
        let witness = witness.clone();
        context.child("reports").spawn(move |context| self_report::run(context, witness, reports));
    }
    let start = engine_starter(context.child("epoch"), me, blocker, automaton, timing, cache, witness.clone());
    let mut orchestrator = Orchestrator {
        name: name.clone(),
        membership,
        marshal: mailbox,
        muxes,
        tracker,
        start,
        changes,
        partition,
        votes,
        vote_failures,
        witness: witness.clone(),
    };
    // Before the network looks for the first time whom to dial.
    orchestrator.connect_to_members(epoch)?;
    // A certificate of the epoch before the current one tells consensus nothing.
    let floor = floor.filter(|floor| floor.epoch().get() == epoch);

    info!(chain = %name, head, "consensus starts");
    witness.keep_evidence(&context);
    let finalizer = context.child("finalizer").spawn(move |context| finalizer.run(context));
    let gossip = has_peers.then(|| {
        let chain = chain.clone();
        context.child("gossip").spawn(move |context| gossip::run(context, chain, channels.transactions))
    });
    let broadcast = broadcast.start(channels.blocks);
    let marshal = marshal.start(witness.tips(reporter), buffer, resolver);
    let consensus = context.child("epochs").spawn(move |context| orchestrator.run(context, epoch, floor));
    Ok(EngineHandle { chain: name.to_string(), consensus, marshal, broadcast, finalizer, gossip })
}

/// What starts the engine of an epoch, given what is the same in all of them.
fn engine_starter<E, S, B, A>(
    context: E,
    me: PeerKey,
    blocker: B,
    automaton: A,
    timing: ConsensusTiming,
    cache: CacheRef,
    witness: Witness,
) -> StartEngine<S>
where
    E: Clock + CryptoRng + Spawner + Storage + Metrics,
    S: Sender<PublicKey = PeerKey>,
    B: Blocker<PublicKey = PeerKey>,
    A: CertifiableAutomaton<Context = Context<crate::BlockDigest, PeerKey>, Digest = crate::BlockDigest>
        + Relay<Digest = crate::BlockDigest, PublicKey = PeerKey, Plan = simplex::Plan<PeerKey>>
        + Reporter<Activity = Activity<ConsensusScheme, crate::BlockDigest>>,
{
    Box::new(
        move |EpochStart { epoch, validators, scheme, floor, finals, first_parent, partition, votes, channels }| {
            let others = validators.peers().iter().filter(|peer| **peer != me && witness.may_be_active(peer));
            let presumed = signs_of_life(&scheme, epoch, others.cloned().collect());
            let electorate = Electorate::new(&validators);
            let overheard = witness.listening(automaton.clone(), &scheme, electorate);
            let newest = finals.subscribe();
            let overheard = FinalViews { inner: overheard, finals };
            let count = validators.peers().len();
            let last_final = LastFinal::of(&scheme, channels.certificates.0.clone(), newest, floor.clone(), count);
            let channel = (votes.guard(channels.votes.0), channels.votes.1);
            let (last_votes, reporter, votes) =
                LastVotes::new(&scheme, me.clone(), automaton.clone(), overheard, channel);
            last_votes.begin_with(presumed);
            let engine = simplex::Engine::new(
                context.child("consensus").with_attribute("epoch", epoch),
                simplex::Config {
                    scheme,
                    elector: RoundRobin::<Sha256>::default(),
                    blocker: blocker.clone(),
                    automaton: automaton.clone(),
                    relay: automaton.clone(),
                    reporter,
                    // Votes of a view are kept until it is forgotten: who votes twice is found out even after the certificate.
                    track_historical_votes: true,
                    strategy: Sequential,
                    partition,
                    mailbox_size: MAILBOX_MESSAGES,
                    epoch,
                    floor: floor.map_or_else(|| Floor::Genesis(digest(first_parent)), Floor::Finalized),
                    replay_buffer: REPLAY_BUFFER_BYTES,
                    write_buffer: WRITE_BUFFER_BYTES,
                    page_cache: cache.clone(),
                    leader_timeout: timing.leader_timeout,
                    certification_timeout: timing.certification_timeout,
                    timeout_retry: timing.nullify_retry,
                    view_retention: VIEW_RETENTION,
                    skip: SkipPolicy::Enabled { timeout: timing.inactivity_timeout, budget: SkipBudget::Participants },
                    fetch_timeout: NZDuration!(FETCH_TIMEOUT),
                    fetch_retry_delay: FETCH_RETRY,
                    forward: ForwardPolicy::SilentLeader,
                },
            );
            if let Some(last_final) = last_final {
                context.child("last_final").spawn(move |context| last_final.run(context));
            }
            context.child("last_votes").spawn(move |context| last_votes.run(context));
            engine.start(votes, channels.certificates, channels.resolver)
        },
    )
}

/// The largest message that consensus sends, in bytes: however many validators there are or will be.
pub(crate) fn max_payload_bytes() -> u32 {
    let participants = u32::try_from(MAX_VALIDATORS).unwrap_or(u32::MAX);
    commonware_p2p::max_message_size(&[
        simplex::max_payload_size::<ConsensusScheme, crate::BlockDigest>(participants),
        marshal::max_payload_size::<Standard<ConsensusBlock>, ConsensusScheme>(participants, &()),
    ])
}
