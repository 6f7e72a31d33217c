//! The keys and values on disk.

use std::{ops::Bound, path::Path};

use alloy_primitives::{Address, B256};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};

use super::{MailboxError, Record, Side};

const CACHE_BYTES: u64 = 16 * 1024 * 1024;
const MAX_JOURNAL_BYTES: u64 = 64 * 1024 * 1024;
const WRITE_BUFFER_BYTES: u64 = 8 * 1024 * 1024;
const NEXT_PLACE: &str = "next-place";
const ADDRESS_BYTES: usize = 20;

pub(super) struct Store {
    database: Database,
    /// Identifier -> [`Record`] as JSON.
    pub(super) records: Keyspace,
    /// Identifier -> envelope.
    pub(super) envelopes: Keyspace,
    /// Side, address, place -> identifier.
    pub(super) boxes: Keyspace,
    /// Arrival, identifier: not deposited yet.
    pub(super) undeposited: Keyspace,
    /// Arrival of the acknowledgement, identifier: not final yet.
    pub(super) unacknowledged: Keyspace,
    /// Time of the acknowledgement, identifier: the envelope is still there.
    pub(super) removable: Keyspace,
    /// Identifier -> the proof that came with a message of another city.
    pub(super) deliveries: Keyspace,
    /// What a bound is of, as [`super::usage`] names it -> messages that wait, bytes that are kept.
    pub(super) waiting: Keyspace,
    meta: Keyspace,
}

impl Store {
    pub(super) fn open(directory: &Path) -> Result<Self, MailboxError> {
        std::fs::create_dir_all(directory)?;
        let database = Database::builder(directory)
            .cache_size(CACHE_BYTES)
            .worker_threads(1)
            .max_journaling_size(MAX_JOURNAL_BYTES)
            .manual_journal_persist(true)
            .open()?;
        let keyspace = |name: &str| {
            let options =
                || KeyspaceCreateOptions::default().max_memtable_size(WRITE_BUFFER_BYTES).manual_journal_persist(true);
            database.keyspace(name, options)
        };
        Ok(Self {
            records: keyspace("records")?,
            envelopes: keyspace("envelopes")?,
            boxes: keyspace("boxes")?,
            undeposited: keyspace("undeposited")?,
            unacknowledged: keyspace("unacknowledged")?,
            removable: keyspace("removable")?,
            deliveries: keyspace("deliveries")?,
            waiting: keyspace("waiting")?,
            meta: keyspace("meta")?,
            database,
        })
    }

    /// A batch that is on disk when it is committed.
    pub(super) fn batch(&self) -> OwnedWriteBatch {
        self.database.batch().durability(Some(PersistMode::SyncAll))
    }

    pub(super) fn record(&self, id: B256) -> Result<Option<Record>, MailboxError> {
        self.records.get(id.as_slice())?.map(|bytes| Record::decode(&bytes)).transpose()
    }

    /// The place of the next message that becomes visible, from 1 on.
    pub(super) fn next_place(&self) -> Result<u64, MailboxError> {
        let Some(bytes) = self.meta.get(NEXT_PLACE)? else { return Ok(1) };
        number(&bytes)
    }

    pub(super) fn count_place(&self, batch: &mut OwnedWriteBatch, place: u64) {
        batch.insert(&self.meta, NEXT_PLACE, place.saturating_add(1).to_be_bytes());
    }

    pub(super) fn list(
        &self,
        side: Side,
        address: Address,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(B256, Record)>, MailboxError> {
        let first = place_key(side, address, after.saturating_add(1));
        let last = place_key(side, address, u64::MAX);
        let mut found = Vec::new();
        for guard in self.boxes.range(first..=last).take(limit) {
            let id = B256::try_from(guard.value()?.as_ref()).map_err(|_| MailboxError::Damaged)?;
            found.push((id, self.record(id)?.ok_or(MailboxError::Damaged)?));
        }
        Ok(found)
    }

    /// Entries of a keyspace of times and identifiers that are from before a time, at most `limit`.
    pub(super) fn before(
        &self,
        keyspace: &Keyspace,
        time: u64,
        limit: usize,
    ) -> Result<Vec<(u64, B256)>, MailboxError> {
        keyspace.range(..time.to_be_bytes().to_vec()).take(limit).map(entry).collect()
    }

    /// Entries of such a keyspace after one of them, at most `limit`.
    pub(super) fn after(
        &self,
        keyspace: &Keyspace,
        after: Option<(u64, B256)>,
        limit: usize,
    ) -> Result<Vec<(u64, B256)>, MailboxError> {
        let first = after.map_or(Bound::Unbounded, |(time, id)| Bound::Excluded(timed(time, id)));
        keyspace.range((first, Bound::Unbounded)).take(limit).map(entry).collect()
    }
}

fn entry(guard: fjall::Guard) -> Result<(u64, B256), MailboxError> {
    let key = guard.key()?;
    let (time, id) = key.split_first_chunk().ok_or(MailboxError::Damaged)?;
    Ok((u64::from_be_bytes(*time), B256::try_from(id).map_err(|_| MailboxError::Damaged)?))
}

pub(super) fn number(bytes: &[u8]) -> Result<u64, MailboxError> {
    bytes.try_into().map(u64::from_be_bytes).map_err(|_| MailboxError::Damaged)
}

/// Side, address, place.
pub(super) fn place_key(side: Side, address: Address, place: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + ADDRESS_BYTES + 8);
    key.push(match side {
        Side::Received => b'r',
        Side::Sent => b's',
    });
    key.extend_from_slice(address.as_slice());
    key.extend_from_slice(&place.to_be_bytes());
    key
}

/// Time, identifier: in the order of time.
pub(super) fn timed(time: u64, id: B256) -> Vec<u8> {
    [time.to_be_bytes().as_slice(), id.as_slice()].concat()
}
