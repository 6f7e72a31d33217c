//! An office's identity database becomes one of a network.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use chancery_client::Client;
use chancery_identity::IdentityDatabase;
use chancery_persons::{
    keeping::{Pace, Time, keep_enrolled, keep_released},
    office::OfficeNetwork,
};
use futures::future;
use serde::Deserialize;
use tracing::info;

use super::{
    now_ms,
    peers::RestPeers,
    service::{beside, public_keys},
    usual_chain_id,
};
use crate::{alliance::configuration, commands::read_bounded, keys};

/// Longest wait for an evaluator or the register: somebody waits for the answer at a counter.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest file of authorities, in bytes.
const MAX_AUTHORITIES_BYTES: u64 = 1 << 20;

/// A declaration. Paths are relative to its file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declaration {
    /// URL of the register.
    register: String,
    /// The office's key, whose address the services list: as made by `chancery key new`, or `pkcs11:...`.
    key_file: PathBuf,
    /// Certificates (PEM) that vouch for the servers; absent: those of the system.
    ca_file: Option<PathBuf>,
    /// EIP-155 id that the office's signatures name.
    #[serde(default = "usual_chain_id")]
    chain_id: u64,
    evaluator: Vec<EvaluatorSection>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvaluatorSection {
    url: String,
    /// As `chancery persons key` shows it at the evaluator.
    public_key: String,
}

/// The database as one of the network that a file declares. Nobody is asked yet: a city starts without the others.
pub(crate) fn join(database: IdentityDatabase, file: &Path) -> Result<IdentityDatabase> {
    let declared: Declaration = configuration(file)?;
    let is_in_token = keys::is_in_token(&declared.key_file);
    let key = keys::in_file(&if is_in_token { declared.key_file.clone() } else { beside(file, &declared.key_file) })?;
    let authorities = declared.ca_file.as_ref().map(|ca| read_bounded(&beside(file, ca), MAX_AUTHORITIES_BYTES));
    let authorities = authorities.transpose().context("ca_file")?;
    let client = |url: &str| -> Result<Client> {
        let client = match &authorities {
            Some(authorities) => Client::trusting(url, authorities)?,
            None => Client::new(url)?,
        };
        Ok(client.signing_with(key.account().clone(), declared.chain_id).with_timeout(PATIENCE))
    };
    let keys = public_keys(declared.evaluator.iter().map(|evaluator| &evaluator.public_key)).context("evaluator")?;
    let mut evaluators = BTreeMap::new();
    for (key, evaluator) in keys.iter().zip(&declared.evaluator) {
        evaluators.insert(*key, client(&evaluator.url)?);
    }
    let peers = RestPeers { evaluators, register: client(&declared.register)? };
    info!(office = %key.address(), evaluators = keys.len(), "a person is unique in a network of identity databases");
    Ok(database.in_network(Arc::new(OfficeNetwork::new(keys, peers)?)))
}

/// The system's clock.
struct SystemTime;

#[async_trait]
impl Time for SystemTime {
    fn now_ms(&self) -> u64 {
        now_ms()
    }

    async fn pause(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}

/// Enrols persons whom the register does not know, and gives up at the register who was turned away, until it is dropped.
pub(crate) async fn keep(database: IdentityDatabase) {
    let (pace, time) = (Pace::default(), SystemTime);
    future::join(keep_enrolled(&database, &pace, &time), keep_released(&database, &pace, &time)).await;
}
