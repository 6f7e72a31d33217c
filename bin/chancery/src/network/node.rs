//! `chancery node`: one node of one chain, until it is told to stop or fails.

use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use chancery_chain::{Node, is_locked, runtime_config};
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};
use serde_json::json;
use tracing::{info, warn};

use super::{config::load, observed};
use crate::{arguments::RunNode, founding::known_keys, output::Output, stop::told_to_stop};

pub(super) fn run(options: &RunNode, output: Output) -> Result<()> {
    let until_stdin_ends = options.until_stdin_ends;
    let loaded = load(&options.config)?;
    if let Some(in_clear) = &loaded.in_clear {
        bail!("{}: {in_clear}", options.config.display());
    }
    if let Some(warning) = known_keys::warning(&loaded.config.genesis) {
        warn!("{warning}");
    }
    let consensus_dir = loaded.consensus_dir.clone();
    std::fs::create_dir_all(&consensus_dir).with_context(|| format!("cannot make {}", consensus_dir.display()))?;
    // The runtime would wait until the other process ends.
    let locked = is_locked(&consensus_dir).with_context(|| format!("cannot write in {}", consensus_dir.display()))?;
    ensure!(!locked, "{} is in use by another process: stop it first", consensus_dir.display());
    let runner = runtime::Runner::new(runtime_config(&loaded.consensus_dir));
    runner.start(|context| async move {
        let stop = told_to_stop(until_stdin_ends)?;
        let name = loaded.config.genesis.name.clone();
        let files = format!("its files are in {} and {}", loaded.config.data_dir.display(), consensus_dir.display());
        let node = Node::start(context.child("chain"), loaded.config).await;
        let node = node.map_err(|error| anyhow!("chain {name} does not start: {error} ({files})"))?;
        let node = Arc::new(node);
        let observed = match loaded.observe {
            Some(listen) => Some(observed::serve(listen, node.clone(), context.child("observed")).await?),
            None => None,
        };
        let rpc = node.rpc_url();
        output.ready(&json!({"chain": name, "rpc": rpc}), format_args!("chain={name} rpc={rpc}"));
        tokio::select! {
            () = stop => info!("stopping"),
            failure = node.failed() => return Err(anyhow!("chain {name} failed: {failure} ({files})")),
        }
        if let Some(observed) = observed {
            observed.abort();
            observed.await.ok();
        }
        if let Some(node) = Arc::into_inner(node) {
            node.shutdown().await;
        }
        Ok(())
    })
}
