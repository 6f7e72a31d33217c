//! What happens to transactions between the request that brings them and the block that they end in.

use std::sync::atomic::{AtomicUsize, Ordering};

use alloy_primitives::B256;
use parking_lot::Mutex;
use schnellru::{ByLength, LruMap};
use tracing::{Span, info, info_span};

use crate::{TARGET, is_followed};

/// Transactions that one node follows; of more, those that were not heard of for longest are let go.
pub const MAX_JOURNEYS: u32 = 4096;

/// The transactions that are followed on one chain. Whoever asks pays one look at a counter while there are none.
pub struct Journeys {
    count: AtomicUsize,
    spans: Mutex<LruMap<B256, Span, ByLength>>,
}

impl std::fmt::Debug for Journeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journeys").field("count", &self.count).finish_non_exhaustive()
    }
}

impl Default for Journeys {
    fn default() -> Self {
        Self { count: AtomicUsize::new(0), spans: Mutex::new(LruMap::new(ByLength::new(MAX_JOURNEYS))) }
    }
}

impl Journeys {
    /// Follows a transaction that is about to be given to the node, if what gives it is followed and nobody has given it before. True: it is followed from now on, and whoever
    /// called says with [`Self::forget`] when the node does not take it.
    pub fn begin(&self, chain_id: u64, transaction: B256) -> bool {
        if !is_followed() {
            return false;
        }
        let mut spans = self.spans.lock();
        if spans.get(&transaction).is_some() {
            return false;
        }
        let span = info_span!(target: TARGET, "transaction", chain.id = chain_id, transaction.hash = %transaction);
        // Whoever gives it has a span of another kind.
        if span.is_disabled() {
            return false;
        }
        let begun = spans.insert(transaction, span);
        self.count.store(spans.len(), Ordering::Release);
        begun
    }

    /// The node has not taken it.
    pub fn forget(&self, transaction: B256) {
        self.take([transaction]);
    }

    /// Notes of those that are followed that something has happened in the block of a height.
    pub fn note(&self, transactions: impl IntoIterator<Item = B256>, height: u64, happened: &'static str) {
        if self.are_none() {
            return;
        }
        let mut spans = self.spans.lock();
        for transaction in transactions {
            if let Some(span) = spans.get(&transaction) {
                info!(target: TARGET, parent: &*span, height, "{happened}");
            }
        }
    }

    /// Lets go of those that are followed; each one's journey ends when its span is dropped.
    #[must_use]
    pub fn end(&self, transactions: impl IntoIterator<Item = B256>) -> Vec<Span> {
        self.take(transactions)
    }

    fn take(&self, transactions: impl IntoIterator<Item = B256>) -> Vec<Span> {
        if self.are_none() {
            return Vec::new();
        }
        let mut spans = self.spans.lock();
        let taken = transactions.into_iter().filter_map(|transaction| spans.remove(&transaction)).collect();
        self.count.store(spans.len(), Ordering::Release);
        taken
    }

    fn are_none(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(work: impl FnOnce()) {
        tracing::subscriber::with_default(tracing_subscriber::registry(), || {
            info_span!(target: TARGET, "request").in_scope(work);
        });
    }

    // TRACE-3
    #[test]
    fn what_nobody_follows_is_not_kept() {
        let journeys = Journeys::default();
        assert!(!journeys.begin(7100, B256::repeat_byte(1)));
        assert!(journeys.are_none());
    }

    #[test]
    fn a_journey_begins_once_and_ends_once() {
        let (journeys, transaction) = (Journeys::default(), B256::repeat_byte(1));
        followed(|| {
            assert!(journeys.begin(7100, transaction));
            assert!(!journeys.begin(7100, transaction), "sent again");
            journeys.note([transaction, B256::ZERO], 3, "built");
            assert_eq!(journeys.end([B256::ZERO, transaction]).len(), 1);
            assert!(journeys.are_none());
            assert!(journeys.begin(7100, transaction));
            journeys.forget(transaction);
            assert!(journeys.are_none());
        });
    }

    // TRACE-3
    #[test]
    fn journeys_that_do_not_end_are_let_go() {
        let journeys = Journeys::default();
        followed(|| {
            for number in 0..=u64::from(MAX_JOURNEYS) {
                journeys.begin(7100, B256::left_padding_from(&number.to_be_bytes()));
            }
            assert_eq!(journeys.spans.lock().len(), MAX_JOURNEYS as usize);
            assert!(journeys.end([B256::ZERO]).is_empty(), "the oldest is gone");
        });
    }
}
