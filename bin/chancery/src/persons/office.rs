//! An office's identity database becomes one of a network.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result};
use chancery_client::Client;
use chancery_identity::IdentityDatabase;
use chancery_persons::office::OfficeNetwork;
use serde::Deserialize;
use tracing::{info, warn};

use super::{
    MAIN_CHAIN_ID,
    peers::RestPeers,
    service::{beside, public_keys},
};
use crate::{alliance::configuration, commands::read_bounded, keys};

/// Longest wait for an evaluator or the register: somebody waits for the answer at a counter.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest file of authorities, in bytes.
const MAX_AUTHORITIES_BYTES: u64 = 1 << 20;
/// Persons that are enrolled at a time.
const ENROLLED_AT_A_TIME: u32 = 1000;

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
            // The second refuses what is not encrypted beyond this machine.
            None => Client::new(url)?.at(url)?,
        };
        Ok(client.signing_with(key.account().clone(), MAIN_CHAIN_ID).with_timeout(PATIENCE))
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

/// Enrols persons who were confirmed before the database was one of a network. What cannot be done now is done at the next start.
pub(crate) async fn enrol(database: IdentityDatabase) {
    let mut held = 0;
    loop {
        match database.enrol_persons(ENROLLED_AT_A_TIME).await {
            Ok(enrolled) => {
                held += enrolled.held;
                if enrolled.held == 0 {
                    let elsewhere = enrolled.elsewhere.len();
                    if elsewhere > 0 {
                        warn!(elsewhere, "persons of this office are another's too: see who is in both");
                    }
                    if held > 0 {
                        info!(held, "persons from before the network are enrolled");
                    }
                    return;
                }
            }
            Err(error) => {
                warn!(%error, held, "persons from before the network are not all enrolled; it is tried again at the next start");
                return;
            }
        }
    }
}
