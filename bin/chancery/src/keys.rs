//! Keys of people and offices on the command line: a file with a phrase, or a public development key.

use std::{path::Path, sync::LazyLock};

use anyhow::{Context, Result, anyhow, bail};
use chancery_certificates::keys::{KeyError, PersonKeys, PhraseKeys};
use zeroize::Zeroizing;

use crate::{
    arguments::Connection,
    city::secrets::{read_private, write_new_private},
};

/// The phrase whose keys everybody knows: for development cities.
pub(crate) const DEVELOPMENT_PHRASE: &str = "test test test test test test test test test test test junk";

/// Which development account plays which part.
pub(crate) mod development {
    pub(crate) const OPERATOR: u32 = 0;
    /// Sample offices, in the order of the side chains.
    pub(crate) const FIRST_OFFICE: u32 = 1;
    pub(crate) const REGISTRAR: u32 = 6;
    pub(crate) const INSPECTOR: u32 = 7;
    pub(crate) const SUPERVISOR: u32 = 8;
    /// Votes for the organization of the first validator of a city; those of the next ones follow.
    pub(crate) const FIRST_VOTER: u32 = 20;
    /// How many accounts a development city funds.
    pub(crate) const FUNDED: u32 = 32;
}

/// A public development key.
pub(crate) fn development_key(index: u32) -> Result<PersonKeys> {
    static KEYS: LazyLock<Result<PhraseKeys, KeyError>> = LazyLock::new(|| PhraseKeys::of(DEVELOPMENT_PHRASE));
    let keys = KEYS.as_ref().map_err(|error| anyhow!("the development phrase: {error}"))?;
    Ok(keys.account(index)?)
}

/// The key that `--key` or `--dev-key` names.
pub(crate) fn of(connection: &Connection) -> Result<PersonKeys> {
    match (&connection.key, connection.dev_key) {
        (Some(path), _) => load(path),
        (None, Some(index)) => development_key(index),
        (None, None) => bail!(
            "this needs a key: --key FILE (made by `chancery key new FILE`), or --dev-key N in a development city"
        ),
    }
}

fn load(path: &Path) -> Result<PersonKeys> {
    let phrase = read_private(path).with_context(|| format!("cannot read the key file {}", path.display()))?;
    PersonKeys::from_phrase(&phrase).with_context(|| format!("{} holds no key", path.display()))
}

/// Writes a phrase to a new file that only its owner can read.
pub(crate) fn save(path: &Path, phrase: &Zeroizing<String>) -> Result<PersonKeys> {
    let keys = PersonKeys::from_phrase(phrase)?;
    write_new_private(path, phrase)?;
    Ok(keys)
}
