//! An asset changes hands (M-APP, S-ASSET; SHARE-15): its owner offers it, the other accepts it, and puts the entry of the directory under its own organization.
//!
//! What the owner before has published is opened by data keys of its folder of state. Whoever is handed that folder goes on with it; whoever is not begins a folder of
//! its own, whose parts are the versions behind those. Of a folder that was handed over only the keys of epochs before the change of hands are taken (`own_keys`).

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use chancery_contracts::{DigitalAsset, ResourceDirectory};
use chancery_ledger::{Call, Chain, FinalTransaction, SubmitterKey};
use serde::Serialize;
use serde_with::{DisplayFromStr, serde_as};

use super::{
    AssetContract, AssetRecord, Department, DepartmentError, FoundKeys, Rules, StateFolder, declare::DirectoryEntry,
    own_keys::take_over,
};

/// An asset that was taken over. Addresses are written with their EIP-55 checksum.
#[serde_as]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// The contract.
    #[serde_as(as = "DisplayFromStr")]
    pub asset: Address,
    /// Who owned it before; absent when an earlier run had accepted it already.
    #[serde_as(as = "Option<DisplayFromStr>")]
    pub owner_before: Option<Address>,
    /// Whether the entry of the directory was put under another organization by this run.
    pub entry_moved: bool,
    /// Versions that are no parts of this folder of state.
    pub versions_before: u32,
    /// The key epoch that began, or the present one when an earlier run had accepted it already.
    pub key_epoch: u32,
    /// Epochs whose keys lay in the folder before they had begun: put aside, and not used.
    pub keys_set_aside: Vec<u32>,
}

impl AssetContract {
    /// To whom it is offered.
    ///
    /// # Errors
    /// As [`Self::owner`].
    pub async fn offered_to(&self) -> Result<Option<Address>, DepartmentError> {
        let offered = self.view(DigitalAsset::offeredToCall {}).await?;
        Ok((!offered.is_zero()).then_some(offered))
    }
}

impl Department {
    /// Offers the asset to another owner; with none takes an offer back. Nothing changes until it is accepted.
    ///
    /// # Errors
    /// [`DepartmentError::Chain`]; `NotOwner` and `OwnerAlready` are reasons of the contract.
    pub async fn offer_ownership(&self, to: Option<Address>) -> Result<FinalTransaction, DepartmentError> {
        self.asset.send(&self.key, DigitalAsset::offerOwnershipCall { to: to.unwrap_or_default() }).await
    }
}

/// Accepts the asset that the directory has under the declared name, and puts the entry under the declared organization. May be repeated: what a run that was broken
/// off has done stays, and the next one goes on after it. `found` says what becomes of keys that lie in the folder from the change of hands on.
///
/// # Errors
/// [`DepartmentError::ResourceUnknown`], [`DepartmentError::NotOffered`], [`DepartmentError::OtherState`], [`DepartmentError::HistoryMissing`], [`DepartmentError::KeysInUse`], [`DepartmentError::Chain`]; `KeyNotAuthorized` is a reason of the
/// directory: the key needs the right `sharing` for the declared organization.
pub async fn accept_ownership(
    rules: &Rules,
    chain: &Chain,
    key: &Arc<SubmitterKey>,
    folder: &StateFolder,
    found: FoundKeys,
) -> Result<Accepted, DepartmentError> {
    let record = folder.asset()?;
    if let Some(record) = &record {
        record.check(&rules.resource, chain)?;
    }
    let directory = AssetContract { chain: chain.clone(), address: rules.directory };
    let (resource, entry) = entry_of(rules, &directory, folder).await?;
    if let Some(record) = record.as_ref().filter(|record| record.asset != entry.asset) {
        return Err(DepartmentError::ResourceTaken { resource: record.resource.clone(), asset: entry.asset });
    }
    let contract = AssetContract { chain: chain.clone(), address: entry.asset };
    let owner = contract.owner().await?;
    let owner_before = if owner == key.address() { None } else { Some(owner) };
    if owner_before.is_some() {
        if contract.offered_to().await? != Some(key.address()) {
            return Err(DepartmentError::NotOffered { asset: entry.asset, owner, given: key.address() });
        }
        contract.send(key, DigitalAsset::acceptOwnershipCall {}).await?;
    }
    let versions_before = match record {
        // This folder was handed over with the asset, or is from an earlier run.
        Some(record) => record.versions_before,
        None => {
            let versions_before = contract.latest_version().await?;
            let record = AssetRecord::new(entry.asset, chain, &rules.resource);
            folder.keep_asset(&AssetRecord { versions_before, ..record })?;
            versions_before
        }
    };
    let keys_set_aside = take_over(folder, &contract, key, found).await?;
    let key_epoch = contract.key_epoch().await?;
    folder.keys().of_present(key_epoch)?;
    let entry_moved = move_entry(rules, chain, key, resource, entry.organization).await?;
    Ok(Accepted { asset: entry.asset, owner_before, entry_moved, versions_before, key_epoch, keys_set_aside })
}

/// The entry of the declared name: the commitment whose salts the folder has, or its own.
async fn entry_of(
    rules: &Rules,
    directory: &AssetContract,
    folder: &StateFolder,
) -> Result<(B256, DirectoryEntry), DepartmentError> {
    let salted = folder.entry_salts()?.map(|salts| salts.word(&rules.resource));
    for resource in salted.into_iter().chain([rules.resource.to_bytes32()]) {
        let entry = directory.view(ResourceDirectory::resourceAtCall { resource }).await?;
        if entry.registeredAt != 0 {
            return Ok((resource, entry));
        }
    }
    Err(DepartmentError::ResourceUnknown(rules.resource.clone()))
}

/// Puts the entry under the declared organization.
async fn move_entry(
    rules: &Rules,
    chain: &Chain,
    key: &Arc<SubmitterKey>,
    resource: B256,
    found: B256,
) -> Result<bool, DepartmentError> {
    if found == rules.organization {
        return Ok(false);
    }
    let call = ResourceDirectory::takeOverCall { resource, organization: rules.organization };
    chain.submit(key, Call { to: Some(rules.directory), data: call.abi_encode().into() }).await?;
    Ok(true)
}
