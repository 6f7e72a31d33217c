//! An asset's contract as its owner reads and calls it.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use chancery_contracts::DigitalAsset;
use chancery_ledger::{Call, Chain, FinalTransaction, SubmitterKey};

use super::DepartmentError;
use crate::directory::RequestState;

/// Readers that the contract lists at once.
const PAGE: usize = 100;
/// Most readers of an asset; the contract's own bound.
const MAX_READERS: usize = 1000;

/// A request as the contract has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskedAccess {
    /// Its number.
    pub request: u64,
    /// Who asks.
    pub reader: Address,
    /// When, Unix seconds.
    pub requested_at: u64,
    /// How far it is.
    pub state: RequestState,
    /// For which version.
    pub version: u32,
    /// X25519 key to which the data key is to be sealed.
    pub reader_key: B256,
    /// keccak256 of the stated purpose.
    pub purpose_hash: B256,
    /// By which right of use; none when its reader is listed.
    pub right: Option<u64>,
}

/// An asset's contract.
#[derive(Clone, Debug)]
pub struct AssetContract {
    /// The chain.
    pub chain: Chain,
    /// The contract.
    pub address: Address,
}

impl AssetContract {
    /// Asks the newest final state.
    pub(crate) async fn view<C: SolCall>(&self, call: C) -> Result<C::Return, DepartmentError> {
        let answer = self.chain.view(self.address, &call.abi_encode().into()).await?;
        C::abi_decode_returns(&answer.data).map_err(|_| DepartmentError::Answer)
    }

    /// Sends a call and waits until it is final.
    ///
    /// # Errors
    /// [`DepartmentError::Chain`].
    pub async fn send(&self, key: &Arc<SubmitterKey>, call: impl SolCall) -> Result<FinalTransaction, DepartmentError> {
        Ok(self.chain.submit(key, Call { to: Some(self.address), data: call.abi_encode().into() }).await?)
    }

    /// Who may change its rules.
    ///
    /// # Errors
    /// [`DepartmentError::Chain`], [`DepartmentError::Answer`].
    pub async fn owner(&self) -> Result<Address, DepartmentError> {
        self.view(DigitalAsset::ownerCall {}).await
    }

    /// Whether listed identities need no further decision.
    ///
    /// # Errors
    /// As [`Self::owner`].
    pub async fn is_automatic(&self) -> Result<bool, DepartmentError> {
        self.view(DigitalAsset::automaticCall {}).await
    }

    /// The present key epoch.
    ///
    /// # Errors
    /// As [`Self::owner`].
    pub async fn key_epoch(&self) -> Result<u32, DepartmentError> {
        self.view(DigitalAsset::keyEpochCall {}).await
    }

    /// The newest version; zero when there is none.
    ///
    /// # Errors
    /// As [`Self::owner`].
    pub async fn latest_version(&self) -> Result<u32, DepartmentError> {
        self.view(DigitalAsset::latestVersionCall {}).await
    }

    /// The fingerprint of a version; zero when there is none.
    ///
    /// # Errors
    /// As [`Self::owner`].
    pub async fn fingerprint(&self, version: u32) -> Result<B256, DepartmentError> {
        Ok(self.view(DigitalAsset::versionAtCall { version }).await?.fingerprint)
    }

    /// Under which key a version is sealed; zero when there is no such version.
    ///
    /// # Errors
    /// As [`Self::owner`].
    pub async fn key_epoch_of(&self, version: u32) -> Result<u32, DepartmentError> {
        Ok(self.view(DigitalAsset::versionAtCall { version }).await?.keyEpoch)
    }

    /// Whether an identity is listed.
    ///
    /// # Errors
    /// As [`Self::owner`].
    pub async fn is_listed(&self, reader: Address) -> Result<bool, DepartmentError> {
        self.view(DigitalAsset::isListedCall { reader }).await
    }

    /// All listed identities.
    ///
    /// # Errors
    /// As [`Self::owner`].
    pub async fn readers(&self) -> Result<Vec<Address>, DepartmentError> {
        let mut all: Vec<Address> = Vec::new();
        while all.len() < MAX_READERS {
            let call = DigitalAsset::readersCall { offset: U256::from(all.len()), limit: U256::from(PAGE) };
            let page = self.view(call).await?;
            let last = page.len() < PAGE;
            all.extend(page);
            if last {
                break;
            }
        }
        Ok(all)
    }

    /// How many requests there have been.
    ///
    /// # Errors
    /// As [`Self::owner`].
    pub async fn request_count(&self) -> Result<u64, DepartmentError> {
        self.view(DigitalAsset::requestCountCall {}).await
    }

    /// A request.
    ///
    /// # Errors
    /// [`DepartmentError::NoRequest`], [`DepartmentError::Chain`], [`DepartmentError::Answer`].
    pub async fn request(&self, request: u64) -> Result<AskedAccess, DepartmentError> {
        let found = self.view(DigitalAsset::requestAtCall { id: request }).await?;
        let state = RequestState::of(found.state).ok_or(DepartmentError::NoRequest(request))?;
        Ok(AskedAccess {
            request,
            reader: found.reader,
            requested_at: found.requestedAt,
            state,
            version: found.version,
            reader_key: found.readerKey,
            purpose_hash: found.purpose,
            right: (found.right != 0).then_some(found.right),
        })
    }
}
