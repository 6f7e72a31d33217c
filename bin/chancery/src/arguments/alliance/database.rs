//! What is asked of the business database behind a node contract.

use std::{path::PathBuf, str::FromStr};

use alloy_primitives::B256;
use clap::{Args, Subcommand};

use crate::arguments::Traces;

#[derive(Debug, Subcommand)]
pub(crate) enum DatabaseCommand {
    /// Write into the database what the chain commits, entry by entry, until told to stop. May be killed at any moment.
    Apply(ApplyEntries),
    /// Compare every row with what the chain has put there; exit code 1 if one is another.
    Check(CheckDatabase),
    /// Put the chain's value over what somebody else has written into the rows of one key.
    Restore(RestoreRow),
}

/// Which database, behind which node contract.
#[derive(Debug, Args)]
pub(crate) struct WhichDatabase {
    /// The declaration: node contract, chain, database, query and statement (database.toml).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyEntries {
    #[command(flatten)]
    pub(crate) database: WhichDatabase,
    /// Apply what there is now, and end; exit code 1 if something is in the way.
    #[arg(long)]
    pub(crate) once: bool,
    /// The subject of a key that was written through another contract and could not be read from there; the key itself, if it is of no register of the declaration. A text, or 0x and 64 digits; may be said several times.
    #[arg(long = "subject", value_name = "KEY=SUBJECT")]
    pub(crate) subjects: Vec<SubjectOfKey>,
    #[command(flatten)]
    pub(crate) traces: Traces,
    /// Stop when standard input ends: for a program that starts an applier and must not leave it behind.
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,
}

/// `KEY=SUBJECT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SubjectOfKey {
    pub(crate) key: B256,
    pub(crate) subject: String,
}

impl FromStr for SubjectOfKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let split = text.split_once('=').filter(|(_, subject)| !subject.is_empty());
        let (key, subject) = split.ok_or("give KEY=SUBJECT")?;
        let key = key.parse().map_err(|_| format!("{key} is no key of the chain: 0x and 64 digits"))?;
        Ok(Self { key, subject: subject.to_owned() })
    }
}

#[derive(Debug, Args)]
pub(crate) struct CheckDatabase {
    #[command(flatten)]
    pub(crate) database: WhichDatabase,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreRow {
    #[command(flatten)]
    pub(crate) database: WhichDatabase,
    /// The key on chain, as `check` names it.
    #[arg(value_name = "KEY")]
    pub(crate) entry: B256,
}
