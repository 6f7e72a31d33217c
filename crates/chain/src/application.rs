use std::{
    future::pending,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy_primitives::{Address, B256};
use chancery_execution::{
    Block, Blockchain, BuildAttributes, BuildBudget, BuildError, ExecuteError, ExecutedBlock, MAX_BLOCK_BYTES,
    MAX_PENDING_BLOCKS,
};
use chancery_primitives::extra_data::ConsensusContext;
use chancery_traces::TARGET;
use commonware_consensus::{marshal::ancestry::Ancestry, simplex::types::Context, types::Round};
use commonware_cryptography::{Digested, Digestible as _};
use commonware_macros::select;
use commonware_runtime::{Clock, Metrics, Spawner};
use futures::StreamExt as _;
use tracing::{debug, error, info_span, warn};

use crate::{
    BlockDigest, ConsensusBlock, ConsensusScheme, PeerKey, Witness, block::hash, config::MAX_CLOCK_DRIFT,
    last_proposal::LastProposal,
};

/// Building stops taking transactions after this time, so that a full block still fits the consensus timeouts with ease.
const MAX_BUILD_TIME: Duration = Duration::from_millis(400);
/// Transactions in one block.
const MAX_BLOCK_TRANSACTIONS: usize = 16_384;
/// Room for the header and the lists around the transactions, in bytes.
const BLOCK_OVERHEAD_BYTES: usize = 4096;

/// What consensus asks about blocks, answered by execution.
#[derive(Clone)]
pub(crate) struct Application {
    chain: Blockchain,
    heartbeat: Duration,
    name: Arc<str>,
    last_proposal: Option<LastProposal>,
    witness: Option<Witness>,
}

type ProposalContext = Context<BlockDigest, PeerKey>;

/// Why no answer can be given. It is about this node, not about a block, so it must never become a vote (CHAIN-4).
enum Abstain {
    /// Marshal has no more ancestors, or too many are unknown here.
    Ancestry,
    /// Execution cannot say.
    Execution(ExecuteError),
    /// The runtime stops.
    Stopping,
}

impl Application {
    pub(crate) fn new(chain: Blockchain, name: Arc<str>, heartbeat: Duration) -> Self {
        Self { chain, heartbeat, name, last_proposal: None, witness: None }
    }

    /// Keeps each proposal in a file until the next one.
    pub(crate) fn with_last_proposal(mut self, file: LastProposal) -> Self {
        self.last_proposal = Some(file);
        self
    }

    /// Lets somebody note what time proposals name.
    pub(crate) fn with_witness(mut self, witness: Witness) -> Self {
        self.witness = Some(witness);
        self
    }

    async fn note_proposal<E: Spawner>(&self, context: &E, round: Round, block: Block) -> Result<(), Abstain> {
        let Some(file) = self.last_proposal.clone() else { return Ok(()) };
        let written = blocking(context, "note", move || file.write(round, block.into())).await?;
        if let Err(error) = written {
            warn!(chain = %self.name, %error, "the proposal cannot be noted; if this process is killed now, its view has to time out");
        }
        Ok(())
    }

    /// Executes whatever of the ancestry is not executed here yet: after a restart, what was certified but not final.
    async fn execute_ancestors<E: Spawner>(
        &self,
        context: &E,
        mut ancestry: impl Ancestry<ConsensusBlock>,
    ) -> Result<(), Abstain> {
        let mut unknown: Vec<Block> = Vec::new();
        loop {
            let block = ancestry.next().await.ok_or(Abstain::Ancestry)?;
            if self.chain.tree().contains(hash(block.digest())) {
                break;
            }
            if unknown.len() == MAX_PENDING_BLOCKS {
                return Err(Abstain::Ancestry);
            }
            unknown.push(block.inner().block().clone());
        }
        while let Some(block) = unknown.pop() {
            self.execute(context, block).await?.map_err(Abstain::Execution)?;
        }
        Ok(())
    }

    async fn execute<E: Spawner>(
        &self,
        context: &E,
        block: Block,
    ) -> Result<Result<Arc<ExecutedBlock>, ExecuteError>, Abstain> {
        let tree = self.chain.tree().clone();
        let span = info_span!(target: TARGET, "block.execute", chain = %self.name, block.height = block.height(), block.hash = %block.hash(), block.transactions = block.transactions().len());
        let followed = self.chain.clone();
        blocking(context, "execute", move || {
            let executed = span.in_scope(|| tree.execute(&block));
            if executed.is_ok() {
                followed.journeys().note(hashes(&block), block.height(), "executed in a block");
            }
            executed
        })
        .await
    }

    /// Waits until the pool has something that a block on `parent` could carry, or the heartbeat passes.
    async fn wait_for_work<E: Clock>(&self, context: &E, parent: B256, deadline: SystemTime) -> Result<(), Abstain> {
        select! {
            _ = context.sleep_until(deadline) => Ok(()),
            ready = self.chain.tree().wait_for_work(parent) => {
                ready.map_err(|error| Abstain::Execution(error.into()))
            },
        }
    }

    async fn build<E: Spawner + Clock>(
        &self,
        context: &E,
        round: &ProposalContext,
        parent: B256,
    ) -> Result<Result<Arc<ExecutedBlock>, BuildError>, Abstain> {
        let attributes = BuildAttributes {
            time_ms: unix_ms(context.current()),
            epoch: u32::try_from(round.round.epoch().get()).unwrap_or(u32::MAX),
            view: round.round.view().get(),
            parent_view: round.parent.0.get(),
            beneficiary: Address::ZERO,
        };
        let budget = BuildBudget {
            max_time: MAX_BUILD_TIME,
            max_bytes: MAX_BLOCK_BYTES - BLOCK_OVERHEAD_BYTES,
            max_transactions: MAX_BLOCK_TRANSACTIONS,
        };
        let tree = self.chain.tree().clone();
        let span = info_span!(target: TARGET, "block.build", chain = %self.name, consensus.view = attributes.view);
        let built =
            blocking(context, "build", move || span.in_scope(|| tree.build(parent, attributes, budget))).await?;
        if let Ok(built) = &built {
            let block = built.block();
            self.chain.journeys().note(hashes(block), block.height(), "built into a block");
        }
        Ok(built)
    }

    async fn try_propose<E: Spawner + Clock>(
        &self,
        context: &E,
        round: &ProposalContext,
        ancestry: impl Ancestry<ConsensusBlock>,
    ) -> Result<Option<Arc<ExecutedBlock>>, Abstain> {
        let deadline = context.current() + self.heartbeat;
        self.execute_ancestors(context, ancestry).await?;
        let parent = hash(round.parent.1);
        loop {
            self.wait_for_work(context, parent, deadline).await?;
            match self.build(context, round, parent).await? {
                // What looked like work could not be executed and has left the pool: there is still nothing to say.
                Ok(built) if built.block().transactions().is_empty() && context.current() < deadline => {}
                Ok(built) => {
                    self.note_proposal(context, round.round, built.block().clone()).await?;
                    return Ok(Some(built));
                }
                Err(reason) => {
                    warn!(chain = %self.name, %reason, "no block was built; another view will try again");
                    return Ok(None);
                }
            }
        }
    }

    async fn try_verify<E: Spawner + Clock>(
        &self,
        context: &E,
        round: &ProposalContext,
        mut ancestry: impl Ancestry<ConsensusBlock>,
    ) -> Result<bool, Abstain> {
        let block = ancestry.next().await.ok_or(Abstain::Ancestry)?.inner().block().clone();
        if !names_round(&block, round) {
            warn!(chain = %self.name, height = block.height(), leader = %round.leader, "block refused: its header names another round");
            return Ok(false);
        }
        if let Some(witness) = &self.witness {
            witness.note_proposal_time(&round.leader, block.time_ms());
        }
        // A block from the future becomes valid by waiting; the leader timeout bounds the wait (CHAIN-4).
        let latest = UNIX_EPOCH + Duration::from_millis(block.time_ms());
        if let Some(earliest) = latest.checked_sub(MAX_CLOCK_DRIFT)
            && earliest > context.current()
        {
            context.sleep_until(earliest).await;
        }
        if self.chain.tree().contains(block.hash()) {
            return Ok(true);
        }
        self.execute_ancestors(context, ancestry).await?;
        match self.execute(context, block).await? {
            Ok(_) => Ok(true),
            Err(ExecuteError::Invalid(reason)) => {
                warn!(chain = %self.name, leader = %round.leader, %reason, "block refused");
                Ok(false)
            }
            Err(other) => Err(Abstain::Execution(other)),
        }
    }

    fn log(&self, reason: &Abstain) {
        match reason {
            Abstain::Ancestry => {
                debug!(chain = %self.name, "abstained: ancestors are not available here")
            }
            // It became final meanwhile, or a competitor did.
            Abstain::Execution(reason @ ExecuteError::UnknownParent { .. }) => {
                debug!(chain = %self.name, %reason, "abstained: overtaken");
            }
            Abstain::Stopping => debug!(chain = %self.name, "abstained: stopping"),
            Abstain::Execution(reason) => {
                error!(chain = %self.name, %reason, "abstained: this node cannot execute")
            }
        }
    }
}

impl<E: Clock + Spawner + Metrics> commonware_consensus::Application<E> for Application {
    type SigningScheme = ConsensusScheme;
    type Context = ProposalContext;
    type Block = ConsensusBlock;
    type Input = ();

    async fn propose(
        &mut self,
        (context, round): (E, Self::Context),
        ancestry: impl Ancestry<Self::Block>,
        (): (),
    ) -> Option<Digested<Self::Block>> {
        match self.try_propose(&context, &round, ancestry).await {
            Ok(built) => built.map(|built| ConsensusBlock::digested(built.block().clone())),
            Err(reason) => {
                self.log(&reason);
                None
            }
        }
    }

    async fn verify(&mut self, (context, round): (E, Self::Context), ancestry: impl Ancestry<Self::Block>) -> bool {
        match self.try_verify(&context, &round, ancestry).await {
            Ok(verdict) => verdict,
            Err(reason) => {
                self.log(&reason);
                // Abstaining is not answering; consensus cancels the request when the view ends.
                pending().await
            }
        }
    }
}

/// Whether the header's `extraData` names the round that the block is voted on in (CHAIN-3).
fn names_round(block: &Block, round: &ProposalContext) -> bool {
    block.context().is_ok_and(|ConsensusContext { epoch, view, parent_view, .. }| {
        u64::from(epoch) == round.round.epoch().get()
            && view == round.round.view().get()
            && parent_view == round.parent.0.get()
    })
}

/// The transactions of a block, by hash.
pub(crate) fn hashes(block: &Block) -> impl Iterator<Item = B256> {
    block.transactions().iter().map(|transaction| transaction.hash())
}

/// Runs work that holds its thread where that hurts nobody.
pub(crate) async fn run_blocking<E: Spawner, T: Send + 'static>(
    context: &E,
    label: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    context.child(label).shared(true).spawn(move |_| async move { work() }).await.ok()
}

async fn blocking<E: Spawner, T: Send + 'static>(
    context: &E,
    label: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Abstain> {
    run_blocking(context, label, work).await.ok_or(Abstain::Stopping)
}

fn unix_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "application_tests.rs"]
mod tests;
