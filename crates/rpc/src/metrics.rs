//! Counters by method, for the node to export.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Upper bounds of the latency buckets, in microseconds; a last bucket takes the rest.
pub const LATENCY_BUCKETS_US: [u64; 9] = [100, 500, 1_000, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000];

/// Counts of all methods since the server started.
#[derive(Debug)]
pub struct RpcMetrics {
    names: Vec<&'static str>,
    counters: Vec<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    requests: AtomicU64,
    errors: AtomicU64,
    total_us: AtomicU64,
    buckets: [AtomicU64; LATENCY_BUCKETS_US.len() + 1],
}

/// The counts of one method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodMetrics {
    /// The method, or `other` for all names that no method has.
    pub method: &'static str,
    /// Calls answered, errors included.
    pub requests: u64,
    /// Calls answered with an error.
    pub errors: u64,
    /// Time spent on them, waiting for a turn included, in microseconds.
    pub total_us: u64,
    /// Calls in each bucket of [`LATENCY_BUCKETS_US`], not cumulative; the last holds the slower ones.
    pub buckets: [u64; LATENCY_BUCKETS_US.len() + 1],
}

/// The index under which calls of unknown methods are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MethodIndex(pub(crate) usize);

impl RpcMetrics {
    /// Counters for `names`; one more is added for every other name.
    pub(crate) fn new(names: impl IntoIterator<Item = &'static str>) -> Self {
        let names: Vec<_> = names.into_iter().chain(["other"]).collect();
        let counters = names.iter().map(|_| Counters::default()).collect();
        Self { names, counters }
    }

    /// Where calls of unknown methods are counted.
    pub(crate) fn other(&self) -> MethodIndex {
        MethodIndex(self.names.len() - 1)
    }

    /// Counts `requests` calls that together took `elapsed`.
    pub(crate) fn record(&self, method: MethodIndex, requests: u64, errors: u64, elapsed: Duration) {
        let Some(counters) = self.counters.get(method.0) else {
            return;
        };
        let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let bucket = LATENCY_BUCKETS_US.partition_point(|bound| *bound < elapsed_us);
        counters.requests.fetch_add(requests, Relaxed);
        counters.errors.fetch_add(errors, Relaxed);
        counters.total_us.fetch_add(elapsed_us, Relaxed);
        counters.buckets[bucket].fetch_add(requests, Relaxed);
    }

    /// The counts of every method that was called at least once.
    pub fn snapshot(&self) -> Vec<MethodMetrics> {
        self.names
            .iter()
            .zip(&self.counters)
            .map(|(method, counters)| MethodMetrics {
                method,
                requests: counters.requests.load(Relaxed),
                errors: counters.errors.load(Relaxed),
                total_us: counters.total_us.load(Relaxed),
                buckets: std::array::from_fn(|bucket| counters.buckets[bucket].load(Relaxed)),
            })
            .filter(|counts| counts.requests > 0)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_method_and_bucket() {
        let metrics = RpcMetrics::new(["eth_call"]);
        metrics.record(MethodIndex(0), 1, 0, Duration::from_micros(100));
        metrics.record(MethodIndex(0), 1, 1, Duration::from_secs(5));
        metrics.record(metrics.other(), 1, 1, Duration::ZERO);
        let counts = metrics.snapshot();
        assert_eq!(counts.len(), 2);
        assert_eq!((counts[0].method, counts[0].requests, counts[0].errors), ("eth_call", 2, 1));
        assert_eq!((counts[0].buckets[0], counts[0].buckets[LATENCY_BUCKETS_US.len()]), (1, 1));
        assert_eq!(counts[1].method, "other");
    }
}
