//! The secrets of the identity database, in a file of their own: whoever has the database alone can neither read it nor test a guess.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Bytes of a secret.
pub const SECRET_BYTES: usize = 32;
/// Most versions of the sealing secret in a key file.
pub const MAX_KEY_VERSIONS: usize = 1024;
const MAX_FILE_BYTES: u64 = 256 * 1024;
const FIRST_LINE: &str = "chancery-identity-keys 1";
const HKDF_SALT: &[u8] = b"chancery-identity";

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The file cannot be read or written.
    #[error("the key file {path} cannot be used: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// Others may read the file.
    #[error("the key file {path} can be read by others; take their rights away: chmod 600 {path}")]
    TooOpen {
        /// The file.
        path: PathBuf,
    },
    /// The file is not a key file.
    #[error("the key file {path} is damaged in line {line}; restore it from its backup")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The system gives no randomness.
    #[error("the system gives no random numbers: {0}")]
    Randomness(String),
    /// All versions are used.
    #[error("the key file holds {MAX_KEY_VERSIONS} versions already")]
    TooManyVersions,
}

#[derive(Zeroize, ZeroizeOnDrop)]
struct Secret([u8; SECRET_BYTES]);

impl Secret {
    fn random() -> Result<Self, KeyRingError> {
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| KeyRingError::Randomness(error.to_string()))?;
        Ok(Self(bytes))
    }

    fn derive(&self, info: &[&[u8]]) -> Zeroizing<[u8; SECRET_BYTES]> {
        let mut derived = Zeroizing::new([0; SECRET_BYTES]);
        Hkdf::<Sha256>::new(Some(HKDF_SALT), &self.0)
            .expand_multi_info(info, derived.as_mut_slice())
            .expect("32 bytes are fewer than HKDF-SHA256 can give");
        derived
    }
}

/// The secrets: one for the uniqueness of persons, which stays for ever, and one for sealing in each version.
#[derive(ZeroizeOnDrop)]
pub struct KeyRing {
    uniqueness: Secret,
    /// Version *n* is at index *n* - 1; the last one seals.
    sealing: Vec<Secret>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("versions", &self.sealing.len()).finish_non_exhaustive()
    }
}

impl KeyRing {
    /// Fresh secrets in memory alone: what is sealed with them is lost with them. For tests and throw-away databases.
    ///
    /// # Errors
    /// [`KeyRingError::Randomness`].
    pub fn random() -> Result<Self, KeyRingError> {
        Ok(Self { uniqueness: Secret::random()?, sealing: vec![Secret::random()?] })
    }

    /// Reads the key file, or makes one that only its owner can read (mode 0600) when there is none.
    ///
    /// # Errors
    /// [`KeyRingError`], which names the file and what to do.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyRingError> {
        match Self::load(path) {
            Err(KeyRingError::File { .. }) if !path.exists() => {
                let ring = Self::random()?;
                match ring.write_new(path) {
                    // Somebody else made it in the meantime: theirs counts.
                    Err(KeyRingError::File { .. }) if path.exists() => Self::load(path),
                    Err(error) => Err(error),
                    Ok(()) => Ok(ring),
                }
            }
            result => result,
        }
    }

    /// Reads an existing key file.
    ///
    /// # Errors
    /// [`KeyRingError`], which names the file and what to do.
    pub fn load(path: &Path) -> Result<Self, KeyRingError> {
        let at = |error: std::io::Error| KeyRingError::File { path: path.to_owned(), reason: error.to_string() };
        let file = File::open(path).map_err(at)?;
        let metadata = file.metadata().map_err(at)?;
        if mode(&metadata) & 0o077 != 0 {
            return Err(KeyRingError::TooOpen { path: path.to_owned() });
        }
        let mut text = Zeroizing::new(String::with_capacity(usize::try_from(metadata.len()).unwrap_or(0).min(4096)));
        file.take(MAX_FILE_BYTES).read_to_string(&mut text).map_err(at)?;
        Self::parse(&text).map_err(|line| KeyRingError::Damaged { path: path.to_owned(), line })
    }

    /// Adds a version of the sealing secret to the file; what is written from now on is sealed with it, what was written opens as before.
    ///
    /// # Errors
    /// [`KeyRingError`]; then the old ring still holds.
    pub fn rotate(path: &Path) -> Result<Self, KeyRingError> {
        let mut ring = Self::load(path)?;
        if ring.sealing.len() >= MAX_KEY_VERSIONS {
            return Err(KeyRingError::TooManyVersions);
        }
        ring.sealing.push(Secret::random()?);
        let next = path.with_extension("next");
        ring.write_new(&next)?;
        std::fs::rename(&next, path)
            .map_err(|error| KeyRingError::File { path: path.to_owned(), reason: error.to_string() })?;
        Ok(ring)
    }

    fn parse(text: &str) -> Result<Self, usize> {
        let mut uniqueness = None;
        let mut sealing = Vec::new();
        let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
        if lines.next().map(|(_, line)| line) != Some(FIRST_LINE) {
            return Err(1);
        }
        for (number, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let mut words = line.split(' ');
            match (words.next(), words.next(), words.next(), words.next()) {
                (Some("uniqueness"), Some(secret), None, None) if uniqueness.is_none() => {
                    uniqueness = Some(parse_secret(secret).ok_or(number)?);
                }
                (Some("sealing"), Some(version), Some(secret), None)
                    if version.parse() == Ok(sealing.len() + 1) && sealing.len() < MAX_KEY_VERSIONS =>
                {
                    sealing.push(parse_secret(secret).ok_or(number)?);
                }
                _ => return Err(number),
            }
        }
        match uniqueness {
            Some(uniqueness) if !sealing.is_empty() => Ok(Self { uniqueness, sealing }),
            _ => Err(text.lines().count()),
        }
    }

    fn write_new(&self, path: &Path) -> Result<(), KeyRingError> {
        let at = |error: std::io::Error| KeyRingError::File { path: path.to_owned(), reason: error.to_string() };
        let mut text = Zeroizing::new(String::with_capacity(256 + 96 * self.sealing.len()));
        text.push_str(FIRST_LINE);
        text.push_str(
            "\n# Without this file the identity database cannot be read. Keep a copy where the database is not.\n",
        );
        text.push_str("uniqueness ");
        push_hex(&mut text, &self.uniqueness);
        for (index, secret) in self.sealing.iter().enumerate() {
            text.push_str(&format!("sealing {} ", index + 1));
            push_hex(&mut text, secret);
        }
        let mut file = create_private(path).map_err(at)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(at)
    }

    /// Version of the secret that seals now, from 1.
    #[must_use]
    pub(crate) fn current_version(&self) -> u32 {
        u32::try_from(self.sealing.len()).expect("there are at most MAX_KEY_VERSIONS versions")
    }

    /// The key of one column in one version; `None` if the ring does not have the version.
    pub(crate) fn sealing_key(&self, version: u32, column: &str) -> Option<Zeroizing<[u8; SECRET_BYTES]>> {
        let index = usize::try_from(version).ok()?.checked_sub(1)?;
        Some(self.sealing.get(index)?.derive(&[b"sealing v1 ", column.as_bytes()]))
    }

    /// HMAC-SHA256 over length-prefixed parts, under a key of its own for each purpose.
    pub(crate) fn tag(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let key = self.uniqueness.derive(&[b"tag v1 ", purpose.as_bytes()]);
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key.as_slice()).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

fn parse_secret(text: &str) -> Option<Secret> {
    let mut bytes = [0; SECRET_BYTES];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(Secret(bytes))
}

fn push_hex(text: &mut String, secret: &Secret) {
    let encoded = Zeroizing::new(hex::encode(secret.0));
    text.push_str(&encoded);
    text.push('\n');
}

#[cfg(unix)]
fn mode(metadata: &std::fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions())
}

#[cfg(not(unix))]
fn mode(_: &std::fs::Metadata) -> u32 {
    0
}

/// A new file that only its owner may read; an error if there is one already.
pub(crate) fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests;
