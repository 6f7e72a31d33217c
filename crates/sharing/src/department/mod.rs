//! The owner's side as a department runs it (S-ODS, S-ASSET, S-RULES): one folder of state for each data set, one contract for its asset.
//!
//! ```text
//! STATE/asset.json            the contract
//! STATE/asset-intent.json     where it will stand, while it is being deployed
//! STATE/extract.json          cursor and parts; part n is version n of the asset
//! STATE/*.rejects.ndjson      rows that break the declaration, with the reason
//! STATE/entry.json            salts of an entry that is not for everybody
//! STATE/keys/epoch-N.key      data keys, mode 0600
//! STATE/own-keys.json         from which epoch on they are the owner's own, signed by it
//! STATE/grants/N.json         what was granted: terms and sealed data key
//! STATE/fetches*.ndjson       who came to the service for what, and who was refused
//! STATE/fetches-handed.json   how far supervision has it
//! ```

mod aside;
mod asset;
mod declare;
mod error;
mod fetches;
mod folder;
mod forgotten;
mod hand_out;
mod handing_over;
mod hidden;
mod keys;
mod own_keys;
mod ownership;
mod publish;
mod refusals;
mod rights;
mod run;
mod verify;

pub use asset::{AskedAccess, AssetContract};
pub use declare::{Change, Declared, Rules, declare};
pub use error::DepartmentError;
pub use fetches::{Fetch, Fetched, MAX_FETCHES_BYTES, is_unbroken};
pub use folder::{AssetRecord, StateFolder};
pub use forgotten::ForgottenFetches;
pub use hand_out::HandedOut;
pub use handing_over::{HandedLine, HandedLines, LinesError, MAX_HANDED_LINES, NotHandedOver, Supervision};
pub use keys::EpochKeys;
pub use own_keys::FoundKeys;
pub use ownership::{Accepted, accept_ownership};
pub use publish::{AccessInformation, PublishedVersion};
pub use rights::{GivenRight, UseRight};
pub use run::MAX_RUN_PARTS;
pub use verify::{CheckedPart, PartFault};

use std::sync::Arc;

use chancery_ledger::SubmitterKey;

use self::{fetches::FetchJournal, handing_over::Waiting};
use crate::{directory::ResourceName, storage::FileStore};

/// One data set of a department.
#[derive(Debug)]
pub struct Department {
    resource: ResourceName,
    asset: AssetContract,
    key: Arc<SubmitterKey>,
    store: Arc<dyn FileStore>,
    folder: StateFolder,
    /// Versions of owners before.
    versions_before: u32,
    /// Grants are made one after the other: two that ask at once must not get two keys.
    granting: tokio::sync::Mutex<()>,
    /// A present key epoch, and the first one of its owner then.
    tenure: tokio::sync::Mutex<Option<(u32, u32)>>,
    fetches: tokio::sync::Mutex<FetchJournal>,
    /// What of them supervision does not have yet: handed over in order, one batch after the other.
    waiting: tokio::sync::Mutex<Waiting>,
    /// Says that somebody came.
    came: tokio::sync::Notify,
}

impl Department {
    /// A data set whose asset was declared ([`declare`]) with this folder.
    ///
    /// # Errors
    /// [`DepartmentError::NotDeclared`], [`DepartmentError::State`].
    pub fn open(
        resource: ResourceName,
        chain: chancery_ledger::Chain,
        key: Arc<SubmitterKey>,
        store: Arc<dyn FileStore>,
        folder: StateFolder,
    ) -> Result<Self, DepartmentError> {
        let record = folder.asset()?.ok_or(DepartmentError::NotDeclared)?;
        record.check(&resource, &chain)?;
        let asset = AssetContract { chain, address: record.asset };
        let versions_before = record.versions_before;
        let (granting, tenure) = (tokio::sync::Mutex::new(()), tokio::sync::Mutex::new(None));
        let fetches = tokio::sync::Mutex::new(FetchJournal::new(folder.path().to_owned()));
        let waiting = Waiting::new(folder.path().to_owned(), asset.address, Arc::clone(&key));
        let (waiting, came) = (tokio::sync::Mutex::new(waiting), tokio::sync::Notify::new());
        Ok(Self { resource, asset, key, store, folder, versions_before, granting, tenure, fetches, waiting, came })
    }

    /// The contract.
    #[must_use]
    pub const fn asset(&self) -> &AssetContract {
        &self.asset
    }

    /// The place of a version among the parts of this folder; none for one that an owner before has published.
    pub(super) fn part_index(&self, version: u32) -> Option<usize> {
        usize::try_from(version.checked_sub(self.versions_before)?).ok()?.checked_sub(1)
    }

    /// The folder of state.
    #[must_use]
    pub const fn folder(&self) -> &StateFolder {
        &self.folder
    }
}
