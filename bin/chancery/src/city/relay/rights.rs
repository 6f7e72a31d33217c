//! The main chain's organizations, rights and keys to a side chain: when they change, and before they lapse.

use std::{
    collections::BTreeSet,
    time::{SystemTime, UNIX_EPOCH},
};

use alloy_primitives::{B256, Bytes};
use anyhow::Result;
use chancery_bridge::relay::{
    AnchorRelay, RelayError,
    trust::{Issuer, TrustRelay},
};
use chancery_contracts::predeploys;
use chancery_ledger::Call;
use chancery_primitives::{CertificateKind, Right};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use super::{super::genesis::TRUST_MAX_AGE_S, CARRY_TIMEOUT, RETRY_PAUSE, RightsLink, headers::Feed, news::News};

/// Most key records of an organization that are looked through, the newest of them.
const MAX_KEY_RECORDS: u64 = 10_000;
/// Most organizations of the main chain that are looked through.
const MAX_ORGANIZATIONS: u64 = 10_000;
/// How often the pause after a failure is doubled: it becomes a minute.
const MAX_DOUBLINGS: u32 = 6;
/// How often all that a side chain knows is looked through, in seconds of the main chain's time: what is half as old as it may become is shown again, so that
/// nothing lapses before three quarters of its time are over.
const SWEEP_S: u64 = TRUST_MAX_AGE_S / 4;

/// Age of the newest block of a chain that has stood still: one that runs makes a block each ten seconds.
const STALE_MS: u64 = 60_000;

/// Times in milliseconds since 1970.
const fn is_stale(block_ms: u64, now_ms: u64) -> bool {
    now_ms.saturating_sub(block_ms) > STALE_MS
}

/// The clock of this process, whose nodes make the chains' blocks by it.
fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// From the main chain to a side chain.
pub(super) struct Rights {
    trust: TrustRelay,
    feed: Feed,
    rights: Vec<B256>,
    main: News,
    host: News,
    genesis_header: Bytes,
    /// Organizations that have changed.
    changed: BTreeSet<B256>,
    /// Organizations of which the side chain has to know; `None` until all of the main chain were looked through.
    concerned: Option<BTreeSet<B256>>,
    /// When what failed is tried again, and how often it has failed in a row.
    retry_at: Option<Instant>,
    failures: u32,
    /// All have to be looked through when the main chain's time is so late.
    sweep_at_s: u64,
}

impl Rights {
    pub(super) fn new(anchor: AnchorRelay, link: RightsLink) -> Result<Self> {
        let RightsLink { side, main, host, genesis_header, place } = link;
        let kind: CertificateKind = side.name.parse()?;
        let rights = [Right::issue(kind), Right::INSPECTION].map(|right| right.to_bytes32()).to_vec();
        let trust = TrustRelay {
            anchor: anchor.clone(),
            organizations: predeploys::ORGANIZATION_REGISTRY,
            registry: predeploys::TRUST_REGISTRY,
            max_key_records: MAX_KEY_RECORDS,
        };
        let (changed, feed) = (BTreeSet::new(), Feed::new(anchor, place));
        Ok(Self {
            trust,
            feed,
            rights,
            main,
            host,
            genesis_header,
            changed,
            concerned: None,
            retry_at: None,
            failures: 0,
            sweep_at_s: 0,
        })
    }

    /// Shows what the side chain has to know until it is dropped; says when it knows all for the first time.
    pub(super) async fn keep_shown(mut self, told: &watch::Sender<usize>) {
        self.feed.begin(&self.genesis_header).await;
        let mut is_told = false;
        loop {
            self.hear();
            let is_shown = self.show_due().await;
            if is_shown && !is_told {
                is_told = true;
                told.send_modify(|count| *count += 1);
            }
            self.host.catch_up();
            let looked = !self.host.take().is_anything() || self.feed.look().await;
            if !looked {
                self.host.listen_to(self.feed.relay.anchor);
            }
            let is_done = is_shown && looked && self.feed.push_if_due(self.main.head).await;
            tokio::select! {
                () = self.main.next() => {}
                () = self.host.next() => {}
                () = sleep(RETRY_PAUSE), if !is_done => {}
            }
        }
    }

    fn hear(&mut self) {
        self.main.catch_up();
        let heard = self.main.take();
        self.changed.extend(heard.subjects);
        if heard.is_incomplete {
            (self.sweep_at_s, self.concerned) = (0, None);
        }
    }

    /// Whether nothing is left to show now.
    async fn show_due(&mut self) -> bool {
        let is_sweep = self.main.time_s >= self.sweep_at_s;
        if !is_sweep && self.changed.is_empty() {
            return true;
        }
        // While it is frozen nothing counts, and nothing can be shown.
        if self.feed.place.is_frozen() {
            return true;
        }
        // Not at each block: what fails may have cost a header.
        if self.retry_at.is_some_and(|at| Instant::now() < at) {
            return false;
        }
        // Noted before it is begun: what changes meanwhile is shown in the next round.
        let changed = std::mem::take(&mut self.changed);
        let next_sweep_s = self.main.time_s.saturating_add(SWEEP_S);
        let carrying = Box::pin(self.carry(&changed, is_sweep));
        let outcome = timeout(CARRY_TIMEOUT, carrying).await;
        let failed = match outcome {
            Ok(Ok(facts)) => {
                self.feed.place.showed(facts);
                (self.retry_at, self.failures) = (None, 0);
                if is_sweep {
                    self.sweep_at_s = next_sweep_s;
                }
                return true;
            }
            Ok(Err(error)) => format!("{error:#}"),
            Err(_) => "it takes too long".to_owned(),
        };
        self.changed.extend(changed);
        self.retry_at = Some(Instant::now() + RETRY_PAUSE * (1 << self.failures.min(MAX_DOUBLINGS)));
        self.failures += 1;
        self.feed.fail("facts of the main chain cannot be shown", &failed)
    }

    /// The newest of everybody first, from one block; then keys that are further back. Of those who have changed, or of all of whom the side chain has to know.
    async fn carry(&mut self, changed: &BTreeSet<B256>, is_sweep: bool) -> Result<usize, RelayError> {
        let asked = match &self.concerned {
            None => self.trust.registered(MAX_ORGANIZATIONS).await?,
            Some(_) => changed.iter().copied().collect(),
        };
        let found = Box::pin(self.trust.concerned(self.issuers(asked))).await?;
        let found: BTreeSet<B256> = found.into_iter().map(|issuer| issuer.organization).collect();
        let known = self.concerned.get_or_insert_default();
        known.extend(&found);
        let carried = if is_sweep { known.iter().copied().collect() } else { found.into_iter().collect() };
        let issuers = self.issuers(carried);
        if is_sweep {
            Box::pin(self.wake()).await?;
        }
        let mut facts = Box::pin(self.trust.carry_newest(&issuers)).await?;
        for issuer in &issuers {
            facts += Box::pin(self.trust.carry_older_keys(issuer)).await?;
        }
        Ok(facts)
    }

    /// The newest blocks of chains that have stood still, as while the city was stopped, are old: by the time of the host's nothing seems due, and what is shown from
    /// the main chain's has lapsed already. A transaction that does nothing makes a block of now.
    async fn wake(&self) -> Result<(), RelayError> {
        let AnchorRelay { followed, host, key, .. } = &self.trust.anchor;
        for chain in [followed, host] {
            if is_stale(chain.head().await?.time_ms, now_ms()) {
                let nothing = Call { to: Some(key.address()), data: Bytes::new() };
                chain.submit(key, nothing).await?;
            }
        }
        Ok(())
    }

    fn issuers(&self, codes: Vec<B256>) -> Vec<Issuer> {
        codes.into_iter().map(|organization| Issuer { organization, rights: self.rights.clone() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // TRUST-3: what was proven before a city stood still is shown anew from a block of now, and a heartbeat is no standing still.
    #[test]
    fn a_chain_has_stood_still_when_heartbeats_are_missing() {
        assert!(!is_stale(100_000, 111_000) && !is_stale(100_000, 160_000));
        assert!(is_stale(100_000, 160_001));
        assert!(!is_stale(100_000, 90_000), "a block may lie ahead of this clock");
    }
}
