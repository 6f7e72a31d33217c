//! `cargo xtask bench memory`: what a validator holds in memory while it takes a million transactions, and when it is left alone afterwards.
#![allow(clippy::print_stdout, reason = "it prints its measurements")]

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chancery_testing::{
    load::{Kind, Workload, deploy_store, funded_signers, next_nonces, send_all},
    numbers::Number,
    process::{Network, Usage},
};
use clap::Parser;

/// What a validator may hold at most while it takes a million transactions, in MB.
const ASKED_MB: f64 = 600.0;
/// Heartbeat of the network: that of a city.
const HEARTBEAT_MS: u64 = 10_000;

#[derive(Parser)]
struct Arguments {
    /// Transactions altogether, half of them transfers, half storage writes.
    #[arg(long, default_value_t = 1_000_000)]
    transactions: usize,
    /// Transactions between two lines.
    #[arg(long, default_value_t = 50_000)]
    round: usize,
    /// How many accounts send at once.
    #[arg(long, default_value_t = 20)]
    senders: u32,
    /// Transactions in one JSON-RPC batch.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Seconds without a transaction before the last line.
    #[arg(long, default_value_t = 30)]
    idle_seconds: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let data = tempfile::tempdir()?;
    let mut network = Network::init(data.path(), 1, 0, HEARTBEAT_MS)?;
    network.start_all()?;
    let node = network.nodes.first().context("the network has no node")?;
    let pid = node.pid().context("the node does not run")?;
    let signers = funded_signers(arguments.senders)?;
    let (chain_id, store) = deploy_store(&node.rpc, signers.first().context("no senders")?.clone()).await?;
    println!(
        "{:>12} {:>10} {:>9} {:>9} {:>12} {:>12}",
        "transactions", "tx/s", "RSS MB", "peak MB", "CPU us/tx", "written kB/tx"
    );
    let (mut sent, mut before) = (0, Usage::of(pid)?);
    for (_, kind) in (0..arguments.transactions.div_ceil(arguments.round))
        .zip([Kind::Transfer, Kind::StorageWrite].into_iter().cycle())
    {
        let nonces = next_nonces(&node.rpc, &signers).await?;
        let workload = Workload::sign(kind, &signers, &nonces, arguments.round, chain_id, store)?;
        let report = send_all(&node.rpc, &workload, arguments.batch).await?;
        sent += report.transactions;
        let usage = Usage::of(pid)?;
        let count = report.transactions as f64;
        println!(
            "{sent:>12} {:>10.0} {:>9} {:>9} {:>12.1} {:>12.2}   {kind:?}",
            report.throughput(),
            usage.resident_bytes / 1_000_000,
            usage.peak_bytes / 1_000_000,
            (usage.cpu - before.cpu).as_secs_f64() * 1e6 / count,
            (usage.written_bytes - before.written_bytes) as f64 / count / 1e3,
        );
        before = usage;
    }
    let start = Instant::now();
    tokio::time::sleep(Duration::from_secs(arguments.idle_seconds)).await;
    let usage = Usage::of(pid)?;
    println!(
        "after {:.0} s without transactions: RSS {} MB, peak {} MB",
        start.elapsed().as_secs_f64(),
        usage.resident_bytes / 1_000_000,
        usage.peak_bytes / 1_000_000
    );
    let what = format!("memory of a validator at most, {sent} transactions");
    Number::below(what, ASKED_MB, "MB", usage.peak_bytes as f64 / 1e6).print()?;
    Ok(())
}
