//! Reading ahead: while the transactions of a block run, one after the other, a thread reads the branches of the tries that the update after them needs.
//!
//! Where the branches do not fit their cache most of those at the bottom are read from the store, about one for each slot that is written, while the
//! transactions themselves use one core. Nothing depends on it: what was not read ahead is read when it is needed, and what was lies in the cache.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use alloy_primitives::{Address, U256};

use crate::{StateView, state::AccountRecord};

/// Writes that are handed over at once. A block with fewer is not worth a thread.
pub(super) const WRITES_AT_ONCE: usize = 64;

/// So many times [`WRITES_AT_ONCE`] may wait. What does not fit is left out.
const MOST_WAITING: usize = 64;

/// A slot that a transaction has written, of an account that had slots before the block.
struct Write {
    owner: Address,
    before: Arc<AccountRecord>,
    slot: U256,
}

/// The thread's end that the block being run holds. When it is dropped the thread has ended, and holds nothing of the store any more.
pub(super) struct ReadAhead {
    /// `None` when it would not pay.
    view: Option<StateView>,
    writes: Vec<Write>,
    reader: Option<Reader>,
}

struct Reader {
    writes: Option<SyncSender<Vec<Write>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ReadAhead {
    /// For a block on this state.
    pub(super) fn of(view: &StateView) -> Self {
        Self::new(view.base().is_some_and(|base| base.reads_ahead()).then(|| view.clone()))
    }

    fn new(view: Option<StateView>) -> Self {
        Self { view, writes: Vec::new(), reader: None }
    }

    /// A transaction wrote a slot of an account that was `before` in the state before the block.
    pub(super) fn wrote(&mut self, owner: Address, before: Option<&Arc<AccountRecord>>, slot: U256) {
        let Some(view) = &self.view else { return };
        let Some(before) = before.filter(|record| record.storage_top.is_some()) else { return };
        self.writes.push(Write { owner, before: before.clone(), slot });
        if self.writes.len() < WRITES_AT_ONCE {
            return;
        }
        let writes = std::mem::take(&mut self.writes);
        if self.reader.is_none() {
            self.reader = Reader::start(view.clone());
        }
        match &self.reader {
            Some(reader) => reader.hand_over(writes),
            // No thread to be had.
            None => self.view = None,
        }
    }
}

impl Reader {
    fn start(view: StateView) -> Option<Self> {
        let (writes, waiting) = sync_channel(MOST_WAITING);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let read = move || read_all(&view, &waiting, &stopped);
        let thread = std::thread::Builder::new().name("read-ahead".into()).spawn(read).ok()?;
        Some(Self { writes: Some(writes), stop, thread: Some(thread) })
    }

    fn hand_over(&self, writes: Vec<Write>) {
        if let Some(waiting) = &self.writes {
            // The thread does not keep up.
            let _ = waiting.try_send(writes);
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.writes.take());
        if let Some(thread) = self.thread.take() {
            // It read nothing more: the update does.
            let _ = thread.join();
        }
    }
}

fn read_all(view: &StateView, waiting: &Receiver<Vec<Write>>, stopped: &AtomicBool) {
    for Write { owner, before, slot } in waiting.iter().flatten() {
        // A failing disk says so again when the update reads.
        if stopped.load(Ordering::Relaxed) || view.visit(owner, &before, slot).is_err() {
            return;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::{Duration, Instant};

    use alloy_primitives::keccak256;

    use super::*;
    use crate::testing::{TestChain, WRITER, Wallet};

    /// A chain with 320 slots whose caches are empty.
    fn chain() -> TestChain {
        let chain = TestChain::new();
        let writes = (0..320).map(|nonce| Wallet::new(0).write(nonce, nonce, 1));
        chain.advance(writes.collect());
        chain.reopen()
    }

    fn writer(view: &StateView) -> Arc<AccountRecord> {
        view.record(&keccak256(WRITER)).unwrap().unwrap()
    }

    #[test]
    fn branches_under_written_slots_are_read_and_the_store_is_let_go() {
        let chain = chain();
        let view = chain.chain.head_state();
        let before = writer(&view);
        let cached = || view.base().unwrap().cached_branch_bytes();
        let cached_before = cached();
        let mut ahead = ReadAhead::new(Some(view.clone()));
        for slot in 0..320 {
            ahead.wrote(WRITER, Some(&before), U256::from(slot));
        }
        // The top and the sixteen below it, each of more than three hundred bytes there.
        let deadline = Instant::now() + Duration::from_secs(20);
        while cached() < cached_before + 17 * 300 {
            assert!(Instant::now() < deadline, "nothing was read ahead");
            std::thread::yield_now();
        }
        drop((ahead, view));
        // A thread that still held the store would keep it locked.
        chain.reopen();
    }

    #[test]
    fn few_writes_and_accounts_without_slots_start_no_thread() {
        let chain = chain();
        let view = chain.chain.head_state();
        let (before, sender) = (writer(&view), view.record(&keccak256(Wallet::new(0).address())).unwrap());
        let mut ahead = ReadAhead::new(Some(view));
        for slot in 0..WRITES_AT_ONCE as u64 - 1 {
            ahead.wrote(WRITER, Some(&before), U256::from(slot));
            ahead.wrote(WRITER, sender.as_ref(), U256::from(slot));
            ahead.wrote(WRITER, None, U256::from(slot));
        }
        assert!(ahead.reader.is_none());
        ahead.wrote(WRITER, Some(&before), U256::from(999));
        assert!(ahead.reader.is_some());
    }

    /// What fits the cache is there already.
    #[test]
    fn a_state_that_fits_its_cache_is_not_read_ahead() {
        let chain = chain();
        let mut ahead = ReadAhead::of(&chain.chain.head_state());
        let before = writer(&chain.chain.head_state());
        (0..320).for_each(|slot| ahead.wrote(WRITER, Some(&before), U256::from(slot)));
        assert!(ahead.reader.is_none());
    }
}
