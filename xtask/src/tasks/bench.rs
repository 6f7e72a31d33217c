//! `cargo xtask bench`: measurements, each side by side with its peer or limit in one run.

use std::{ffi::OsString, fs, process::Command};

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
    /// Transfers and storage writes on our chain and on anvil, one load generator, and the ratio.
    Chain(Passed),
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
        What::Chain(passed) => ("bench-chain", passed),
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

/// The parts, one after the other, and in the end their numbers together. What a part does not reach is said in its rows; a part that breaks is named
/// after all others were measured.
fn data(DataParts { parts, passed }: &DataParts) -> Result<()> {
    let parts = if parts.is_empty() { &DataPart::ALL[..] } else { parts.as_slice() };
    ensure!(passed.arguments.is_empty() || parts.len() == 1, "what is passed on is of one part: name it");
    if parts.iter().any(|part| !matches!(part, DataPart::Extract | DataPart::Seal)) {
        build()?;
    }
    let rows = shell::target().join("numbers-of-data.md");
    fs::create_dir_all(shell::target())?;
    fs::write(&rows, "").with_context(|| format!("cannot write {}", rows.display()))?;
    let mut broken = Vec::new();
    for part in parts {
        step(&format!("Measuring: {}", part.name()));
        if let Err(error) = measure(*part, &passed.arguments, rows.clone().into()) {
            println!("    {error:#}");
            broken.push(part.name());
        }
    }
    step("Numbers");
    println!("{NUMBERS_HEAD}\n{}", fs::read_to_string(&rows)?.trim_end());
    if !broken.is_empty() {
        bail!("not measured to the end: {}", broken.join(", "));
    }
    Ok(())
}

fn measure(part: DataPart, passed: &[String], rows: OsString) -> Result<()> {
    let numbers = [(NUMBERS_VARIABLE, rows)];
    match part {
        DataPart::Extract | DataPart::Seal => {
            let example = format!("bench-{}", part.name());
            shell::run(run_example("chancery-sharing", &example, passed).envs(numbers))
        }
        DataPart::Ingest | DataPart::Search | DataPart::Proofs => {
            let arguments: Vec<_> = std::iter::once(part.name().to_owned()).chain(passed.iter().cloned()).collect();
            shell::run(run_binary("bench-data", &arguments).envs(numbers))
        }
    }
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
