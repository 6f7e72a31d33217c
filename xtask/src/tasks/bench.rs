//! `cargo xtask bench`: measurements, each side by side with its peer or limit in one run.

use std::{fs, process::Command};

use anyhow::{Context, Result, bail, ensure};

use super::web::install;
use crate::shell::{self, cargo, step};

/// Names the file to which benchmarks write the rows of their numbers.
const NUMBERS_VARIABLE: &str = "CHANCERY_NUMBERS";
const NUMBERS_HEAD: &str = "| what | asked | measured | ratio | reached |\n|---|---|---|---|---|";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// A request over two member chains and the alliance chain: latency, requests a second, and what conflicts cost.
    Alliance(Passed),
    /// Transfers and storage writes on our chain and on anvil, one load generator, and the ratio; with `--all` everything that is asked of a chain.
    Chain(ChainNumbers),
    /// How fast the city is ready, and what it costs when idle.
    City(Passed),
    /// The numbers of data management, one part after the other: what is asked for, what was measured, and beside which limit or peer.
    Data(DataParts),
    /// From the submission of a transaction to its final receipt, at a steady rate, over several validators.
    Latency(Passed),
    /// What a validator holds in memory while it takes a million transactions.
    Memory(Passed),
    /// How fast a new follower takes over a chain.
    Replay(Passed),
    /// Search over five million operations, its cost to the ingest, and the speed of an audit.
    Search(Passed),
    /// Fingerprinting and sealing a file of 1 GB, beside the limits of SHA-256 and AES-GCM.
    Seal(Passed),
    /// A table of PostgreSQL to sealed Parquet, beside `COPY ... TO STDOUT`.
    Extract(Passed),
}

/// Parts of the numbers of data management.
#[derive(Clone, Copy, clap::ValueEnum)]
enum DataPart {
    /// Signed device readings, durable and proven, beside the measured limit of Ed25519 verification.
    Ingest,
    /// As `bench extract`.
    Extract,
    /// As `bench seal`.
    Seal,
    /// Search over five million operations of a whole city, and the audit of them.
    Search,
    /// The proof of an operation verified offline, with and without a trusted header.
    Proofs,
}

impl DataPart {
    const ALL: [Self; 5] = [Self::Ingest, Self::Extract, Self::Seal, Self::Search, Self::Proofs];

    const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Extract => "extract",
            Self::Seal => "seal",
            Self::Search => "search",
            Self::Proofs => "proofs",
        }
    }

    fn command(self, passed: &[String]) -> Command {
        match self {
            Self::Extract | Self::Seal => run_example("chancery-sharing", &format!("bench-{}", self.name()), passed),
            Self::Ingest | Self::Search | Self::Proofs => {
                let arguments: Vec<_> = std::iter::once(self.name().to_owned()).chain(passed.iter().cloned()).collect();
                run_binary("bench-data", &arguments)
            }
        }
    }
}

/// What is asked of a chain: what it is about, the benchmark, and what that is told.
const OF_A_CHAIN: [(&str, &str, &[&str]); 6] = [
    ("one validator", "bench-chain", &[]),
    ("four validators", "bench-chain", &["--validators", "4"]),
    ("latency", "bench-latency", &[]),
    ("growth", "bench-chain", &["--growth", "100000,5000000"]),
    ("replay", "bench-replay", &[]),
    ("memory", "bench-memory", &[]),
];

#[derive(clap::Args)]
struct ChainNumbers {
    /// One validator and four beside anvil, latency, growth, replay and memory, one after the other, and one table in the end.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    passed: Passed,
}

#[derive(clap::Args)]
struct DataParts {
    /// Which; all of them unless named.
    parts: Vec<DataPart>,
    #[command(flatten)]
    passed: Passed,
}

#[derive(clap::Args)]
struct Passed {
    /// Passed on to the benchmark; `-- --help` lists what it takes.
    #[arg(last = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let (binary, passed) = match &arguments.what {
        What::Chain(numbers) => return chain(numbers),
        What::City(passed) => ("bench-city", passed),
        What::Data(parts) => return data(parts),
        What::Latency(passed) => ("bench-latency", passed),
        What::Memory(passed) => ("bench-memory", passed),
        What::Replay(passed) => ("bench-replay", passed),
        What::Search(passed) => ("bench-search", passed),
        What::Alliance(passed) => {
            shell::build_shipped(&[])?;
            return example("chancery-bridge", "bench-alliance", &passed.arguments);
        }
        What::Seal(passed) => return example("chancery-sharing", "bench-seal", &passed.arguments),
        What::Extract(passed) => return example("chancery-sharing", "bench-extract", &passed.arguments),
    };
    build()?;
    step("Measuring");
    shell::run(&mut run_binary(binary, &passed.arguments))
}

/// Numbers of data management, part by part.
fn data(DataParts { parts, passed }: &DataParts) -> Result<()> {
    let parts = if parts.is_empty() { &DataPart::ALL[..] } else { parts.as_slice() };
    ensure!(passed.arguments.is_empty() || parts.len() == 1, "what is passed on is of one part: name it");
    if parts.iter().any(|part| !matches!(part, DataPart::Extract | DataPart::Seal)) {
        build()?;
    }
    together("numbers-of-data.md", parts.iter().map(|part| (part.name(), part.command(&passed.arguments))))
}

/// Transfers and storage writes beside anvil, or all that is asked of a chain.
fn chain(ChainNumbers { all, passed }: &ChainNumbers) -> Result<()> {
    ensure!(!all || passed.arguments.is_empty(), "what is passed on is of one benchmark: leave out --all");
    build()?;
    if !all {
        step("Measuring");
        return shell::run(&mut run_binary("bench-chain", &passed.arguments));
    }
    let commands = OF_A_CHAIN.map(|(name, binary, told)| {
        let told: Vec<String> = told.iter().map(|&word| word.to_owned()).collect();
        (name, run_binary(binary, &told))
    });
    together("numbers-of-a-chain.md", commands)
}

/// Parts, one after the other, and in the end their numbers together. What a part does not reach is said in its rows; a part that breaks is named after all others
/// were measured.
fn together(file: &str, parts: impl IntoIterator<Item = (&'static str, Command)>) -> Result<()> {
    let rows = shell::target().join(file);
    fs::create_dir_all(shell::target())?;
    fs::write(&rows, "").with_context(|| format!("cannot write {}", rows.display()))?;
    let mut broken = Vec::new();
    for (name, mut command) in parts {
        step(&format!("Measuring: {name}"));
        if let Err(error) = shell::run(command.env(NUMBERS_VARIABLE, &rows)) {
            println!("    {error:#}");
            broken.push(name);
        }
    }
    step("Numbers");
    println!("{NUMBERS_HEAD}\n{}", fs::read_to_string(&rows)?.trim_end());
    if !broken.is_empty() {
        bail!("not measured to the end: {}", broken.join(", "));
    }
    Ok(())
}

fn build() -> Result<()> {
    step("Building for measurement");
    install("contracts")?;
    shell::build_shipped(&["--package", "chancery-testing", "--bins"])
}

fn run_binary(binary: &str, passed: &[String]) -> Command {
    let mut command = cargo();
    command
        .args(["run", "--release", "--quiet", "--locked", "--package", "chancery-testing", "--bin", binary, "--"])
        .args(passed);
    command
}

/// What is measured by an example of a crate.
fn example(package: &str, example: &str, passed: &[String]) -> Result<()> {
    step("Measuring");
    shell::run(&mut run_example(package, example, passed))
}

fn run_example(package: &str, example: &str, passed: &[String]) -> Command {
    let mut command = cargo();
    command.args(["run", "--release", "--locked", "--package", package, "--example", example, "--"]).args(passed);
    command
}
