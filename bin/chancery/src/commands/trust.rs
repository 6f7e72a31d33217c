//! Which chains are trusted: those whose genesis files somebody was given.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use chancery_client::{GenesisFile, MAX_GENESIS_BYTES, PinnedChain, claimed_chain};
use chancery_light::{ChainEssentials, TrustedChain};

use super::read_bounded;

/// Most genesis files in a folder.
const MAX_GENESIS_FILES: usize = 100;

/// The chain that the file says it is from, out of those whose genesis is trusted. That it is so, the proof has to show.
pub(super) fn trusted_chain(genesis: &Path, file: &[u8]) -> Result<TrustedChain> {
    let paths = paths_of(genesis)?;
    let claimed = claimed_chain(file);
    let mut known = Vec::new();
    for path in &paths {
        let read = genesis_file(path)?;
        if Some(read.chain_id()) == claimed || paths.len() == 1 {
            return Ok(pin(path, &read)?.trusted().clone());
        }
        known.push(read.chain_id().to_string());
    }
    let claimed = claimed.map_or_else(|| "names no chain".to_owned(), |chain| format!("is from chain {chain}"));
    anyhow::bail!("cannot verify: the file {claimed}, and trusted are {} (--genesis)", known.join(", "))
}

/// All chains whose genesis is trusted: the file of one, or a folder of files.
pub(super) fn trusted_chains(genesis: &Path) -> Result<Vec<TrustedChain>> {
    paths_of(genesis)?.iter().map(|path| chain_of(path)).collect()
}

/// The chains of a folder of genesis files, each with the name of its file.
pub(crate) fn listed_chains(folder: &Path) -> Result<Vec<(String, TrustedChain)>> {
    let files = files_in(folder)?;
    let name = |path: &Path| path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    files
        .iter()
        .map(|path| Ok((name(path).with_context(|| format!("{} has no name", path.display()))?, chain_of(path)?)))
        .collect()
}

/// The chain of one genesis file.
pub(super) fn chain_of(genesis: &Path) -> Result<TrustedChain> {
    Ok(pinned(genesis)?.trusted().clone())
}

/// The chain of one genesis file, with what there is to know of it.
pub(crate) fn pinned(path: &Path) -> Result<PinnedChain> {
    pin(path, &genesis_file(path)?)
}

fn genesis_file(path: &Path) -> Result<GenesisFile> {
    let file = read_bounded(path, MAX_GENESIS_BYTES as u64)?;
    GenesisFile::read(&file).with_context(|| path.display().to_string())
}

fn pin(path: &Path, file: &GenesisFile) -> Result<PinnedChain> {
    file.pinned().with_context(|| path.display().to_string())
}

fn paths_of(genesis: &Path) -> Result<Vec<PathBuf>> {
    let paths = if genesis.is_dir() { files_in(genesis)? } else { vec![genesis.to_path_buf()] };
    ensure!(!paths.is_empty(), "{} holds no genesis file", genesis.display());
    Ok(paths)
}

fn files_in(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", directory.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
        // One that is left out could be the one that decides.
        ensure!(
            paths.len() <= MAX_GENESIS_FILES,
            "{} holds more than {MAX_GENESIS_FILES} genesis files",
            directory.display()
        );
    }
    paths.sort();
    Ok(paths)
}

/// All chains of a folder, and the chain id of the main one.
pub(super) fn city(genesis: &Path) -> Result<(u64, Vec<ChainEssentials>)> {
    let files = files_in(genesis)?;
    let chains = files.iter().map(|path| Ok(pinned(path)?.essentials().clone()));
    let chains = chains.collect::<Result<_>>()?;
    Ok((authority(genesis)?.chain_id(), chains))
}

/// The main chain among those whose genesis is trusted: the one whose genesis holds the registry of identities.
pub(super) fn authority(genesis: &Path) -> Result<TrustedChain> {
    let paths = if genesis.is_dir() { files_in(genesis)? } else { vec![genesis.to_path_buf()] };
    let mut found = None;
    for path in &paths {
        let file = genesis_file(path)?;
        if file.is_main() {
            ensure!(
                found.is_none(),
                "{} holds the main chains of two cities: keep each in its own folder",
                genesis.display()
            );
            found = Some((path, file));
        }
    }
    let (path, file) = found.with_context(|| {
        format!("the issuer's right is proven by the main chain, whose genesis is not in {}: give the city's genesis folder (--genesis)", genesis.display())
    })?;
    Ok(pin(path, &file)?.trusted().clone())
}
