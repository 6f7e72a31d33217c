//! `chancery restore`: a node begins again from a back-up, as if its votes were lost, for they are not in it (CHAIN-7).

use std::{fs, io::BufReader, process::ExitCode};

use anyhow::{Context, Result, anyhow, bail, ensure};
use chancery_chain::{SnapshotTarget, import_snapshot};

use super::{
    backup::{EVIDENCE, KEY, MANIFEST, Manifest, SECRET, SNAPSHOT, VERSION, VOTING_KEY, copy, hash_of},
    described, needs_file,
};
use crate::{
    arguments::Restore,
    commands::read_bounded,
    network::config::{NodePlaces, load_genesis},
    output::Output,
};

/// A manifest names seven files at most.
const MAX_MANIFEST_BYTES: u64 = 64 << 10;

pub(crate) fn run(command: &Restore, output: &Output) -> Result<ExitCode> {
    let backup = &command.backup;
    let manifest: Manifest = serde_json::from_slice(&read_bounded(&backup.join(MANIFEST), MAX_MANIFEST_BYTES)?)
        .with_context(|| format!("{} is no back-up: its {MANIFEST} cannot be read", backup.display()))?;
    ensure!(
        manifest.version == VERSION,
        "{} has version {} of a back-up, this build reads {VERSION}",
        backup.display(),
        manifest.version
    );
    let places = NodePlaces::load(&command.config)?;
    let genesis = load_genesis(&places.genesis)?;
    let expected = genesis.build()?.header().hash();
    ensure!(
        manifest.genesis_hash == expected,
        "the back-up is of the chain with genesis {}, the configuration's has {expected}",
        manifest.genesis_hash
    );
    let bar = output.progress("restoring the back-up");
    for (name, expected) in &manifest.files {
        // A manifest names what lies beside it and nothing else.
        ensure!(
            !name.contains(['/', '\\']) && name != "..",
            "{MANIFEST} names {name:?}, which is no file of a back-up"
        );
        let found = hash_of(&backup.join(name))?;
        ensure!(found == *expected, "{name} in the back-up is damaged: copy it again, or use another back-up");
    }
    ensure!(manifest.files.contains_key(SNAPSHOT), "the back-up has no {SNAPSHOT}");
    let has = |name: &str| manifest.files.contains_key(name);
    if command.with_keys {
        ensure!(has(KEY), "the back-up has no keys; it was made without --with-keys");
        if places.key_file.exists() {
            bail!("{} exists already: it is not overwritten; leave out --with-keys", places.key_file.display());
        }
    }
    let target = SnapshotTarget {
        data_dir: places.chain_dir(),
        consensus_dir: places.consensus_dir(),
        replaces: command.replace,
    };
    let file = needs_file(&backup.join(SNAPSHOT))?;
    let summary = import_snapshot(&genesis, &places.execution, &target, BufReader::new(file));
    let summary = summary.map_err(|error| anyhow!("{} is not restored: {error}", backup.display()))?;
    let evidence = places.chain_dir().join(EVIDENCE);
    if has(EVIDENCE) && !evidence.exists() {
        copy(&backup.join(EVIDENCE), &evidence, 0o644)?;
    }
    if command.with_keys {
        if let Some(folder) = places.key_file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        copy(&backup.join(KEY), &places.key_file, SECRET)?;
        let voting = places.key_file.with_extension("vote");
        if has(VOTING_KEY) && !voting.exists() {
            copy(&backup.join(VOTING_KEY), &voting, SECRET)?;
        }
    }
    bar.finish_and_clear();
    let next = format!("start the node: chancery node --config {}", command.config.display());
    output.answer(&manifest, format!("restored: {}\n{next}", described(&summary)));
    Ok(ExitCode::SUCCESS)
}
