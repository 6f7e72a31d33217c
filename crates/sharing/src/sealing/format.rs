//! Header, nonces and the key of a file.

use std::io;

use ring::{
    aead::{AES_256_GCM, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
};

use super::DataKey;

/// Plain text of a chunk, in bytes; the last may have fewer.
pub const CHUNK_BYTES: usize = 1 << CHUNK_LOG2;
/// What AES-GCM adds to a chunk, in bytes.
pub const TAG_BYTES: usize = 16;
/// Header of a sealed file, in bytes.
pub const HEADER_BYTES: usize = 32;
/// Most chunks of a file: 1 TiB.
pub const MAX_CHUNKS: u32 = 1 << 24;
const CHUNK_LOG2: u8 = 16;
const MAGIC: &[u8; 8] = b"CHANSEAL";
const VERSION: u8 = 1;
const SALT_BYTES: usize = 16;
const INFO: &[&[u8]] = &[b"chancery sealed file v1"];

/// Why a file cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It is no sealed file of a version that is known here.
    #[error("this is no sealed file")]
    Malformed,
    /// Altered, cut, moved, or sealed under another key (SHARE-5).
    #[error("chunk {chunk} of a sealed file does not open: it was altered or cut, or the key is another")]
    Refused {
        /// Counts from 0.
        chunk: u32,
    },
    /// More than [`MAX_CHUNKS`].
    #[error("a sealed file has at most {MAX_CHUNKS} chunks")]
    TooLong,
    /// The system gives no randomness.
    #[error("the system gives no random numbers")]
    Randomness,
    /// The thread that hashes and writes has ended without a word.
    #[error("the writing thread ended")]
    Stopped,
    /// Reading or writing failed; a full disk is `ErrorKind::StorageFull`.
    #[error("sealed file: {0}")]
    Io(#[from] io::Error),
}

impl From<SealError> for io::Error {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Io(error) => error,
            other => Self::new(io::ErrorKind::InvalidData, other),
        }
    }
}

pub(super) type Header = [u8; HEADER_BYTES];

pub(super) fn new_header() -> Result<Header, SealError> {
    let mut header = [0; HEADER_BYTES];
    header[..MAGIC.len()].copy_from_slice(MAGIC);
    header[8] = VERSION;
    header[9] = CHUNK_LOG2;
    getrandom::fill(&mut header[HEADER_BYTES - SALT_BYTES..]).map_err(|_| SealError::Randomness)?;
    Ok(header)
}

pub(super) fn check_header(header: &Header) -> Result<(), SealError> {
    let known = header[..8] == *MAGIC && header[8] == VERSION && header[9] == CHUNK_LOG2 && header[10..16] == [0; 6];
    if known { Ok(()) } else { Err(SealError::Malformed) }
}

/// The key of one file: HKDF-SHA256 of the data key under the file's salt. ring keeps it in memory that is not zeroized, for the file's time.
pub(super) fn file_key(data_key: &DataKey, header: &Header) -> Result<LessSafeKey, SealError> {
    let pseudorandom = Salt::new(HKDF_SHA256, &header[HEADER_BYTES - SALT_BYTES..]).extract(data_key.expose());
    let material = pseudorandom.expand(INFO, &AES_256_GCM).map_err(|_| SealError::Malformed)?;
    Ok(LessSafeKey::new(UnboundKey::from(material)))
}

/// STREAM: the chunk's place and whether it is the last are in its nonce.
pub(super) fn nonce(chunk: u32, last: bool) -> Nonce {
    let mut nonce = [0; 12];
    nonce[7..11].copy_from_slice(&chunk.to_be_bytes());
    nonce[11] = u8::from(last);
    Nonce::assume_unique_for_key(nonce)
}
