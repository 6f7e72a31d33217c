//! Descriptions that not everybody may see: kept by the city under their hash, so that nobody can put in another one.

use std::{
    fmt,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use alloy_primitives::B256;
use tempfile::NamedTempFile;

use super::{MAX_DESCRIPTION_BYTES, description_hash};

/// The port: texts by their hash.
pub trait Descriptions: fmt::Debug + Send + Sync {
    /// Keeps a text; durable afterwards.
    ///
    /// # Errors
    /// The disk's.
    fn keep(&self, text: &str) -> io::Result<B256>;

    /// The text with a hash.
    ///
    /// # Errors
    /// The disk's. What is there and has another hash counts as not there.
    fn find(&self, hash: B256) -> io::Result<Option<String>>;
}

/// A file for each, in one folder.
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

    fn path(&self, hash: B256) -> PathBuf {
        self.directory.join(format!("{}.json", hex::encode(hash)))
    }
}

impl Descriptions for DescriptionFiles {
    fn keep(&self, text: &str) -> io::Result<B256> {
        let hash = description_hash(text);
        let mut file = NamedTempFile::new_in(&self.directory)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(self.path(hash)).map_err(|error| error.error)?;
        std::fs::File::open(&self.directory)?.sync_all()?;
        Ok(hash)
    }

    fn find(&self, hash: B256) -> io::Result<Option<String>> {
        let path = self.path(hash);
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
    fn what_was_altered_on_disk_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let kept = DescriptionFiles::new(folder.path()).unwrap();
        let hash = kept.keep("{}").unwrap();
        assert_eq!(kept.find(hash).unwrap().as_deref(), Some("{}"));
        assert_eq!(kept.find(B256::ZERO).unwrap(), None);
        std::fs::write(kept.path(hash), "[]").unwrap();
        assert_eq!(kept.find(hash).unwrap(), None);
    }
}
