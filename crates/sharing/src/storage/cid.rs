//! Content addresses of IPFS: CIDv1 with SHA-256, in base32.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const VERSION: u8 = 1;
const SHA2_256: u8 = 0x12;
const DIGEST_BYTES: u8 = 32;
const CID_BYTES: usize = 36;
/// `b` and 58 characters.
const TEXT_CHARACTERS: usize = 59;

/// This is no CIDv1 of a raw or dag-pb block with SHA-256, in lower-case base32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no CIDv1 in base32 with SHA-256 of a raw or dag-pb block")]
pub struct CidError;

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(super) enum Codec {
    /// Bytes of a file.
    Raw = 0x55,
    /// A node whose links are blocks.
    DagPb = 0x70,
}

/// A CIDv1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cid {
    codec: Codec,
    digest: [u8; 32],
}

impl Cid {
    pub(super) fn new(codec: Codec, digest: [u8; 32]) -> Self {
        Self { codec, digest }
    }

    pub(super) fn to_bytes(self) -> [u8; CID_BYTES] {
        let mut bytes = [0; CID_BYTES];
        bytes[..4].copy_from_slice(&[VERSION, self.codec as u8, SHA2_256, DIGEST_BYTES]);
        bytes[4..].copy_from_slice(&self.digest);
        bytes
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(TEXT_CHARACTERS);
        text.push('b');
        let (mut bits, mut count) = (0u32, 0u32);
        for byte in self.to_bytes() {
            bits = (bits << 8) | u32::from(byte);
            count += 8;
            while count >= 5 {
                count -= 5;
                text.push(char::from(ALPHABET[(bits >> count) as usize & 31]));
            }
            bits &= (1 << count) - 1;
        }
        if count > 0 {
            text.push(char::from(ALPHABET[(bits << (5 - count)) as usize & 31]));
        }
        formatter.write_str(&text)
    }
}

impl fmt::Debug for Cid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Cid {
    type Err = CidError;

    fn from_str(text: &str) -> Result<Self, CidError> {
        let digits = text.strip_prefix('b').filter(|_| text.len() == TEXT_CHARACTERS).ok_or(CidError)?;
        let mut bytes = Vec::with_capacity(CID_BYTES + 1);
        let (mut bits, mut count) = (0u32, 0u32);
        for character in digits.bytes() {
            let digit = ALPHABET.iter().position(|known| *known == character).ok_or(CidError)?;
            bits = (bits << 5) | u32::try_from(digit).map_err(|_| CidError)?;
            count += 5;
            if count >= 8 {
                count -= 8;
                bytes.push((bits >> count) as u8);
                bits &= (1 << count) - 1;
            }
        }
        let codec = match bytes.get(..4) {
            Some([VERSION, 0x55, SHA2_256, DIGEST_BYTES]) => Codec::Raw,
            Some([VERSION, 0x70, SHA2_256, DIGEST_BYTES]) => Codec::DagPb,
            _ => return Err(CidError),
        };
        let digest = bytes.get(4..).and_then(|digest| digest.try_into().ok()).ok_or(CidError)?;
        let cid = Self { codec, digest };
        // Bits that are left over must be zero, or one address would have several names.
        if cid.to_string() == text { Ok(cid) } else { Err(CidError) }
    }
}

impl TryFrom<String> for Cid {
    type Error = CidError;

    fn try_from(text: String) -> Result<Self, CidError> {
        text.parse()
    }
}

impl From<Cid> for String {
    fn from(cid: Cid) -> Self {
        cid.to_string()
    }
}
