//! Subscriptions on disk: a file for each, which nobody else may read. What somebody looks for stands in no journal that others see.

use std::{
    fmt,
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use alloy_primitives::{Address, B256};
use chancery_reference_points::data_search::Subscription;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

/// Largest file that is read, in bytes: a query at its bounds takes less.
const MAX_FILE_BYTES: u64 = 64 * 1024;
const SUFFIX: &str = "json";

/// The port: subscriptions by owner and id.
pub trait Subscriptions: fmt::Debug + Send + Sync {
    /// Everything that is kept. What does not read is left where it is, and said in the log.
    ///
    /// # Errors
    /// The disk's.
    fn all(&self) -> io::Result<Vec<KeptSubscription>>;

    /// Keeps a subscription; durable afterwards.
    ///
    /// # Errors
    /// The disk's.
    fn keep(&self, kept: &KeptSubscription) -> io::Result<()>;

    /// Forgets one, if it is there; durable afterwards.
    ///
    /// # Errors
    /// The disk's.
    fn forget(&self, id: B256) -> io::Result<()>;
}

/// A file for each, in one folder: `<id>.json`, mode 0600.
#[derive(Clone, Debug)]
pub struct SubscriptionFiles {
    directory: PathBuf,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSubscription {
    /// Whose it is.
    pub owner: Address,
    /// Whether its owner had no role when it was made: such ones have a share of the room. What was kept before says nothing.
    #[serde(rename = "isStranger", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_stranger: bool,
    /// The subscription.
    pub subscription: Subscription,
}

impl SubscriptionFiles {
    /// Uses a folder, made when it is not there.
    ///
    /// # Errors
    /// The disk's.
    pub fn new(directory: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        Ok(Self { directory: directory.to_owned() })
    }

    fn path(&self, id: B256) -> PathBuf {
        self.directory.join(format!("{id:x}.{SUFFIX}"))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }
}

impl Subscriptions for SubscriptionFiles {
    fn all(&self) -> io::Result<Vec<KeptSubscription>> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != SUFFIX) {
                continue;
            }
            let read = || -> io::Result<KeptSubscription> {
                if std::fs::metadata(&path)?.len() > MAX_FILE_BYTES {
                    return Err(io::Error::other("it is too large"));
                }
                Ok(serde_json::from_slice(&std::fs::read(&path)?)?)
            };
            match read() {
                Ok(kept) => all.push(kept),
                Err(error) => tracing::error!(%error, file = %path.display(), "a subscription does not read"),
            }
        }
        Ok(all)
    }

    fn keep(&self, kept: &KeptSubscription) -> io::Result<()> {
        // A file that is made so is its owner's alone.
        let mut file = NamedTempFile::new_in(&self.directory)?;
        file.write_all(&serde_json::to_vec(kept)?)?;
        file.as_file().sync_all()?;
        file.persist(self.path(kept.subscription.id)).map_err(|error| error.error)?;
        self.sync()
    }

    fn forget(&self, id: B256) -> io::Result<()> {
        match std::fs::remove_file(self.path(id)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            outcome => outcome.and_then(|()| self.sync()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // PROVISIONING-5, M-SER-2
    #[test]
    fn a_subscription_is_kept_for_its_owner_and_a_damaged_file_hides_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let files = SubscriptionFiles::new(folder.path()).unwrap();
        let one = |byte: u8| KeptSubscription {
            owner: Address::repeat_byte(9),
            is_stranger: byte == 2,
            subscription: Subscription {
                id: B256::repeat_byte(byte),
                name: "wells".into(),
                query: Default::default(),
                start: 7,
                created_at: 1,
                expires_at: 2,
            },
        };
        let id = |byte| B256::repeat_byte(byte);
        files.keep(&one(1)).unwrap();
        files.keep(&one(2)).unwrap();
        // As one was written before there was a share for strangers.
        let text = std::fs::read_to_string(files.path(id(1))).unwrap();
        assert!(!text.contains("isStranger"), "{text}");
        std::fs::write(files.path(B256::repeat_byte(3)), "{").unwrap();
        let mut all = SubscriptionFiles::new(folder.path()).unwrap().all().unwrap();
        all.sort_by_key(|kept| kept.subscription.id);
        assert_eq!(all, [one(1), one(2)]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(files.path(id(1))).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        files.forget(id(1)).unwrap();
        files.forget(id(1)).unwrap();
        assert_eq!(files.all().unwrap(), [one(2)]);
    }
}
