//! `cargo xtask bench replay`: how fast a new follower takes over a chain from a validator: blocks and certificates over the network, certificates
//! verified, senders recovered, everything executed, tries updated, commits durable. Two processes on this machine.
#![allow(clippy::print_stdout, reason = "it prints its measurements")]

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chancery_testing::{
    load::{Kind, Workload, deploy_store, funded_signers, next_nonces, send_all},
    numbers::Number,
    process::{Network, Usage},
};
use clap::Parser;
use tokio::time::sleep;

/// Transactions a second with which a new follower has to take over a chain.
const ASKED: f64 = 20_000.0;
/// Heartbeat of the network: that of a city.
const HEARTBEAT_MS: u64 = 10_000;
/// How often the follower is asked how far it is.
const POLL: Duration = Duration::from_millis(20);
/// Transactions signed and sent at a time.
const ROUND: usize = 50_000;
/// The longest that a replay may take.
const MAX_WAIT: Duration = Duration::from_secs(300);

#[derive(Parser)]
struct Arguments {
    /// Transactions of the chain, half of them transfers, half storage writes.
    #[arg(long, default_value_t = 200_000)]
    transactions: usize,
    /// How many accounts send at once.
    #[arg(long, default_value_t = 20)]
    senders: u32,
    /// Transactions in one JSON-RPC batch.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// How often the follower is wiped and starts anew.
    #[arg(long, default_value_t = 2)]
    rounds: usize,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let data = tempfile::tempdir()?;
    let mut network = Network::init(data.path(), 1, 1, HEARTBEAT_MS)?;
    let [validator, follower] = &mut network.nodes[..] else { anyhow::bail!("the network has other nodes") };
    validator.start()?;
    let signers = funded_signers(arguments.senders)?;
    let (chain_id, store) = deploy_store(&validator.rpc, signers.first().context("no senders")?.clone()).await?;
    let mut sent = 0;
    for kind in [Kind::Transfer, Kind::StorageWrite].into_iter().cycle() {
        let nonces = next_nonces(&validator.rpc, &signers).await?;
        let count = ROUND.min(arguments.transactions - sent);
        let workload = Workload::sign(kind, &signers, &nonces, count, chain_id, store)?;
        sent += send_all(&validator.rpc, &workload, arguments.batch).await?.transactions;
        if arguments.transactions - sent < arguments.senders as usize {
            break;
        }
    }
    let target = validator.height().await?;
    println!("{sent} transactions in {target} blocks");
    for _ in 0..arguments.rounds {
        let before = Usage::of(validator.pid().context("the validator does not run")?)?;
        let started = Instant::now();
        follower.start()?;
        let ready = started.elapsed();
        while follower.height().await? < target {
            ensure!(started.elapsed() < MAX_WAIT, "after {MAX_WAIT:?} the follower is at {}", follower.height().await?);
            sleep(POLL).await;
        }
        let whole = started.elapsed();
        let (ours, theirs) = (follower.block_hash_now(target).await?, validator.block_hash_now(target).await?);
        ensure!(ours == theirs, "the follower has another block {target}");
        let usage = Usage::of(follower.pid().context("the follower does not run")?)?;
        let served = Usage::of(validator.pid().context("the validator does not run")?)?;
        let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / sent as f64;
        println!(
            "replayed at {:.0} tx/s ({:.2} s, of which {:.2} s until it was ready); CPU {:.1} us a transaction, {:.1} us of the validator; {} MB resident, {:.2} kB written a transaction",
            sent as f64 / whole.as_secs_f64(),
            whole.as_secs_f64(),
            ready.as_secs_f64(),
            each(usage.cpu),
            each(served.cpu - before.cpu),
            usage.resident_bytes / 1_000_000,
            usage.written_bytes as f64 / 1e3 / sent as f64,
        );
        let what = format!("replay of {sent} transactions by a new follower");
        Number::at_least(what, ASKED, "transactions/s", sent as f64 / whole.as_secs_f64()).print()?;
        follower.kill()?;
        follower.wipe()?;
    }
    Ok(())
}
