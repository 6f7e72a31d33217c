//! What stands in a registry of requirements.

use std::path::PathBuf;

use alloy_primitives::{Address, B256};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum RequirementsCommand {
    /// What members want now: the newest first, read with proofs.
    List(ListRequirements),
    /// Find the sets of which an alliance can be made: the same purpose, and each names exactly the others.
    Match(MatchRequirements),
    /// Take an own requirement back.
    Withdraw(WithdrawRequirement),
}

/// Which registry, and through which node.
#[derive(Debug, Args)]
pub(crate) struct WhichRegistry {
    /// JSON-RPC endpoint of a node of the alliance chain. What it says is verified.
    #[arg(long, value_name = "URL")]
    pub(crate) rpc: String,
    /// Genesis file of the alliance chain: what is trusted.
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    /// The registry, as `open-registry` has told it.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) registry: Address,
    /// The transaction that made it, as `open-registry` has told it: then it is looked at whether it is one.
    #[arg(long, value_name = "HASH")]
    pub(crate) registry_transaction: Option<B256>,
    /// Only what is for this.
    #[arg(long)]
    pub(crate) purpose: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ListRequirements {
    #[command(flatten)]
    pub(crate) registry: WhichRegistry,
    /// How many at most.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) limit: u16,
    /// Numbers below this one: what `next` of the page before says.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) before: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct MatchRequirements {
    #[command(flatten)]
    pub(crate) registry: WhichRegistry,
    /// Only sets with this requirement, and for its member this one; may be given several times. Needed where several have declared under one name.
    #[arg(long = "with", value_name = "NUMBER")]
    pub(crate) with: Vec<u64>,
    /// Where a file for each member of the one set that is left is written, for `propose` and `join`: as its `require` would have, but for what `join` needs of the own one.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct WithdrawRequirement {
    /// The member, as in `require`.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The requirement's number.
    #[arg(value_name = "NUMBER")]
    pub(crate) id: u64,
}
