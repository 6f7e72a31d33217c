//! Installed filters (`eth_newFilter` and its kin) and their expiry.
//!
//! Blocks are final and contiguous, so a block or log filter is no queue but a height: "everything after this". Only a
//! filter of pending transactions hangs on a queue, the pool's own bounded announcement channel.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use alloy_primitives::{B128, U128};
use alloy_rpc_types_eth::Filter;
use chancery_execution::RecoveredTransaction;
use parking_lot::Mutex;
use tokio::sync::broadcast;

use crate::{error::RpcError, limits::RpcLimits};

/// The id of a filter: random, so that one client does not find another's.
pub(crate) type FilterKey = U128;

/// What a filter reports.
#[derive(Debug)]
pub(crate) enum FilterKind {
    /// Hashes of blocks above `reported`.
    Blocks {
        /// The highest block that was reported or existed at installation.
        reported: u64,
    },
    /// Logs of blocks above `reported`.
    Logs {
        /// Which logs.
        filter: Box<Filter>,
        /// The highest block that was reported or existed at installation.
        reported: u64,
    },
    /// Transactions that enter the pool.
    PendingTransactions {
        /// Where the pool announces them.
        announced: broadcast::Receiver<RecoveredTransaction>,
        /// Report whole transactions instead of hashes.
        full: bool,
    },
}

#[derive(Debug)]
struct Installed {
    kind: FilterKind,
    polled: Instant,
}

/// All installed filters.
#[derive(Debug)]
pub(crate) struct Filters {
    most: u32,
    idle: Duration,
    installed: Mutex<HashMap<FilterKey, Installed>>,
}

impl Filters {
    pub(crate) fn new(limits: &RpcLimits) -> Self {
        Self {
            most: limits.max_filters,
            idle: Duration::from_secs(limits.filter_idle_seconds),
            installed: Mutex::new(HashMap::new()),
        }
    }

    /// Installs a filter, after the idle ones were removed.
    pub(crate) fn install(&self, kind: FilterKind, now: Instant) -> Result<FilterKey, RpcError> {
        let mut installed = self.installed.lock();
        installed.retain(|_, filter| now.saturating_duration_since(filter.polled) < self.idle);
        if installed.len() >= self.most as usize {
            return Err(RpcError::Busy {
                limit: "max_filters",
                value: self.most.into(),
                message: "too many filters are installed",
            });
        }
        let key = FilterKey::from_be_bytes(B128::random().0);
        installed.insert(key, Installed { kind, polled: now });
        Ok(key)
    }

    /// Removes a filter; false if it was not there.
    pub(crate) fn uninstall(&self, key: FilterKey) -> bool {
        self.installed.lock().remove(&key).is_some()
    }

    /// Lets `look` see and advance a filter. It must not do long work: it holds the lock.
    pub(crate) fn poll<T>(
        &self,
        key: FilterKey,
        now: Instant,
        look: impl FnOnce(&mut FilterKind) -> T,
    ) -> Result<T, RpcError> {
        let mut installed = self.installed.lock();
        let filter = installed.get_mut(&key).ok_or(RpcError::UnknownFilter)?;
        if now.saturating_duration_since(filter.polled) >= self.idle {
            installed.remove(&key);
            return Err(RpcError::UnknownFilter);
        }
        filter.polled = now;
        Ok(look(&mut filter.kind))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn filters(most: u32, idle_seconds: u64) -> Filters {
        Filters::new(&RpcLimits { max_filters: most, filter_idle_seconds: idle_seconds, ..RpcLimits::default() })
    }

    fn blocks() -> FilterKind {
        FilterKind::Blocks { reported: 0 }
    }

    #[test]
    fn a_filter_lives_while_it_is_polled_and_dies_when_it_is_not() {
        let filters = filters(8, 10);
        let start = Instant::now();
        let key = filters.install(blocks(), start).unwrap();
        for poll in 1..4u64 {
            filters.poll(key, start + Duration::from_secs(9 * poll), |_| ()).unwrap();
        }
        let error = filters.poll(key, start + Duration::from_secs(27 + 10), |_| ()).unwrap_err();
        assert!(matches!(error, RpcError::UnknownFilter));
        assert!(!filters.uninstall(key), "an idle filter is removed, not only refused");
    }

    #[test]
    fn the_limit_holds_and_idle_filters_make_room() {
        let filters = filters(2, 10);
        let start = Instant::now();
        filters.install(blocks(), start).unwrap();
        let second = filters.install(blocks(), start).unwrap();
        let error = filters.install(blocks(), start).unwrap_err();
        assert!(matches!(error, RpcError::Busy { limit: "max_filters", value: 2, .. }));
        assert!(filters.uninstall(second));
        filters.install(blocks(), start).unwrap();
        filters.install(blocks(), start + Duration::from_secs(10)).unwrap();
    }
}
