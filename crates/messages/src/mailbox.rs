//! The mailbox: messages on disk, in a log-structured store (fjall). Every write is one batch, synced before it returns, so that what was acknowledged survives a kill (MSG-5); readers
//! take no lock and see whole batches.
//!
//! ```text
//! keep -> waiting for its deposit -- deposited --> visible, with a place -- acknowledge --> -- acknowledged --> envelope removed 30 days later
//!            | forget                              (to another city: envelope removed 7 days after it came)
//!            v
//!          gone (no data block has it)
//! keep_delivered (from another city, which has recorded the deposit) --> visible, with a place -- as above
//! ```
//!
//! A write that fails is told to whoever asked for it, and made up for with a later one (`mending`).

mod delivered;
mod mending;
mod record;
mod scan;
mod store;
mod usage;

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256, Bytes};
use chancery_reference_points::data_block::TransactionLocator;
use chancery_stores::Standing;
use parking_lot::{Mutex, RwLock};

pub use record::{Receipt, Record, Route};
pub(crate) use scan::Kept;
#[cfg(test)]
pub(crate) use scan::Overwritten;
use store::Store;
use usage::{Shares, Usage, Waiting};

use crate::{
    limits::{KEPT_AFTER_ACKNOWLEDGEMENT_S, KEPT_OUTGOING_S, MAX_REMOVALS},
    statement::{Deposit, Stated},
};

/// Why the mailbox did not do it.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// The receiver, or this sender's or its city's share of the mailbox, is full; or too much is on its way to other cities.
    #[error("there is no room for the message: {waiting} are kept, of {limit}")]
    Full {
        /// Messages that wait, of the receiver, or of this sender or its city; bytes when these are too many.
        waiting: u64,
        /// How many may.
        limit: u64,
    },
    /// There is no such message.
    #[error("there is no such message")]
    Unknown,
    /// The disk.
    #[error("the mailbox cannot be used: {0}")]
    Store(#[from] fjall::Error),
    /// The folder.
    #[error("the folder of the mailbox: {0}")]
    Folder(#[from] std::io::Error),
    /// A write failed before, and is not made up for yet.
    #[error("the mailbox is not written at present: a write failed before, and it is tried again")]
    Stands,
    /// A value that does not read.
    #[error("the mailbox holds a value that does not read: restore it from a copy")]
    Damaged,
}

/// Whose side of the mailbox is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What an address has received.
    Received,
    /// What it has sent.
    Sent,
}

/// What waits for a final block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// The deposit of a message.
    Deposit,
    /// The acknowledgement of one.
    Acknowledgement,
}

/// A message on its way in.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// The deposit; its hash names the message.
    pub deposit: &'a Stated<Deposit>,
    /// The sender's signature.
    pub signature: &'a Bytes,
    /// The envelope.
    pub envelope: &'a str,
    /// Unix seconds.
    pub now: u64,
}

/// The mailboxes of a city.
pub struct Mailbox {
    directory: PathBuf,
    /// `None` while it is opened anew, and when that did not succeed.
    store: RwLock<Option<Store>>,
    standing: Standing,
    /// Held by whoever writes: one batch rests on what the one before has left.
    writer: Mutex<()>,
    /// What other cities may fill.
    shares: Shares,
}

impl Mailbox {
    /// Opens the folder, which is made if it is not there.
    ///
    /// # Errors
    /// [`MailboxError::Folder`], [`MailboxError::Store`].
    pub fn open(directory: &Path) -> Result<Self, MailboxError> {
        let standing = Standing::of("messages");
        // A sync may have failed before this process: what can be read of it may be on no disk (STORE-2). Where there is no room for that, nothing is written before there is.
        if let Err(error) = mending::on_disk(directory) {
            standing.failed(&error);
        }
        Ok(Self {
            directory: directory.into(),
            store: RwLock::new(Some(Store::open(directory)?)),
            standing,
            writer: Mutex::new(()),
            shares: Shares::default(),
        })
    }

    /// Keeps a message until its deposit is final. The same message twice is one: what is kept already comes back (MSG-6).
    ///
    /// # Errors
    /// [`MailboxError::Full`], [`MailboxError::Store`].
    pub fn keep(&self, incoming: &Incoming<'_>) -> Result<Record, MailboxError> {
        let (_writer, store) = self.writing()?;
        let id = incoming.deposit.id();
        if let Some(known) = store.record(id)? {
            return Ok(known);
        }
        // Of its own: room that was made stays made, also when this message is refused.
        self.remove_old(&store, incoming.now)?;
        let head = &incoming.deposit.statement.head;
        let mut batch = store.batch();
        let record = Record::new(incoming);
        let mut usage = Usage::default();
        usage.take(&store, record.route, head, record.sealed_bytes)?;
        batch.insert(&store.records, id.as_slice(), record.encode()?);
        batch.insert(&store.envelopes, id.as_slice(), incoming.envelope.as_bytes());
        batch.insert(&store.undeposited, store::timed(incoming.now, id), "");
        usage.write(&store, &mut batch);
        self.commit(batch)?;
        Ok(record)
    }

    /// The deposit is final: from now on the receiver sees the message. Once; later calls change nothing.
    ///
    /// # Errors
    /// [`MailboxError::Unknown`] for a message that was given up meanwhile.
    pub fn deposited(&self, id: B256, recorded: &TransactionLocator) -> Result<Record, MailboxError> {
        let (_writer, store) = self.writing()?;
        let mut record = store.record(id)?.ok_or(MailboxError::Unknown)?;
        if record.place.is_some() {
            return Ok(record);
        }
        let head = record.stated()?.statement.head;
        let place = store.next_place()?;
        record.place = Some(place);
        record.deposited = Some(recorded.clone());
        let mut batch = store.batch();
        batch.insert(&store.records, id.as_slice(), record.encode()?);
        batch.remove(&store.undeposited, store::timed(record.arrived_at, id));
        if record.route == Route::ToOtherCity {
            // Its receiver is elsewhere. What is removable stands there as if its receipt had come so long ago that it goes when it may.
            let since = record.arrived_at.saturating_sub(KEPT_AFTER_ACKNOWLEDGEMENT_S - KEPT_OUTGOING_S);
            batch.insert(&store.removable, store::timed(since, id), "");
        } else {
            batch.insert(&store.boxes, store::place_key(Side::Received, head.to.address, place), id.as_slice());
        }
        batch.insert(&store.boxes, store::place_key(Side::Sent, head.from.address, place), id.as_slice());
        store.count_place(&mut batch, place);
        self.commit(batch)?;
        Ok(record)
    }

    /// Gives up a message whose deposit was refused. One that is deposited stays.
    ///
    /// # Errors
    /// [`MailboxError::Store`].
    pub fn forget(&self, id: B256) -> Result<(), MailboxError> {
        let (_writer, store) = self.writing()?;
        let Some(record) = store.record(id)?.filter(|record| record.place.is_none()) else { return Ok(()) };
        let mut batch = store.batch();
        let mut usage = Usage::default();
        let freed = Waiting { messages: 1, bytes: record.sealed_bytes };
        usage.free(&store, record.route, &record.stated()?.statement.head, freed)?;
        usage.write(&store, &mut batch);
        batch.remove(&store.records, id.as_slice());
        batch.remove(&store.envelopes, id.as_slice());
        batch.remove(&store.undeposited, store::timed(record.arrived_at, id));
        self.commit(batch)
    }

    /// Keeps an acknowledgement until it is final. The first one counts: with another text, the first one comes back.
    ///
    /// # Errors
    /// [`MailboxError::Unknown`], [`MailboxError::Store`].
    pub fn acknowledge(&self, id: B256, text: &str, signature: &Bytes, now: u64) -> Result<Record, MailboxError> {
        let (_writer, store) = self.writing()?;
        let mut record = visible(&store, id)?;
        if record.acknowledgement.is_some() {
            return Ok(record);
        }
        record.acknowledgement =
            Some(Receipt { text: text.to_owned(), signature: signature.clone(), arrived_at: now, recorded: None });
        let mut batch = store.batch();
        batch.insert(&store.records, id.as_slice(), record.encode()?);
        batch.insert(&store.unacknowledged, store::timed(now, id), "");
        self.commit(batch)?;
        Ok(record)
    }

    /// Gives up an acknowledgement that was refused, so that the receiver can make another. One that is final stays.
    ///
    /// # Errors
    /// [`MailboxError::Unknown`], [`MailboxError::Store`].
    pub fn forget_acknowledgement(&self, id: B256) -> Result<(), MailboxError> {
        let (_writer, store) = self.writing()?;
        let mut record = visible(&store, id)?;
        if record.is_acknowledged() {
            return Ok(());
        }
        let Some(receipt) = record.acknowledgement.take() else { return Ok(()) };
        let mut batch = store.batch();
        batch.insert(&store.records, id.as_slice(), record.encode()?);
        batch.remove(&store.unacknowledged, store::timed(receipt.arrived_at, id));
        self.commit(batch)
    }

    /// The acknowledgement is final: the message waits no longer. Its place is free now, its bytes when the envelope goes. Once.
    ///
    /// # Errors
    /// [`MailboxError::Unknown`], [`MailboxError::Store`].
    pub fn acknowledged(&self, id: B256, recorded: &TransactionLocator, now: u64) -> Result<Record, MailboxError> {
        let (_writer, store) = self.writing()?;
        let mut record = visible(&store, id)?;
        if record.is_acknowledged() {
            return Ok(record);
        }
        let receipt = record.acknowledgement.as_mut().ok_or(MailboxError::Unknown)?;
        receipt.recorded = Some(recorded.clone());
        let arrived_at = receipt.arrived_at;
        let mut batch = store.batch();
        let mut usage = Usage::default();
        let freed = Waiting { messages: 1, bytes: 0 };
        usage.free(&store, record.route, &record.stated()?.statement.head, freed)?;
        usage.write(&store, &mut batch);
        batch.insert(&store.records, id.as_slice(), record.encode()?);
        batch.remove(&store.unacknowledged, store::timed(arrived_at, id));
        batch.insert(&store.removable, store::timed(now, id), "");
        self.commit(batch)?;
        Ok(record)
    }

    /// A message, whether it is visible yet or not.
    ///
    /// # Errors
    /// [`MailboxError::Store`].
    pub fn record(&self, id: B256) -> Result<Option<Record>, MailboxError> {
        self.reading()?.record(id)
    }

    /// The envelope; `None` when it was removed after its acknowledgement.
    ///
    /// # Errors
    /// [`MailboxError::Store`].
    pub fn envelope(&self, id: B256) -> Result<Option<String>, MailboxError> {
        let Some(bytes) = self.reading()?.envelopes.get(id.as_slice())? else { return Ok(None) };
        String::from_utf8(bytes.to_vec()).map(Some).map_err(|_| MailboxError::Damaged)
    }

    /// Visible messages of an address in the order of their places, after a place, at most `limit`.
    ///
    /// # Errors
    /// [`MailboxError::Store`].
    pub fn list(
        &self,
        side: Side,
        address: Address,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(B256, Record)>, MailboxError> {
        self.reading()?.list(side, address, after, limit)
    }

    /// What waits for its end, oldest first, after an entry, at most `limit`: since when, in Unix seconds, and which message.
    ///
    /// # Errors
    /// [`MailboxError::Store`].
    pub fn pending(
        &self,
        what: Pending,
        after: Option<(u64, B256)>,
        limit: usize,
    ) -> Result<Vec<(u64, B256)>, MailboxError> {
        let store = self.reading()?;
        let keyspace = match what {
            Pending::Deposit => &store.undeposited,
            Pending::Acknowledgement => &store.unacknowledged,
        };
        store.after(keyspace, after, limit)
    }

    /// Removes what has been kept long enough, a bounded part of it.
    ///
    /// # Errors
    /// [`MailboxError::Store`].
    pub fn sweep(&self, now: u64) -> Result<(), MailboxError> {
        let (_writer, store) = self.writing()?;
        self.remove_old(&store, now)
    }

    /// Removes envelopes that were acknowledged long ago, a bounded number of them.
    fn remove_old(&self, store: &Store, now: u64) -> Result<(), MailboxError> {
        let old = store.before(&store.removable, now.saturating_sub(KEPT_AFTER_ACKNOWLEDGEMENT_S), MAX_REMOVALS)?;
        if old.is_empty() {
            return Ok(());
        }
        let mut batch = store.batch();
        let mut usage = Usage::default();
        for (time, id) in old {
            if let Some(record) = store.record(id)? {
                let head = record.stated()?.statement.head;
                // One to another city has no receipt here that would have freed its place.
                let messages = u64::from(record.route == Route::ToOtherCity);
                let freed = Waiting { messages, bytes: record.sealed_bytes };
                usage.free(store, record.route, &head, freed)?;
            }
            batch.remove(&store.envelopes, id.as_slice());
            batch.remove(&store.removable, store::timed(time, id));
        }
        usage.write(store, &mut batch);
        self.commit(batch)
    }
}

fn visible(store: &Store, id: B256) -> Result<Record, MailboxError> {
    store.record(id)?.filter(|record| record.place.is_some()).ok_or(MailboxError::Unknown)
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailbox").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
