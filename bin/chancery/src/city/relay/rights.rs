//! The main chain's organizations, rights and keys to a side chain: when they change, and before they lapse.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use alloy_primitives::{B256, Bytes};
use anyhow::Result;
use chancery_bridge::relay::{
    AnchorRelay, RelayError,
    trust::{Issuer, OlderKeys, TrustRelay},
};
use chancery_contracts::predeploys;
use chancery_ledger::Call;
use chancery_primitives::{CertificateKind, Right};
use futures::future::join;
use tokio::{
    sync::{Mutex, watch},
    time::{Instant, error::Elapsed, sleep, timeout},
};

use super::{CARRY_TIMEOUT, RETRY_PAUSE, RightsLink, due::Due, headers::Feed, news::News};

/// Most key records of an organization that are looked through, the newest of them.
const MAX_KEY_RECORDS: u64 = 10_000;
/// Most organizations of the main chain that are looked through.
const MAX_ORGANIZATIONS: u64 = 10_000;
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
    /// What is to be shown when.
    due: Due,
    older: OlderKeys,
    /// Held while a chain is woken.
    waking: Arc<Mutex<()>>,
    /// Organizations of which the side chain has to know; `None` until all of the main chain were looked through.
    concerned: Option<BTreeSet<B256>>,
}

impl Rights {
    pub(super) fn new(anchor: AnchorRelay, link: RightsLink, waking: Arc<Mutex<()>>) -> Result<Self> {
        let RightsLink { side, main, host, genesis_header, place } = link;
        let kind: CertificateKind = side.name.parse()?;
        let rights = [Right::issue(kind), Right::INSPECTION].map(|right| right.to_bytes32()).to_vec();
        let trust = TrustRelay {
            anchor: anchor.clone(),
            organizations: predeploys::ORGANIZATION_REGISTRY,
            registry: predeploys::TRUST_REGISTRY,
            max_key_records: MAX_KEY_RECORDS,
        };
        let feed = Feed::new(anchor, place);
        Ok(Self {
            trust,
            feed,
            rights,
            main,
            host,
            genesis_header,
            due: Due::default(),
            older: OlderKeys::default(),
            waking,
            concerned: None,
        })
    }

    /// Shows what the side chain has to know until it is dropped; says when it knows the newest of all for the first time.
    pub(super) async fn keep_shown(mut self, told: &watch::Sender<usize>) {
        let (older, trust, rights) = (self.older.clone(), self.trust.clone(), self.rights.clone());
        let place = self.feed.place.clone();
        let newest = async {
            self.feed.begin(&self.genesis_header, &mut self.main, &mut self.host).await;
            self.keep_newest_shown(told).await;
        };
        let older = older.keep_shown(&trust, &rights, |outcome| match outcome {
            Ok(facts) => place.showed(facts),
            Err(error) => place.failed("older keys of the main chain cannot be shown", &error),
        });
        join(Box::pin(newest), Box::pin(older)).await;
    }

    async fn keep_newest_shown(&mut self, told: &watch::Sender<usize>) {
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
            let is_forgotten = self.feed.place.take_forgotten();
            if is_forgotten {
                self.due.sweep();
            }
            // Whatever cannot be shown: of two branches the side chain has to know.
            self.main.catch_up();
            let is_compared = looked && self.feed.compare(self.main.head).await;
            let is_done = is_shown && !is_forgotten && is_compared && self.feed.push_if_due(self.main.head).await;
            // It came while something else was shown, and its block is not told a second time: the next may be a heartbeat away.
            if self.main.has_heard() {
                continue;
            }
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
        self.due.changed(heard.subjects);
        if heard.is_incomplete {
            self.due.sweep();
            self.concerned = None;
        }
    }

    /// Whether nothing is left to show now.
    async fn show_due(&mut self) -> bool {
        // While it is frozen nothing counts, and nothing can be shown.
        if self.feed.place.is_frozen() {
            return true;
        }
        // Taken before it is begun: what changes meanwhile is shown in the next round.
        let (round, time_s) = (self.due.round(Instant::now(), self.main.time_s), self.main.time_s);
        // What is new first, and by itself: nobody's keys and no failure hold up a loss.
        let mut is_done = true;
        if !round.codes.is_empty() {
            let outcome = timeout(CARRY_TIMEOUT, Box::pin(self.carry_changed(&round.codes))).await;
            is_done = self.is_shown(outcome);
        }
        let mut is_swept = false;
        if round.is_sweep {
            let outcome = timeout(CARRY_TIMEOUT, Box::pin(self.sweep())).await;
            is_swept = self.is_shown(outcome);
        }
        self.due.ended(round, is_done, is_swept.then_some(time_s), Instant::now());
        !self.due.is_anything(self.main.time_s)
    }

    fn is_shown(&self, outcome: Result<Result<usize, RelayError>, Elapsed>) -> bool {
        let failed = match outcome {
            Ok(Ok(facts)) => {
                self.feed.place.showed(facts);
                return true;
            }
            Ok(Err(error)) => format!("{error:#}"),
            Err(_) => "it takes too long".to_owned(),
        };
        self.feed.fail("facts of the main chain cannot be shown", &failed)
    }

    /// The newest of those who have changed, from one block; keys that are further back are looked through beside it.
    async fn carry_changed(&mut self, changed: &BTreeSet<B256>) -> Result<usize, RelayError> {
        let issuers = Box::pin(self.trust.concerned(self.issuers(changed.iter().copied()))).await?;
        let codes = issuers.iter().map(|issuer| issuer.organization);
        if let Some(known) = &mut self.concerned {
            known.extend(codes.clone());
        }
        self.older.want(codes);
        Box::pin(self.trust.carry_newest(&issuers)).await
    }

    /// The same of all of whom the side chain has to know.
    async fn sweep(&mut self) -> Result<usize, RelayError> {
        if self.concerned.is_none() {
            let all = self.trust.registered(MAX_ORGANIZATIONS).await?;
            let found = Box::pin(self.trust.concerned(self.issuers(all))).await?;
            self.concerned = Some(found.into_iter().map(|issuer| issuer.organization).collect());
        }
        let known = self.concerned.clone().unwrap_or_default();
        Box::pin(self.wake()).await?;
        self.older.want(known.iter().copied());
        Box::pin(self.trust.carry_newest(&self.issuers(known))).await
    }

    /// The newest blocks of chains that have stood still, as while the city was stopped, are old: by the time of the host's nothing seems due, and what is shown from
    /// the main chain's has lapsed already. A transaction that does nothing makes a block of now.
    async fn wake(&self) -> Result<(), RelayError> {
        // One after the other: the next finds the main chain awake. Each transaction there is a nonce before those by which anchors are found again.
        let _alone = self.waking.lock().await;
        let AnchorRelay { followed, host, key, .. } = &self.trust.anchor;
        for chain in [followed, host] {
            if is_stale(chain.head().await?.time_ms, now_ms()) {
                let nothing = Call { to: Some(key.address()), data: Bytes::new() };
                chain.submit(key, nothing).await?;
            }
        }
        Ok(())
    }

    fn issuers(&self, codes: impl IntoIterator<Item = B256>) -> Vec<Issuer> {
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
