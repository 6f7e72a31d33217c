//! The access rules as the main chain has them, remembered: a request does not wait for a chain, and an outage takes no rule away.

use std::collections::BTreeMap;

use chancery_reference_points::{
    DoorResult,
    access_rule::{AccessEntries, AccessRule},
    journal::Clock,
    s2p::S2p,
};
use parking_lot::RwLock;

/// After which time the rules are read anew, in milliseconds: so long a rule that was made through another gateway takes to count here.
const REFRESH_MS: u64 = 10_000;

/// What is known of the rules.
pub(crate) struct Rules {
    known: RwLock<Known>,
    clock: Clock,
}

#[derive(Default)]
struct Known {
    /// When they were read last, or that was tried; `None`: never with success.
    read_at_ms: Option<u64>,
    in_force: BTreeMap<String, AccessRule>,
}

impl Rules {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { known: RwLock::default(), clock }
    }

    /// The rule of a service, with its version; version 0 when there is none.
    ///
    /// # Errors
    /// `ChainUnreachable` when the rules were never read: what nobody knows narrows nothing, and would open what was closed.
    pub(crate) async fn of(&self, service: &str, s2p: &dyn S2p) -> DoorResult<(u32, AccessEntries)> {
        if self.is_due()
            && let Err(error) = self.read(s2p).await
        {
            if self.known.read().read_at_ms.is_none() {
                return Err(error);
            }
            tracing::warn!(%error, "the access rules could not be read anew: those read last count");
        }
        let known = self.known.read();
        let rule = known.in_force.get(service);
        Ok(rule.map(|rule| (rule.version, rule.entries.clone())).unwrap_or_default())
    }

    /// Reads the rules anew.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub(crate) async fn read(&self, s2p: &dyn S2p) -> DoorResult<()> {
        let rules = s2p.access_rules(None).await?;
        let mut known = self.known.write();
        for rule in rules {
            let is_newer = known.in_force.get(&rule.service).is_none_or(|old| old.version <= rule.version);
            // An answer that was asked for earlier may come later.
            if is_newer {
                known.in_force.insert(rule.service.clone(), rule);
            }
        }
        known.read_at_ms = Some((self.clock)());
        Ok(())
    }

    /// Whether this request is the one that reads them anew: the others go on with what is known.
    fn is_due(&self) -> bool {
        let now_ms = (self.clock)();
        let is_old = |known: &Known| known.read_at_ms.is_none_or(|read| now_ms.saturating_sub(read) >= REFRESH_MS);
        if !is_old(&self.known.read()) {
            return false;
        }
        let mut known = self.known.write();
        let is_due = is_old(&known);
        if known.read_at_ms.is_some() {
            known.read_at_ms = Some(now_ms);
        }
        is_due
    }
}
