//! Files that members exchange under a request (A-MULTI): the chain has the digest of the sealed file, and the file follows the commit.
//!
//! ```text
//! provider: file --seal--> shelf (ciphertext, its key)         digest --> request's entry --> ... --> committed, applied, final
//!                                                                                                          | proof
//! receiver: [one-time key, signed by its node] -- Receive --> provider: [certificate counts?] [party?] [committed and in the entry?] --> pieces, key sealed to the receiver
//!           [own proof of the entry] [digest of all pieces] [open] --> file
//! ```
//!
//! - EXCHANGE-1: not a byte, sealed or not, leaves the provider before the request is committed and applied in final blocks that the provider has verified itself.
//! - EXCHANGE-2: what leaves is for nodes of the request's members alone, and opens with the key that such a node has signed for this request and entry.
//! - EXCHANGE-3: the receiver keeps a file only if its digest is the value of the entry that its own proof shows.
//! - EXCHANGE-4: the shelf is of use to nobody without the keys beside it, which its owner alone may read; a file on it that was changed is not handed over as if it were not.
//! - EXCHANGE-5: a file leaves for the one request that it was sealed for. Whoever gets its digest committed by a request of its own is not handed it.
//! - EXCHANGE-6: what somebody asks costs the provider a bounded time: files have a bound, few are hashed at once, and one that was found unchanged is not hashed again.
//!
//! Specification: `docs/specs/alliance.md`, "Files".

mod examined;
mod message;
mod origin;
mod provider;
mod receiver;
mod sealed_for;
mod service;
mod shelf;

pub use self::{
    message::{FilePiece, FileQuery, FileRefusal, MAX_PIECE_BYTES, PATH, Receive},
    provider::Provider,
    receiver::{Awaited, FetchError, fetch},
    sealed_for::SealedFor,
    service::router,
    shelf::{MAX_FILE_BYTES, MAX_FILES, MAX_SHELF_BYTES, Shelf, ShelfError},
};
