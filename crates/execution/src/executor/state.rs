//! The state while a block runs: a view, and what its transactions have changed so far.

use std::{collections::hash_map::Entry, fmt, sync::Arc};

use alloy_primitives::{
    Address, B256, KECCAK256_EMPTY, U256, keccak256,
    map::{AddressMap, B256Map, U256Map},
};
use revm::{
    Database, DatabaseCommit,
    bytecode::Bytecode,
    state::{Account, AccountInfo},
};

use crate::{
    StateError, StateView,
    state::{AccountChange, AccountRecord, StateChanges},
};

/// A database for the EVM that keeps, for every account and slot it has seen, the value before the block and the value now.
pub(crate) struct BlockState {
    view: StateView,
    accounts: AddressMap<SeenAccount>,
    codes: B256Map<Bytecode>,
}

struct SeenAccount {
    before: Option<Arc<AccountRecord>>,
    now: Option<AccountInfo>,
    changed: bool,
    slots: U256Map<SeenSlot>,
}

struct SeenSlot {
    before: U256,
    now: U256,
}

impl fmt::Debug for BlockState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BlockState")
            .field("height", &self.view.height())
            .field("accounts", &self.accounts.len())
            .finish()
    }
}

impl BlockState {
    pub(crate) fn new(view: StateView) -> Self {
        Self { view, accounts: AddressMap::default(), codes: B256Map::default() }
    }

    fn seen(&mut self, address: Address) -> Result<&mut SeenAccount, StateError> {
        match self.accounts.entry(address) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let before = self.view.record(&keccak256(address))?;
                let now = before.as_ref().map(|record| record.info());
                Ok(entry.insert(SeenAccount { before, now, changed: false, slots: U256Map::default() }))
            }
        }
    }

    /// The next nonce of an account.
    pub(crate) fn nonce(&mut self, address: Address) -> Result<u64, StateError> {
        Ok(self.seen(address)?.now.as_ref().map_or(0, |info| info.nonce))
    }

    /// Everything that is different from before the block.
    pub(crate) fn into_changes(self) -> StateChanges {
        let changed = self.accounts.into_iter().filter(|(_, account)| account.changed);
        let accounts = changed
            .map(|(address, account)| AccountChange {
                address,
                before: account.before,
                after: account.now.map(|info| (info.nonce, info.balance, info.code_hash)),
                slots: account.slots.into_iter().map(|(slot, seen)| (slot, seen.before, seen.now)).collect(),
            })
            .collect();
        StateChanges { accounts, codes: self.codes }
    }
}

impl Database for BlockState {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        Ok(self.seen(address)?.now.clone())
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, StateError> {
        if let Some(code) = self.codes.get(&code_hash) {
            return Ok(code.clone());
        }
        self.view.bytecode(&code_hash)
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, StateError> {
        let view = self.view.clone();
        let account = self.seen(address)?;
        match account.slots.entry(slot) {
            Entry::Occupied(entry) => Ok(entry.get().now),
            Entry::Vacant(entry) => {
                let has_storage = account.before.as_ref().is_some_and(|record| record.storage_top.is_some());
                let before = if has_storage { view.storage(address, slot)? } else { U256::ZERO };
                entry.insert(SeenSlot { before, now: before });
                Ok(before)
            }
        }
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, StateError> {
        Ok(self.view.block_hash(number)?.unwrap_or_default())
    }
}

impl DatabaseCommit for BlockState {
    fn commit(&mut self, changes: AddressMap<Account>) {
        for (address, account) in changes {
            if account.is_touched() {
                self.commit_account(address, account);
            }
        }
    }
}

impl BlockState {
    fn commit_account(&mut self, address: Address, account: Account) {
        // The EVM has loaded every account it commits through this database.
        let Some(seen) = self.accounts.get_mut(&address) else { return };
        seen.changed = true;
        if account.is_selfdestructed() || account.is_empty() {
            // EIP-6780: only a contract of this transaction; EIP-161: nothing left.
            seen.now = None;
            seen.slots.values_mut().for_each(|slot| slot.now = U256::ZERO);
            return;
        }
        let before_hash = seen.now.as_ref().map_or(KECCAK256_EMPTY, |info| info.code_hash);
        if account.info.code_hash != before_hash
            && account.info.code_hash != KECCAK256_EMPTY
            && let Some(code) = account.info.code.clone()
        {
            self.codes.insert(account.info.code_hash, code);
        }
        for (slot, value) in account.storage {
            if !value.is_changed() {
                continue;
            }
            let (original, present) = (value.original_value, value.present_value);
            seen.slots.entry(slot).or_insert(SeenSlot { before: original, now: original }).now = present;
        }
        seen.now = Some(AccountInfo { code: None, ..account.info });
    }
}
