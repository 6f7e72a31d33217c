//! What a node has stored, handled while nobody votes with it: snapshots, back-ups, pruning.

mod backup;
mod prune;
mod restore;
mod snapshot;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail, ensure};
use chancery_chain::{is_locked, running_export};
use chancery_execution::{Blockchain, SnapshotOptions, SnapshotSummary};
use serde_json::{Value, json};

pub(crate) use self::{backup::run as back_up, prune::run as prune, restore::run as restore};
use crate::{
    arguments::SnapshotCommand,
    network::config::{NodePlaces, load_genesis},
    output::Output,
};

pub(crate) fn snapshot(command: SnapshotCommand, output: &Output) -> Result<ExitCode> {
    match command {
        SnapshotCommand::Export(export) => snapshot::export(&export, output),
        SnapshotCommand::Verify(verify) => snapshot::verify(&verify, output),
        SnapshotCommand::Import(import) => snapshot::import(&import, output),
    }
    .map(|()| ExitCode::SUCCESS)
}

/// Writes a snapshot of a node to a file that must not exist: through the node if it runs, from its store if not. The file has its name when it is
/// complete and on disk.
fn write_snapshot(places: &NodePlaces, out: &Path, options: SnapshotOptions) -> Result<SnapshotSummary> {
    ensure!(
        !out.exists(),
        "{} exists already: it is not overwritten; choose another place, or remove it",
        out.display()
    );
    let aside = aside(out);
    let written = write_aside(places, &aside, options);
    let renamed = written.and_then(|summary| {
        fs::rename(&aside, out).with_context(|| format!("cannot make {}", out.display()))?;
        Ok(summary)
    });
    if renamed.is_err() {
        let _ = fs::remove_file(&aside);
    }
    renamed
}

fn write_aside(places: &NodePlaces, aside: &Path, options: SnapshotOptions) -> Result<SnapshotSummary> {
    let mut file = File::create(aside).with_context(|| format!("cannot write {}", aside.display()))?;
    let chain = places.chain_dir();
    ensure!(chain.exists(), "{} does not exist: the node has no chain yet", chain.display());
    let summary = if is_locked(&chain).with_context(|| format!("cannot look at {}", chain.display()))? {
        running_export(&chain, options, &mut file)
            .context("the node runs; if it cannot answer, stop it and ask again")?
    } else {
        open(places)?.export_snapshot(std::io::BufWriter::new(&mut file), options)?
    };
    file.sync_all()?;
    Ok(summary)
}

/// The chain of a node that does not run.
fn open(places: &NodePlaces) -> Result<Blockchain> {
    let chain = places.chain_dir();
    ensure!(chain.exists(), "{} does not exist: the node has no chain yet", chain.display());
    let locked = is_locked(&chain).with_context(|| format!("cannot look at {}", chain.display()))?;
    ensure!(!locked, "{} is in use by another process: stop it first", chain.display());
    let genesis = load_genesis(&places.genesis)?.build()?;
    Ok(Blockchain::open(&chain, &genesis, places.execution.clone())?)
}

fn aside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

fn shown(summary: &SnapshotSummary) -> Value {
    let SnapshotSummary { chain_id, height, hash, accounts, slots, codes, blocks, digest } = summary;
    json!({
        "chainId": chain_id, "height": height, "blockHash": hash, "accounts": accounts, "slots": slots, "codes": codes,
        "blocks": blocks, "digest": digest,
    })
}

fn described(summary: &SnapshotSummary) -> String {
    let SnapshotSummary { chain_id, height, hash, accounts, slots, blocks, digest, .. } = summary;
    format!(
        "chain {chain_id}, block {height} ({hash}): {accounts} accounts, {slots} slots, {blocks} earlier blocks\ndigest {digest}"
    )
}

/// Why nothing can be read from a place that is none.
fn needs_file(path: &Path) -> Result<File> {
    if path.is_dir() {
        bail!("{} is a folder; name the file", path.display());
    }
    File::open(path).with_context(|| format!("cannot open {}", path.display()))
}
