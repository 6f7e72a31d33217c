//! Certificates that an endorser or a relay shows, and whose certificates count there.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use chancery_bridge::{
    contracts::AllianceContract,
    tls::{Credentials, Gate, Mutual},
};
use serde::Deserialize;

/// `[tls]` of a relay's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TlsSection {
    /// TLS key and certificate, as `chancery alliance certificate` writes them; relative to the file.
    pub(super) certificate: PathBuf,
}

/// Mutual TLS with the nodes of an alliance.
pub(super) fn open(config: &Path, certificate: &Path, alliance: AllianceContract) -> Result<Mutual> {
    let path = config.parent().map_or_else(|| certificate.to_owned(), |directory| directory.join(certificate));
    let credentials = Arc::new(Credentials::open(&path)?);
    let gate = Arc::new(Gate::new(alliance)?);
    Mutual::new(credentials, gate).with_context(|| format!("{} cannot be used", path.display()))
}
