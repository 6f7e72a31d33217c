//! The index that is open, and opened anew after a write that failed: its store takes no further one then.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use chancery_stores::{Standing, check_room};
use parking_lot::{MappedRwLockReadGuard, RwLock, RwLockReadGuard};

use crate::{SearchError, SearchIndex};

pub(crate) struct KeptIndex {
    directory: PathBuf,
    /// `None` while it is opened anew, and when that did not succeed.
    index: RwLock<Option<SearchIndex>>,
    /// How far it was before it was opened anew: what is found of it until it is there again lacks what was found before.
    reached: AtomicU64,
    /// Whether something failed, and is not made up for.
    pub(crate) standing: Standing,
}

impl KeptIndex {
    pub(crate) fn open(directory: &Path, durable: u64) -> Result<Self, SearchError> {
        let index = SearchIndex::open(directory, durable)?;
        Ok(Self {
            directory: directory.into(),
            index: RwLock::new(Some(index)),
            reached: AtomicU64::new(0),
            standing: Standing::of("search"),
        })
    }

    /// The index for whoever answers by it: as far as it ever was. It is not opened anew as long as somebody reads it. Whoever reads may come here again meanwhile.
    ///
    /// # Errors
    /// [`SearchError::Closed`].
    pub(crate) fn read(&self) -> Result<MappedRwLockReadGuard<'_, SearchIndex>, SearchError> {
        let index = self.open_now()?;
        if index.next_place() < self.reached.load(Ordering::Acquire) {
            return Err(SearchError::Closed);
        }
        Ok(index)
    }

    /// The index, however far it is.
    ///
    /// # Errors
    /// [`SearchError::Closed`].
    pub(crate) fn open_now(&self) -> Result<MappedRwLockReadGuard<'_, SearchIndex>, SearchError> {
        RwLockReadGuard::try_map(self.index.read_recursive(), Option::as_ref).map_err(|_| SearchError::Closed)
    }

    /// Opens it anew, where there is room. What was only in memory is not in it then.
    ///
    /// # Errors
    /// As [`SearchIndex::open`]; where there is no room, what is open stays.
    pub(crate) fn open_anew(&self, durable: u64) -> Result<(), SearchError> {
        check_room(&self.directory, 0)?;
        let mut index = self.index.write();
        if let Some(before) = index.as_ref() {
            self.reached.fetch_max(before.next_place(), Ordering::AcqRel);
        }
        // A store is open once.
        *index = None;
        *index = Some(SearchIndex::open(&self.directory, durable)?);
        Ok(())
    }
}
