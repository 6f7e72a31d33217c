//! `cargo xtask bench`: measurements, each side by side with its peer or limit in one run.

use anyhow::Result;

use super::web::install;
use crate::shell::{self, cargo, step};

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
    /// Signed device readings, durable and proven, beside the measured limit of Ed25519 verification.
    Data(Passed),
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
        What::Data(passed) => ("bench-data", passed),
        What::Latency(passed) => ("bench-latency", passed),
        What::Memory(passed) => ("bench-memory", passed),
        What::Replay(passed) => ("bench-replay", passed),
        What::Search(passed) => ("bench-search", passed),
        What::Alliance(passed) => {
            shell::build_shipped(&[])?;
            return example("chancery-bridge", "bench-alliance", passed);
        }
        What::Seal(passed) => return example("chancery-sharing", "bench-seal", passed),
        What::Extract(passed) => return example("chancery-sharing", "bench-extract", passed),
    };
    step("Building for measurement");
    install("contracts")?;
    shell::build_shipped(&["--package", "chancery-testing", "--bins"])?;
    step("Measuring");
    shell::run(
        cargo()
            .args(["run", "--release", "--quiet", "--locked", "--package", "chancery-testing", "--bin", binary, "--"])
            .args(&passed.arguments),
    )
}

/// What is measured by an example of a crate.
fn example(package: &str, example: &str, passed: &Passed) -> Result<()> {
    step("Measuring");
    shell::run(
        cargo()
            .args(["run", "--release", "--locked", "--package", package, "--example", example, "--"])
            .args(&passed.arguments),
    )
}
