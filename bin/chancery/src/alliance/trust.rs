//! What a relay carries of one chain's organizations to another chain's trust registry (`docs/specs/trust.md`).

use std::sync::Arc;

use alloy_primitives::Address;
use anyhow::{Context as _, Result, ensure};
use chancery_bridge::relay::trust::{Issuer, TrustRelay};
use chancery_ledger::{Ledger, SubmitterKey};
use serde::Deserialize;
use tracing::warn;

use super::{
    name_of,
    relay::{START_PAUSE, START_TRIES},
};

/// A trust registry that is kept up to date.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrustSection {
    /// The chain on which the organizations are registered.
    follows: String,
    /// The chain on which the registry stands.
    host: String,
    /// The `TrustRegistry`; it says itself on which anchor it rests.
    registry: Address,
    /// Codes of the organizations.
    organizations: Vec<String>,
    /// The rights that matter on the host: its kinds of certificates, `inspection`.
    rights: Vec<String>,
}

/// What carries for each section, and for whom.
pub(super) async fn open(
    sections: &[TrustSection],
    ledger: &Ledger,
    key: &Arc<SubmitterKey>,
) -> Result<Vec<(TrustRelay, Vec<Issuer>)>> {
    let mut all = Vec::new();
    for section in sections {
        ensure!(
            !section.organizations.is_empty() && !section.rights.is_empty(),
            "trust on {}: name organizations and rights",
            section.host
        );
        let rights = section.rights.iter().map(|right| name_of(right)).collect::<Result<Vec<_>>>()?;
        let issuers = section.organizations.iter().map(|code| {
            let organization = name_of(code)?;
            Ok(Issuer { organization, rights: rights.clone() })
        });
        all.push((relay(section, ledger, key).await?, issuers.collect::<Result<_>>()?));
    }
    Ok(all)
}

async fn relay(section: &TrustSection, ledger: &Ledger, key: &Arc<SubmitterKey>) -> Result<TrustRelay> {
    let (followed, host) = (ledger.chain(&section.follows)?, ledger.chain(&section.host)?);
    let mut tries = 0;
    loop {
        match TrustRelay::open(followed.clone(), host.clone(), section.registry, Arc::clone(key)).await {
            Ok(relay) => break Ok(relay),
            Err(error) if tries < START_TRIES => {
                warn!(%error, host = %section.host, "the trust registry cannot be read yet");
                tries += 1;
                tokio::time::sleep(START_PAUSE).await;
            }
            Err(error) => break Err(error).context("the trust registry cannot be read"),
        }
    }
}
