//! Certificates of a side chain to another chain on which their kinds are shown, without their content: when their holders agree, when they change, and before they lapse
//! (`docs/specs/trust.md`). Of holders who have agreed to nothing, nothing is carried.

mod known;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use alloy_primitives::{Address, B256, Bytes};
use chancery_bridge::relay::{
    AnchorRelay, HeldRelay, RelayError,
    trust::{Consent, HeldSearch, Issuances, Issued},
};
use chancery_contracts::predeploys;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use self::known::{Known, Look, PageDue};
use super::{
    super::genesis::TRUST_MAX_AGE_S,
    CARRY_TIMEOUT, HeldLink,
    due::SWEEP_S,
    headers::{Feed, pause},
    made::{Made, Sort},
    news::News,
};

/// Events of consents that are read at once.
const EVENTS_OF_A_PAGE: usize = 1000;
/// After so long what failed, and whether the anchor is frozen, is looked at, however much waits.
const ROUND: Duration = Duration::from_secs(10);

/// Between two pages of a search: a long chain is looked through without taking the node from others.
const PAGE_PAUSE: Duration = Duration::from_millis(100);

/// What came of a round.
struct Round {
    /// Nothing has failed.
    is_done: bool,
    /// Nothing waits any more.
    is_finished: bool,
}

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
    /// Kinds of the side chain's registry, once they were read.
    kinds: Vec<B256>,
    known: Known,
    issuances: Issuances,
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
        let (mut failures, mut search) = (0, HeldSearch::default());
        loop {
            let certificates = predeploys::CERTIFICATE_REGISTRY;
            let page = HeldRelay::search(&anchor, certificates, TRUST_MAX_AGE_S, (known, &mut search));
            match Box::pin(page).await {
                Ok(Some(relay)) => {
                    noted.stands(Sort::HeldCertificates, &followed, relay.registry);
                    return Self::over(relay, link);
                }
                Ok(None) => sleep(PAGE_PAUSE).await,
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
        let known = Known::default();
        Self {
            relay,
            feed,
            followed,
            host,
            genesis_header,
            has_begun: false,
            is_look_due: true,
            kinds: Vec::new(),
            known,
            issuances: Issuances::default(),
        }
    }

    /// Shows what is due until it is dropped.
    pub(super) async fn keep_shown(mut self) {
        loop {
            self.hear();
            if self.is_look_due {
                self.look().await;
            }
            let is_retry = self.known.is_retry();
            let Round { is_done, is_finished } = self.carry(is_retry).await;
            if is_finished || !is_done {
                self.known.ended(is_retry, is_done);
            }
            if !is_finished {
                continue;
            }
            let retry_at = self.known.retry_at();
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
        if agreed.is_incomplete || changed.is_incomplete {
            self.known.missed();
        }
        // `Disclosed` and `CertificateShown`: holder and kind. Until when somebody agrees is the first word of the one, and zero where it is taken back.
        for ((holder, kind), is_withdrawn) in agreed.pairs {
            // Nobody else's kinds are ever shown.
            if self.kinds.is_empty() || self.kinds.contains(&kind) {
                self.known.heard(Address::from_word(holder), is_withdrawn, self.host.time_s);
            }
        }
        self.known.changed.extend(changed.subjects);
        if self.followed.time_s >= self.known.sweep_at_s {
            self.known.sweep_at_s = self.followed.time_s.saturating_add(SWEEP_S);
            self.known.sweep(self.host.time_s);
            self.is_look_due = true;
        }
    }

    /// What waits, one after the other, what has changed before what is looked through.
    async fn carry(&mut self, is_retry: bool) -> Round {
        let (mut is_done, end) = (true, Instant::now() + ROUND);
        while Instant::now() < end {
            self.hear();
            let may_read = is_done && (is_retry || self.known.retry_at().is_none());
            if let Some(id) = self.known.changed.pop_first() {
                let outcome = in_time(self.change(id)).await;
                if !self.is_carried(outcome) {
                    is_done = false;
                    self.known.change_failed(id);
                }
            } else if may_read && let Some(page) = self.known.page_due() {
                let outcome = in_time(self.read(page)).await;
                is_done &= self.is_carried(outcome);
            } else if let Some((holder, look)) = self.known.next() {
                let outcome = in_time(self.look_at(holder, look)).await;
                if !self.is_carried(outcome) {
                    is_done = false;
                    self.known.look_failed(holder, look);
                }
            } else {
                return Round { is_done, is_finished: true };
            }
        }
        Round { is_done, is_finished: false }
    }

    fn is_carried(&self, outcome: Result<(), String>) -> bool {
        match outcome {
            Ok(()) => true,
            Err(error) => self.feed.fail("certificates of holders cannot be shown", &error),
        }
    }

    async fn read_kinds(&mut self) -> Result<(), RelayError> {
        if self.kinds.is_empty() {
            self.kinds = self.relay.kinds().await?;
        }
        Ok(())
    }

    async fn read(&mut self, due: PageDue) -> Result<(), RelayError> {
        self.read_kinds().await?;
        let page = self.relay.agreeing(&self.kinds, due.to_block, EVENTS_OF_A_PAGE).await?;
        self.known.read(page, self.host.time_s);
        Ok(())
    }

    /// A certificate was issued, or its status has changed: what is lost is shown at once, whatever its holder agrees to by now (TRUST-8).
    async fn change(&mut self, id: B256) -> Result<(), RelayError> {
        // Where nobody has agreed nothing is read further: a busy chain has many events.
        if !self.known.is_anybody() {
            return Ok(());
        }
        let consent = self.relay.whose(id).await?;
        if consent.holder.is_zero() {
            return Ok(());
        }
        // It is read again when it is needed.
        self.known.issued.remove(&consent.holder);
        let is_agreed = self.known.has(consent) || self.relay.agreed_until(consent).await? != 0;
        // Until everybody was read, a loss may be of somebody who had agreed.
        if !is_agreed && !self.known.is_reading() {
            return Ok(());
        }
        if !self.relay.kept(id).await?.is_valid {
            self.show(&[id]).await?;
        }
        if is_agreed {
            self.known.heard(consent.holder, false, self.host.time_s);
        }
        Ok(())
    }

    async fn look_at(&mut self, holder: Address, look: Look) -> Result<(), RelayError> {
        let now_s = self.host.time_s;
        self.read_kinds().await?;
        let agreed = if look.fresh_too { self.relay.agreed(holder, &self.kinds).await? } else { BTreeMap::new() };
        if agreed.is_empty() && !self.known.is_known(holder) && look.withdrawn_until_s <= now_s {
            return Ok(());
        }
        let known = self.known.issued.get(&holder).cloned();
        let issued = match known {
            Some(issued) => issued,
            None => Box::pin(self.issued_to(holder)).await?,
        };
        if look.fresh_too {
            self.known.agree(holder, &issued, &agreed, look.withdrawn_until_s, now_s);
        }
        // Also what does not fit in memory: it is come to again when everything is read anew.
        let mut kinds: BTreeSet<B256> = agreed.into_keys().collect();
        kinds.retain(|kind| issued.iter().any(|issued| issued.kind == *kind));
        kinds.extend(self.known.kinds_of(holder));
        for kind in kinds {
            let due = Box::pin(self.relay.due(Consent { holder, kind }, &issued, look.fresh_too)).await?;
            self.show(&due).await?;
        }
        if self.known.is_known(holder) {
            self.known.issued.insert(holder, issued);
        }
        Ok(())
    }

    /// Certificates of a holder. All are read from the chain once: who has none costs no look at the whole of it afterwards.
    async fn issued_to(&mut self, holder: Address) -> Result<Vec<Issued>, RelayError> {
        let (mut is_current, end) = (false, Instant::now() + ROUND);
        while !is_current && Instant::now() < end {
            is_current = Box::pin(self.relay.read_issuances(&mut self.issuances)).await?;
        }
        match self.issuances.of(holder).filter(|_| is_current) {
            Some(issued) => Ok(issued),
            None => self.relay.issued_to(holder).await,
        }
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
        let looked = self.feed.look().await;
        self.followed.catch_up();
        self.is_look_due = !(looked && self.feed.compare(self.followed.head).await);
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
