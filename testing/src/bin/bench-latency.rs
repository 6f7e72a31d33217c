//! `cargo xtask bench latency`: how long a transaction takes from its submission to its final receipt, at a steady rate, over a network of
//! validators that are processes of their own.
#![allow(clippy::print_stdout, reason = "it prints its measurements")]

use std::time::Duration;

use alloy_primitives::Address;
use anyhow::Result;
use chancery_testing::{
    load::{Kind, Workload, funded_signers, send_at_pace},
    numbers::Number,
    process::Network,
};
use clap::Parser;

/// Chain id of a trial network.
const CHAIN_ID: u64 = 7100;
/// What is asked for, at this rate over so many validators.
const ASKED_AT: (u32, usize) = (500, 4);
const ASKED_P50_MS: f64 = 60.0;
const ASKED_P99_MS: f64 = 250.0;
/// Sent before the measurement, so that connections are open and caches are warm.
const WARM_UP: usize = 200;

#[derive(Parser)]
struct Arguments {
    /// Validators, each a process.
    #[arg(long, default_value_t = 4)]
    validators: usize,
    /// Transactions a second.
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// Seconds of measurement.
    #[arg(long, default_value_t = 30)]
    seconds: u32,
    /// How many accounts send.
    #[arg(long, default_value_t = 20)]
    senders: u32,
    /// Heartbeat of the network, in milliseconds.
    #[arg(long, default_value_t = 10_000)]
    heartbeat_ms: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let data = tempfile::tempdir()?;
    let mut network = Network::init(data.path(), arguments.validators, 0, arguments.heartbeat_ms)?;
    network.start_all()?;
    let urls: Vec<String> = network.nodes.iter().map(|node| node.rpc.clone()).collect();
    let signers = funded_signers(arguments.senders)?;
    let mut nonces = vec![0; signers.len()];
    let total = (arguments.rate * arguments.seconds) as usize;
    for (name, count) in [("warm-up", WARM_UP), ("measured", total)] {
        let workload = Workload::sign(Kind::Transfer, &signers, &nonces, count, CHAIN_ID, Address::ZERO)?;
        nonces.clone_from(&workload.final_nonces);
        let latencies = send_at_pace(&urls, &workload, arguments.rate).await?;
        let ms = |rank| milliseconds(latencies.per_mille(rank));
        println!(
            "{name}: {} transactions at {}/s over {} validators: p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms, most {:.1} ms",
            latencies.count(),
            arguments.rate,
            arguments.validators,
            ms(500),
            ms(900),
            ms(990),
            ms(1000)
        );
        let (rate, validators) = (arguments.rate, arguments.validators);
        if name == "measured" && (rate, validators) == ASKED_AT {
            let what = format!("final receipt at {rate}/s over {validators} validators");
            Number::below(format!("{what}, p50"), ASKED_P50_MS, "ms", ms(500)).print()?;
            Number::below(format!("{what}, p99"), ASKED_P99_MS, "ms", ms(990)).print()?;
        }
    }
    Ok(())
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
