//! `cargo xtask bench data`: what a whole city does with the data of registered sources, over HTTP, beside what is asked for and a limit that is measured
//! in the same run. Its other parts are `bench-seal` and `bench-extract`.
#![allow(clippy::print_stdout, reason = "it prints its measurements")]

mod ingest;
mod limit;
mod proofs;
mod search;
mod stream;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// Signed device readings, durable and proven.
    Ingest(ingest::Arguments),
    /// Search over many operations, and the audit of all of them.
    Search(search::Arguments),
    /// The proof of an operation, verified offline.
    Proofs(proofs::Arguments),
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().part {
        Part::Ingest(arguments) => ingest::run(&arguments).await,
        Part::Search(arguments) => search::run(&arguments).await,
        Part::Proofs(arguments) => proofs::run(&arguments).await,
    }
}
