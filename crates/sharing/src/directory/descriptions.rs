//! Descriptions that not everybody may see: kept by the city under resource and hash. Under the hash, so that nobody can put in another one; under the
//! resource, so that an entry that somebody else registers with the same hash, for everybody to see, shows nothing.

use std::{
    fmt,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use alloy_primitives::B256;
use tempfile::NamedTempFile;

use super::{MAX_DESCRIPTION_BYTES, ResourceName, description_hash};

/// The port: texts by their resource and hash.
pub trait Descriptions: fmt::Debug + Send + Sync {
    /// Keeps a text of a resource; durable afterwards. One that is kept already is not written again.
    ///
    /// # Errors
    /// The disk's.
    fn keep(&self, resource: &ResourceName, text: &str) -> io::Result<B256>;

    /// The text of a resource that has a hash.
    ///
    /// # Errors
    /// The disk's. What is there and has another hash counts as not there.
    fn find(&self, resource: &ResourceName, hash: B256) -> io::Result<Option<String>>;
}

/// A file for each, in one folder: `<resource>-<hash>.json`.
#[derive(Clone, Debug)]
pub struct DescriptionFiles {
    directory: PathBuf,
}

impl DescriptionFiles {
    /// Uses a folder, made when it is not there.
    ///
    /// # Errors
    /// The disk's.
    pub fn new(directory: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// The hash has 64 characters, so no two pairs have the same name.
    fn path(&self, resource: &ResourceName, hash: B256) -> PathBuf {
        self.directory.join(format!("{resource}-{}.json", hex::encode(hash)))
    }
}

impl Descriptions for DescriptionFiles {
    fn keep(&self, resource: &ResourceName, text: &str) -> io::Result<B256> {
        let hash = description_hash(text);
        if self.find(resource, hash)?.is_some() {
            return Ok(hash);
        }
        let mut file = NamedTempFile::new_in(&self.directory)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(self.path(resource, hash)).map_err(|error| error.error)?;
        std::fs::File::open(&self.directory)?.sync_all()?;
        Ok(hash)
    }

    fn find(&self, resource: &ResourceName, hash: B256) -> io::Result<Option<String>> {
        let path = self.path(resource, hash);
        match std::fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Ok(metadata) if metadata.len() > MAX_DESCRIPTION_BYTES as u64 => return Ok(None),
            other => other?,
        };
        let text = std::fs::read_to_string(path)?;
        Ok((description_hash(&text) == hash).then_some(text))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_was_altered_on_disk_is_not_shown_and_what_is_there_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let kept = DescriptionFiles::new(folder.path()).unwrap();
        let [wells, spy] = ["wells", "spy"].map(|name| name.parse::<ResourceName>().unwrap());
        let hash = kept.keep(&wells, "{}").unwrap();
        assert_eq!(kept.find(&wells, hash).unwrap().as_deref(), Some("{}"));
        assert_eq!(kept.find(&wells, B256::ZERO).unwrap(), None);
        assert_eq!(kept.find(&spy, hash).unwrap(), None, "a text belongs to its resource");
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            // A file that is written takes the place of the one before, so it is another one.
            let file = || std::fs::metadata(kept.path(&wells, hash)).unwrap().ino();
            let before = file();
            kept.keep(&wells, "{}").unwrap();
            assert_eq!(file(), before);
        }
        std::fs::write(kept.path(&wells, hash), "[]").unwrap();
        assert_eq!(kept.find(&wells, hash).unwrap(), None);
        kept.keep(&wells, "{}").unwrap();
        assert_eq!(kept.find(&wells, hash).unwrap().as_deref(), Some("{}"), "what was altered is mended");
    }
}
