//! A name of 1 to 32 ASCII characters that is stored on chain as `bytes32`, padded right with zeros.

use alloy_primitives::B256;

/// The longest name, in bytes: what fits `bytes32`.
pub const MAX_NAME_BYTES: usize = 32;

/// Why a text or a `bytes32` is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was given.
    #[error("the {what} is empty: give 1 to {MAX_NAME_BYTES} characters")]
    Empty {
        /// What was being read.
        what: &'static str,
    },
    /// More than fits `bytes32`.
    #[error("the {what} has {length_bytes} bytes: shorten it to at most {MAX_NAME_BYTES}")]
    TooLong {
        /// What was being read.
        what: &'static str,
        /// How long it is.
        length_bytes: usize,
    },
    /// A character outside the alphabet.
    #[error("the {what} has a character at byte {position} that is not one of {alphabet}")]
    Character {
        /// What was being read.
        what: &'static str,
        /// Byte offset of the first wrong character.
        position: usize,
        /// The alphabet, as a character class.
        alphabet: &'static str,
    },
    /// Bytes after the zero that ends a padded name.
    #[error("the {what} has a non-zero byte after its end: pad it right with zeros")]
    Padding {
        /// What was being read.
        what: &'static str,
    },
}

/// What a kind of name allows.
pub(crate) struct Alphabet {
    pub(crate) what: &'static str,
    pub(crate) class: &'static str,
    pub(crate) allows: fn(u8) -> bool,
}

impl Alphabet {
    /// Encodes a name.
    ///
    /// # Errors
    /// Empty, too long, or a character outside the alphabet.
    pub(crate) fn encode(&self, text: &str) -> Result<[u8; MAX_NAME_BYTES], NameError> {
        let bytes = text.as_bytes();
        if bytes.is_empty() {
            return Err(NameError::Empty { what: self.what });
        }
        if bytes.len() > MAX_NAME_BYTES {
            return Err(NameError::TooLong { what: self.what, length_bytes: bytes.len() });
        }
        if let Some(position) = bytes.iter().position(|byte| !(self.allows)(*byte)) {
            return Err(NameError::Character { what: self.what, position, alphabet: self.class });
        }
        let mut encoded = [0; MAX_NAME_BYTES];
        encoded[..bytes.len()].copy_from_slice(bytes);
        Ok(encoded)
    }

    /// Reads a name back from `bytes32`.
    ///
    /// # Errors
    /// As [`Alphabet::encode`], and bytes after the padding's first zero.
    pub(crate) fn decode(&self, encoded: B256) -> Result<[u8; MAX_NAME_BYTES], NameError> {
        let length = encoded.iter().position(|byte| *byte == 0).unwrap_or(MAX_NAME_BYTES);
        if encoded[length..].iter().any(|byte| *byte != 0) {
            return Err(NameError::Padding { what: self.what });
        }
        if length == 0 {
            return Err(NameError::Empty { what: self.what });
        }
        if let Some(position) = encoded[..length].iter().position(|byte| !(self.allows)(*byte)) {
            return Err(NameError::Character { what: self.what, position, alphabet: self.class });
        }
        Ok(encoded.0)
    }
}

/// The text of an encoded name.
pub(crate) fn as_str(encoded: &[u8; MAX_NAME_BYTES]) -> &str {
    let length = encoded.iter().position(|byte| *byte == 0).unwrap_or(MAX_NAME_BYTES);
    core::str::from_utf8(&encoded[..length]).expect("only ASCII is ever encoded")
}

/// Encodes a constant name. For constants only: what comes from outside goes through [`Alphabet::encode`].
pub(crate) const fn constant(text: &str) -> [u8; MAX_NAME_BYTES] {
    let bytes = text.as_bytes();
    assert!(!bytes.is_empty() && bytes.len() <= MAX_NAME_BYTES, "a constant name has 1 to 32 bytes");
    let mut encoded = [0; MAX_NAME_BYTES];
    let mut index = 0;
    while index < bytes.len() {
        assert!(bytes[index].is_ascii_graphic(), "a constant name is ASCII");
        encoded[index] = bytes[index];
        index += 1;
    }
    encoded
}

/// Gives a name type its reading, writing and conversions, all through one alphabet.
macro_rules! ascii_name {
    ($type:ident, $alphabet:expr) => {
        impl $type {
            /// Reads a name.
            ///
            /// # Errors
            /// Empty, longer than 32 bytes, or a character outside the alphabet.
            pub fn parse(text: &str) -> Result<Self, crate::NameError> {
                $alphabet.encode(text).map(Self)
            }

            /// Reads a name as contracts hold it.
            ///
            /// # Errors
            /// As [`Self::parse`]; also when a byte follows the zero padding.
            pub fn from_bytes32(encoded: alloy_primitives::B256) -> Result<Self, crate::NameError> {
                $alphabet.decode(encoded).map(Self)
            }

            /// The name as contracts hold it: ASCII, padded right with zeros.
            #[must_use]
            pub const fn to_bytes32(&self) -> alloy_primitives::B256 {
                alloy_primitives::B256::new(self.0)
            }

            /// The name as people write it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                crate::ascii32::as_str(&self.0)
            }
        }

        impl core::fmt::Display for $type {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl core::fmt::Debug for $type {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(formatter, concat!(stringify!($type), "({})"), self.as_str())
            }
        }

        impl core::str::FromStr for $type {
            type Err = crate::NameError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<alloy_primitives::B256> for $type {
            type Error = crate::NameError;

            fn try_from(encoded: alloy_primitives::B256) -> Result<Self, Self::Error> {
                Self::from_bytes32(encoded)
            }
        }

        impl From<$type> for alloy_primitives::B256 {
            fn from(name: $type) -> Self {
                name.to_bytes32()
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use ascii_name;
