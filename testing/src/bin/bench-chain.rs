//! `cargo xtask bench chain`: our main chain and anvil, one load generator, the same signed transactions, alternating; prints the ratio.
#![allow(clippy::print_stdout, reason = "it prints its measurements")]

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chancery_testing::{
    load::{GrowingState, Kind, LoadReport, Slots, Workload, deploy_store, funded_signers, next_nonces, send_all},
    numbers::Number,
    process::{Anvil, City, CityOptions, Network, Usage},
};
use clap::Parser;

/// What is asked of one validator, as a part of anvil's speed, and of four on the same two cores.
const ASKED_OF_ONE: f64 = 2.0;
const ASKED_OF_FOUR: f64 = 0.5;
/// With fifty times as many slots so much of the speed has to be left, in hundredths.
const ASKED_WHEN_GROWN: f64 = 70.0;
/// Heartbeat of a network: that of a city.
const HEARTBEAT_MS: u64 = 10_000;

#[derive(Parser)]
struct Arguments {
    /// Transactions of each kind.
    #[arg(long, default_value_t = 50_000)]
    transactions: usize,
    /// How many accounts send at once.
    #[arg(long, default_value_t = 20)]
    senders: u32,
    /// Transactions in one JSON-RPC batch.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// How many times the whole comparison is made.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Leave anvil out (for profiling).
    #[arg(long)]
    ours_only: bool,
    /// Validators of our chain. More than one are processes of their own, in a network of this one chain.
    #[arg(long, default_value_t = 1)]
    validators: u16,
    /// Only one kind.
    #[arg(long, value_parser = ["transfers", "writes"])]
    only: Option<String>,
    /// Instead, what one write costs our chain at several sizes of its state: numbers of storage slots, smallest first.
    #[arg(long, value_delimiter = ',', value_name = "SLOTS", num_args = 0.., default_missing_values = ["100000", "5000000"])]
    growth: Vec<u64>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if !arguments.growth.is_empty() {
        return measure_growth(&arguments).await;
    }
    println!(
        "{} transactions of each kind, {} senders, batches of {}, {} validators",
        arguments.transactions, arguments.senders, arguments.batch, arguments.validators
    );
    println!("{:<16} {:>14} {:>14} {:>8}", "", "chancery tx/s", "anvil tx/s", "ratio");
    for _ in 0..arguments.rounds {
        for (name, kind) in [("transfers", Kind::Transfer), ("writes", Kind::StorageWrite)] {
            if arguments.only.as_deref().is_some_and(|only| only != name) {
                continue;
            }
            let ours = measure_ours(kind, &arguments).await?;
            if arguments.ours_only {
                println!(
                    "{name:<16} {:>14.0}   (all accepted after {:.2} s, in after {:.2} s)",
                    ours.throughput(),
                    ours.sent_after.as_secs_f64(),
                    ours.included_after.as_secs_f64()
                );
                continue;
            }
            let anvil = measure_anvil(kind, &arguments).await?;
            let (ours, anvil) = (ours.throughput(), anvil.throughput());
            println!("{name:<16} {ours:>14.0} {anvil:>14.0} {:>7.2}x", ours / anvil);
            let (over, asked) = match arguments.validators {
                1 => ("one validator", ASKED_OF_ONE),
                4 => ("four validators", ASKED_OF_FOUR),
                // Nothing is asked of other numbers.
                _ => continue,
            };
            let what = format!("{name} over {over}: {ours:.0}/s, anvil {anvil:.0}/s");
            Number::at_least(what, asked, "of anvil's speed", ours / anvil).print()?;
        }
    }
    Ok(())
}

/// One validator: the main chain of a whole city, durable, with its side chains idle beside it. Several: a network of processes; the load goes
/// to the first.
async fn measure_ours(kind: Kind, arguments: &Arguments) -> Result<LoadReport> {
    let data = tempfile::tempdir()?;
    if arguments.validators > 1 {
        let mut network = Network::init(data.path(), arguments.validators.into(), 0, HEARTBEAT_MS)?;
        network.start_all()?;
        let first = network.nodes.first().context("the network has no node")?;
        return measure(&first.rpc, kind, arguments).await;
    }
    let city = City::start(&CityOptions::new(data.path()))?;
    let url = city.chains.get("main").context("the city has no main chain")?;
    measure(url, kind, arguments).await
}

/// One city, as in the comparison, whose main chain is filled to each size in turn. What the filling left to be merged is waited for, then slots that
/// exist and new ones are written, each once before it is measured, so that the caches are those of this kind of write.
async fn measure_growth(arguments: &Arguments) -> Result<()> {
    println!(
        "{} transactions that write a slot each, {} senders, batches of {}",
        arguments.transactions, arguments.senders, arguments.batch
    );
    let data = tempfile::tempdir()?;
    let city = City::start(&CityOptions::new(data.path()))?;
    let url = city.chains.get("main").context("the city has no main chain")?;
    let mut state = GrowingState::deploy(url, funded_signers(arguments.senders)?).await?;
    let mut first: Option<[f64; 2]> = None;
    for size in &arguments.growth {
        state.fill(*size).await?;
        wait_until_idle(city.pid())?;
        let mut measured = [0.0; 2];
        for (place, slots) in measured.iter_mut().zip([Slots::Random, Slots::New]) {
            state.write(slots, arguments.transactions / 2, arguments.batch).await?;
            *place = state.write(slots, arguments.transactions, arguments.batch).await?.throughput();
        }
        let [random, new] = measured;
        println!("{size:>9} slots: slots that exist {random:>6.0} tx/s, new ones {new:>6.0} tx/s");
        let Some([first_random, first_new]) = first else {
            first = Some(measured);
            continue;
        };
        for (what, share) in [("slots that exist", random / first_random), ("new slots", new / first_new)] {
            Number::at_least(format!("speed with {size} slots, {what}"), ASKED_WHEN_GROWN, "%", share * 100.0)
                .print()?;
        }
    }
    Ok(())
}

/// Waits until a process takes next to nothing, for a minute at most.
fn wait_until_idle(pid: u32) -> Result<()> {
    let longest = Instant::now() + Duration::from_secs(60);
    while Instant::now() < longest {
        let before = Usage::of(pid)?.cpu;
        std::thread::sleep(Duration::from_secs(1));
        if Usage::of(pid)?.cpu - before < Duration::from_millis(150) {
            break;
        }
    }
    Ok(())
}

/// anvil at its fastest setting: a block each second, free gas, in memory.
async fn measure_anvil(kind: Kind, arguments: &Arguments) -> Result<LoadReport> {
    let accounts = arguments.senders.to_string();
    let anvil = Anvil::start(&[
        "--accounts",
        &accounts,
        "--block-time",
        "1",
        "--gas-price",
        "0",
        "--block-base-fee-per-gas",
        "0",
        "--gas-limit",
        "3000000000",
    ])?;
    measure(&anvil.url, kind, arguments).await
}

async fn measure(url: &str, kind: Kind, arguments: &Arguments) -> Result<LoadReport> {
    let signers = funded_signers(arguments.senders)?;
    let deployer = signers.first().context("no senders")?.clone();
    let (chain_id, store) = deploy_store(url, deployer).await?;
    let nonces = next_nonces(url, &signers).await?;
    let workload = Workload::sign(kind, &signers, &nonces, arguments.transactions, chain_id, store)?;
    send_all(url, &workload, arguments.batch).await
}
