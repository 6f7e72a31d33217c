//! What the owner of a node contract does with it by itself.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{AsMember, MemberOfAlliance};

#[derive(Debug, Subcommand)]
pub(crate) enum RuleCommand {
    /// Define the rules of a file (TOML or JSON): of each operation, what it rests on and what it writes. A rule that stands already is not sent again.
    Define(DefineRules),
    /// Show the rules that are defined.
    List(AsMember),
    /// Take the rule of an operation back: its calls are refused from then on.
    Withdraw(WithdrawRule),
}

#[derive(Debug, Args)]
pub(crate) struct DefineRules {
    #[command(flatten)]
    pub(crate) member: MemberOfAlliance,
    /// The rules (rules.toml): [[rules]] with operation, required_kind, required_value and written_kind.
    #[arg(value_name = "RULES")]
    pub(crate) rules: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct WithdrawRule {
    #[command(flatten)]
    pub(crate) member: MemberOfAlliance,
    /// The operation.
    #[arg(value_name = "OPERATION")]
    pub(crate) operation: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EntryCommand {
    /// Write a word outside any request; refused while a request holds it.
    Set(SetEntry),
    /// Show a word with its version, proven where the chain has finality certificates, and who holds it.
    Show(ShowEntry),
}

/// Which word of the node contract.
#[derive(Debug, Args)]
pub(crate) struct WhichEntry {
    /// Its key, of a store: text of at most 32 characters, or 0x and 64 digits.
    #[arg(long, value_name = "KEY", required_unless_present = "kind", conflicts_with_all = ["kind", "subject"])]
    pub(crate) entry: Option<String>,
    /// Its kind, of a contract with rules, such as `lien`.
    #[arg(long, requires = "subject")]
    pub(crate) kind: Option<String>,
    /// Of which subject, such as `parcel 7`.
    #[arg(long, requires = "kind")]
    pub(crate) subject: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SetEntry {
    #[command(flatten)]
    pub(crate) member: MemberOfAlliance,
    #[command(flatten)]
    pub(crate) entry: WhichEntry,
    /// What it gets: text of at most 32 characters, or 0x and 64 digits; empty: nothing.
    #[arg(long, required_unless_present = "number", conflicts_with = "number")]
    pub(crate) value: Option<String>,
    /// What it gets, as a number.
    #[arg(long)]
    pub(crate) number: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowEntry {
    #[command(flatten)]
    pub(crate) member: MemberOfAlliance,
    #[command(flatten)]
    pub(crate) entry: WhichEntry,
}
