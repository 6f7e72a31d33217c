//! How much waits for whom, and how much is kept (MSG-9).

use std::collections::BTreeMap;

use fjall::OwnedWriteBatch;

use super::{MailboxError, store::Store};
use crate::{
    limits::{MAX_BYTES_OF_SENDER, MAX_WAITING, MAX_WAITING_BYTES, MAX_WAITING_OF_SENDER},
    statement::Head,
};

/// Messages that are not acknowledged, and bytes of envelopes on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

/// Changes of one batch.
#[derive(Debug, Default)]
pub(super) struct Usage {
    changed: BTreeMap<Vec<u8>, Waiting>,
}

impl Usage {
    /// One message more, if there is room.
    pub(super) fn take(&mut self, store: &Store, head: &Head, bytes: u64) -> Result<(), MailboxError> {
        let limits = [
            Waiting { messages: MAX_WAITING, bytes: MAX_WAITING_BYTES },
            Waiting { messages: MAX_WAITING_OF_SENDER, bytes: MAX_BYTES_OF_SENDER },
        ];
        for (key, limit) in keys(head).into_iter().zip(limits) {
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
    pub(super) fn free(&mut self, store: &Store, head: &Head, less: Waiting) -> Result<(), MailboxError> {
        for key in keys(head) {
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

/// The receiver, and with it the organization that sends: an organization has as many keys as it likes.
fn keys(head: &Head) -> [Vec<u8>; 2] {
    let receiver = head.to.address;
    [receiver.to_vec(), [receiver.as_slice(), head.from.organization.to_bytes32().as_slice()].concat()]
}
