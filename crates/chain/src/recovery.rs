//! What a start takes up from an earlier run (CHAIN-5): each of consensus and execution may be behind the other.

use chancery_execution::{Blockchain, Finalization};
use chancery_light::FinalityCertificate;
use commonware_consensus::marshal::Start;
use commonware_cryptography::Digested;
use commonware_runtime::{Clock, Metrics, Spawner, Storage};
use commonware_storage::archive;
use tracing::{info, warn};

use crate::{
    BlockDigest, ConsensusBlock, ConsensusScheme, NodeError,
    application::run_blocking,
    epochs::Membership,
    storage::{
        BlockFinalization, FinalizedBlocks, FinalizedCertificates, FinalizedError, certificate_bytes,
        stored_certificate,
    },
};

/// Blocks committed at once when the execution store catches up with consensus at the start.
const REPLAY_BATCH: usize = 64;

/// Commits the final blocks that consensus stored and execution does not have: it was killed in between, or its data were
/// restored from an older copy.
pub(crate) async fn replay<E: Spawner + Storage + Metrics + Clock>(
    context: &E,
    chain: &Blockchain,
    blocks: &FinalizedBlocks<E>,
    certificates: &FinalizedCertificates<E>,
    partition: &str,
) -> Result<(), NodeError> {
    let failed =
        |error: archive::Error| NodeError::ConsensusStorage { partition: partition.into(), message: error.to_string() };
    let mut height = chain.head().block().height();
    loop {
        let mut batch = Vec::with_capacity(REPLAY_BATCH);
        while batch.len() < REPLAY_BATCH {
            let Some(block) = blocks.recent(height + 1).await.map_err(failed)? else {
                break;
            };
            let certificate = certificates.recent(height + 1).await.map_err(failed)?;
            batch.push(Finalization {
                block: block.block().clone(),
                certificate: certificate.as_ref().map(certificate_bytes),
            });
            height += 1;
        }
        if batch.is_empty() {
            return Ok(());
        }
        info!(chain = %chain.genesis_config().name, height, blocks = batch.len(), "taking over final blocks that consensus has");
        let tree = chain.tree().clone();
        let committed = run_blocking(context, "replay", move || tree.finalize(batch)).await;
        if let Some(Err(source)) = committed {
            let chain = chain.genesis_config().name.clone();
            return Err(NodeError::Finalize { chain, source: Box::new(source) });
        }
    }
}

/// The certificate of the highest block that has its own, from where consensus may go on even if its files are lost; with the epoch whose
/// validators made it.
pub(crate) fn highest_certificate(
    chain: &Blockchain,
    membership: &Membership,
) -> Result<Option<BlockFinalization>, NodeError> {
    let damaged = |problem: String| NodeError::Damaged { chain: chain.genesis_config().name.clone(), problem };
    for height in (1..=chain.head().block().height()).rev() {
        let stored = stored_certificate(chain, height).map_err(|error| match error {
            FinalizedError::Store(error) => NodeError::Store(error),
            FinalizedError::Archive(_) | FinalizedError::Certificate(_) => damaged(error.to_string()),
        })?;
        let Some(finalization) = stored else { continue };
        let (validators, _) = membership.enter(membership.epochs().of(height))?;
        // Consensus takes a wrong certificate for a bug and panics, so a damaged one must be found here.
        let certificate = FinalityCertificate::decode(&certificate_bytes(&finalization));
        return match certificate.and_then(|certificate| validators.trusted().verify_certificate(&certificate)) {
            Ok(()) => Ok(Some(finalization)),
            Err(error) => Err(damaged(format!("the certificate of block {height} does not verify: {error}"))),
        };
    }
    Ok(None)
}

/// Where marshal begins: at genesis, as its own progress says; at the highest certificate if it has no progress although
/// the chain has blocks, because its files were lost.
pub(crate) async fn marshal_start<E: Storage>(
    context: &E,
    chain: &Blockchain,
    partition: &str,
    floor: Option<&BlockFinalization>,
) -> Result<Start<ConsensusScheme, BlockDigest, Digested<ConsensusBlock>>, NodeError> {
    let has_progress = context.scan(&progress(partition)).await.is_ok_and(|files| !files.is_empty());
    if let (false, Some(floor)) = (has_progress, floor) {
        return Ok(Start::Floor(floor.clone()));
    }
    let damaged = || NodeError::Damaged {
        chain: chain.genesis_config().name.clone(),
        problem: "the store has no genesis block".into(),
    };
    let genesis = chain.block(0)?.ok_or_else(damaged)?;
    Ok(Start::Genesis(ConsensusBlock::digested(genesis.block().clone())))
}

/// Lets marshal begin again where the execution store is: its progress says that the store has blocks which were lost since. What it has archived
/// stays; what is missing between is fetched from peers, as by a node that was away.
pub(crate) async fn forget_progress<E: Storage>(
    context: &E,
    chain: &str,
    partition: &str,
    head: u64,
    processed: u64,
) -> Result<(), NodeError> {
    warn!(
        %chain,
        head,
        processed,
        "the execution store lacks final blocks that it had: they are fetched from the other nodes"
    );
    context
        .remove(&progress(partition), None)
        .await
        .map_err(|error| NodeError::ConsensusStorage { partition: partition.into(), message: error.to_string() })
}

/// Where marshal keeps how far the application is.
fn progress(partition: &str) -> String {
    format!("{partition}-application-metadata")
}
