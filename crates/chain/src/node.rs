use std::{any::Any, panic::AssertUnwindSafe, sync::Arc};

use chancery_execution::{Blockchain, OpenError, Pool};
use chancery_light::ChainEssentials;
use chancery_rpc::{NodeReports as _, NodeStatus, RpcHandle, RpcServer};
use commonware_runtime::{Clock as _, Handle, Spawner as _, Supervisor as _, tokio::Context};
use futures::{FutureExt as _, future::BoxFuture};
use tokio::sync::{oneshot, watch};
use tracing::{error, info};

use crate::{
    ConsensusTiming, EngineConfig, NodeConfig, NodeError, Role, ValidatorKeys, ValidatorSet, Witness,
    application::run_blocking,
    engine::{EngineHandle, start_engine},
    network::{self, HANDSHAKE_CLOCK_DRIFT, ValidatorNetwork},
    snapshot::serve_control,
    witness::{disk_full, own_metrics},
};

/// A node of one chain: execution, consensus with the other validators, JSON-RPC.
#[derive(Debug)]
pub struct Node;

/// A running node. Dropping the handle does not stop it; [`NodeHandle::shutdown`] and the end of the runtime do.
pub struct NodeHandle {
    url: String,
    essentials: ChainEssentials,
    chain: Blockchain,
    rpc: RpcHandle,
    witness: Witness,
    control: Option<Handle<()>>,
    task: Handle<()>,
    failure: watch::Receiver<Option<Arc<NodeError>>>,
}

impl Node {
    /// Starts a node. Several may be started in one runtime, each with its own genesis and data directory; their consensus
    /// files share the runtime's storage directory and are told apart by the chain's name and genesis hash.
    ///
    /// # Errors
    /// [`NodeError`], which says what to do. Nothing keeps running then.
    pub fn start(context: Context, config: NodeConfig) -> BoxFuture<'static, Result<NodeHandle, NodeError>> {
        // Boxed, so that all of consensus is compiled with this crate and not again with each program that starts a node.
        Box::pin(Self::start_node(context, config))
    }

    async fn start_node(context: Context, config: NodeConfig) -> Result<NodeHandle, NodeError> {
        let NodeConfig { genesis, data_dir, votes_dir, keys, role, p2p, rpc, execution, heartbeat } = config;
        let name = genesis.name.clone();
        let context = context.with_attribute("chain", &name);
        if let Some(full) = disk_full(&name, &data_dir) {
            return Err(full);
        }
        let opened = run_blocking(&context, "open", {
            let data_dir = data_dir.clone();
            move || open(genesis, &data_dir, execution)
        });
        let stopped = || NodeError::PartEnded { chain: name.clone(), part: "runtime" };
        // The database gives up on some damages instead of naming them.
        let unreadable =
            || OpenError::Corrupt { path: data_dir.clone(), problem: "the database cannot read its files".into() };
        let (chain, validators) = opened.await.ok_or_else(unreadable)??;
        validators.check_role(role, &keys)?;
        let timing = ConsensusTiming::from_heartbeat(heartbeat);
        let clock = context.child("clock");
        let metrics = own_metrics(context.child("metrics"));
        let now = move || clock.current();
        let witness = Witness::new(chain.clone(), keys.peer_public_key(), timing, &data_dir, now, metrics)
            .map_err(|source| NodeError::Evidence { data_dir: data_dir.clone(), source })?;
        let rpc = RpcServer::start_beside(rpc, chain.clone(), Some(Arc::new(witness.clone()))).await?;

        let (ready, is_ready) = oneshot::channel();
        let (failed, failure) = watch::channel(None);
        let essentials = validators.trusted().essentials().clone();
        let partition = partition(&name, &essentials, &keys);
        let partition_name = partition.clone();
        let seen = witness.clone();
        let control = serve_control(context.child("control"), chain.clone(), &data_dir);
        let task = context.child("node").spawn({
            let chain = chain.clone();
            move |context| async move {
                let started = async {
                    // A follower may be behind as well: from it a validator that is alone fetches nothing.
                    let can_fetch = validators.peers().len() > 1 || !p2p.peers.is_empty() || role == Role::Follower;
                    let has_peers = can_fetch || !p2p.followers.is_empty();
                    let ValidatorNetwork { channels, oracle, addresses, start } =
                        network::prepare(&context, &keys, &validators, &p2p)?;
                    let config = EngineConfig {
                        chain,
                        validators,
                        keys,
                        tracker: Box::new(addresses),
                        has_peers,
                        can_fetch,
                        peers: oracle.clone(),
                        blocker: oracle,
                        timing,
                        partition,
                        data_dir,
                        votes_dir,
                        witness: witness.clone(),
                    };
                    let engine = start_engine(context.child("engine"), config, channels).await?;
                    Ok::<_, NodeError>((engine, start()))
                };
                // Consensus gives up on some damages instead of naming them.
                let started = AssertUnwindSafe(Box::pin(started)).catch_unwind().await;
                match started.unwrap_or_else(|gave_up| Err(damaged(partition_name, &*gave_up))) {
                    Ok((engine, network)) => {
                        let _ = ready.send(Ok(()));
                        supervise(engine, network, witness, &failed).await;
                    }
                    Err(error) => {
                        let _ = ready.send(Err(error));
                    }
                }
            }
        });
        match is_ready.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                rpc.stop().await;
                return Err(error);
            }
            Err(_) => return Err(stopped()),
        }
        let url = rpc.url();
        info!(chain = %name, %url, "ready");
        Ok(NodeHandle { url, essentials, chain, rpc, witness: seen, control, task, failure })
    }
}

impl NodeHandle {
    /// Where JSON-RPC is served.
    #[must_use]
    pub fn rpc_url(&self) -> &str {
        &self.url
    }

    /// What a light client of this chain has to know.
    #[must_use]
    pub const fn essentials(&self) -> &ChainEssentials {
        &self.essentials
    }

    /// The chain's blocks and state.
    #[must_use]
    pub const fn blockchain(&self) -> &Blockchain {
        &self.chain
    }

    /// The chain's waiting transactions.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        self.chain.pool()
    }

    /// The JSON-RPC server's counters.
    #[must_use]
    pub const fn rpc(&self) -> &RpcHandle {
        &self.rpc
    }

    /// What the node last heard, and how it is, as `chancery_status` answers it.
    #[must_use]
    pub fn status(&self) -> NodeStatus {
        self.witness.status()
    }

    /// Waits until the node fails; it serves what it has until then, but decides nothing any more. The process should end
    /// and be started again.
    pub async fn failed(&self) -> Arc<NodeError> {
        let mut failure = self.failure.clone();
        loop {
            if let Some(error) = failure.borrow_and_update().clone() {
                return error;
            }
            if failure.changed().await.is_err() {
                // The task is gone without a word: it was aborted with the runtime.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Stops serving and deciding. Everything acknowledged is durable already, so nothing is flushed.
    pub async fn shutdown(self) {
        self.rpc.stop().await;
        if let Some(control) = self.control {
            control.abort();
            let _ = control.await;
        }
        self.task.abort();
        let _ = self.task.await;
    }
}

/// Waits for the end of a part, and says which it was.
async fn supervise(
    mut engine: EngineHandle,
    network: Handle<()>,
    witness: Witness,
    failed: &watch::Sender<Option<Arc<NodeError>>>,
) {
    let reason = tokio::select! {
        reason = engine.ended() => reason,
        reason = witness.clone().watch_machine(HANDSHAKE_CLOCK_DRIFT) => reason,
        _ = network => NodeError::PartEnded { chain: engine.chain().into(), part: "network" },
    };
    // Whatever ended, it ended because it could not write, if there is no room.
    let reason = disk_full(engine.chain(), witness.data_dir()).unwrap_or(reason);
    error!(%reason, "node stopped");
    failed.send_replace(Some(Arc::new(reason)));
}

fn open(
    genesis: chancery_execution::GenesisConfig,
    data_dir: &std::path::Path,
    execution: chancery_execution::ExecutionConfig,
) -> Result<(Blockchain, ValidatorSet), NodeError> {
    let block = genesis.build()?;
    let validators = ValidatorSet::new(&genesis, block.header().hash())?;
    Ok((Blockchain::open(data_dir, &block, execution)?, validators))
}

/// What consensus said when it gave up on its files.
fn damaged(partition: String, gave_up: &(dyn Any + Send)) -> NodeError {
    let said = gave_up.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| gave_up.downcast_ref::<&str>().copied());
    NodeError::ConsensusStorage { partition, message: said.unwrap_or("they are damaged").to_owned() }
}

/// Consensus' files of one node of one chain: another genesis, or another key, gets other files, so that they are never mixed up.
fn partition(name: &str, essentials: &ChainEssentials, keys: &ValidatorKeys) -> String {
    let genesis = hex::encode(&essentials.genesis_hash[..4]);
    let node = hex::encode(&keys.peer_public_key_bytes()[..4]);
    format!("{name}-{genesis}-{node}")
}
