//! Requests of an alliance.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Bring a request to its end: suggest, endorse, sign, sequence, decide. The same file again does not ask twice.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct RequestCommand {
    #[command(subcommand)]
    pub(crate) question: Option<RequestQuestion>,
    /// The request (TOML, or JSON): its idempotency key, and what is asked of each member.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) file: Option<PathBuf>,
    /// Who asks, through whom (requester.toml).
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) config: Option<PathBuf>,
    /// How often it is tried again when it was overtaken (stale, in conflict, expired), or when nobody has answered: read anew, after pauses of random length that grow.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) retry: u32,
    /// Where the proof of its end is written, which `chancery verify` reads, once every member has applied it; readable by its owner alone, since it holds what was asked.
    #[arg(long, value_name = "FILE")]
    pub(crate) proof: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RequestQuestion {
    /// Where a request stands, on the alliance chain and on each member's.
    Status(RequestStatus),
    /// Write the proof of how a request ended, for `chancery verify`.
    Proof(RequestProofFile),
}

#[derive(Debug, Args)]
pub(crate) struct RequestStatus {
    /// Its number.
    pub(crate) number: u64,
    /// Who asks (requester.toml).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RequestProofFile {
    /// Its number.
    pub(crate) number: u64,
    /// Who asks (requester.toml).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Where it is written, for its owner alone: it holds what was asked. What stands there is replaced.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}
