//! The reader's side: believing neither the owner's service nor a node.

use std::path::Path;

use alloy_primitives::Address;
use chancery_ledger::Chain;

use super::{ChainTrust, Grant, ReleaseError, Standing, grant_standing, owner::hash_of, published_version};
use crate::{
    sealing::{DataKey, KeyError, KeyPlace, ReaderSecret},
    storage::{ByteStream, keep_verified},
};

/// What a reader was handed.
#[derive(Debug)]
pub struct Reception {
    /// Opens the file, and the other versions of the same key epoch.
    pub data_key: DataKey,
    /// On what the file's fingerprint stands.
    pub standing: Standing,
}

/// Takes what was handed out: the grant must be the final one, the sealed key the granted one, the file the published one (SHARE-10). The
/// sealed file is at `target` afterwards, or nothing is.
///
/// # Errors
/// [`ReleaseError`].
#[allow(clippy::too_many_arguments, reason = "each is a party of its own")]
pub async fn receive(
    chain: &Chain,
    trust: &ChainTrust,
    asset: Address,
    request: u64,
    grant: &Grant,
    secret: &ReaderSecret,
    (sealed_key, file): (&[u8], ByteStream),
    target: &Path,
    now_s: u64,
) -> Result<Reception, ReleaseError> {
    if hash_of(sealed_key) != grant.sealed_key_hash {
        return Err(ReleaseError::OtherSealedKey);
    }
    grant_standing(chain, trust, asset, request, grant, now_s).await?;
    let published = published_version(chain, trust, asset, grant.version, now_s).await?;
    let place = KeyPlace { asset, key_epoch: published.key_epoch, request };
    let (sealed_key, secret) = (sealed_key.to_vec(), secret.clone());
    // The reader's key may be in a token, whose time is not that of the runtime.
    let opening = tokio::task::spawn_blocking(move || DataKey::open(&sealed_key, &secret, &place));
    let data_key = opening.await.map_err(|_| KeyError::Refused)??;
    keep_verified(file, &published.file, target).await?;
    Ok(Reception { data_key, standing: published.standing })
}
