//! Descriptions that not everybody may see: kept by the city under resource and hash. Under the hash, so that nobody can put in another one; under the
//! resource, so that an entry that somebody else registers with the same hash, for everybody to see, shows nothing.

use std::{
    fmt,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use alloy_primitives::B256;
use tempfile::NamedTempFile;

use super::{MAX_DESCRIPTION_BYTES, Opening, ResourceName, description_hash};

/// Most entries with openings that have one name: those whose openings came first.
pub const MAX_SAME_NAME: usize = 16;

/// The port: texts by their resource and hash, and openings by their word and hash.
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

    /// Keeps the text of an opening; durable afterwards. False when [`MAX_SAME_NAME`] other entries have its name: then it is not kept.
    ///
    /// # Errors
    /// The disk's.
    fn keep_opening(&self, opening: &Opening, text: &str) -> io::Result<bool>;

    /// The text of the opening of a word that has a hash.
    ///
    /// # Errors
    /// As [`Self::find`].
    fn find_opening(&self, word: B256, hash: B256) -> io::Result<Option<String>>;

    /// The words of the entries whose openings have a name, at most [`MAX_SAME_NAME`].
    ///
    /// # Errors
    /// The disk's.
    fn words(&self, resource: &ResourceName) -> io::Result<Vec<B256>>;
}

/// A file for each, in one folder: `<resource>-<hash>.json`; of an opening `<word>-<hash>.opening`, and `names/<resource>/<word>`, which is empty.
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

    fn opening_path(&self, word: B256, hash: B256) -> PathBuf {
        self.directory.join(format!("{}-{}.opening", hex::encode(word), hex::encode(hash)))
    }

    fn names_path(&self, resource: &ResourceName) -> PathBuf {
        self.directory.join("names").join(resource.as_str())
    }

    fn write(&self, path: &Path, text: &str) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(&self.directory)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        std::fs::File::open(path.parent().unwrap_or(&self.directory))?.sync_all()
    }
}

/// A text that has a hash; what is there and has another counts as not there.
fn read(path: &Path, hash: B256) -> io::Result<Option<String>> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(metadata) if metadata.len() > MAX_DESCRIPTION_BYTES as u64 => return Ok(None),
        other => other?,
    };
    let text = std::fs::read_to_string(path)?;
    Ok((description_hash(&text) == hash).then_some(text))
}

impl Descriptions for DescriptionFiles {
    fn keep(&self, resource: &ResourceName, text: &str) -> io::Result<B256> {
        let hash = description_hash(text);
        if self.find(resource, hash)?.is_some() {
            return Ok(hash);
        }
        self.write(&self.path(resource, hash), text)?;
        Ok(hash)
    }

    fn find(&self, resource: &ResourceName, hash: B256) -> io::Result<Option<String>> {
        read(&self.path(resource, hash), hash)
    }

    fn keep_opening(&self, opening: &Opening, text: &str) -> io::Result<bool> {
        let (word, hash) = (opening.word(), description_hash(text));
        let known = self.words(&opening.resource)?;
        if !known.contains(&word) {
            if known.len() >= MAX_SAME_NAME {
                return Ok(false);
            }
            let folder = self.names_path(&opening.resource);
            std::fs::create_dir_all(&folder)?;
            for made in [&self.directory, &self.directory.join("names")] {
                std::fs::File::open(made)?.sync_all()?;
            }
            self.write(&folder.join(hex::encode(word)), "")?;
        }
        if self.find_opening(word, hash)?.is_none() {
            self.write(&self.opening_path(word, hash), text)?;
        }
        Ok(true)
    }

    fn find_opening(&self, word: B256, hash: B256) -> io::Result<Option<String>> {
        read(&self.opening_path(word, hash), hash)
    }

    fn words(&self, resource: &ResourceName) -> io::Result<Vec<B256>> {
        let listed = match std::fs::read_dir(self.names_path(resource)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let names = listed.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        let words = names.iter().filter_map(|name| name.to_str()?.parse().ok());
        Ok(words.take(MAX_SAME_NAME).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{
        directory::ResourceDescription,
        extract::{Column, ColumnType},
    };

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

    #[test]
    fn openings_are_found_by_word_and_by_name_and_of_one_name_there_are_so_many() {
        let folder = tempfile::tempdir().unwrap();
        let kept = DescriptionFiles::new(folder.path()).unwrap();
        let opening = |salt: u8| Opening {
            resource: "wells".parse().unwrap(),
            visible_to: vec!["inspector".to_owned()],
            name_salt: B256::repeat_byte(salt),
            text_salt: B256::repeat_byte(salt),
            description: ResourceDescription {
                title: "Wells".to_owned(),
                description: String::new(),
                columns: vec![Column { name: "depth".to_owned(), kind: ColumnType::Float }],
                service: None,
            },
        };
        for salt in 0..=MAX_SAME_NAME {
            let opening = opening(salt.try_into().unwrap());
            let text = opening.to_text().unwrap();
            assert_eq!(kept.keep_opening(&opening, &text).unwrap(), salt < MAX_SAME_NAME, "{salt}");
            let found = kept.find_opening(opening.word(), description_hash(&text)).unwrap();
            assert_eq!(found, (salt < MAX_SAME_NAME).then_some(text));
        }
        assert_eq!(kept.words(&"wells".parse().unwrap()).unwrap().len(), MAX_SAME_NAME);
        assert!(kept.words(&"rivers".parse().unwrap()).unwrap().is_empty());
        // A later text of the same entry is kept beside the first.
        let later = Opening { text_salt: B256::ZERO, ..opening(1) };
        assert!(kept.keep_opening(&later, &later.to_text().unwrap()).unwrap());
        // What was altered on the disk opens nothing.
        let (first, text) = (opening(2), opening(2).to_text().unwrap());
        std::fs::write(kept.opening_path(first.word(), description_hash(&text)), "{}").unwrap();
        assert_eq!(kept.find_opening(first.word(), description_hash(&text)).unwrap(), None);
    }
}
