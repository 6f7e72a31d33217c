//! Transactions that wait for a block.
//!
//! Each sender's transactions are kept by nonce. Those that follow the account's nonce without a gap are *ready* and stand in one
//! line, in the order in which they became ready; so a sender's nonces are in order in the line, and a block takes from its
//! front. The others are *queued* until the gap closes.
//!
//! # Invariants
//! * POOL-1: ready transactions of a sender have the nonces from the account's next one on, without a gap.
//! * POOL-2: transactions leave when they are final, replaced, unusable, no longer permitted, or overtaken by the account's nonce; never silently else.
//! * POOL-3: counts and bytes never exceed [`PoolLimits`].
//!
//! Admission reads the state of the latest final block. What is ready may stand in a block that is not final yet; building skips
//! it by its nonce.

mod check;
mod error;
mod line;

#[cfg(test)]
mod tests;

pub use error::{InsufficientFunds, PoolError, PoolErrorKind};

use std::{collections::BTreeMap, collections::VecDeque, sync::Arc};

use alloy_primitives::{Address, B256, Bytes};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, broadcast};

use crate::{
    RecoveredTransaction, SignedTransaction, StateError, StateView, permissions::concerns_senders, recover_senders,
    state::Overlay,
};
use check::{Head, Rules};
use line::Line;

/// Announcements of new transactions that a slow subscriber may fall behind.
const ANNOUNCEMENTS: usize = 4_096;

/// Transactions that [`BestTransactions`] takes from the pool at a time, so that admission is not kept waiting.
const BEST_CHUNK: usize = 256;

/// The pool's bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLimits {
    /// Transactions altogether.
    pub max_transactions: usize,
    /// Bytes of encoded transactions altogether.
    pub max_bytes: usize,
    /// Transactions of one sender.
    pub max_per_sender: usize,
    /// How far a nonce may lie beyond the account's next one.
    pub max_nonce_gap: u64,
    /// By how many per cent a replacement must raise a fee that is not zero.
    pub min_price_bump_percent: u128,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            max_transactions: 65_536,
            max_bytes: 64 * 1024 * 1024,
            max_per_sender: 16_384,
            max_nonce_gap: 16_384,
            min_price_bump_percent: 10,
        }
    }
}

/// How many wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStatus {
    /// Ready for the next block.
    pub pending: usize,
    /// Waiting for a nonce before them.
    pub queued: usize,
    /// Bytes of both.
    pub bytes: usize,
}

/// Everything in the pool, by sender and nonce.
#[derive(Clone, Debug, Default)]
pub struct PoolContents {
    /// Ready for the next block.
    pub pending: BTreeMap<Address, BTreeMap<u64, RecoveredTransaction>>,
    /// Waiting for a nonce before them.
    pub queued: BTreeMap<Address, BTreeMap<u64, RecoveredTransaction>>,
}

/// The transactions that wait. Cheap to clone.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

struct Shared {
    rules: Rules,
    limits: PoolLimits,
    head: RwLock<Head>,
    line: Mutex<Line>,
    ready: Notify,
    announcements: broadcast::Sender<RecoveredTransaction>,
}

/// Ready transactions in the order in which they became ready, each sender's in order of nonce.
///
/// Looks at the pool as it goes: what becomes ready meanwhile comes too.
pub struct BestTransactions {
    pool: Pool,
    after: Option<u64>,
    chunk: VecDeque<RecoveredTransaction>,
}

impl Iterator for BestTransactions {
    type Item = RecoveredTransaction;

    fn next(&mut self) -> Option<RecoveredTransaction> {
        if self.chunk.is_empty() {
            self.after = self.pool.0.line.lock().take_ready(self.after, BEST_CHUNK, &mut self.chunk);
        }
        self.chunk.pop_front()
    }
}

impl Pool {
    pub(crate) fn new(
        chain_id: u64,
        block_gas_limit: u64,
        limits: PoolLimits,
        state: StateView,
    ) -> Result<Self, StateError> {
        Ok(Self(Arc::new(Shared {
            rules: Rules::new(chain_id, block_gas_limit),
            limits,
            head: RwLock::new(Head::new(state)?),
            line: Mutex::new(Line::default()),
            ready: Notify::new(),
            announcements: broadcast::channel(ANNOUNCEMENTS).0,
        })))
    }

    /// Admits encoded transactions (EIP-2718); one answer each, in order.
    ///
    /// Recovers signatures on all cores and blocks the calling thread meanwhile (about 40 us a transaction and core).
    pub fn add(&self, encoded: Vec<Bytes>) -> Vec<Result<B256, PoolError>> {
        self.add_each(encoded.into_iter().map(|bytes| (bytes, None)))
    }

    /// Like [`Self::add`], with whom somebody says that each is from. A claim is not believed; if it is true, the signature takes less time.
    pub fn add_claimed(&self, claimed: Vec<(Bytes, Address)>) -> Vec<Result<B256, PoolError>> {
        self.add_each(claimed.into_iter().map(|(bytes, sender)| (bytes, Some(sender))))
    }

    fn add_each(&self, encoded: impl Iterator<Item = (Bytes, Option<Address>)>) -> Vec<Result<B256, PoolError>> {
        let decoded: Vec<Result<Arc<SignedTransaction>, PoolError>> = encoded
            .map(|(bytes, claimed)| {
                let transaction =
                    SignedTransaction::decode(bytes).map_err(|error| PoolError { hash: None, kind: error.into() })?;
                if let Some(claimed) = claimed {
                    transaction.claim_sender(claimed);
                }
                let hash = transaction.hash();
                self.0.rules.check_content(&transaction).map_err(|kind| kind.of(hash))?;
                if self.0.line.lock().contains(&hash) {
                    return Err(PoolErrorKind::AlreadyKnown.of(hash));
                }
                Ok(Arc::new(transaction))
            })
            .collect();
        let to_recover: Vec<_> = decoded.iter().filter_map(|result| result.as_ref().ok().cloned()).collect();
        let mut senders = recover_senders(&to_recover).into_iter();
        let recovered = decoded.into_iter().map(|result| {
            let transaction = result?;
            // One sender for each that was decoded.
            let sender = senders.next().flatten().ok_or_else(|| PoolErrorKind::Signature.of(transaction.hash()))?;
            Ok(RecoveredTransaction::new_unchecked(transaction, sender))
        });
        self.admit(recovered.collect())
    }

    /// Admits transactions whose senders are known.
    pub fn add_recovered(&self, transactions: Vec<RecoveredTransaction>) -> Vec<Result<B256, PoolError>> {
        let checked = transactions.into_iter().map(|transaction| {
            self.0.rules.check_content(&transaction).map_err(|kind| kind.of(transaction.hash()))?;
            Ok(transaction)
        });
        self.admit(checked.collect())
    }

    fn admit(&self, transactions: Vec<Result<RecoveredTransaction, PoolError>>) -> Vec<Result<B256, PoolError>> {
        let mut admitted = Vec::new();
        let results = {
            // Held until the transactions are in line, so that a block that becomes final meanwhile cannot be missed.
            let head = self.0.head.read();
            let mut results = Vec::with_capacity(transactions.len());
            // Senders are looked up in the state before the line is locked.
            let accounts = check::accounts(&head, transactions.iter().flatten());
            let mut line = self.0.line.lock();
            for transaction in transactions {
                let result = transaction.and_then(|transaction| {
                    let hash = transaction.hash();
                    let account = check::account_of(&accounts, &transaction).map_err(|kind| kind.of(hash))?;
                    line.insert(transaction.clone(), account, &self.0.limits).map_err(|kind| kind.of(hash))?;
                    admitted.push(transaction);
                    Ok(hash)
                });
                results.push(result);
            }
            if line.ready_len() > 0 && !admitted.is_empty() {
                self.0.ready.notify_waiters();
            }
            results
        };
        for transaction in admitted {
            // Nobody listens: nothing is lost.
            let _ = self.0.announcements.send(transaction);
        }
        results
    }

    /// The nonce that the next transaction of an account should have: behind those that are ready. `None`: none is, so it is
    /// the account's own.
    pub fn next_nonce(&self, address: Address) -> Option<u64> {
        self.0.line.lock().next_nonce(&address)
    }

    /// A waiting transaction.
    pub fn get(&self, hash: B256) -> Option<RecoveredTransaction> {
        self.0.line.lock().get(&hash)
    }

    /// The ready transactions, best first.
    pub fn best(&self) -> BestTransactions {
        BestTransactions { pool: self.clone(), after: None, chunk: VecDeque::new() }
    }

    /// True when transactions are ready. They may stand in a block that is not final yet, see [`crate::BlockTree::has_work`].
    pub fn has_pending(&self) -> bool {
        self.0.line.lock().ready_len() > 0
    }

    /// Completes when transactions are ready. Cancel-safe.
    pub async fn wait_nonempty(&self) {
        loop {
            let admitted = self.admitted();
            if self.has_pending() {
                return;
            }
            admitted.await;
        }
    }

    /// Completes when a transaction is admitted after this call and some are ready. Cancel-safe.
    pub fn admitted(&self) -> impl Future<Output = ()> + Send + '_ {
        // Registered now, not at the first poll: what is admitted between the caller's look and its wait counts.
        let mut notified = Box::pin(self.0.ready.notified());
        notified.as_mut().enable();
        notified
    }

    /// Every transaction that is admitted from now on. A receiver that lags loses announcements.
    pub fn subscribe(&self) -> broadcast::Receiver<RecoveredTransaction> {
        self.0.announcements.subscribe()
    }

    /// How many wait.
    pub fn status(&self) -> PoolStatus {
        self.0.line.lock().status()
    }

    /// Everything, by sender and nonce. Copies handles, not transactions.
    pub fn contents(&self) -> PoolContents {
        self.0.line.lock().contents()
    }

    /// The senders of transactions with these hashes, where they wait here; saves recovering them again.
    pub(crate) fn known_senders(&self, transactions: &[Arc<SignedTransaction>]) -> Vec<Option<Address>> {
        let line = self.0.line.lock();
        transactions.iter().map(|transaction| line.sender(&transaction.hash())).collect()
    }

    /// Takes out what could not be executed.
    pub(crate) fn remove_unusable(&self, hashes: &[B256]) {
        let mut line = self.0.line.lock();
        hashes.iter().for_each(|hash| line.remove(hash));
    }

    /// Follows the final chain: `state` is that of the latest block, `changes` are those of the blocks that became final.
    pub(crate) fn on_finalized<'a>(&self, state: StateView, changes: impl Iterator<Item = &'a Overlay>) {
        let changes: Vec<_> = changes.collect();
        let permissions_changed = changes.iter().any(|overlay| concerns_senders(overlay));
        let mut head = self.0.head.write();
        head.follow(state, permissions_changed);
        let mut line = self.0.line.lock();
        for entry in changes.iter().flat_map(|overlay| &overlay.accounts) {
            let account = entry.after.as_ref().map_or_else(Default::default, |record| check::Spendable::of(record));
            line.follow(&entry.address, account);
        }
        if permissions_changed {
            line.retain(|transaction| head.permits(transaction));
        }
    }
}
