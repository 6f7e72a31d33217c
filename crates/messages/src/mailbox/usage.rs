//! How much waits for whom (MSG-9).

use std::collections::BTreeMap;

use alloy_primitives::Address;
use fjall::OwnedWriteBatch;

use super::{MailboxError, bounds, store::Store};

/// Messages and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Waiting {
    messages: u64,
    bytes: u64,
}

/// What a removed message leaves.
#[derive(Debug)]
pub(super) struct Freed {
    pub(super) receiver: Address,
    pub(super) sender: Address,
    pub(super) bytes: u64,
}

/// Changes of one batch.
#[derive(Debug, Default)]
pub(super) struct Usage {
    changed: BTreeMap<Vec<u8>, Waiting>,
}

impl Usage {
    pub(super) fn read(store: &Store, freed: Vec<Freed>) -> Result<Self, MailboxError> {
        let mut usage = Self::default();
        for Freed { receiver, sender, bytes } in freed {
            usage.free(store, receiver, sender, bytes)?;
        }
        Ok(usage)
    }

    /// One message more, if there is room.
    pub(super) fn take(
        &mut self,
        store: &Store,
        receiver: Address,
        sender: Address,
        bytes: u64,
    ) -> Result<(), MailboxError> {
        let (max_messages, max_bytes, max_of_sender) = bounds();
        let of_receiver = self.waiting(store, receiver.to_vec())?;
        let of_sender = self.waiting(store, pair(receiver, sender))?;
        for (waiting, limit) in [(of_receiver.messages, max_messages), (of_sender.messages, max_of_sender)] {
            if waiting >= limit {
                return Err(MailboxError::Full { waiting, limit });
            }
        }
        if of_receiver.bytes.saturating_add(bytes) > max_bytes {
            return Err(MailboxError::Full { waiting: of_receiver.bytes, limit: max_bytes });
        }
        for (key, waiting) in [(receiver.to_vec(), of_receiver), (pair(receiver, sender), of_sender)] {
            let more = Waiting { messages: waiting.messages + 1, bytes: waiting.bytes.saturating_add(bytes) };
            self.changed.insert(key, more);
        }
        Ok(())
    }

    /// One message fewer.
    pub(super) fn free(
        &mut self,
        store: &Store,
        receiver: Address,
        sender: Address,
        bytes: u64,
    ) -> Result<(), MailboxError> {
        for key in [receiver.to_vec(), pair(receiver, sender)] {
            let waiting = self.waiting(store, key.clone())?;
            let fewer =
                Waiting { messages: waiting.messages.saturating_sub(1), bytes: waiting.bytes.saturating_sub(bytes) };
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

    fn waiting(&self, store: &Store, key: Vec<u8>) -> Result<Waiting, MailboxError> {
        if let Some(changed) = self.changed.get(&key) {
            return Ok(*changed);
        }
        let Some(value) = store.waiting.get(&key)? else { return Ok(Waiting::default()) };
        let (messages, bytes) = value.split_at_checked(8).ok_or(MailboxError::Damaged)?;
        Ok(Waiting { messages: super::store::number(messages)?, bytes: super::store::number(bytes)? })
    }
}

fn pair(receiver: Address, sender: Address) -> Vec<u8> {
    [receiver.as_slice(), sender.as_slice()].concat()
}
