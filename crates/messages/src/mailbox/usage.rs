//! How much waits for whom, and how much is kept (MSG-9).

use std::collections::BTreeMap;

use fjall::OwnedWriteBatch;

use super::{MailboxError, Route, store::Store};
use crate::{
    limits::{
        MAX_BYTES_OF_CITIES_FOR_ONE, MAX_BYTES_OF_CITY, MAX_BYTES_OF_CITY_FOR_ONE, MAX_BYTES_OF_SENDER, MAX_OUTGOING,
        MAX_OUTGOING_BYTES, MAX_PROOF_BYTES_OF_CITY, MAX_PROOF_BYTES_OF_SENDER, MAX_WAITING, MAX_WAITING_BYTES,
        MAX_WAITING_OF_CITIES_FOR_ONE, MAX_WAITING_OF_CITY, MAX_WAITING_OF_CITY_FOR_ONE, MAX_WAITING_OF_SENDER,
    },
    statement::Head,
};

/// Messages that are not acknowledged, and bytes of envelopes on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

/// What other cities may fill.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shares {
    /// All of them of one receiver's mailbox.
    pub(super) of_cities_for_one: Waiting,
    /// One of all mailboxes.
    pub(super) of_city: Waiting,
    /// One, in bytes of proofs.
    pub(super) proofs_of_city: u64,
    /// One of its organizations, in bytes of proofs.
    pub(super) proofs_of_sender: u64,
}

impl Default for Shares {
    fn default() -> Self {
        Self {
            of_cities_for_one: Waiting { messages: MAX_WAITING_OF_CITIES_FOR_ONE, bytes: MAX_BYTES_OF_CITIES_FOR_ONE },
            of_city: Waiting { messages: MAX_WAITING_OF_CITY, bytes: MAX_BYTES_OF_CITY },
            proofs_of_city: MAX_PROOF_BYTES_OF_CITY,
            proofs_of_sender: MAX_PROOF_BYTES_OF_SENDER,
        }
    }
}

/// Changes of one batch.
#[derive(Debug, Default)]
pub(super) struct Usage {
    shares: Shares,
    changed: BTreeMap<Vec<u8>, Waiting>,
}

impl Usage {
    /// Within other shares than the usual ones.
    pub(super) fn within(shares: Shares) -> Self {
        Self { shares, changed: BTreeMap::new() }
    }

    /// One message more, if there is room.
    pub(super) fn take(&mut self, store: &Store, route: Route, head: &Head, bytes: u64) -> Result<(), MailboxError> {
        self.take_of(store, bounds(&self.shares, route, head), bytes)
    }

    /// The proof that came with a message of another city, if there is room. It stays when the envelope goes, so nothing ever frees it.
    pub(super) fn take_proof(&mut self, store: &Store, head: &Head, bytes: u64) -> Result<(), MailboxError> {
        self.take_of(store, bounds_of_proofs(&self.shares, head), bytes)
    }

    fn take_of(&mut self, store: &Store, bounds: Vec<(Vec<u8>, Waiting)>, bytes: u64) -> Result<(), MailboxError> {
        for (key, limit) in bounds {
            let waiting = self.waiting(store, &key)?;
            let more = Waiting { messages: waiting.messages + 1, bytes: waiting.bytes.saturating_add(bytes) };
            if more.messages > limit.messages {
                return Err(MailboxError::Full { waiting: waiting.messages, limit: limit.messages });
            }
            if more.bytes > limit.bytes {
                return Err(MailboxError::Full { waiting: waiting.bytes, limit: limit.bytes });
            }
            self.changed.insert(key, more);
        }
        Ok(())
    }

    /// So much less.
    pub(super) fn free(&mut self, store: &Store, route: Route, head: &Head, less: Waiting) -> Result<(), MailboxError> {
        for (key, _) in bounds(&self.shares, route, head) {
            let waiting = self.waiting(store, &key)?;
            let fewer = Waiting {
                messages: waiting.messages.saturating_sub(less.messages),
                bytes: waiting.bytes.saturating_sub(less.bytes),
            };
            self.changed.insert(key, fewer);
        }
        Ok(())
    }

    pub(super) fn write(self, store: &Store, batch: &mut OwnedWriteBatch) {
        for (key, waiting) in self.changed {
            if waiting == Waiting::default() {
                batch.remove(&store.waiting, key);
            } else {
                let value = [waiting.messages.to_be_bytes(), waiting.bytes.to_be_bytes()].concat();
                batch.insert(&store.waiting, key, value);
            }
        }
    }

    fn waiting(&self, store: &Store, key: &[u8]) -> Result<Waiting, MailboxError> {
        if let Some(changed) = self.changed.get(key) {
            return Ok(*changed);
        }
        let Some(value) = store.waiting.get(key)? else { return Ok(Waiting::default()) };
        let (messages, bytes) = value.split_at_checked(8).ok_or(MailboxError::Damaged)?;
        Ok(Waiting { messages: super::store::number(messages)?, bytes: super::store::number(bytes)? })
    }
}

/// Every bound that a message counts for: its key on disk, and how much it allows. An organization has as many keys as it likes, and a city as many organizations, so both are counted.
fn bounds(shares: &Shares, route: Route, head: &Head) -> Vec<(Vec<u8>, Waiting)> {
    let receiver = head.to.address.as_slice();
    let organization = head.from.organization.to_bytes32();
    let all = Waiting { messages: MAX_WAITING, bytes: MAX_WAITING_BYTES };
    let of_sender = Waiting { messages: MAX_WAITING_OF_SENDER, bytes: MAX_BYTES_OF_SENDER };
    match route {
        Route::Within => {
            vec![(receiver.to_vec(), all), ([receiver, organization.as_slice()].concat(), of_sender)]
        }
        Route::ToOtherCity => {
            let outgoing = Waiting { messages: MAX_OUTGOING, bytes: MAX_OUTGOING_BYTES };
            vec![([b"to:".as_slice(), organization.as_slice()].concat(), outgoing)]
        }
        Route::FromOtherCity => {
            // Statements of two cities always name it.
            let city = head.genesis.unwrap_or_default();
            let for_one = Waiting { messages: MAX_WAITING_OF_CITY_FOR_ONE, bytes: MAX_BYTES_OF_CITY_FOR_ONE };
            let key = |parts: &[&[u8]]| [b"from:".as_slice(), parts.concat().as_slice()].concat();
            vec![
                (receiver.to_vec(), all),
                (key(&[receiver, city.as_slice(), organization.as_slice()]), of_sender),
                (key(&[receiver, city.as_slice()]), for_one),
                (key(&[receiver]), shares.of_cities_for_one),
                (key(&[city.as_slice()]), shares.of_city),
            ]
        }
    }
}

/// Every bound that the proof of a message of another city counts for. Not its receiver's: what stays would shut that one's mailbox for good.
fn bounds_of_proofs(shares: &Shares, head: &Head) -> Vec<(Vec<u8>, Waiting)> {
    let (city, organization) = (head.genesis.unwrap_or_default(), head.from.organization.to_bytes32());
    let bound = |parts: &[&[u8]], bytes| {
        let key = [b"proofs:".as_slice(), parts.concat().as_slice()].concat();
        (key, Waiting { messages: u64::MAX, bytes })
    };
    vec![
        bound(&[city.as_slice(), organization.as_slice()], shares.proofs_of_sender),
        bound(&[city.as_slice()], shares.proofs_of_city),
    ]
}
