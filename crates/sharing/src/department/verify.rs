//! Whether the store still has what was published, and whether that is what stands on the chain (S-ODS, SHARE-10).

use alloy_primitives::B256;
use chancery_contracts::DigitalAsset;

use super::{Department, DepartmentError};
use crate::{
    sealing::{Fingerprint, Sealed},
    storage::{FetchError, Location, StoreError, check_verified},
};

/// What was found of a part.
#[derive(Debug)]
pub struct CheckedPart {
    /// Where it should lie.
    pub location: Location,
    /// Bytes that it should have.
    pub bytes: u64,
    /// Whether it is a version of the asset; until then it is compared with what was recorded when it was extracted.
    pub published: bool,
    /// What is wrong with it.
    pub fault: Option<PartFault>,
}

/// What can be wrong with a part in the store.
#[derive(Debug, thiserror::Error)]
pub enum PartFault {
    /// It is not in the store, or is not what it was.
    #[error(transparent)]
    Store(#[from] FetchError),
    /// What was recorded of it here is not what stands on the chain.
    #[error("the folder of state has another fingerprint or length than the chain: {0} stands there")]
    OtherVersion(B256),
}

impl Department {
    /// How many parts there are.
    ///
    /// # Errors
    /// [`DepartmentError::State`].
    pub fn part_count(&self) -> Result<u32, DepartmentError> {
        u32::try_from(self.folder.extract()?.parts.len()).map_err(|_| DepartmentError::Answer)
    }

    /// Reads a part, counted from 1, as the store has it, and compares it. Memory does not grow with it.
    ///
    /// # Errors
    /// [`DepartmentError::Answer`] when there is no such part, [`DepartmentError::Chain`], [`DepartmentError::State`]; and [`DepartmentError::Extract`] when the store cannot be
    /// asked, which says nothing of the part.
    pub async fn check_part(&self, number: u32) -> Result<CheckedPart, DepartmentError> {
        let index = number.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let part =
            index.and_then(|index| self.folder.extract().map(|state| state.parts.get(index).cloned()).transpose());
        let part = part.ok_or(DepartmentError::Answer)??;
        let number = number.checked_add(self.versions_before).ok_or(DepartmentError::Answer)?;
        let published = number <= self.asset.latest_version().await?;
        let mut expected = Sealed { fingerprint: part.fingerprint, bytes: part.bytes };
        if published {
            let version = self.asset.view(DigitalAsset::versionAtCall { version: number }).await?;
            let stands = Sealed { fingerprint: Fingerprint(version.fingerprint.0), bytes: version.size };
            if stands != expected {
                let fault = Some(PartFault::OtherVersion(version.fingerprint));
                return Ok(CheckedPart { location: part.location, bytes: part.bytes, published, fault });
            }
            expected = stands;
        }
        let fault = match check_verified(self.store.as_ref(), &part.location, &expected).await {
            Ok(()) => None,
            Err(FetchError::Store(error)) if !says_of_the_file(&error) => {
                return Err(crate::extract::ExtractError::from(error).into());
            }
            Err(fault) => Some(fault.into()),
        };
        Ok(CheckedPart { location: part.location, bytes: part.bytes, published, fault })
    }
}

/// Whether an error is about the file, and not about the store.
fn says_of_the_file(error: &StoreError) -> bool {
    matches!(error, StoreError::NotFound(_) | StoreError::Altered(_) | StoreError::ForeignLocation(_))
}
