//! Where the URL of a database is, which may hold a password.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::city::secrets::read_private;

/// In one of the two; never in the declaration itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatabaseUrl {
    /// File with the URL, readable by its owner alone.
    url_file: Option<PathBuf>,
    /// Variable of the environment with the URL.
    url_env: Option<String>,
}

impl DatabaseUrl {
    /// The URL; a file is relative to `folder`.
    pub(crate) fn read(&self, folder: &Path) -> Result<Zeroizing<String>> {
        match (&self.url_file, &self.url_env) {
            (Some(file), None) => secret_in(folder, file),
            (None, Some(name)) => std::env::var(name)
                .map(Zeroizing::new)
                .with_context(|| format!("set {name} to the database's URL (postgres://... or mysql://...)")),
            _ => bail!("a database has url_file or url_env: where its URL is"),
        }
    }
}

/// What a file that its owner alone may read holds.
pub(super) fn secret_in(folder: &Path, file: &Path) -> Result<Zeroizing<String>> {
    let path = folder.join(file);
    let text = read_private(&path).with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(!text.trim().is_empty(), "{} is empty: it has to hold the secret", path.display());
    Ok(Zeroizing::new(text.trim().to_owned()))
}
