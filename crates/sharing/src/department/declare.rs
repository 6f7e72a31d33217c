//! Declaring a data set: its contract, its rules, its entry in the directory. What is already as declared is left alone.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use chancery_contracts::{DigitalAsset, ResourceDirectory};
use chancery_ledger::{Call, Chain, LedgerError, SubmitterKey};
use serde::Serialize;
use serde_with::{DisplayFromStr, serde_as};

use super::{
    AssetContract, AssetRecord, DepartmentError, StateFolder,
    hidden::{Wanted, leftover, withdrawal},
};
use crate::directory::{ResourceDescription, ResourceName, Visibility};

/// What the directory has of a name; all zero when there is nothing.
pub(super) type DirectoryEntry = <ResourceDirectory::resourceAtCall as SolCall>::Return;

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
    /// The entry that showed nothing of it is taken out: it stands there for everybody now.
    Withdraw,
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
    /// keccak256 of the description, or of the opening.
    pub description_hash: B256,
    /// What the city is to keep, since it does not stand on the chain: the description, or the opening.
    #[serde(skip)]
    pub kept_text: Option<String>,
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
    let mut changes = Vec::new();
    let record = folder.asset()?;
    if let Some(record) = &record {
        record.check(&rules.resource, chain)?;
    }
    let directory = AssetContract { chain: chain.clone(), address: rules.directory };
    let entry = directory.view(ResourceDirectory::resourceAtCall { resource: rules.resource.to_bytes32() }).await?;
    let ours = record.as_ref().map(|record| record.asset);
    // What the chain knows by name it does not forget: such an entry keeps its form. Of a commitment nobody can take the name.
    let is_known = entry.registeredAt != 0 && ours == Some(entry.asset);
    let is_open = rules.visibility == Visibility::EVERYBODY || is_known;
    let wanted = if is_open { Wanted::open(rules, entry)? } else { Wanted::hidden(rules, &directory, folder).await? };
    // Before anything is deployed: a name that is taken is taken in both modes.
    is_ours(rules, &wanted.entry, ours)?;
    let asset = match record {
        Some(record) => Some(record.asset),
        None => match begun(chain, key, folder).await? {
            Some(asset) if check => Some(asset),
            Some(asset) => {
                folder.keep_asset(&AssetRecord::new(asset, chain, &rules.resource))?;
                Some(asset)
            }
            None => {
                changes.push(Change::Deploy);
                if check { None } else { Some(deploy(rules, chain, key, folder).await?) }
            }
        },
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
            if let Some((change, call)) = entering(rules, &wanted, address) {
                changes.push(change);
                if !check {
                    // Before the entry: one whose salts are lost opens to nobody.
                    wanted.salts.iter().try_for_each(|salts| folder.keep_entry_salts(salts))?;
                    directory_call(rules, chain, key, call).await?;
                }
            }
            let leftover = if is_open { leftover(rules, &directory, folder, address).await? } else { None };
            if let Some(word) = leftover {
                changes.push(Change::Withdraw);
                if !check {
                    directory_call(rules, chain, key, withdrawal(word)).await?;
                }
            }
            if is_open && !check {
                folder.forget_entry_salts()?;
            }
        }
    }
    let (description_hash, kept_text) = (wanted.hash, wanted.kept_text);
    Ok(Declared { asset, changes, undeclared_readers, description_hash, kept_text, applied: !check })
}

async fn directory_call(
    rules: &Rules,
    chain: &Chain,
    key: &Arc<SubmitterKey>,
    call: Vec<u8>,
) -> Result<(), DepartmentError> {
    chain.submit(key, Call { to: Some(rules.directory), data: call.into() }).await?;
    Ok(())
}

/// Whether the entry is this asset's, or there is none.
fn is_ours(rules: &Rules, entry: &DirectoryEntry, asset: Option<Address>) -> Result<(), DepartmentError> {
    let resource = &rules.resource;
    if entry.registeredAt == 0 {
        return Ok(());
    }
    if asset != Some(entry.asset) {
        return Err(DepartmentError::ResourceTaken { resource: resource.clone(), asset: entry.asset });
    }
    if entry.organization != rules.organization {
        let [found, declared] = [entry.organization, rules.organization].map(code);
        return Err(DepartmentError::OtherOrganization { resource: resource.clone(), found, declared });
    }
    Ok(())
}

/// The contract that an earlier run deployed and ended before it had kept where: the one that it meant to deploy, when the key owns it and nobody has
/// used it. Another data set of the same key may have got the address meanwhile, so what has a rule, a reader or a version is not it.
async fn begun(
    chain: &Chain,
    key: &Arc<SubmitterKey>,
    folder: &StateFolder,
) -> Result<Option<Address>, DepartmentError> {
    let Some(intent) = folder.intent()?.filter(|intent| intent.chain == chain.name()) else { return Ok(None) };
    let contract = AssetContract { chain: chain.clone(), address: intent.asset };
    match contract.owner().await {
        Ok(owner) if owner == key.address() => {}
        // Nothing stands there, or something else.
        Ok(_) | Err(DepartmentError::Answer | DepartmentError::Chain(LedgerError::Reverted { .. })) => return Ok(None),
        Err(error) => return Err(error),
    }
    let unused = !contract.is_automatic().await?
        && contract.readers().await?.is_empty()
        && contract.latest_version().await? == 0
        && contract.request_count().await? == 0;
    Ok(unused.then_some(intent.asset))
}

/// Deploys the contract; where it will stand is kept before, so that a run that is broken off deploys no second one.
async fn deploy(
    rules: &Rules,
    chain: &Chain,
    key: &Arc<SubmitterKey>,
    folder: &StateFolder,
) -> Result<Address, DepartmentError> {
    let meant = chain.next_contract(key).await?;
    folder.keep_intent(&AssetRecord::new(meant, chain, &rules.resource))?;
    let asset = chain.deploy(key, DigitalAsset::BYTECODE.clone()).await?;
    folder.keep_asset(&AssetRecord::new(asset, chain, &rules.resource))?;
    Ok(asset)
}

/// What makes the entry as declared: the change, and the call of the directory.
fn entering(rules: &Rules, wanted: &Wanted, asset: Address) -> Option<(Change, Vec<u8>)> {
    let (resource, visibility) = (wanted.word, wanted.visibility.0);
    let (hash, description) = (wanted.hash, wanted.shown.clone());
    if wanted.entry.registeredAt == 0 {
        let organization = rules.organization;
        let call = ResourceDirectory::registerCall {
            resource,
            asset,
            organization,
            visibility,
            descriptionHash: hash,
            description,
        };
        Some((Change::Register, call.abi_encode()))
    } else if wanted.entry.visibility != visibility || wanted.entry.descriptionHash != hash {
        let call = ResourceDirectory::describeCall { resource, visibility, descriptionHash: hash, description };
        Some((Change::Describe, call.abi_encode()))
    } else {
        None
    }
}

/// Code of an organization: the characters before the zeros.
fn code(word: B256) -> String {
    let end = word.iter().position(|byte| *byte == 0).unwrap_or(word.len());
    String::from_utf8_lossy(&word[..end]).into_owned()
}
