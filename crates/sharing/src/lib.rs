//! Sharing among public bodies (S-ODS, S-ASSET, S-RULES, S-DIR, S-COL): from a business database to a reader in another body.
//!
//! ```text
//! source --connector--> columns --Parquet--> sealed file --store--> ODS            owner's side
//!                                                 | fingerprint
//!                                                 v
//!                              DigitalAsset contract: version, rules, requests, grants (chain)
//!                                                 | grant, proven final
//!                                                 v
//! reader <-- ciphertext, data key sealed to the reader <-- release                  requester's side
//! ```
//!
//! Place: an application above the ledger; no functional entity knows it. [`directory`] are its services at U2S, [`department`] is what an owner runs beside
//! its database. Specification: `docs/specs/sharing.md`.
//!
//! Invariants: SHARE-1 to SHARE-19, named there. In short: no SQL from outside, nothing half-published, nothing lost, nothing readable by the store,
//! not a byte before the grant is final.
//!
//! Must not: keep a data key longer than its owner, log a key or a row, trust a store, a source or a node.

pub mod asking;
pub mod collect;
pub mod database;
pub mod department;
pub mod directory;
pub mod extract;
pub mod forward;
pub mod name;
mod private_folder;
pub mod release;
pub mod remote;
pub mod sealing;
pub mod storage;
mod this_machine;

pub use private_folder::FolderLock;
