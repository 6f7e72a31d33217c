//! All messages in the order of their names, for whoever computes them anew (MSG-18).

use alloy_primitives::B256;
use chancery_reference_points::hash_place::{first_at, place_of};

use super::{
    Mailbox, MailboxError, Record, Route, Side,
    store::{self, Store},
};

/// What all stores have of one message at one moment.
#[derive(Debug)]
pub(crate) struct Kept {
    /// What is kept beside the envelope; `None` when it does not read.
    pub(crate) record: Option<Record>,
    /// The envelope.
    pub(crate) envelope: Option<Vec<u8>>,
    /// The proof that came with a message of another city.
    pub(crate) delivery: Option<Vec<u8>>,
    /// Whether it is in the lists of its sides: those that are of this city.
    pub(crate) is_listed: bool,
}

impl Mailbox {
    /// Names of messages from a place on, in order, about `limit` of them: those that share a place come together.
    ///
    /// # Errors
    /// [`MailboxError::Store`]; [`MailboxError::Damaged`] for a name that is none.
    pub(crate) fn names(&self, from: u64, limit: usize) -> Result<Vec<B256>, MailboxError> {
        let Some(first) = first_at(from) else { return Ok(Vec::new()) };
        let mut names: Vec<B256> = Vec::with_capacity(limit);
        let store = self.reading()?;
        for guard in store.records.range(first.to_vec()..) {
            let id = B256::try_from(guard.key()?.as_ref()).map_err(|_| MailboxError::Damaged)?;
            if names.len() >= limit && names.last().is_some_and(|last| place_of(*last) != place_of(id)) {
                break;
            }
            names.push(id);
        }
        Ok(names)
    }

    /// Everything of a message, nothing of it in between two writes; `None` when it is gone.
    ///
    /// # Errors
    /// [`MailboxError::Store`].
    pub(crate) fn kept(&self, id: B256) -> Result<Option<Kept>, MailboxError> {
        let _writer = self.writer.lock();
        let store = self.reading()?;
        let Some(bytes) = store.records.get(id.as_slice())? else { return Ok(None) };
        let record = Record::decode(&bytes).ok();
        let envelope = store.envelopes.get(id.as_slice())?.map(|bytes| bytes.to_vec());
        let delivery = store.deliveries.get(id.as_slice())?.map(|bytes| bytes.to_vec());
        let is_listed = match &record {
            Some(record) => is_listed(&store, id, record)?,
            None => false,
        };
        Ok(Some(Kept { record, envelope, delivery, is_listed }))
    }

    /// How many messages have become visible. Those stay, so many are there.
    ///
    /// # Errors
    /// [`MailboxError::Store`], [`MailboxError::Damaged`].
    pub(crate) fn visible_count(&self) -> Result<u64, MailboxError> {
        let _writer = self.writer.lock();
        Ok(self.reading()?.next_place()?.saturating_sub(1))
    }

    /// Writes over what a store has of a message, as somebody would who can reach the disk.
    #[cfg(test)]
    pub(crate) fn overwrite(&self, what: Overwritten, id: B256, bytes: Option<&[u8]>) {
        let store = self.reading().expect("the mailbox is open");
        let keyspace = match what {
            Overwritten::Record => &store.records,
            Overwritten::Envelope => &store.envelopes,
            Overwritten::Delivery => &store.deliveries,
        };
        let mut batch = store.batch();
        match bytes {
            Some(bytes) => batch.insert(keyspace, id.as_slice(), bytes),
            None => batch.remove(keyspace, id.as_slice()),
        }
        batch.commit().expect("the mailbox is written over");
    }

    /// Takes a message out of the list of one of its sides.
    #[cfg(test)]
    pub(crate) fn unlist(&self, side: Side, address: alloy_primitives::Address, place: u64) {
        let store = self.reading().expect("the mailbox is open");
        let mut batch = store.batch();
        batch.remove(&store.boxes, store::place_key(side, address, place));
        batch.commit().expect("the mailbox is written over");
    }
}

fn is_listed(store: &Store, id: B256, record: &Record) -> Result<bool, MailboxError> {
    let (Some(place), Ok(stated)) = (record.place, record.stated()) else { return Ok(false) };
    let head = stated.statement.head;
    let sides = [(Side::Received, head.to.address), (Side::Sent, head.from.address)];
    let elsewhere = match record.route {
        Route::Within => None,
        Route::ToOtherCity => Some(Side::Received),
        Route::FromOtherCity => Some(Side::Sent),
    };
    for (side, address) in sides.into_iter().filter(|(side, _)| Some(*side) != elsewhere) {
        let listed = store.boxes.get(store::place_key(side, address, place))?;
        if listed.is_none_or(|listed| listed[..] != *id.as_slice()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A store, for those who write over it.
#[cfg(test)]
#[derive(Clone, Copy)]
pub(crate) enum Overwritten {
    Record,
    Envelope,
    Delivery,
}
