//! `chancery node`: one node of one chain, until it is told to stop or fails.

use anyhow::{Result, anyhow};
use chancery_chain::{Node, runtime_config};
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};
use tracing::info;

use super::config::load;
use crate::{arguments::RunNode, stop::told_to_stop};

pub(super) fn run(options: &RunNode) -> Result<()> {
    let until_stdin_ends = options.until_stdin_ends;
    let loaded = load(&options.config)?;
    std::fs::create_dir_all(&loaded.consensus_dir)?;
    let runner = runtime::Runner::new(runtime_config(&loaded.consensus_dir));
    runner.start(|context| async move {
        let stop = told_to_stop(until_stdin_ends)?;
        let name = loaded.config.genesis.name.clone();
        let node = Node::start(context.child("chain"), loaded.config).await?;
        println!("ready chain={name} rpc={}", node.rpc_url());
        tokio::select! {
            () = stop => info!("stopping"),
            failure = node.failed() => return Err(anyhow!("chain {name} failed: {failure}")),
        }
        node.shutdown().await;
        Ok(())
    })
}
