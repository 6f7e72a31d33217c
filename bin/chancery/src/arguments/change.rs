//! `chancery change`.

use std::path::PathBuf;

use alloy_primitives::B256;
use chancery_primitives::ChangeKind;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ChangeCommand {
    /// List what was proposed, and which kinds of changes need two operators (operator, supervisor).
    List,
    /// Show one change; its digest and its proposer's signature are computed anew (operator, supervisor).
    Show {
        /// The change: digest of its proposal, as `list` shows it.
        change: B256,
    },
    /// Propose a change that was refused because it needs two operators (operator).
    Propose {
        /// The refusal, as a command with --json writes it to standard error; or the text of the change alone. `-`: standard input.
        #[arg(value_name = "FILE")]
        refusal: PathBuf,
        /// Days until it can neither be approved nor applied any more.
        #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u64).range(1..=30))]
        days: u64,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
    /// Approve what another operator has proposed: it takes effect at once (operator).
    Approve(StepOfChange),
    /// Reject what another operator has proposed (operator).
    Reject(ReasonedStep),
    /// Withdraw a change that has not taken effect (operator).
    Withdraw(ReasonedStep),
    /// Apply what is approved, when that failed after the approval (operator).
    Apply {
        /// The change.
        change: B256,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct StepOfChange {
    /// The change: digest of its proposal, as `list` shows it.
    pub(crate) change: B256,
    /// Why; may be left out.
    #[arg(long, default_value = "")]
    pub(crate) reason: String,
    /// Only say what would change.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReasonedStep {
    /// The change: digest of its proposal, as `list` shows it.
    pub(crate) change: B256,
    /// Why.
    #[arg(long)]
    pub(crate) reason: String,
    /// Only say what would change.
    #[arg(long)]
    pub(crate) check: bool,
}

/// A kind of changes by its name.
pub(super) fn kind(text: &str) -> Result<ChangeKind, String> {
    let known = ChangeKind::ALL.iter().copied().find(|kind| kind.as_str() == text);
    known.ok_or_else(|| {
        let names: Vec<&str> = ChangeKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("write one of {}", names.join(", "))
    })
}
