//! Files whose digest was looked at (EXCHANGE-6): few at a time, and one that was found unchanged not again until it is another.

use std::{collections::BTreeMap, fs::Metadata, sync::Arc};

use alloy_primitives::B256;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::shelf::MAX_FILES;

/// Files that are hashed at a time: each takes a core, and what the disk gives.
const MAX_HASHED_AT_ONCE: usize = 2;
/// Questions that wait for that.
const MAX_WAITING: usize = 16;

/// What a file is known by while it is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp([i64; 6]);

impl Stamp {
    /// Its length, place, and when content and place were changed last: nothing here is of the file's own making.
    pub(super) fn of(file: &Metadata) -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let (place, bytes) = (file.ino().cast_signed(), file.size().cast_signed());
            Self([place, bytes, file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()])
        }
        #[cfg(not(unix))]
        {
            let changed = file.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
            let changed = changed.and_then(|since| i64::try_from(since.as_nanos()).ok());
            Self([0, file.len().cast_signed(), changed.unwrap_or_default(), i64::from(changed.is_some()), 0, 0])
        }
    }
}

/// What was looked at, and the places of those who look.
#[derive(Debug)]
pub(super) struct Examined {
    /// By its digest: the file that was looked at, and whether its bytes have that digest.
    known: Mutex<BTreeMap<B256, (Stamp, bool)>>,
    hashing: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Examined {
    fn default() -> Self {
        Self::with(MAX_HASHED_AT_ONCE, MAX_WAITING)
    }
}

impl Examined {
    fn with(hashing: usize, waiting: usize) -> Self {
        let [hashing, waiting] = [hashing, waiting].map(|places| Arc::new(Semaphore::new(places)));
        Self { known: Mutex::default(), hashing, waiting }
    }

    /// Whether these very bytes were found to have that digest; `None`: nobody has looked.
    pub(super) fn knows(&self, digest: B256, stamp: Stamp) -> Option<bool> {
        self.known.lock().get(&digest).filter(|(known, _)| *known == stamp).map(|(_, is_unchanged)| *is_unchanged)
    }

    pub(super) fn found(&self, digest: B256, stamp: Stamp, is_unchanged: bool) {
        let mut known = self.known.lock();
        while known.len() >= MAX_FILES && !known.contains_key(&digest) {
            known.pop_first();
        }
        known.insert(digest, (stamp, is_unchanged));
    }

    /// A place to hash one file in, kept until the file is done, whoever has gone meanwhile; `None`: too many wait already.
    pub(super) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.hashing).try_acquire_owned() {
            return Some(place);
        }
        let _waits = Arc::clone(&self.waiting).try_acquire_owned().ok()?;
        Arc::clone(&self.hashing).acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use futures::{FutureExt as _, poll};

    use super::*;

    // EXCHANGE-6: whoever comes when all places are taken waits, and when all of those are taken too is told so at once.
    #[tokio::test]
    async fn more_files_than_have_a_place_are_not_hashed() {
        let examined = Examined::with(1, 1);
        let first = examined.place().await.unwrap();
        let mut second = Box::pin(examined.place());
        assert!(poll!(&mut second).is_pending(), "it waits");
        assert!(examined.place().now_or_never().unwrap().is_none(), "and a third is told to come again");
        drop(first);
        let second = second.await.unwrap();
        drop(second);
        assert!(examined.place().now_or_never().unwrap().is_some());
    }

    // EXCHANGE-4, EXCHANGE-6: a file that was changed is another one, though it is as long as before.
    #[test]
    fn a_file_that_was_changed_is_looked_at_again() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let stamp = || Stamp::of(&std::fs::metadata(file.path()).unwrap());
        let (examined, digest) = (Examined::default(), B256::repeat_byte(1));
        std::fs::write(file.path(), "one").unwrap();
        let before = stamp();
        assert_eq!(examined.knows(digest, before), None);
        examined.found(digest, before, true);
        assert_eq!(examined.knows(digest, stamp()), Some(true));
        assert_eq!(examined.knows(B256::repeat_byte(2), before), None);
        // The clock of files is coarse.
        while stamp() == before {
            std::fs::write(file.path(), "two").unwrap();
        }
        assert_eq!(examined.knows(digest, stamp()), None);
        examined.found(digest, stamp(), false);
        assert_eq!(examined.knows(digest, stamp()), Some(false), "what is not the file is not hashed again either");
    }
}
