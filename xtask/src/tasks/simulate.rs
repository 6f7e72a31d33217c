//! `cargo xtask simulate`: the real node, or a whole alliance, on a deterministic clock and network, with faults by seed.

use std::thread;

use anyhow::{Context as _, Result, ensure};

use crate::shell::{self, cargo, step};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What is simulated.
    #[arg(value_enum, default_value_t = Subject::Chain)]
    subject: Subject,
    /// First and last seed, for each number of validators; `7..7` runs one again.
    #[arg(long, default_value = "1..1000", value_parser = parse_seeds)]
    seeds: Seeds,
    /// Numbers of validators of a chain.
    #[arg(long, value_delimiter = ',', default_value = "4,7")]
    validators: Vec<u64>,
    /// Runs at a time; as many as there are cores unless chosen.
    #[arg(long)]
    threads: Option<usize>,
}

/// What is simulated.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Subject {
    /// A network of validators: crashes, partitions, liars.
    Chain,
    /// Three chains and an alliance: kills, a Byzantine relay, a lying endorser.
    Alliance,
}

/// `FIRST..LAST`, both included.
#[derive(Clone, Copy)]
struct Seeds {
    first: u64,
    last: u64,
}

fn parse_seeds(text: &str) -> Result<Seeds> {
    let (first, last) = text.split_once("..").context("expected FIRST..LAST")?;
    let (first, last) = (first.parse()?, last.parse()?);
    ensure!(first <= last, "the last seed comes before the first");
    Ok(Seeds { first, last })
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Seeds { first, last } = arguments.seeds;
    let threads = arguments.threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    if arguments.subject == Subject::Alliance {
        step(&format!("{} runs of an alliance", last - first + 1));
        return simulation("chancery-bridge", "bridge", &[first, last, threads as u64]);
    }
    for validators in &arguments.validators {
        step(&format!("{} runs of {validators} validators", last - first + 1));
        simulation("chancery-chain", "chain", &[first, last, *validators, threads as u64])?;
    }
    Ok(())
}

/// Compiles a crate's tests, and runs the one that takes these numbers.
fn simulation(package: &str, tests: &str, numbers: &[u64]) -> Result<()> {
    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
    shell::run(
        cargo()
            .args(["test", "--release", "--quiet", "--locked", "--package", package, "--test", tests, "--"])
            .args(["--ignored", "--exact", "many::no_seed_breaks_a_promise", "--nocapture"])
            .env("CHANCERY_SIMULATION", numbers.join(" ")),
    )
}
