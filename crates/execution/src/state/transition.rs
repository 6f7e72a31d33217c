//! From what execution changed to the tries and the root after it.

use std::sync::Arc;

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256, keccak256, map::B256Map};
use revm::bytecode::Bytecode;

use super::{
    AccountEntry, AccountRecord, NodeKey, Overlay, SlotEntry, StateError, StateView,
    source::{AccountTrie, StorageTrie, slot_rlp},
};
use crate::{
    parallel,
    trie::{self, Change, EMPTY_ROOT, TrieUpdate, root_hash, update},
};

/// An account that execution touched.
#[derive(Clone, Debug)]
pub(crate) struct AccountChange {
    pub(crate) address: Address,
    pub(crate) before: Option<Arc<AccountRecord>>,
    /// Nonce, balance, code hash; `None` when the account is gone.
    pub(crate) after: Option<(u64, U256, B256)>,
    /// Slot number, value before, value after.
    pub(crate) slots: Vec<(U256, U256, U256)>,
}

/// Everything that execution changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct StateChanges {
    pub(crate) accounts: Vec<AccountChange>,
    pub(crate) codes: B256Map<Bytecode>,
}

/// Applies `changes` to the state of `view`: updates the tries, storage tries in parallel, and hashes them.
pub(crate) fn transition(view: &StateView, changes: StateChanges) -> Result<Overlay, StateError> {
    let values = changes.accounts.iter().map(|change| 1 + change.slots.len()).sum();
    let updated = parallel::map(values, changes.accounts, |change| update_account(view, change));
    let updated: Vec<Option<UpdatedAccount>> = updated.into_iter().collect::<Result<_, _>>()?;
    let mut overlay = Overlay { codes: changes.codes, ..Overlay::default() };
    for account in updated.into_iter().flatten() {
        let owner = Some(account.entry.address);
        overlay.nodes.extend(account.writes.into_iter().map(|(path, write)| (NodeKey { owner, path }, write)));
        if !account.slots.is_empty() {
            overlay.slots.insert(account.entry.address, account.slots);
        }
        overlay.accounts.push(account.entry);
    }
    overlay.accounts.sort_unstable_by_key(|entry| entry.key);
    let account_changes: Vec<Change> = overlay
        .accounts
        .iter()
        .map(|entry| Change {
            key: entry.key,
            value: entry.after.as_ref().map(|record| record.leaf_rlp()),
            existed: entry.before.is_some(),
        })
        .collect();
    let TrieUpdate { top, writes } = update(&AccountTrie(view), view.top()?, &account_changes, view.next_height())?;
    overlay.nodes.extend(writes.into_iter().map(|(path, write)| (NodeKey { owner: None, path }, write)));
    overlay.state_root = root_hash(top.as_ref());
    overlay.top = top;
    Ok(overlay)
}

struct UpdatedAccount {
    entry: AccountEntry,
    slots: Vec<SlotEntry>,
    writes: Vec<(alloy_trie::Nibbles, trie::NodeWrite)>,
}

/// `None` when nothing changed in the end.
fn update_account(view: &StateView, change: AccountChange) -> Result<Option<UpdatedAccount>, StateError> {
    let AccountChange { address, before, after, slots } = change;
    let mut slots = hash_slots(slots);
    let mut top = before.as_ref().and_then(|record| record.storage_top.clone());
    if after.is_none() && top.is_some() {
        // Osaka never removes an account with storage (EIP-6780, EIP-161 with EIP-7702), but a removed account has none.
        let all = view.all_slots(address)?;
        slots = all.into_iter().map(|(key, before)| SlotEntry { key, before, after: U256::ZERO }).collect();
    }
    let mut writes = Vec::new();
    if !slots.is_empty() {
        let leaf = |value: U256| (!value.is_zero()).then(|| slot_rlp(value));
        let to_change =
            |slot: &SlotEntry| Change { key: slot.key, value: leaf(slot.after), existed: !slot.before.is_zero() };
        let changes: Vec<Change> = slots.iter().map(to_change).collect();
        let trie = StorageTrie { view, owner: address };
        let updated = update(&trie, top.map(|top| *top), &changes, view.next_height())?;
        top = updated.top.map(Box::new);
        writes = updated.writes;
    }
    let after = after.map(|(nonce, balance, code_hash)| {
        let storage_root = if top.is_none() { EMPTY_ROOT } else { root_hash(top.as_deref()) };
        let code_hash = if code_hash.is_zero() { KECCAK256_EMPTY } else { code_hash };
        Arc::new(AccountRecord { nonce, balance, code_hash, storage_root, storage_top: top })
    });
    if before == after && slots.is_empty() {
        return Ok(None);
    }
    let entry = AccountEntry { key: keccak256(address), address, before, after };
    Ok(Some(UpdatedAccount { entry, slots, writes }))
}

fn hash_slots(slots: Vec<(U256, U256, U256)>) -> Vec<SlotEntry> {
    let changed = slots.into_iter().filter(|(_, before, after)| before != after);
    let mut hashed: Vec<SlotEntry> = changed
        .map(|(slot, before, after)| SlotEntry { key: keccak256(slot.to_be_bytes::<32>()), before, after })
        .collect();
    hashed.sort_unstable_by_key(|slot| slot.key);
    hashed
}
