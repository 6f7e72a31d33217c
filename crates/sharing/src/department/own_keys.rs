//! From which key epoch on the data keys of a folder of state are its owner's own (SHARE-7, SHARE-15).
//!
//! A folder that was handed over with an asset holds what the owner before has put into it: it may hold keys of epochs that have not come yet, so that what is published later could be opened
//! with them. Keys of the epochs before the change of hands are needed, and nothing new is sealed under them. Those of the epoch that began with it, and of later ones, are taken when their
//! owner has signed that it has made them; until then they are put aside. The contract begins an epoch with each change of hands.

use std::sync::Arc;

use alloy_primitives::{Address, Bytes, Signature};
use alloy_sol_types::SolEvent as _;
use chancery_contracts::DigitalAsset::{OwnershipTransferred, versionAtCall};
use chancery_ledger::{EventFilter, SubmitterKey};
use serde::{Deserialize, Serialize};

use super::{AssetContract, Department, DepartmentError, StateFolder};
use crate::{directory::RequestState, extract::EpochKey, sealing::KeyError};

/// What becomes of keys from the change of hands on that lie in a folder, and of which its owner has not said that they are its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FoundKeys {
    /// They are put aside; when something is sealed under such a key, that is refused ([`DepartmentError::KeysInUse`]).
    #[default]
    Unused,
    /// They stay: the owner says that it has made them.
    Keep,
    /// They are put aside, whatever is sealed under them.
    SetAside,
}

/// Kept as `own-keys.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OwnKeys {
    /// The first epoch whose key the owner has made itself.
    key_epoch: u32,
    /// The owner's, over [`statement`] (EIP-191, version 0x45), 65 bytes.
    signature: Bytes,
}

impl OwnKeys {
    /// Whether the account has said so, of this asset.
    fn is_of(&self, owner: Address, contract: &AssetContract) -> bool {
        let statement = statement(contract, self.key_epoch);
        Signature::from_raw(&self.signature)
            .and_then(|signature| signature.recover_address_from_msg(statement.as_bytes()))
            .is_ok_and(|signer| signer == owner)
    }
}

fn statement(contract: &AssetContract, key_epoch: u32) -> String {
    format!(
        "Chancery: I have made the data keys of this folder myself.\nchain: {}\nasset: {}\nfrom key epoch: {key_epoch}",
        contract.chain.name(),
        contract.address
    )
}

/// The key epoch that began when its present owner got the asset: 1 when that has deployed it.
///
/// # Errors
/// [`DepartmentError::NotOwner`], [`DepartmentError::HistoryMissing`], [`DepartmentError::Chain`], [`DepartmentError::Answer`].
pub(super) async fn first_epoch_of(contract: &AssetContract, owner: Address) -> Result<u32, DepartmentError> {
    let filter = EventFilter {
        contracts: vec![contract.address],
        topics: [vec![OwnershipTransferred::SIGNATURE_HASH], Vec::new(), Vec::new(), Vec::new()],
        from_block: 0,
        to_block: None,
    };
    let newest = contract.chain.latest_events(&filter, 1).await?.pop();
    let newest = newest.ok_or(DepartmentError::HistoryMissing(contract.address))?;
    contract.chain.verify_event(&newest).await?;
    let changed = OwnershipTransferred::decode_raw_log(newest.topics.iter().copied(), &newest.data)
        .map_err(|_| DepartmentError::Answer)?;
    if changed.to != owner {
        return Err(DepartmentError::NotOwner { owner: changed.to, given: owner });
    }
    Ok(changed.keyEpoch)
}

/// A second key of an epoch would not open what is sealed under the first: whoever knows which keys are its own decides.
async fn check_unused(folder: &StateFolder, contract: &AssetContract, first: u32) -> Result<(), DepartmentError> {
    let epochs = folder.keys().epochs_from(first)?;
    if epochs.is_empty() {
        return Ok(());
    }
    let of_a_part = folder.extract()?.parts.iter().any(|part| part.key_epoch >= first);
    let version = contract.latest_version().await?;
    let newest = contract.view(versionAtCall { version }).await?;
    // Texts and links have no key.
    if of_a_part || (newest.keyEpoch >= first && !newest.fingerprint.is_zero()) {
        return Err(DepartmentError::KeysInUse { folder: folder.path().to_owned(), epochs });
    }
    Ok(())
}

/// Puts aside what is in the folder and not its owner's: keys from the epoch on that began with the change of hands, and grants that were never made. The epochs of those keys; none when the owner
/// has said before that they are its own.
///
/// # Errors
/// As [`first_epoch_of`]; [`DepartmentError::KeysInUse`], [`DepartmentError::State`], and those of signing.
pub(super) async fn take_over(
    folder: &StateFolder,
    contract: &AssetContract,
    key: &Arc<SubmitterKey>,
    found: FoundKeys,
) -> Result<Vec<u32>, DepartmentError> {
    let first = first_epoch_of(contract, key.address()).await?;
    if folder.own_keys()?.is_some_and(|own| own.key_epoch == first && own.is_of(key.address(), contract)) {
        return Ok(Vec::new());
    }
    if found == FoundKeys::Unused {
        check_unused(folder, contract, first).await?;
    }
    let mut planted = Vec::new();
    for request in folder.grants()? {
        // What the contract does not know is no request, and no grant either.
        let state = match contract.request(request).await {
            Err(DepartmentError::NoRequest(_)) => None,
            other => Some(other?.state),
        };
        if !matches!(state, Some(RequestState::Granted)) {
            planted.push(request);
        }
    }
    folder.set_grants_aside(&planted)?;
    let keys = if found == FoundKeys::Keep { Vec::new() } else { folder.keys().set_aside_from(first)? };
    claim(folder, contract, key, first).await?;
    Ok(keys)
}

/// States that the keys from an epoch on are made by this account.
async fn claim(
    folder: &StateFolder,
    contract: &AssetContract,
    key: &Arc<SubmitterKey>,
    key_epoch: u32,
) -> Result<(), DepartmentError> {
    let (key, statement) = (Arc::clone(key), statement(contract, key_epoch));
    // A token is waited for.
    let signed = tokio::task::spawn_blocking(move || key.sign_message(statement.as_bytes())).await;
    let signature = signed.map_err(|_| DepartmentError::Answer)?.map_err(KeyError::Kept)?;
    folder.keep_own_keys(&OwnKeys { key_epoch, signature: signature.as_bytes().to_vec().into() })
}

impl Department {
    /// Makes sure that the keys of this folder from the change of hands on are its owner's own. What an owner has said before it gave the asset away says nothing when it gets it back.
    ///
    /// # Errors
    /// [`DepartmentError::NotTakenOver`]; as [`first_epoch_of`], and those of signing.
    pub(super) async fn check_keys(&self) -> Result<(), DepartmentError> {
        let (owner, contract) = (self.key.address(), &self.asset);
        let first = self.first_epoch().await?;
        if self.folder.own_keys()?.is_some_and(|own| own.key_epoch == first && own.is_of(owner, contract)) {
            return Ok(());
        }
        if first > 1 {
            return Err(DepartmentError::NotTakenOver(self.folder.path().to_owned()));
        }
        // Whoever has deployed the asset has made all of its keys.
        claim(&self.folder, contract, &self.key, 1).await
    }

    /// The key epoch that began when this account got the asset. Each change of hands begins another one: while the present one is the same, nothing is looked for again.
    async fn first_epoch(&self) -> Result<u32, DepartmentError> {
        let present = self.asset.key_epoch().await?;
        let mut known = self.tenure.lock().await;
        if let Some((_, first)) = known.filter(|(at, _)| *at == present) {
            return Ok(first);
        }
        let first = first_epoch_of(&self.asset, self.key.address()).await?;
        *known = Some((present, first));
        Ok(first)
    }

    /// The key of the present epoch, made at random when there is none yet.
    ///
    /// # Errors
    /// As [`Self::check_keys`] and [`super::EpochKeys::of_present`].
    pub(super) async fn present_key(&self) -> Result<EpochKey, DepartmentError> {
        self.check_keys().await?;
        self.folder.keys().of_present(self.asset.key_epoch().await?)
    }
}
