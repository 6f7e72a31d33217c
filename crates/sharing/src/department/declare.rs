//! Declaring a data set: its contract, its rules, its entry in the directory. What is already as declared is left alone.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use chancery_contracts::{DigitalAsset, ResourceDirectory};
use chancery_ledger::{Chain, SubmitterKey};
use serde::Serialize;
use serde_with::{DisplayFromStr, serde_as};

use super::{AssetContract, AssetRecord, DepartmentError, StateFolder};
use crate::directory::{ResourceDescription, ResourceName, Visibility, description_hash};

/// What an owner declares of a data set.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Its name in the directory.
    pub resource: ResourceName,
    /// Code of the organization for which the owner's key has the right `sharing`; 1 to 32 ASCII characters.
    pub organization: B256,
    /// The contract of the directory.
    pub directory: Address,
    /// Who may see it.
    pub visibility: Visibility,
    /// What it is.
    pub description: ResourceDescription,
    /// Whether listed identities are granted access without a further decision.
    pub automatic: bool,
    /// The identities that may ask.
    pub readers: Vec<Address>,
}

/// One change on the chain. Addresses are written with their EIP-55 checksum.
#[serde_as]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "camelCase")]
pub enum Change {
    /// The asset's contract is deployed.
    Deploy,
    /// The rule of decision is set.
    SetAutomatic {
        /// To what.
        automatic: bool,
    },
    /// An identity is listed.
    List {
        /// Which.
        #[serde_as(as = "DisplayFromStr")]
        reader: Address,
    },
    /// The resource is entered into the directory.
    Register,
    /// Its description or visibility is replaced.
    Describe,
}

/// What declaring did, or would do. Addresses are written with their EIP-55 checksum.
#[serde_as]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Declared {
    /// The contract; absent when it is not deployed yet and nothing was applied.
    #[serde_as(as = "Option<DisplayFromStr>")]
    pub asset: Option<Address>,
    /// In their order.
    pub changes: Vec<Change>,
    /// Listed identities that are not declared: they keep their access until they are removed.
    #[serde_as(as = "Vec<DisplayFromStr>")]
    pub undeclared_readers: Vec<Address>,
    /// keccak256 of the description.
    pub description_hash: B256,
    /// Whether the changes were made.
    pub applied: bool,
}

/// Makes the chain agree with what is declared, or with `check` only says what would change. May be repeated.
///
/// # Errors
/// [`DepartmentError`]; changes before the one that failed stay, and a repetition goes on after them.
pub async fn declare(
    rules: &Rules,
    chain: &Chain,
    key: &Arc<SubmitterKey>,
    folder: &StateFolder,
    check: bool,
) -> Result<Declared, DepartmentError> {
    let text = rules.description.to_text()?;
    let hash = description_hash(&text);
    let mut changes = Vec::new();
    let record = folder.asset()?;
    if let Some(record) = &record {
        record.check(&rules.resource, chain)?;
    }
    let asset = match record {
        Some(record) => Some(record.asset),
        None => {
            changes.push(Change::Deploy);
            if check { None } else { Some(deploy(rules, chain, key, folder).await?) }
        }
    };
    let mut undeclared_readers = Vec::new();
    match asset {
        // Of a contract that does not stand yet nothing can be asked: it has no rule and no readers.
        None => {
            changes.extend(rules.automatic.then_some(Change::SetAutomatic { automatic: true }));
            changes.extend(rules.readers.iter().map(|reader| Change::List { reader: *reader }));
            changes.push(Change::Register);
        }
        Some(address) => {
            let contract = AssetContract { chain: chain.clone(), address };
            let owner = contract.owner().await?;
            if owner != key.address() {
                return Err(DepartmentError::NotOwner { owner, given: key.address() });
            }
            if contract.is_automatic().await? != rules.automatic {
                changes.push(Change::SetAutomatic { automatic: rules.automatic });
                if !check {
                    contract.send(key, DigitalAsset::setAutomaticCall { automatic_: rules.automatic }).await?;
                }
            }
            let listed = contract.readers().await?;
            for reader in rules.readers.iter().filter(|reader| !listed.contains(reader)) {
                changes.push(Change::List { reader: *reader });
                if !check {
                    contract.send(key, DigitalAsset::listCall { reader: *reader }).await?;
                }
            }
            undeclared_readers = listed.into_iter().filter(|reader| !rules.readers.contains(reader)).collect();
            enter(rules, &contract, key, (&text, hash), check, &mut changes).await?;
        }
    }
    Ok(Declared { asset, changes, undeclared_readers, description_hash: hash, applied: !check })
}

async fn deploy(
    rules: &Rules,
    chain: &Chain,
    key: &Arc<SubmitterKey>,
    folder: &StateFolder,
) -> Result<Address, DepartmentError> {
    let asset = chain.deploy(key, DigitalAsset::BYTECODE.clone()).await?;
    folder.keep_asset(&AssetRecord {
        asset,
        chain: chain.name().to_owned(),
        resource: rules.resource.clone(),
        folder: std::path::PathBuf::new(),
    })?;
    Ok(asset)
}

async fn enter(
    rules: &Rules,
    contract: &AssetContract,
    key: &Arc<SubmitterKey>,
    (text, hash): (&str, B256),
    check: bool,
    changes: &mut Vec<Change>,
) -> Result<(), DepartmentError> {
    let directory = AssetContract { chain: contract.chain.clone(), address: rules.directory };
    let resource = rules.resource.to_bytes32();
    let found = directory.view(ResourceDirectory::resourceAtCall { resource }).await?;
    if found.registeredAt != 0 && found.asset != contract.address {
        return Err(DepartmentError::ResourceTaken { resource: rules.resource.clone(), asset: found.asset });
    }
    // On the chain stands what everybody may read, and of anything else the hash.
    let shown = if rules.visibility == Visibility::EVERYBODY { text.to_owned() } else { String::new() };
    let visibility = rules.visibility.0;
    if found.registeredAt == 0 {
        changes.push(Change::Register);
        if !check {
            let call = ResourceDirectory::registerCall {
                resource,
                asset: contract.address,
                organization: rules.organization,
                visibility,
                descriptionHash: hash,
                description: shown,
            };
            directory.send(key, call).await?;
        }
    } else if found.visibility != visibility || found.descriptionHash != hash {
        changes.push(Change::Describe);
        if !check {
            let call =
                ResourceDirectory::describeCall { resource, visibility, descriptionHash: hash, description: shown };
            directory.send(key, call).await?;
        }
    }
    Ok(())
}
