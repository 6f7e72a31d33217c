//! Names of shared files (SHARE-4): the same on a disk, in a bucket and in an address.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Longest name, in bytes.
pub const MAX_NAME_BYTES: usize = 200;
/// Most segments of a name.
pub const MAX_SEGMENTS: usize = 8;

/// Why a name is refused. Give a name of the documented form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty, or longer than [`MAX_NAME_BYTES`].
    #[error("a name has 1 to {MAX_NAME_BYTES} bytes")]
    Length,
    /// More than [`MAX_SEGMENTS`].
    #[error("a name has at most {MAX_SEGMENTS} segments")]
    Segments,
    /// A segment that is not `[a-z0-9][a-z0-9._-]*`, or has two dots in a row.
    #[error("a segment of a name is made of a-z, 0-9, '.', '_' and '-', begins with a letter or digit and has no '..'")]
    Segment,
}

/// A name of 1 to 8 segments of `[a-z0-9][a-z0-9._-]*` joined by `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectName(String);

impl ObjectName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ObjectName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() || text.len() > MAX_NAME_BYTES {
            return Err(NameError::Length);
        }
        if text.split('/').count() > MAX_SEGMENTS {
            return Err(NameError::Segments);
        }
        if text.split('/').all(is_segment) { Ok(Self(text.to_owned())) } else { Err(NameError::Segment) }
    }
}

fn is_segment(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    segment.bytes().next().is_some_and(plain)
        && segment.bytes().all(|byte| plain(byte) || matches!(byte, b'.' | b'_' | b'-'))
        && !segment.contains("..")
}

impl TryFrom<String> for ObjectName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<ObjectName> for String {
    fn from(name: ObjectName) -> Self {
        name.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_tricks_are_no_names() {
        // SHARE-4
        for trick in [
            "",
            "/",
            "..",
            ".",
            "a/..",
            "../a",
            "a/../b",
            "/etc/passwd",
            "a//b",
            "a/",
            "A",
            "a\\b",
            "a\0",
            "c:",
            "~",
            "a b",
            ".hidden",
            "a/.hidden",
            "a..b",
            "%2e%2e",
            "ä",
            "a\n",
            "-rf",
        ] {
            assert!(trick.parse::<ObjectName>().is_err(), "{trick:?} was taken");
        }
        assert_eq!("a".repeat(201).parse::<ObjectName>(), Err(NameError::Length));
        assert_eq!("a/b/c/d/e/f/g/h/i".parse::<ObjectName>(), Err(NameError::Segments));
        assert!("stocks/00000001-ab.parquet.sealed".parse::<ObjectName>().is_ok());
        assert!(serde_json::from_str::<ObjectName>("\"../x\"").is_err());
    }
}
