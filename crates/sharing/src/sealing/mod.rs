//! Sealing files and their keys (`docs/specs/sharing.md`, "Sealed file", "Sealed data key").

mod data_key;
mod format;
mod hpke_open;
mod reader;
mod writer;

pub use data_key::{DataKey, KeyError, KeyPlace, ReaderKey, ReaderSecret, SEALED_KEY_BYTES};
pub use format::{CHUNK_BYTES, HEADER_BYTES, MAX_CHUNKS, SealError, TAG_BYTES};
pub use reader::{BEGINNING_BYTES, OpeningReader, is_sealed_under};
pub use writer::{Fingerprint, Sealed, SealingWriter};
