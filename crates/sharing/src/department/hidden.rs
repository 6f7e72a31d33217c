//! The entry of a data set that is not for everybody: its salts, and what is to stand on the chain (S-DIR).

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use chancery_contracts::ResourceDirectory;
use serde::{Deserialize, Serialize};

use super::{AssetContract, DepartmentError, Rules, StateFolder, declare::DirectoryEntry};
use crate::directory::{Opening, ResourceName, Visibility, description_hash, word_of};

/// The salts of an entry; whoever has them can try what it may be of.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct EntrySalts {
    name_salt: B256,
    text_salt: B256,
}

impl EntrySalts {
    fn random() -> Result<Self, DepartmentError> {
        Ok(Self { name_salt: random()?, text_salt: random()? })
    }

    /// What stands for the name on the chain.
    pub(super) fn word(&self, resource: &ResourceName) -> B256 {
        word_of(resource, self.name_salt)
    }
}

/// An entry as it is to stand in the directory, and as it stands there.
pub(super) struct Wanted {
    pub(super) word: B256,
    pub(super) visibility: Visibility,
    pub(super) hash: B256,
    /// What stands on the chain beside the hash.
    pub(super) shown: String,
    /// What the city keeps.
    pub(super) kept_text: Option<String>,
    pub(super) entry: DirectoryEntry,
    /// To be kept before the entry is made.
    pub(super) salts: Option<EntrySalts>,
}

impl Wanted {
    /// Under its own name: for everybody, or of a name that the chain has already.
    pub(super) fn open(rules: &Rules, entry: DirectoryEntry) -> Result<Self, DepartmentError> {
        let text = rules.description.to_text()?;
        let hash = description_hash(&text);
        // On the chain stands what everybody may read, and of anything else the hash.
        let is_for_everybody = rules.visibility == Visibility::EVERYBODY;
        let (shown, kept_text) = if is_for_everybody { (text, None) } else { (String::new(), Some(text)) };
        let (word, visibility) = (rules.resource.to_bytes32(), rules.visibility);
        Ok(Self { word, visibility, hash, shown, kept_text, entry, salts: None })
    }

    /// Under a commitment. A text that is another than the one on the chain gets another salt.
    pub(super) async fn hidden(
        rules: &Rules,
        directory: &AssetContract,
        folder: &StateFolder,
    ) -> Result<Self, DepartmentError> {
        let salts = folder.entry_salts()?.map_or_else(EntrySalts::random, Ok)?;
        let word = salts.word(&rules.resource);
        let entry = directory.view(ResourceDirectory::resourceAtCall { resource: word }).await?;
        let mut wanted = Self::committed(rules, salts, entry)?;
        if wanted.entry.registeredAt != 0 && wanted.entry.descriptionHash != wanted.hash {
            wanted = Self::committed(rules, EntrySalts { text_salt: random()?, ..salts }, wanted.entry)?;
        }
        Ok(wanted)
    }

    fn committed(rules: &Rules, salts: EntrySalts, entry: DirectoryEntry) -> Result<Self, DepartmentError> {
        let opening = Opening {
            resource: rules.resource.clone(),
            visible_to: rules.visibility.names().unwrap_or_default(),
            name_salt: salts.name_salt,
            text_salt: salts.text_salt,
            description: rules.description.clone(),
        };
        let text = opening.to_text()?;
        let (word, hash) = (opening.word(), description_hash(&text));
        let (visibility, shown, kept_text) = (Visibility::NOBODY, String::new(), Some(text));
        Ok(Self { word, visibility, hash, shown, kept_text, entry, salts: Some(salts) })
    }
}

/// The commitment of an earlier declaration that still stands in the directory, when the entry is to stand under its own name now.
pub(super) async fn leftover(
    rules: &Rules,
    directory: &AssetContract,
    folder: &StateFolder,
    asset: Address,
) -> Result<Option<B256>, DepartmentError> {
    let Some(salts) = folder.entry_salts()? else { return Ok(None) };
    let resource = salts.word(&rules.resource);
    let entry = directory.view(ResourceDirectory::resourceAtCall { resource }).await?;
    Ok((entry.registeredAt != 0 && entry.asset == asset).then_some(resource))
}

/// The call that takes an entry out.
pub(super) fn withdrawal(resource: B256) -> Vec<u8> {
    ResourceDirectory::withdrawCall { resource }.abi_encode()
}

fn random() -> Result<B256, DepartmentError> {
    let mut salt = B256::ZERO;
    getrandom::fill(salt.as_mut_slice()).map_err(|_| DepartmentError::Randomness)?;
    Ok(salt)
}
