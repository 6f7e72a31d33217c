//! The whole state of one height, in the order of the keys.

use std::{collections::BTreeSet, iter::Peekable, sync::Arc};

use alloy_primitives::{Address, B256, U256};
use fjall::{Iter, Keyspace, Readable as _};

use super::{
    StoreError, StoreView,
    body::{Changed, ChangedKeys},
    keys::{self, Kind},
    view::{decode_account, decode_slot, reading},
};
use crate::state::AccountRecord;

/// An account under the hash of its address.
pub(crate) type ScannedAccount = (B256, Arc<AccountRecord>);
/// A slot of an account under the hash of its number.
pub(crate) type ScannedSlot = (Address, B256, U256);

impl StoreView {
    /// Every account of this height. What changed between it and the head is held in memory, so the height lies close below the head.
    pub(crate) fn scan_accounts(&self) -> Result<impl Iterator<Item = Result<ScannedAccount, StoreError>>, StoreError> {
        let accounts = self.scan(&self.store.accounts, keys::account_history)?;
        Ok(accounts.map(|entry| {
            let (key, value) = entry?;
            let key = B256::try_from(key.as_slice()).map_err(|_| StoreError::damaged("an account key is malformed"))?;
            Ok((key, decode_account(&value)?))
        }))
    }

    /// Every slot of this height that is not zero, account by account. As [`Self::scan_accounts`].
    pub(crate) fn scan_slots(&self) -> Result<impl Iterator<Item = Result<ScannedSlot, StoreError>>, StoreError> {
        let slots = self.scan(&self.store.slots, keys::slot_history)?;
        Ok(slots.map(|entry| {
            let (key, value) = entry?;
            let malformed = || StoreError::damaged("a slot key is malformed");
            let (owner, slot) = key.split_at_checked(Address::len_bytes()).ok_or_else(malformed)?;
            Ok((Address::from_slice(owner), B256::try_from(slot).map_err(|_| malformed())?, decode_slot(&value)?))
        }))
    }

    fn scan(&self, keyspace: &Keyspace, history: fn(&[u8]) -> Vec<u8>) -> Result<Scan<'_>, StoreError> {
        let tag = history(&[]);
        let mut changed = BTreeSet::new();
        for height in self.height..self.head {
            let (keyspace, key) = self.store.part(Kind::Changes, height + 1);
            let changes = self.get(keyspace, &key)?;
            let changes = changes.ok_or_else(|| StoreError::damaged("a block has no list of changes"))?;
            let changes =
                ChangedKeys::decode(&changes).ok_or_else(|| StoreError::damaged("a list of changes is malformed"))?;
            changed.extend(changes.into_iter().filter_map(|change| match change {
                Changed::State(prefix) => Some(prefix.strip_prefix(&tag[..])?.to_vec()),
                Changed::Node { .. } => None,
            }));
        }
        let current = self.snapshot.iter(keyspace);
        Ok(Scan {
            view: self,
            keyspace: keyspace.clone(),
            history,
            current,
            head: None,
            changed: changed.into_iter().peekable(),
        })
    }
}

/// Two orders in one: what stands at the head, and what was different at the height.
struct Scan<'a> {
    view: &'a StoreView,
    keyspace: Keyspace,
    history: fn(&[u8]) -> Vec<u8>,
    current: Iter,
    /// The entry of the head that is next, once it was read.
    head: Option<(Vec<u8>, fjall::UserValue)>,
    changed: Peekable<std::collections::btree_set::IntoIter<Vec<u8>>>,
}

impl Scan<'_> {
    fn step(&mut self) -> Result<Option<(Vec<u8>, fjall::UserValue)>, StoreError> {
        loop {
            if self.head.is_none()
                && let Some(entry) = self.current.next()
            {
                let (key, value) = entry.into_inner().map_err(reading())?;
                self.head = Some((key.to_vec(), value));
            }
            let next_changed = self.changed.peek();
            match (&self.head, next_changed) {
                (Some((key, _)), Some(changed)) if changed > key => return Ok(self.head.take()),
                (_, None) => return Ok(self.head.take()),
                _ => {}
            }
            let Some(changed) = self.changed.next() else { return Ok(None) };
            if self.head.as_ref().is_some_and(|(key, _)| *key == changed) {
                self.head = None;
            }
            // What did not exist at the height is passed over.
            if let Some(value) = self.view.flat(&self.keyspace, &changed, self.history)? {
                return Ok(Some((changed, value)));
            }
        }
    }
}

impl Iterator for Scan<'_> {
    type Item = Result<(Vec<u8>, fjall::UserValue), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}
