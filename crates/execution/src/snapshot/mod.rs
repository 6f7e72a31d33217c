//! The whole state after one final block as a stream of chunks, from which an empty node begins (docs/specs/snapshot.md).
//!
//! ```text
//!   node A:  store --export--> head, handovers, ancestors, anchor block, slots, accounts, earlier blocks, end
//!                                                        |  file, or socket
//!   node B:  import: who signed? (Trust)  -> tries made anew -> the root that was signed? -> a store
//! ```
//!
//! # Invariants
//! * SNAPSHOT-1: nothing in a snapshot is believed because it stands there: each part is held against the header that the certificate names.
//! * SNAPSHOT-2: a state has one form: chunks of the same state are the same bytes, whoever exports it.
//! * SNAPSHOT-3: memory is bounded on both sides, whatever the size of the state.
//! * SNAPSHOT-4: a store exists when all of it has been checked, and not before.
//!
//! What this module must not do: decide whose certificate counts; [`Trust`] does.

mod chunks;
mod entries;
mod error;
mod export;
mod frame;
mod import;
#[cfg(test)]
mod tests;

use alloy_primitives::{B256, Bytes};
use alloy_rlp::{RlpDecodable, RlpEncodable};

pub use chunks::{snapshot_chunks, snapshot_of_chunks};
pub use error::SnapshotError;
pub use import::{SnapshotBlock, Trust, check_snapshot, import_snapshot};

use crate::RegistryRecord;

/// What a snapshot begins with.
const MAGIC: &[u8; 16] = b"chancery-snapsh\n";
/// Version of the format.
const FORMAT_VERSION: u32 = 1;
/// Most changes of the validators that a snapshot proves: one a day for eleven years.
const MAX_HANDOVERS: u64 = 4_096;
/// Headers before the block that execution may ask for the hash of (`BLOCKHASH`), the block itself aside.
const ANCESTORS: u64 = 255;
/// How far below the head the block of a snapshot may lie: what changed since is held in memory.
const MAX_BEHIND_HEAD: u64 = 64;

/// What goes into a snapshot beside what every snapshot has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnapshotOptions {
    /// Earlier blocks with transactions, receipts and certificates, as far back as the node has them.
    pub with_blocks: bool,
}

/// What a snapshot is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotSummary {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Height of its block.
    pub height: u64,
    /// Hash of its block.
    pub hash: B256,
    /// Accounts.
    pub accounts: u64,
    /// Storage slots that are not zero.
    pub slots: u64,
    /// Contracts' codes, each counted where it stands.
    pub codes: u64,
    /// Earlier blocks.
    pub blocks: u64,
    /// Hash of the hashes of all chunks: two files with the same hold the same.
    pub digest: B256,
}

/// The evidence that other validators decide from an epoch on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// RLP of the header of the last block of the epoch before.
    pub header: Bytes,
    /// Its finality certificate.
    pub certificate: Bytes,
    /// The registry in the state after it. The last handover of a snapshot says who the members are, all others their keys alone.
    pub record: RegistryRecord,
}

#[derive(Debug, RlpEncodable, RlpDecodable)]
struct Head {
    chain_id: u64,
    genesis: B256,
    header: Bytes,
    certificate: Bytes,
    handovers: u64,
    ancestors: u64,
    has_blocks: bool,
}

#[derive(Debug, RlpEncodable, RlpDecodable)]
struct HandoverEntry {
    header: Bytes,
    certificate: Bytes,
    record: Bytes,
}

#[derive(Debug, RlpEncodable, RlpDecodable)]
struct BlockEntry {
    block: Bytes,
    receipts: Bytes,
    /// Empty: the block became final with a descendant.
    certificate: Bytes,
}

/// What the last chunk says of all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
struct Manifest {
    frames: u64,
    accounts: u64,
    slots: u64,
    codes: u64,
    blocks: u64,
    digest: B256,
}
