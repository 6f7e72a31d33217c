//! What can be asked of the processes of an alliance.

use std::path::PathBuf;

use alloy_primitives::Address;
use clap::{Args, Subcommand};

use super::Traces;

#[derive(Debug, Subcommand)]
pub(crate) enum AllianceCommand {
    /// Make an X.509 certificate, with a new TLS key, of a certificate that the alliance has on chain. A process that uses the file takes the new one by itself.
    Certificate(IssueCertificate),
}

#[derive(Debug, Args)]
pub(crate) struct IssueCertificate {
    /// JSON-RPC endpoint of a node of the alliance chain. What it says is verified.
    #[arg(long, value_name = "URL")]
    pub(crate) rpc: String,
    /// Genesis file of the alliance chain: what is trusted.
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    /// The alliance's contract.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) contract: Address,
    /// Hexadecimal key that the identity certificate names; readable by its owner alone. It signs, and is not written anywhere.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: PathBuf,
    /// Serial number of a transaction certificate: for requesters and endorsers. Lasts as long as that.
    #[arg(long, value_name = "SERIAL", required_unless_present = "identity", conflicts_with = "identity")]
    pub(crate) transaction: Option<u64>,
    /// Serial number of an identity certificate: says who, and not what for. Enough for a relay.
    #[arg(long, value_name = "SERIAL")]
    pub(crate) identity: Option<u64>,
    /// Where TLS key and certificate are written, both in PEM, readable by their owner alone. What stands there is replaced at once.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RunRelay {
    /// What is carried where (relay.toml).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) traces: Traces,
    /// Stop when standard input ends: for a program that starts a relay and must not leave it behind.
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunEndorser {
    /// For whom and with which key (endorser.toml).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) traces: Traces,
    /// Stop when standard input ends: for a program that starts an endorser and must not leave it behind.
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,
}
