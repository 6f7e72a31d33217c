//! Certificates of a side chain to another chain on which their kinds are shown, without their content: when their holders agree, when they change, and before they lapse
//! (`docs/specs/trust.md`). Of holders who have agreed to nothing, nothing is carried.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, Bytes};
use chancery_bridge::relay::{
    AnchorRelay, HeldRelay, RelayError,
    trust::{Consent, Kept},
};
use chancery_contracts::predeploys;
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    super::genesis::TRUST_MAX_AGE_S,
    CARRY_TIMEOUT, HeldLink,
    due::{SWEEP_S, pause_after},
    headers::{Feed, pause},
    made::{Made, Sort},
    news::News,
};

/// Most consents that are known at a time; of more, the newest are read again.
const MAX_CONSENTS: usize = 20_000;

/// Carries to one contract.
pub(super) struct Held {
    relay: HeldRelay,
    feed: Feed,
    /// Of the side chain, and its certificates.
    followed: News,
    /// Of the host, and what is shown there.
    host: News,
    genesis_header: Bytes,
    /// The anchor has the genesis of the side chain.
    has_begun: bool,
    /// The anchor has to be looked at: whether it is frozen.
    is_look_due: bool,
    known: Known,
}

/// What is known of holders, and what waits.
#[derive(Default)]
struct Known {
    consents: BTreeSet<Consent>,
    /// Certificates of holders, newest first; of those that were looked at.
    issued: BTreeMap<Address, Vec<B256>>,
    /// Holders that have to be looked at; also what is fresh of those that are marked.
    waiting: BTreeMap<Address, bool>,
    /// Certificates that have changed.
    changed: BTreeSet<B256>,
    /// The same of what has failed: it is tried again later, and holds up nothing else.
    failed: (BTreeMap<Address, bool>, BTreeSet<B256>),
    /// Everything has to be read anew.
    is_incomplete: bool,
    /// All have to be looked at when the side chain's time is so late.
    sweep_at_s: u64,
    retry_at: Option<Instant>,
    failures: u32,
}

impl Known {
    /// Every holder is looked at.
    fn sweep(&mut self, fresh_too: bool) {
        for Consent { holder, .. } in &self.consents {
            *self.waiting.entry(*holder).or_default() |= fresh_too;
        }
    }

    /// The kinds that a holder has agreed to, once.
    fn kinds_of(&self, holder: Address) -> Vec<Consent> {
        let first = Consent { holder, kind: B256::ZERO };
        self.consents.range(first..).take_while(|consent| consent.holder == holder).copied().collect()
    }

    /// What has failed waits again, once its time has come; whether it has.
    fn is_retry(&mut self) -> bool {
        let is_retry = self.retry_at.is_none_or(|at| Instant::now() >= at);
        if is_retry {
            for (holder, fresh_too) in std::mem::take(&mut self.failed.0) {
                *self.waiting.entry(holder).or_default() |= fresh_too;
            }
            self.changed.append(&mut self.failed.1);
        }
        is_retry
    }

    fn ended(&mut self, is_retry: bool, is_done: bool) {
        if !is_done && (is_retry || self.retry_at.is_none()) {
            self.retry_at = Some(Instant::now() + pause_after(self.failures));
            self.failures = self.failures.saturating_add(1);
        } else if is_done && is_retry {
            (self.retry_at, self.failures) = (None, 0);
        }
    }
}

impl Held {
    /// To a contract in the genesis of the host.
    pub(super) fn founded(anchor: AnchorRelay, link: HeldLink, registry: Address) -> Self {
        Self::over(HeldRelay { anchor, certificates: predeploys::CERTIFICATE_REGISTRY, registry }, link)
    }

    /// To a contract that this relay's key has made, or makes now. Tries until it stands.
    pub(super) async fn made(anchor: AnchorRelay, mut link: HeldLink, noted: &Made) -> Self {
        let followed = anchor.followed.name().to_owned();
        let known = noted.known(Sort::HeldCertificates, &followed);
        let mut failures = 0;
        loop {
            let certificates = predeploys::CERTIFICATE_REGISTRY;
            match Box::pin(HeldRelay::find_or_make(anchor.clone(), certificates, TRUST_MAX_AGE_S, known)).await {
                Ok(relay) => {
                    noted.stands(Sort::HeldCertificates, &followed, relay.registry);
                    return Self::over(relay, link);
                }
                Err(error) => {
                    link.place.failed("what shows certificates of holders cannot be made", &error);
                    pause(&mut failures, &mut link.followed, &mut link.host).await;
                }
            }
        }
    }

    fn over(relay: HeldRelay, link: HeldLink) -> Self {
        let HeldLink { mut followed, mut host, genesis_header, place } = link;
        followed.listen_to(relay.certificates);
        host.listen_to(relay.registry);
        place.shows(relay.registry);
        let feed = Feed::new(relay.anchor.clone(), place);
        let known = Known { is_incomplete: true, ..Known::default() };
        Self { relay, feed, followed, host, genesis_header, has_begun: false, is_look_due: true, known }
    }

    /// Shows what is due until it is dropped.
    pub(super) async fn keep_shown(mut self) {
        loop {
            self.hear();
            if self.is_look_due {
                self.look().await;
            }
            let is_retry = self.known.is_retry();
            let is_done = self.carry(is_retry).await;
            self.known.ended(is_retry, is_done);
            let retry_at = self.known.retry_at;
            tokio::select! {
                () = self.followed.next() => {}
                () = self.host.next() => {}
                () = sleep_until(retry_at.unwrap_or_else(Instant::now)), if retry_at.is_some() => {}
            }
        }
    }

    fn hear(&mut self) {
        self.host.catch_up();
        self.followed.catch_up();
        let (agreed, changed) = (self.host.take(), self.followed.take());
        self.known.is_incomplete |= agreed.is_incomplete || changed.is_incomplete;
        self.known.waiting.extend(agreed.subjects.into_iter().map(|holder| (Address::from_word(holder), true)));
        self.known.changed.extend(changed.subjects);
        if self.followed.time_s >= self.known.sweep_at_s {
            self.known.sweep_at_s = self.followed.time_s.saturating_add(SWEEP_S);
            self.known.sweep(false);
            self.is_look_due = true;
        }
    }

    /// What waits, one after the other, what has changed before what is looked through; whether nothing has failed.
    async fn carry(&mut self, is_retry: bool) -> bool {
        let mut is_done = true;
        loop {
            self.hear();
            if self.known.is_incomplete && (is_retry || self.known.retry_at.is_none()) && is_done {
                let outcome = in_time(self.read_all()).await;
                is_done &= self.is_carried(outcome);
            } else if let Some(id) = self.known.changed.pop_first() {
                let outcome = in_time(self.change(id)).await;
                if !self.is_carried(outcome) {
                    is_done = false;
                    self.known.failed.1.insert(id);
                }
            } else if let Some((holder, fresh_too)) = self.known.waiting.pop_first() {
                let outcome = in_time(self.look_at(holder, fresh_too)).await;
                if !self.is_carried(outcome) {
                    is_done = false;
                    *self.known.failed.0.entry(holder).or_default() |= fresh_too;
                }
            } else {
                return is_done;
            }
        }
    }

    fn is_carried(&self, outcome: Result<(), String>) -> bool {
        match outcome {
            Ok(()) => true,
            Err(error) => self.feed.fail("certificates of holders cannot be shown", &error),
        }
    }

    async fn read_all(&mut self) -> Result<(), RelayError> {
        self.known.consents = self.relay.consents(None).await?;
        self.known.issued.clear();
        self.known.sweep(true);
        self.known.is_incomplete = false;
        Ok(())
    }

    /// A certificate was issued, or its status has changed: what is lost is shown at once, whatever its holder agrees to by now (TRUST-8).
    async fn change(&mut self, id: B256) -> Result<(), RelayError> {
        // Where nobody has agreed, and of those who have not, nothing is read further: a busy chain has many events.
        if self.known.consents.is_empty() {
            return Ok(());
        }
        let holder = self.relay.holder_of(id).await?;
        if self.known.kinds_of(holder).is_empty() {
            return Ok(());
        }
        let Kept { is_valid, .. } = self.relay.kept(id).await?;
        self.known.issued.remove(&holder);
        if !is_valid {
            self.show(&[id]).await?;
        }
        self.known.waiting.insert(holder, true);
        Ok(())
    }

    async fn look_at(&mut self, holder: Address, fresh_too: bool) -> Result<(), RelayError> {
        if fresh_too {
            let agreed = self.relay.consents(Some(holder)).await?;
            self.known.consents.extend(agreed);
            // The newest are read anew.
            self.known.is_incomplete |= self.known.consents.len() > MAX_CONSENTS;
        }
        let consents = self.known.kinds_of(holder);
        if consents.is_empty() {
            return Ok(());
        }
        let issued = match self.known.issued.get(&holder) {
            Some(issued) => issued.clone(),
            None => self.relay.issued_to(holder).await?,
        };
        for consent in consents {
            let due = Box::pin(self.relay.due(consent, &issued, fresh_too)).await?;
            self.show(&due).await?;
        }
        self.known.issued.insert(holder, issued);
        Ok(())
    }

    async fn show(&mut self, ids: &[B256]) -> Result<(), RelayError> {
        if ids.is_empty() {
            return Ok(());
        }
        if !self.has_begun {
            Box::pin(self.relay.anchor.ensure_begun(self.genesis_header.clone())).await?;
            self.has_begun = true;
        }
        let shown = Box::pin(self.relay.carry(ids)).await;
        // Also after a failure: it may be frozen.
        self.look().await;
        self.feed.place.showed(shown?);
        Ok(())
    }

    /// An anchor in the genesis is told of once it has anything.
    async fn look(&mut self) {
        self.is_look_due = !self.feed.look().await;
        if self.feed.place.anchored().is_some() || self.feed.place.is_frozen() {
            self.feed.place.stands(self.relay.anchor.anchor);
            self.has_begun = true;
        }
    }
}

async fn in_time(step: impl Future<Output = Result<(), RelayError>>) -> Result<(), String> {
    match timeout(CARRY_TIMEOUT, Box::pin(step)).await {
        Ok(outcome) => outcome.map_err(|error| format!("{error:#}")),
        Err(_) => Err("it takes too long".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consent(byte: u8) -> Consent {
        Consent { holder: Address::repeat_byte(byte), kind: B256::repeat_byte(1) }
    }

    // TRUST-8: what always fails of one holder holds up nobody else, and is not tried at each block.
    #[test]
    fn what_has_failed_is_tried_again_in_its_time_and_looked_at_as_before() {
        let mut known = Known { consents: [consent(1), consent(2)].into(), ..Known::default() };
        known.failed.0.insert(consent(1).holder, true);
        known.failed.1.insert(B256::repeat_byte(9));
        known.ended(true, false);
        known.sweep(false);
        assert!(!known.is_retry(), "it waits");
        assert_eq!(known.waiting.len(), 2);
        assert!(known.changed.is_empty());
        known.retry_at = Some(Instant::now());
        assert!(known.is_retry(), "its time has come");
        assert_eq!((known.waiting[&consent(1).holder], known.waiting[&consent(2).holder]), (true, false));
        assert_eq!(known.changed.len(), 1);
        known.ended(true, true);
        assert!(known.retry_at.is_none() && known.failures == 0);
    }
}
