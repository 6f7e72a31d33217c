//! The owner's side: sealing the data key for a request, and handing out when the grant is final.

use std::fmt;

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolCall;
use chancery_contracts::DigitalAsset;
use chancery_ledger::{Call, Chain};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::{ChainTrust, Grant, ReleaseError, Standing, grant_standing};
use crate::{
    sealing::{DataKey, KeyPlace, ReaderKey},
    storage::{ByteStream, FileStore, Location},
};

/// What the owner keeps between granting and handing out. It holds no key that it could open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreparedGrant {
    /// The asset's contract.
    pub asset: Address,
    /// The request.
    pub request: u64,
    /// Its terms.
    pub grant: Grant,
    /// The data key, sealed to the reader.
    pub sealed_key: Bytes,
}

impl PreparedGrant {
    /// The call by which the owner grants.
    #[must_use]
    pub fn call(&self) -> Call {
        let call = DigitalAsset::grantCall {
            id: self.request,
            sealedKeyHash: self.grant.sealed_key_hash,
            validUntil: self.grant.valid_until,
        };
        Call { to: Some(self.asset), data: call.abi_encode().into() }
    }
}

/// Seals the data key of the asked version's key epoch to the reader of a request. A node that names another reader's key gains nothing: the
/// contract commits to the key that was asked with, and what was sealed to another is never handed out.
///
/// # Errors
/// [`ReleaseError::NotGranted`] when there is no such request; [`ReleaseError::Key`], [`ReleaseError::Chain`].
pub async fn prepare_grant(
    chain: &Chain,
    asset: Address,
    request: u64,
    key_of_epoch: impl Fn(u32) -> Option<DataKey> + Send,
    valid_until: u64,
) -> Result<PreparedGrant, ReleaseError> {
    let asked = chain.view(asset, &DigitalAsset::requestAtCall { id: request }.abi_encode().into()).await?;
    let asked = DigitalAsset::requestAtCall::abi_decode_returns(&asked.data).map_err(|_| ReleaseError::Answer)?;
    if asked.reader.is_zero() {
        return Err(ReleaseError::NotGranted { request });
    }
    let version = DigitalAsset::versionAtCall { version: asked.version }.abi_encode().into();
    let version = chain.view(asset, &version).await?;
    let version = DigitalAsset::versionAtCall::abi_decode_returns(&version.data).map_err(|_| ReleaseError::Answer)?;
    let key = key_of_epoch(version.keyEpoch).ok_or(ReleaseError::NoVersion { version: asked.version })?;
    let place = KeyPlace { asset, key_epoch: version.keyEpoch, request };
    let sealed_key = key.seal_to(&ReaderKey(asked.readerKey.0), &place)?;
    let grant = Grant {
        reader: asked.reader,
        reader_key: asked.readerKey,
        version: asked.version,
        key_epoch: version.keyEpoch,
        sealed_key_hash: hash_of(&sealed_key),
        valid_until,
    };
    Ok(PreparedGrant { asset, request, grant, sealed_key: sealed_key.into() })
}

/// What is handed out.
pub struct Released {
    /// The data key, sealed to the reader.
    pub sealed_key: Vec<u8>,
    /// The sealed file.
    pub file: ByteStream,
    /// On what the release stands.
    pub standing: Standing,
}

impl fmt::Debug for Released {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Released").field("standing", &self.standing).finish_non_exhaustive()
    }
}

/// Hands out the sealed key and the sealed file of a grant that is final (SHARE-9). The store is not opened before.
///
/// # Errors
/// Those of [`grant_standing`]; [`ReleaseError::Store`].
pub async fn release(
    chain: &Chain,
    trust: &ChainTrust,
    store: &dyn FileStore,
    location: &Location,
    prepared: &PreparedGrant,
    now_s: u64,
) -> Result<Released, ReleaseError> {
    let standing = grant_standing(chain, trust, prepared.asset, prepared.request, &prepared.grant, now_s).await?;
    let file = store.open(location).await?;
    Ok(Released { sealed_key: prepared.sealed_key.to_vec(), file, standing })
}

/// SHA-256, as the chain keeps it.
pub(super) fn hash_of(sealed_key: &[u8]) -> B256 {
    B256::from_slice(digest(&SHA256, sealed_key).as_ref())
}
