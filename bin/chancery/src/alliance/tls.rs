//! Certificates that an endorser or a relay shows, and whose certificates count there.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use chancery_bridge::{
    contracts::AllianceContract,
    tls::{Credentials, Expectation, Gate, Mutual},
};
use serde::Deserialize;

/// `[tls]` of a relay's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TlsSection {
    /// TLS key and certificate, as `chancery alliance certificate` writes them; relative to the file.
    pub(super) certificate: PathBuf,
    /// Certificates are not believed when the alliance chain has shown no new block for so many seconds: several of its heartbeats.
    #[serde(default = "default_max_silence_s")]
    pub(super) max_silence_s: u64,
}

pub(super) const fn default_max_silence_s() -> u64 {
    60
}

/// What a node shows, and as what it has to be accepted.
pub(super) struct OwnTls {
    pub(super) tls: Mutual,
    pub(super) wanted: Expectation,
}

/// Mutual TLS with the nodes of an alliance. A certificate that nobody would accept is refused now; whether it is one, the chain may not say yet.
pub(super) async fn open(
    config: &Path,
    section: &TlsSection,
    alliance: AllianceContract,
    wanted: Expectation,
) -> Result<OwnTls> {
    ensure!(section.max_silence_s > 0, "tls.max_silence_s is at least 1");
    let certificate = &section.certificate;
    let path = config.parent().map_or_else(|| certificate.clone(), |directory| directory.join(certificate));
    let credentials = Arc::new(Credentials::open(&path)?);
    let gate = Gate::new(alliance)?.with_max_silence(Duration::from_secs(section.max_silence_s));
    let tls = Mutual::new(credentials, Arc::new(gate)).with_context(|| format!("{} cannot be used", path.display()))?;
    match tls.check_own(&wanted).await {
        Ok(()) => {}
        Err(fault) if fault.is_temporary() => tracing::warn!(%fault, "the own certificate could not be checked"),
        Err(fault) => bail!("the certificate in {} cannot be used: {fault}", path.display()),
    }
    Ok(OwnTls { tls, wanted })
}
