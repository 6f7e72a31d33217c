//! Showing a certificate to somebody without a network.

use std::time::Duration;

use alloy_primitives::B256;
use anyhow::{Context, Result};
use chancery_certificates::stapled::StapledFile;
use chancery_client::Client;
use chancery_reference_points::Code;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{Party, certificates::ReceivedCertificate};

/// How long the main chain may take for a block that is as young as the certificate: several of its heartbeats.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(1);

/// A certificate with its staple, not verified yet. Waits while the main chain has no block yet that is as young as the certificate, and not for ever.
pub(crate) async fn stapled(client: &Client, id: B256) -> Result<StapledFile> {
    let answered = answered(client, id).await?;
    StapledFile::from_json(&serde_json::to_vec(&answered)?)
        .map_err(anyhow::Error::new)
        .context("the gateway gave no file with a staple")
}

async fn answered(client: &Client, id: B256) -> Result<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match client.stapled_certificate(id).await {
            Err(error) if error.code() == Some(Code::NotFinalYet) && Instant::now() < deadline => sleep(PAUSE).await,
            answer => return Ok(answer?),
        }
    }
}

impl Party {
    /// The file that an inspector verifies without a network: certificate, staple, and the document with the holder's signature.
    pub(crate) async fn present_stapled(&self, received: &ReceivedCertificate) -> Result<StapledFile> {
        let mut file = stapled(&self.client, received.document.id.to_bytes32()).await?;
        file.presentation = Some(self.presentation(received, received.document.kind()?).await?);
        Ok(file)
    }
}
