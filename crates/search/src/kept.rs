//! The index that is open, and opened anew after a write that failed: its store takes no further one then.

use std::path::{Path, PathBuf};

use chancery_stores::{Standing, check_room};
use parking_lot::{MappedRwLockReadGuard, RwLock, RwLockReadGuard};

use crate::{SearchError, SearchIndex};

pub(crate) struct KeptIndex {
    directory: PathBuf,
    /// `None` while it is opened anew, and when that did not succeed.
    index: RwLock<Option<SearchIndex>>,
    /// Whether something failed, and is not made up for.
    pub(crate) standing: Standing,
}

impl KeptIndex {
    pub(crate) fn open(directory: &Path, durable: u64) -> Result<Self, SearchError> {
        let index = SearchIndex::open(directory, durable)?;
        Ok(Self { directory: directory.into(), index: RwLock::new(Some(index)), standing: Standing::of("search") })
    }

    /// The index, which is not opened anew as long as somebody reads it. Whoever reads may come here again meanwhile.
    ///
    /// # Errors
    /// [`SearchError::Closed`].
    pub(crate) fn read(&self) -> Result<MappedRwLockReadGuard<'_, SearchIndex>, SearchError> {
        RwLockReadGuard::try_map(self.index.read_recursive(), Option::as_ref).map_err(|_| SearchError::Closed)
    }

    /// Opens it anew, where there is room. What was only in memory is not in it then.
    ///
    /// # Errors
    /// As [`SearchIndex::open`]; where there is no room, what is open stays.
    pub(crate) fn open_anew(&self, durable: u64) -> Result<(), SearchError> {
        check_room(&self.directory, 0)?;
        let mut index = self.index.write();
        // A store is open once.
        *index = None;
        *index = Some(SearchIndex::open(&self.directory, durable)?);
        Ok(())
    }
}
