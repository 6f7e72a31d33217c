//! `chancery contract`.

use std::path::PathBuf;

use alloy_primitives::{B256, Bytes};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ContractCommand {
    /// List the contracts of a chain in the order of their proposals.
    List {
        /// The chain.
        #[arg(long, default_value = "main")]
        chain: String,
    },
    /// Show one with its steps; its code, its ABI and its hashes are computed anew.
    Show(WhichRelease),
    /// Propose a compiled contract (operator); it is simulated first.
    Propose(ProposeContract),
    /// Approve or reject what another operator has proposed (operator).
    Review(ReviewContract),
    /// Deploy what is approved (operator).
    Deploy(StepOfRelease),
    /// Release what is deployed; whoever has proposed it cannot (operator).
    Release(StepOfRelease),
    /// Withdraw a contract, wherever it is on its way (operator).
    Withdraw {
        #[command(flatten)]
        which: WhichRelease,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct WhichRelease {
    /// The release: digest of its proposal, as `list` shows it.
    pub(crate) release: B256,
    /// Its chain.
    #[arg(long, default_value = "main")]
    pub(crate) chain: String,
}

#[derive(Debug, Args)]
pub(crate) struct StepOfRelease {
    #[command(flatten)]
    pub(crate) which: WhichRelease,
    /// Why; may be left out.
    #[arg(long, default_value = "")]
    pub(crate) reason: String,
    /// Only say what would change.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ProposeContract {
    /// What it is called from release to release: 1 to 32 characters of a-z 0-9 -.
    pub(crate) name: String,
    /// Its version, higher than the one that was released last.
    #[arg(value_name = "VERSION")]
    pub(crate) number: u32,
    /// What the compiler wrote: JSON with `abi` and `bytecode` (Foundry, Hardhat, solc).
    pub(crate) artifact: PathBuf,
    /// The chain.
    #[arg(long, default_value = "main")]
    pub(crate) chain: String,
    /// An argument of the constructor, in order; repeat it.
    #[arg(long = "argument", value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) values: Vec<String>,
    /// All arguments, ABI-encoded, instead.
    #[arg(long, value_name = "HEX", conflicts_with = "values")]
    pub(crate) encoded_arguments: Option<Bytes>,
    /// The source, for its hash; a reviewer names the same file.
    #[arg(long, value_name = "FILE")]
    pub(crate) source: Option<PathBuf>,
    /// Salt of the address. Default: zero.
    #[arg(long, default_value_t = B256::ZERO)]
    pub(crate) salt: B256,
    /// Only say what would change.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReviewContract {
    #[command(flatten)]
    pub(crate) which: WhichRelease,
    /// It may be deployed.
    #[arg(long, required_unless_present = "reject", conflicts_with = "reject", requires = "artifact")]
    pub(crate) approve: bool,
    /// It may not.
    #[arg(long, requires = "reason")]
    pub(crate) reject: bool,
    /// Why; needed with --reject.
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// What the reviewer's own compiler wrote from the source that she has read, needed with --approve: refused unless code and ABI are those that were proposed.
    #[arg(long, value_name = "FILE")]
    pub(crate) artifact: Option<PathBuf>,
    /// The source as the reviewer has read it: refused unless its hash is the one that was proposed.
    #[arg(long, value_name = "FILE")]
    pub(crate) source: Option<PathBuf>,
    /// Only say what would change.
    #[arg(long)]
    pub(crate) check: bool,
}
