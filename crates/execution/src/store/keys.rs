//! Keys of all keyspaces. Heights are big-endian, so versions of one thing lie together in order.

use alloy_primitives::{Address, B256};
use alloy_trie::Nibbles;

use crate::state::NodeKey;

/// Kinds of entries in the keyspace `chain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// RLP of the header.
    Header = 1,
    /// Transactions with their senders.
    Body = 2,
    /// Receipts.
    Receipts = 3,
    /// Finality certificate.
    Certificate = 4,
    /// Top of the account trie.
    Top = 5,
    /// Keys of history entries and nodes that the block wrote.
    Changes = 6,
    /// By epoch instead of height: the registry after the epoch's last block, where the validators changed.
    Registry = 8,
    /// By number instead of height: the height at which a volume of the history begins. The first begins with the chain and has no entry.
    Volume = 9,
}

/// First byte of code entries in `chain`, followed by the code hash.
const CODE: u8 = 7;

/// First byte of meta entries in `chain`, followed by a name.
const META: u8 = 0;

pub(super) fn meta(name: &str) -> Vec<u8> {
    [&[META], name.as_bytes()].concat()
}

pub(super) const META_VERSION: &str = "version";
pub(super) const META_GENESIS: &str = "genesis";
pub(super) const META_HEAD: &str = "head";
/// The earliest height whose state is kept.
pub(super) const META_EARLIEST_STATE: &str = "earliest-state";
/// The earliest height, the genesis aside, whose body and receipts are kept.
pub(super) const META_EARLIEST_BLOCK: &str = "earliest-block";
/// The first height whose long parts stand in keyspaces of their own; nothing is said where that is every height.
pub(super) const META_APART_FROM: &str = "apart-from";
/// Entries of the newest volume of the history.
pub(super) const META_VOLUME_ENTRIES: &str = "volume-entries";

pub(super) fn block(kind: Kind, height: u64) -> [u8; 9] {
    let mut key = [kind as u8; 9];
    key[1..].copy_from_slice(&height.to_be_bytes());
    key
}

/// A part of a block in `blocks` and `changes`. The height comes first, as in [`node_version`].
pub(super) fn part(kind: Kind, height: u64) -> [u8; 9] {
    let mut key = [kind as u8; 9];
    key[..8].copy_from_slice(&height.to_be_bytes());
    key
}

pub(super) fn code(hash: &B256) -> [u8; 33] {
    tagged(CODE, hash)
}

pub(super) fn block_hash(hash: &B256) -> [u8; 33] {
    tagged(b'b', hash)
}

pub(super) fn transaction_hash(hash: &B256) -> [u8; 33] {
    tagged(b't', hash)
}

/// Where an import puts the top of an account's storage aside, by the hash of its address.
pub(super) fn staged_top(account: &B256) -> [u8; 33] {
    tagged(b's', account)
}

/// Where a transaction stands: the height of its block and its index.
pub(super) fn place(height: u64, index: u32) -> [u8; 12] {
    let mut place = [0; 12];
    place[..8].copy_from_slice(&height.to_be_bytes());
    place[8..].copy_from_slice(&index.to_be_bytes());
    place
}

fn tagged(tag: u8, hash: &B256) -> [u8; 33] {
    let mut key = [tag; 33];
    key[1..].copy_from_slice(hash.as_slice());
    key
}

/// Length of a slot's key in `slots`.
pub(super) const SLOT_BYTES: usize = 52;

pub(super) fn slot(address: &Address, key: &B256) -> [u8; SLOT_BYTES] {
    let mut out = [0; SLOT_BYTES];
    out[..20].copy_from_slice(address.as_slice());
    out[20..].copy_from_slice(key.as_slice());
    out
}

/// First byte of an account's entries in `history`.
const HISTORY_ACCOUNT: u8 = 1;
/// First byte of a slot's entries in `history`.
const HISTORY_SLOT: u8 = 2;
/// First byte of all entries in a volume of `history` after the first, followed by the volume's number. It lies behind the first volume's.
const HISTORY_VOLUME: u8 = 3;

/// The name of an account in `history`: what all its versions in one volume have in front, after the volume.
pub(super) fn account_history(key: &[u8]) -> Vec<u8> {
    [&[HISTORY_ACCOUNT], key].concat()
}

/// The name of a slot in `history`, as [`account_history`].
pub(super) fn slot_history(key: &[u8]) -> Vec<u8> {
    [&[HISTORY_SLOT], key].concat()
}

/// What all entries of a volume have in front takes so many bytes. The entries of the first have nothing: they look as the whole history did when it
/// had no volumes.
const VOLUME_BYTES: usize = 5;

/// The entry in a volume of what `name` was before the block at `height`. All entries of a volume lie behind those of the ones before it.
pub(super) fn history_version(volume: u32, name: &[u8], height: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(VOLUME_BYTES + name.len() + 8);
    if volume > 0 {
        out.push(HISTORY_VOLUME);
        out.extend_from_slice(&volume.to_be_bytes());
    }
    out.extend_from_slice(name);
    out.extend_from_slice(&height.to_be_bytes());
    out
}

/// The key of the account or slot that an entry of a volume belongs to. `None`: the entry's key is malformed.
pub(super) fn of_history(volume: u32, key: &[u8]) -> Option<&[u8]> {
    let (name, _) = key.get(if volume == 0 { 0 } else { VOLUME_BYTES }..)?.split_last_chunk::<8>()?;
    Some(name.split_first()?.1)
}

/// The name of a branch: owner, number of nibbles, packed nibbles.
pub(super) fn node(key: &NodeKey) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    match &key.owner {
        None => out.push(0),
        Some(owner) => {
            out.push(1);
            out.extend_from_slice(owner.as_slice());
        }
    }
    // At most 63.
    out.push(key.path.len() as u8);
    out.extend_from_slice(&key.path.pack());
    out
}

/// The version of the branch named `name` that the block at `height` wrote. The height comes first: what a block writes lies behind all that was
/// written before it, so the store's tables of branches never overlap and are never merged, and one of them has what is asked for.
pub(super) fn node_version(height: u64, name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(8 + name.len());
    out.extend_from_slice(&height.to_be_bytes());
    out.extend_from_slice(name);
    out
}

/// The least and the greatest hash that start with `prefix`.
pub(super) fn hash_range(prefix: &Nibbles) -> (B256, B256) {
    let (mut low, mut high) = (B256::ZERO, B256::repeat_byte(0xff));
    for (index, nibble) in prefix.iter().enumerate() {
        let (byte, shift, other) =
            (index / 2, if index % 2 == 0 { 4 } else { 0 }, if index % 2 == 0 { 0x0f } else { 0xf0 });
        low[byte] = (low[byte] & other) | (nibble << shift);
        high[byte] = (high[byte] & other) | (nibble << shift);
    }
    (low, high)
}
