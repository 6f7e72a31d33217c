//! Running ahead: while the transactions of a block run, one after the other, a thread runs those that come next on the state before the block, only for
//! what they read: slots and branches that are not in memory are there when they are needed.
//!
//! Nothing depends on it: what it computes is thrown away, and what it did not read is read when it is needed. A transaction whose way through the code
//! depends on one before it in the block may read other slots than it then needs.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use alloy_consensus::Header;
use alloy_evm::{Evm, EvmFactory, FromRecoveredTx, eth::EthEvmFactory};
use alloy_primitives::Address;
use revm::{context::TxEnv, database_interface::WrapDatabaseRef};

use crate::{RecoveredTransaction, SignedTransaction, StateView, evm::evm_env};

/// Transactions that are handed over at once. A block with fewer is not worth a thread.
const AT_ONCE: usize = 64;

/// So many times [`AT_ONCE`] may wait. What does not fit is left out.
const MOST_WAITING: usize = 64;

/// A transaction that will be run after so few others is not run ahead: both would read the same at the same time, each as fast as the other.
const NEAREST: usize = 24;

/// A transaction is run ahead up to this much gas: what computes for longer would only be computed twice.
const MOST_GAS: u64 = 500_000;

type Transaction = (Arc<SignedTransaction>, Address);

/// Runs ahead of one block. When it is dropped its thread has ended, and holds nothing of the store any more.
pub(super) struct Forerunner {
    start: Option<Start>,
    thread: Option<Running>,
    gathered: Vec<Transaction>,
    offered: usize,
    passed: Arc<AtomicUsize>,
}

/// What its thread needs.
struct Start {
    view: StateView,
    chain_id: u64,
    header: Header,
}

struct Running {
    transactions: Option<SyncSender<(usize, Vec<Transaction>)>>,
    thread: Option<JoinHandle<()>>,
}

impl Forerunner {
    /// For a block with this header on this state. It does nothing where the state fits its caches.
    pub(super) fn of(view: &StateView, chain_id: u64, header: &Header) -> Self {
        let is_worth_it = view.base().is_some_and(|base| base.is_larger_than_memory());
        Self::new(is_worth_it.then(|| Start { view: view.clone(), chain_id, header: header.clone() }))
    }

    fn new(start: Option<Start>) -> Self {
        Self { start, thread: None, gathered: Vec::new(), offered: 0, passed: Arc::new(AtomicUsize::new(0)) }
    }

    /// The next transaction after those that were offered.
    pub(super) fn offer(&mut self, transaction: &Arc<SignedTransaction>, sender: Address) {
        if self.start.is_none() && self.thread.is_none() {
            return;
        }
        self.gathered.push((transaction.clone(), sender));
        if self.gathered.len() == AT_ONCE {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        let gathered = std::mem::take(&mut self.gathered);
        let first = self.offered;
        self.offered += gathered.len();
        if let Some(start) = self.start.take() {
            self.thread = Running::start(start, self.passed.clone());
        }
        if let Some(Running { transactions: Some(transactions), .. }) = &self.thread {
            // The thread does not keep up.
            let _ = transactions.try_send((first, gathered));
        }
    }

    /// So many of those that were offered have been run.
    pub(super) fn passed(&self, transactions: usize) {
        self.passed.store(transactions, Ordering::Relaxed);
    }
}

impl Drop for Forerunner {
    fn drop(&mut self) {
        self.passed(usize::MAX);
    }
}

impl Running {
    fn start(start: Start, passed: Arc<AtomicUsize>) -> Option<Self> {
        let (transactions, waiting) = sync_channel(MOST_WAITING);
        let run = move || run_all(start, &waiting, &passed);
        let thread = std::thread::Builder::new().name("run-ahead".into()).spawn(run).ok()?;
        Some(Self { transactions: Some(transactions), thread: Some(thread) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.transactions.take());
        if let Some(thread) = self.thread.take() {
            // It read nothing more; others do.
            let _ = thread.join();
        }
    }
}

fn run_all(start: Start, waiting: &Receiver<(usize, Vec<Transaction>)>, passed: &AtomicUsize) {
    let Start { view, chain_id, header } = start;
    let mut env = evm_env(chain_id, &header);
    // Of a sender with several only the first has the nonce of this state.
    env.cfg_env.disable_nonce_check = true;
    env.cfg_env.disable_balance_check = true;
    let mut evm = EthEvmFactory::default().create_evm(WrapDatabaseRef(view), env);
    for (first, transactions) in waiting {
        for (index, (transaction, sender)) in (first..).zip(transactions) {
            if index < passed.load(Ordering::Relaxed).saturating_add(NEAREST) {
                continue;
            }
            let mut run = TxEnv::from_recovered_tx(transaction.envelope(), sender);
            run.gas_limit = run.gas_limit.min(MOST_GAS);
            // A failing disk says so again when the block reads.
            let _ = evm.transact_raw(run);
        }
    }
}

/// So many candidates are looked at before they are needed.
const FARTHEST: usize = 4 * AT_ONCE;

/// Candidates for a block that is being built, some of them offered to a [`Forerunner`] before they are given out.
pub(super) struct Ahead<I> {
    candidates: I,
    next: VecDeque<RecoveredTransaction>,
    given: usize,
    forerunner: Forerunner,
}

impl<I: Iterator<Item = RecoveredTransaction>> Ahead<I> {
    pub(super) fn new(candidates: I, forerunner: Forerunner) -> Self {
        Self { candidates, next: VecDeque::new(), given: 0, forerunner }
    }
}

impl<I: Iterator<Item = RecoveredTransaction>> Iterator for Ahead<I> {
    type Item = RecoveredTransaction;

    fn next(&mut self) -> Option<RecoveredTransaction> {
        self.forerunner.passed(self.given);
        if self.next.len() < FARTHEST {
            for candidate in self.candidates.by_ref().take(AT_ONCE) {
                self.forerunner.offer(candidate.signed(), candidate.sender());
                self.next.push_back(candidate);
            }
        }
        let next = self.next.pop_front();
        self.given += usize::from(next.is_some());
        next
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::testing::{CHAIN_ID, TestChain, Wallet};

    /// A chain with 320 slots whose caches are empty.
    fn chain() -> TestChain {
        let chain = TestChain::new();
        chain.advance((0..320).map(|nonce| Wallet::new(0).write(nonce, nonce, 1)).collect());
        chain.reopen()
    }

    fn start(chain: &TestChain) -> (StateView, Start) {
        let (view, head) = (chain.chain.head_state(), chain.chain.head());
        (view.clone(), Start { view, chain_id: CHAIN_ID, header: head.block().header().inner().clone() })
    }

    fn writes(nonces: std::ops::Range<u64>) -> Vec<Transaction> {
        let signed = |nonce| SignedTransaction::decode(Wallet::new(0).write(nonce, nonce - 320, 2)).unwrap();
        nonces.map(|nonce| (Arc::new(signed(nonce)), Wallet::new(0).address())).collect()
    }

    #[test]
    fn what_the_next_transactions_need_is_read_and_the_store_is_let_go() {
        let chain = chain();
        let (view, start) = start(&chain);
        let cached = || view.base().unwrap().cached_branch_bytes();
        let cached_before = cached();
        let mut forerunner = Forerunner::new(Some(start));
        for (transaction, sender) in writes(320..640) {
            forerunner.offer(&transaction, sender);
        }
        // The top and the sixteen below it, each of more than three hundred bytes there.
        let deadline = Instant::now() + Duration::from_secs(20);
        while cached() < cached_before + 17 * 300 {
            assert!(Instant::now() < deadline, "nothing was read ahead");
            std::thread::yield_now();
        }
        drop((forerunner, view));
        // A thread that still held the store would keep it locked.
        chain.reopen();
    }

    #[test]
    fn a_block_of_few_transactions_and_a_state_that_fits_its_caches_start_no_thread() {
        let chain = chain();
        let (view, start) = start(&chain);
        let mut forerunner = Forerunner::new(Some(start));
        let writes = writes(320..320 + AT_ONCE as u64);
        let (last, few) = writes.split_last().unwrap();
        few.iter().for_each(|(transaction, sender)| forerunner.offer(transaction, *sender));
        assert!(forerunner.thread.is_none());
        forerunner.offer(&last.0, last.1);
        assert!(forerunner.thread.is_some());
        let mut forerunner = Forerunner::of(&view, CHAIN_ID, chain.chain.head().block().header());
        writes.iter().for_each(|(transaction, sender)| forerunner.offer(transaction, *sender));
        assert!(forerunner.thread.is_none() && forerunner.gathered.is_empty());
    }

    #[test]
    fn candidates_are_given_out_as_they_came() {
        let chain = chain();
        let (_, start) = start(&chain);
        let candidates: Vec<_> = writes(320..520)
            .into_iter()
            .map(|(signed, sender)| RecoveredTransaction::new_unchecked(signed, sender))
            .collect();
        let hashes: Vec<_> = candidates.iter().map(|candidate| candidate.hash()).collect();
        let ahead = Ahead::new(candidates.into_iter(), Forerunner::new(Some(start)));
        assert_eq!(ahead.map(|candidate| candidate.hash()).collect::<Vec<_>>(), hashes);
    }
}
