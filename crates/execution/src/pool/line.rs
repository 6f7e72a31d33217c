//! The line of ready transactions and the queues behind it.

use std::{
    collections::{BTreeMap, VecDeque, btree_map::Entry},
    ops::Bound,
};

use alloy_consensus::Transaction as _;
use alloy_primitives::{
    Address, B256,
    map::{AddressMap, B256Map},
};

use super::{PoolContents, PoolErrorKind, PoolLimits, PoolStatus, check::Spendable};
use crate::{RecoveredTransaction, SignedTransaction};

/// All transactions, by sender and nonce, with the line of those that are ready.
#[derive(Default)]
pub(super) struct Line {
    senders: AddressMap<Queue>,
    by_hash: B256Map<(Address, u64)>,
    /// By place in line.
    ready: BTreeMap<u64, RecoveredTransaction>,
    next_place: u64,
    bytes: usize,
}

/// The transactions of one sender.
struct Queue {
    /// The account's next nonce in the final state.
    nonce: u64,
    transactions: BTreeMap<u64, Waiting>,
    /// The first nonce that is not ready.
    next_ready: u64,
}

struct Waiting {
    transaction: RecoveredTransaction,
    /// Its place in line; `None` while it is queued.
    place: Option<u64>,
}

impl Line {
    pub(super) fn contains(&self, hash: &B256) -> bool {
        self.by_hash.contains_key(hash)
    }

    pub(super) fn sender(&self, hash: &B256) -> Option<Address> {
        self.by_hash.get(hash).map(|(sender, _)| *sender)
    }

    pub(super) fn get(&self, hash: &B256) -> Option<RecoveredTransaction> {
        let (sender, nonce) = self.by_hash.get(hash)?;
        Some(self.senders.get(sender)?.transactions.get(nonce)?.transaction.clone())
    }

    pub(super) fn ready_len(&self) -> usize {
        self.ready.len()
    }

    pub(super) fn next_nonce(&self, address: &Address) -> Option<u64> {
        let queue = self.senders.get(address)?;
        (queue.next_ready > queue.nonce).then_some(queue.next_ready)
    }

    pub(super) fn status(&self) -> PoolStatus {
        let pending = self.ready.len();
        PoolStatus { pending, queued: self.by_hash.len() - pending, bytes: self.bytes }
    }

    pub(super) fn contents(&self) -> PoolContents {
        let mut contents = PoolContents::default();
        for (sender, queue) in &self.senders {
            for (nonce, waiting) in &queue.transactions {
                let part = if waiting.place.is_some() { &mut contents.pending } else { &mut contents.queued };
                part.entry(*sender).or_default().insert(*nonce, waiting.transaction.clone());
            }
        }
        contents
    }

    /// Copies up to `limit` ready transactions behind place `after`; returns the last place looked at.
    pub(super) fn take_ready(
        &self,
        after: Option<u64>,
        limit: usize,
        out: &mut VecDeque<RecoveredTransaction>,
    ) -> Option<u64> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut last = after;
        for (place, transaction) in self.ready.range((start, Bound::Unbounded)).take(limit) {
            out.push_back(transaction.clone());
            last = Some(*place);
        }
        last
    }

    /// Adds a transaction of an account that can pay for it.
    pub(super) fn insert(
        &mut self,
        transaction: RecoveredTransaction,
        account: Spendable,
        limits: &PoolLimits,
    ) -> Result<(), PoolErrorKind> {
        let (hash, sender, nonce, size) =
            (transaction.hash(), transaction.sender(), transaction.nonce(), transaction.size());
        if self.by_hash.contains_key(&hash) {
            return Err(PoolErrorKind::AlreadyKnown);
        }
        if nonce < account.nonce {
            return Err(PoolErrorKind::NonceTooLow { expected: account.nonce, actual: nonce });
        }
        let max = account.nonce.saturating_add(limits.max_nonce_gap);
        if nonce > max {
            return Err(PoolErrorKind::NonceTooHigh { max, actual: nonce });
        }
        let queue = self.senders.get(&sender);
        let replaced =
            queue.and_then(|queue| queue.transactions.get(&nonce)).map(|waiting| waiting.transaction.clone());
        match &replaced {
            Some(old) if !raises_fees(old, &transaction, limits.min_price_bump_percent) => {
                return Err(PoolErrorKind::Underpriced { min_bump_percent: limits.min_price_bump_percent });
            }
            Some(_) => {}
            None if queue.is_some_and(|queue| queue.transactions.len() >= limits.max_per_sender) => {
                return Err(PoolErrorKind::SenderFull { limit: limits.max_per_sender });
            }
            None if self.by_hash.len() >= limits.max_transactions => {
                return Err(PoolErrorKind::Full { limit: limits.max_transactions, unit: "transactions" });
            }
            None => {}
        }
        let freed = replaced.as_ref().map_or(0, |old| old.size());
        if self.bytes - freed + size > limits.max_bytes {
            return Err(PoolErrorKind::Full { limit: limits.max_bytes, unit: "bytes" });
        }
        self.bytes = self.bytes - freed + size;
        if let Some(old) = replaced {
            self.by_hash.remove(&old.hash());
        }
        self.by_hash.insert(hash, (sender, nonce));
        let new_queue = || Queue { nonce: account.nonce, transactions: BTreeMap::new(), next_ready: account.nonce };
        let queue = self.senders.entry(sender).or_insert_with(new_queue);
        match queue.transactions.entry(nonce) {
            Entry::Occupied(mut entry) => {
                // A replacement takes the place of the one before it.
                if let Some(place) = entry.get().place {
                    self.ready.insert(place, transaction.clone());
                }
                entry.get_mut().transaction = transaction;
            }
            Entry::Vacant(entry) => {
                entry.insert(Waiting { transaction, place: None });
            }
        }
        promote(queue, &mut self.ready, &mut self.next_place);
        Ok(())
    }

    /// Removes a transaction; those of its sender behind it are queued again.
    pub(super) fn remove(&mut self, hash: &B256) {
        let Some((sender, nonce)) = self.by_hash.remove(hash) else { return };
        let Some(queue) = self.senders.get_mut(&sender) else { return };
        for (_, waiting) in queue.transactions.range_mut(nonce..) {
            if let Some(place) = waiting.place.take() {
                self.ready.remove(&place);
            }
        }
        queue.next_ready = queue.next_ready.min(nonce);
        if let Some(removed) = queue.transactions.remove(&nonce) {
            self.bytes -= removed.transaction.size();
        }
        if queue.transactions.is_empty() {
            self.senders.remove(&sender);
        }
    }

    /// Removes what does not meet a condition.
    pub(super) fn retain(&mut self, keep: impl Fn(&RecoveredTransaction) -> bool) {
        let all = self.senders.values().flat_map(|queue| queue.transactions.values());
        let gone: Vec<B256> =
            all.map(|waiting| &waiting.transaction).filter(|it| !keep(it)).map(|it| it.hash()).collect();
        gone.iter().for_each(|hash| self.remove(hash));
    }

    /// Follows an account to its state after a final block.
    pub(super) fn follow(&mut self, address: &Address, account: Spendable) {
        let Some(queue) = self.senders.get_mut(address) else { return };
        while let Some(entry) = queue.transactions.first_entry()
            && *entry.key() < account.nonce
        {
            let waiting = entry.remove();
            self.bytes -= waiting.transaction.size();
            self.by_hash.remove(&waiting.transaction.hash());
            if let Some(place) = waiting.place {
                self.ready.remove(&place);
            }
        }
        if queue.transactions.is_empty() {
            self.senders.remove(address);
            return;
        }
        queue.nonce = account.nonce;
        queue.next_ready = queue.next_ready.max(account.nonce);
        promote(queue, &mut self.ready, &mut self.next_place);
    }
}

/// Puts in line what follows the last ready nonce without a gap.
fn promote(queue: &mut Queue, ready: &mut BTreeMap<u64, RecoveredTransaction>, next_place: &mut u64) {
    for (nonce, waiting) in queue.transactions.range_mut(queue.next_ready..) {
        if *nonce != queue.next_ready {
            break;
        }
        waiting.place = Some(*next_place);
        ready.insert(*next_place, waiting.transaction.clone());
        *next_place += 1;
        queue.next_ready += 1;
    }
}

/// Whether `new` may take the place of `old`: both fees grow by the bump. A fee of zero must become more than zero, unless
/// both transactions pay nothing at all, where the newer one wins: there is no price to compete with on a chain without fees.
fn raises_fees(old: &SignedTransaction, new: &SignedTransaction, bump_percent: u128) -> bool {
    let fees = |transaction: &SignedTransaction| {
        let envelope = transaction.envelope();
        let tip = envelope.max_priority_fee_per_gas().unwrap_or_else(|| envelope.max_fee_per_gas());
        [envelope.max_fee_per_gas(), tip]
    };
    let (old, new) = (fees(old), fees(new));
    if old == [0, 0] {
        return true;
    }
    old.iter().zip(new).all(|(old, new)| {
        let least = old
            .saturating_add(old.saturating_mul(bump_percent).div_ceil(100))
            .max(old.saturating_add(u128::from(*old > 0)));
        new >= least
    })
}
