//! `chancery backup`: a folder with everything that a node needs to begin again, but its votes.
//!
//! What a validator has voted for belongs in no back-up: put back, it would make the validator vote against itself. So neither consensus' files nor
//! the record of votes beside the keys are in it, and secret keys only if they are asked for.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use alloy_primitives::{B256, Keccak256};
use anyhow::{Context, Result, ensure};
use chancery_execution::SnapshotOptions;
use serde::{Deserialize, Serialize};

use super::{aside, described, write_snapshot};
use crate::{
    arguments::Backup,
    network::config::{NodePlaces, load_genesis},
    output::Output,
};

/// Version of a back-up's form.
pub(super) const VERSION: u32 = 1;
/// What the back-up says of itself.
pub(super) const MANIFEST: &str = "backup.json";
pub(super) const SNAPSHOT: &str = "chain.snapshot";
pub(super) const EVIDENCE: &str = "evidence";
pub(super) const KEY: &str = "node.key";
pub(super) const VOTING_KEY: &str = "node.vote";
const GENESIS: &str = "genesis.json";
const CONFIG: &str = "node.toml";

/// `backup.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) version: u32,
    /// The chain's name.
    pub(super) chain: String,
    pub(super) chain_id: u64,
    pub(super) genesis_hash: B256,
    pub(super) height: u64,
    pub(super) block_hash: B256,
    pub(super) made_at_ms: u64,
    /// keccak256 of each file.
    pub(super) files: BTreeMap<String, B256>,
}

pub(crate) fn run(command: &Backup, output: &Output) -> Result<ExitCode> {
    let out = &command.out;
    ensure!(
        !out.exists(),
        "{} exists already: it is not overwritten; choose another place, or remove it",
        out.display()
    );
    let places = NodePlaces::load(&command.config)?;
    let bar = output.progress("writing the back-up");
    let aside = aside(out);
    if aside.exists() {
        fs::remove_dir_all(&aside).with_context(|| format!("cannot remove {}", aside.display()))?;
    }
    fs::create_dir_all(&aside).with_context(|| format!("cannot make {}", aside.display()))?;
    let written = write(command, &places, &aside);
    let made = written.and_then(|made| {
        File::open(&aside)?.sync_all()?;
        fs::rename(&aside, out).with_context(|| format!("cannot make {}", out.display()))?;
        Ok(made)
    });
    if made.is_err() {
        let _ = fs::remove_dir_all(&aside);
    }
    let (manifest, text) = made?;
    bar.finish_and_clear();
    output.answer(&manifest, format!("{}: {text}", out.display()));
    Ok(ExitCode::SUCCESS)
}

fn write(command: &Backup, places: &NodePlaces, dir: &Path) -> Result<(Manifest, String)> {
    let genesis = load_genesis(&places.genesis)?;
    let genesis_hash = genesis.build()?.header().hash();
    let summary = write_snapshot(places, &dir.join(SNAPSHOT), SnapshotOptions { with_blocks: true })?;
    copy(&places.genesis, &dir.join(GENESIS), PUBLIC)?;
    copy(&command.config, &dir.join(CONFIG), PUBLIC)?;
    let evidence = places.chain_dir().join(EVIDENCE);
    if evidence.exists() {
        copy(&evidence, &dir.join(EVIDENCE), PUBLIC)?;
    }
    if command.with_keys {
        copy(&places.key_file, &dir.join(KEY), SECRET)?;
        let voting = places.key_file.with_extension("vote");
        if voting.exists() {
            copy(&voting, &dir.join(VOTING_KEY), SECRET)?;
        }
    }
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), hash_of(&entry.path())?);
    }
    let made_at_ms = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let manifest = Manifest {
        version: VERSION,
        chain: genesis.name,
        chain_id: summary.chain_id,
        genesis_hash,
        height: summary.height,
        block_hash: summary.hash,
        made_at_ms: u64::try_from(made_at_ms)?,
        files,
    };
    let mut file = create(&dir.join(MANIFEST), PUBLIC)?;
    file.write_all(serde_json::to_string_pretty(&manifest)?.as_bytes())?;
    file.sync_all()?;
    Ok((manifest, described(&summary)))
}

/// Modes of files.
const PUBLIC: u32 = 0o644;
pub(super) const SECRET: u32 = 0o600;

fn create(path: &Path, mode: u32) -> Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.with_context(|| format!("cannot make {}", path.display()))
}

/// Copies a file to a place where none is, durably.
pub(super) fn copy(from: &Path, to: &Path, mode: u32) -> Result<()> {
    let mut source = File::open(from).with_context(|| format!("cannot open {}", from.display()))?;
    let mut target = create(to, mode)?;
    io::copy(&mut source, &mut target).with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(target.sync_all()?)
}

/// keccak256 of a file, read piece by piece.
pub(super) fn hash_of(path: &Path) -> Result<B256> {
    let mut file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let (mut hasher, mut piece) = (Keccak256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut piece).with_context(|| format!("cannot read {}", path.display()))? {
            0 => return Ok(hasher.finalize()),
            count => hasher.update(&piece[..count]),
        }
    }
}
