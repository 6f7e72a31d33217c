//! Before a stapled file leaves this machine it is verified, and it is written for its owner alone: it holds a certificate in the clear.

use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    path::Path,
};

use anyhow::{Context, Result, ensure};
use chancery_certificates::stapled::{Policy, StapledFile, Trust};
use chancery_client::{
    PinnedChain,
    rest::types::chains::{Chain, Chains},
};
use chancery_light::{ChainEssentials, TrustedChain};

use super::trust;
use crate::party::now;

/// The main chain's name among those that a gateway lists.
const MAIN: &str = "main";

/// The file's bytes, if it verifies: against the genesis that was given, and otherwise against what the gateway says of its chains.
pub(super) fn verified(file: &StapledFile, genesis: Option<&Path>, offered: &Chains) -> Result<Vec<u8>> {
    let bytes = serde_json::to_vec(&file.to_json().map_err(|failure| anyhow::anyhow!("{failure}"))?)?;
    let (chain, authority) = match genesis {
        Some(genesis) => (trust::trusted_chain(genesis, &bytes)?, trust::authority(genesis)?),
        None => offered_trust(file, offered)?,
    };
    let policy = Policy { now: now(), max_age_s: None };
    file.verify(Trust { chain: &chain, authority: &authority }, policy).map_err(|failure| {
        anyhow::anyhow!("no inspector would accept what the gateway gave, so no file was written: {failure}")
    })?;
    Ok(bytes)
}

fn offered_trust(file: &StapledFile, offered: &Chains) -> Result<(TrustedChain, TrustedChain)> {
    let id = file.certificate.proof.as_ref().map(|proof| proof.chain.chain_id);
    let find = |what: &str, is: &dyn Fn(&Chain) -> bool| {
        let chain = offered.chains.iter().find(|chain| is(chain));
        chain.with_context(|| format!("the gateway lists no {what}: give the city's genesis folder (--genesis)"))
    };
    let side = find("chain of this certificate", &|chain| Some(chain.chain_id) == id)?;
    let main = find("main chain", &|chain| chain.name == MAIN)?;
    Ok((trusted(side)?, trusted(main)?))
}

fn trusted(chain: &Chain) -> Result<TrustedChain> {
    Ok(TrustedChain::new(essentials(chain)?)?)
}

/// What a gateway says of a chain, if its genesis makes the chain that it says.
pub(super) fn essentials(chain: &Chain) -> Result<ChainEssentials> {
    let name = &chain.name;
    let genesis = chain.genesis.as_ref().with_context(|| format!("chain {name} has no finality certificates"))?;
    let pinned = PinnedChain::from_hash(chain.genesis_hash.0, &serde_json::to_vec(genesis)?);
    Ok(pinned.with_context(|| format!("the genesis that the gateway gives for chain {name}"))?.essentials().clone())
}

/// Writes a file that its owner alone can read. It stands there whole or not at all.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().with_context(|| format!("{} names no file", path.display()))?;
    // What is moved there would take the place of a device or a pipe.
    let is_taken = fs::metadata(path).is_ok_and(|found| !found.is_file());
    ensure!(!is_taken, "{} is no ordinary file", path.display());
    let mut aside = OsString::from(".");
    aside.push(name);
    aside.push(format!(".{}.new", std::process::id()));
    let aside = path.with_file_name(aside);
    let written = write_new(&aside, bytes).and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        let _ = fs::remove_file(&aside);
    }
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_is_written_is_its_owners_alone_though_another_file_stood_there() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shown.json");
        fs::write(&path, "older").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write_private(&path, b"newer").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"newer");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        assert!(write_private(folder.path(), b"newer").unwrap_err().to_string().contains("no ordinary file"));
        assert!(write_private(&folder.path().join("missing/shown.json"), b"newer").is_err());
    }
}
