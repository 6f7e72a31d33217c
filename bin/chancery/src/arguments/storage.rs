//! What a node has stored: snapshots, back-ups, pruning.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Write the whole state after a final block to a file, from which an empty node can begin. The node may run meanwhile.
    Export(ExportSnapshot),
    /// Verify a snapshot offline, knowing the genesis alone: who signed its block, and that its state is the one that was signed.
    Verify(VerifySnapshot),
    /// Verify a snapshot and begin a node from it that has no chain yet. It catches up from the blocks after it.
    Import(ImportSnapshot),
}

#[derive(Debug, Args)]
pub(crate) struct ExportSnapshot {
    /// The configuration of the node whose state it is (node.toml).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Where to write it; must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Earlier blocks too, with transactions and receipts, as far back as the node has them.
    #[arg(long)]
    pub(crate) with_blocks: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerifySnapshot {
    /// The snapshot.
    pub(crate) file: PathBuf,
    /// The genesis file of the chain.
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ImportSnapshot {
    /// The snapshot.
    pub(crate) file: PathBuf,
    /// The configuration of the node that begins from it (node.toml); the node must not run.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Put it in the place of a chain that the node has already, and of consensus' files, once all of it is verified.
    #[arg(long)]
    pub(crate) replace: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The configuration of the node (node.toml), which may run meanwhile.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The folder to make; must not exist.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The node's secret keys too. Whoever has the back-up can then vote in the node's name.
    #[arg(long)]
    pub(crate) with_keys: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The back-up.
    pub(crate) backup: PathBuf,
    /// The configuration of the node (node.toml), which must not run.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Put it in the place of a chain that the node has already, and of consensus' files, once all of it is verified.
    #[arg(long)]
    pub(crate) replace: bool,
    /// The secret keys too, if they are in the back-up and the node has none. Never let two nodes run with one key.
    #[arg(long)]
    pub(crate) with_keys: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Prune {
    /// The configuration of the node (node.toml), which must not run.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Blocks, counted from the newest, whose state is kept.
    #[arg(long, value_name = "BLOCKS")]
    pub(crate) keep: u64,
    /// Blocks whose transactions and receipts are kept; all of them unless this is given.
    #[arg(long, value_name = "BLOCKS")]
    pub(crate) keep_bodies: Option<u64>,
}
