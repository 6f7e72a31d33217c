//! `chancery prune`: forgets the past of a node that does not run.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use serde_json::json;

use super::open;
use crate::{
    arguments::Prune,
    network::config::{LEAST_BODY_BLOCKS, LEAST_STATE_BLOCKS, NodePlaces},
    output::Output,
};

pub(crate) fn run(command: &Prune, output: &Output) -> Result<ExitCode> {
    ensure!(command.keep >= LEAST_STATE_BLOCKS, "keep the state of at least {LEAST_STATE_BLOCKS} blocks");
    if let Some(bodies) = command.keep_bodies {
        ensure!(bodies >= LEAST_BODY_BLOCKS, "keep at least {LEAST_BODY_BLOCKS} blocks: others catch up from them");
    }
    let places = NodePlaces::load(&command.config)?;
    let chain = open(&places)?;
    let bar = output.progress("forgetting old state");
    let head = chain.head().block().height();
    let below = |kept: u64| head.saturating_sub(kept - 1);
    let mut report = chain.prune(below(command.keep))?;
    if let Some(bodies) = command.keep_bodies {
        report.bodies = chain.prune_bodies(below(bodies))?.bodies;
    }
    let (state, block) = (chain.earliest_state()?, chain.earliest_block()?);
    bar.finish_and_clear();
    output.answer(
        &json!({
            "head": head, "earliestState": state, "earliestBlock": block, "stateVersions": report.state_versions,
            "nodeVersions": report.node_versions, "bodies": report.bodies,
        }),
        format!(
            "{} versions of accounts and slots, {} of trie nodes and {} blocks are forgotten\n\
             state is kept from block {state} on, transactions and receipts from block {block} on; the disk is given back as the store is compacted",
            report.state_versions, report.node_versions, report.bodies
        ),
    );
    Ok(ExitCode::SUCCESS)
}
