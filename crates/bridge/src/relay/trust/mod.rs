//! Rights of the main chain, and certificates of a side chain, to the contracts on another chain that keep what was proven of them (`docs/specs/trust.md`).
//!
//! Whoever runs this is trusted with nothing (TRUST-7): it chooses what is proven and when, not what the proof says. What it keeps back lapses (TRUST-3), and
//! anybody may carry it instead.

mod clock;
mod due;
mod entry;
mod held;
mod holders;
mod issuances;
mod keys;
mod lost;
mod older;
mod slots;

use std::{sync::Arc, time::Duration};

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolError as _;
use chancery_contracts::{OrganizationRegistry, TrustRegistry};
use chancery_ledger::{Call, Chain, LedgerError, SubmitterKey};
use futures::{StreamExt as _, TryStreamExt as _, future::join, stream};
use tokio::time::{sleep, timeout};

pub use self::{
    entry::Entry,
    held::HeldRelay,
    holders::{AgreeingPage, Consent, Issued, Kept},
    issuances::Issuances,
    lost::HeldSearch,
    older::OlderKeys,
};
use super::{AnchorRelay, RelayError, view};
use due::Ages;
use keys::KeyPages;

/// Pause between two looks at the main chain: a loss begins its way within it.
const PAUSE: Duration = Duration::from_secs(5);
/// Longest try for one part of an organization. What was shown meanwhile is not due in the next.
const CARRY_TIMEOUT: Duration = Duration::from_secs(120);
/// Most slots that cross at once: a proof of each has a few kilobytes.
const MAX_SLOTS: usize = 96;
/// Calls under way at the same time for one organization.
const PARALLEL: usize = 16;
/// Organizations that are carried at the same time.
const PARALLEL_ISSUERS: usize = 4;
/// Rows that the registry gives at once.
const ORGANIZATIONS_OF_A_PAGE: u64 = 100;
/// See [`TrustRelay::max_key_records`].
const MAX_KEY_RECORDS: u64 = 10_000;

/// Whose rights are carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// The organization's code.
    pub organization: B256,
    /// The rights that matter on the host: its kinds of certificates, `inspection`.
    pub rights: Vec<B256>,
}

/// Carries organizations, rights and keys from the main chain to a `TrustRegistry`.
#[derive(Clone, Debug)]
pub struct TrustRelay {
    /// From the main chain to the anchor on which the registry rests.
    pub anchor: AnchorRelay,
    /// The main chain's `OrganizationRegistry`.
    pub organizations: Address,
    /// The host's `TrustRegistry`.
    pub registry: Address,
    /// Most key records of an organization that are looked through, the newest of them.
    pub max_key_records: u64,
}

/// What is carried by itself: an organization decides how many keys it has, and must not hold up with them that it is suspended.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// The organization and its rights.
    Standing,
    /// Its keys.
    Keys,
}

impl TrustRelay {
    /// For a registry that stands; it says itself on what it rests.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn open(
        followed: Chain,
        host: Chain,
        registry: Address,
        key: Arc<SubmitterKey>,
    ) -> Result<Self, RelayError> {
        let anchor = view(&host, registry, &TrustRegistry::anchorCall {}).await?;
        let organizations = view(&host, registry, &TrustRegistry::sourceCall {}).await?;
        let anchor = AnchorRelay { followed, host, anchor, key };
        Ok(Self { anchor, organizations, registry, max_key_records: MAX_KEY_RECORDS })
    }

    /// Shows what the host does not know yet, knows otherwise, or would soon hold for lapsed: the organization and its rights, then its keys; how many facts.
    ///
    /// # Errors
    /// The first, when all was tried; `TooManyKeyRecords` is about keys alone. See [`RelayError`].
    pub async fn carry(&self, issuer: &Issuer) -> Result<usize, RelayError> {
        let standing = self.carry_part(issuer, Part::Standing).await;
        let keys = self.carry_part(issuer, Part::Keys).await;
        Ok(standing? + keys?)
    }

    /// Shows what is due for several issuers from one block: their standing, their rights and the newest of their keys. Records of keys that are further back are
    /// shown by [`Self::carry_older_keys`]; how many facts.
    ///
    /// # Errors
    /// The first, when all was tried. See [`RelayError`].
    pub async fn carry_newest(&self, issuers: &[Issuer]) -> Result<usize, RelayError> {
        let asked: Vec<_> = issuers.iter().map(|issuer| self.newest(issuer)).collect();
        let found: Vec<_> = stream::iter(asked).buffered(PARALLEL_ISSUERS).try_collect().await?;
        let wanted = self.due(found.into_iter().flatten().collect()).await?;
        self.show(&wanted).await?;
        Ok(wanted.len())
    }

    /// The organization, its rights and the newest page of its keys.
    async fn newest(&self, issuer: &Issuer) -> Result<Vec<Entry>, RelayError> {
        let mut entries = self.standing(issuer).await?;
        entries.extend(KeyPages::open(self, issuer).await?.next().await?.unwrap_or_default());
        Ok(entries)
    }

    /// Those of these issuers that have one of their rights, or had it: of the others the host has to know nothing.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn concerned(&self, issuers: Vec<Issuer>) -> Result<Vec<Issuer>, RelayError> {
        let asked: Vec<_> = issuers.into_iter().map(|issuer| self.if_concerned(issuer)).collect();
        let found: Vec<_> = stream::iter(asked).buffered(PARALLEL_ISSUERS).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn if_concerned(&self, issuer: Issuer) -> Result<Option<Issuer>, RelayError> {
        for right in &issuer.rights {
            if self.last_period(issuer.organization, *right).await?.is_some() {
                return Ok(Some(issuer));
            }
        }
        Ok(None)
    }

    /// Codes of the organizations of the main chain, at most `limit`.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn registered(&self, limit: u64) -> Result<Vec<B256>, RelayError> {
        let count = self.main(&OrganizationRegistry::organizationCountCall {}).await?;
        let count = u64::try_from(count).unwrap_or(u64::MAX).min(limit);
        let mut codes = Vec::new();
        for offset in (0..count).step_by(ORGANIZATIONS_OF_A_PAGE as usize) {
            let (offset, limit) = (U256::from(offset), U256::from(ORGANIZATIONS_OF_A_PAGE));
            codes.extend(self.main(&OrganizationRegistry::organizationCodesCall { offset, limit }).await?);
        }
        Ok(codes)
    }

    async fn carry_part(&self, issuer: &Issuer, part: Part) -> Result<usize, RelayError> {
        match part {
            Part::Standing => {
                let wanted = self.due(self.standing(issuer).await?).await?;
                self.show(&wanted).await?;
                Ok(wanted.len())
            }
            Part::Keys => self.show_keys(issuer, false).await,
        }
    }

    /// Shows what is due of the keys that are further back than [`Self::carry_newest`] looks; how many facts.
    ///
    /// # Errors
    /// As [`Self::carry`].
    pub async fn carry_older_keys(&self, issuer: &Issuer) -> Result<usize, RelayError> {
        self.show_keys(issuer, true).await
    }

    async fn show_keys(&self, issuer: &Issuer, older_alone: bool) -> Result<usize, RelayError> {
        let (mut count, mut failed) = (0, None);
        let mut pages = KeyPages::open(self, issuer).await?;
        if older_alone {
            pages.next().await?;
        }
        while let Some(page) = pages.next().await? {
            let wanted = self.due(page).await?;
            count += wanted.len();
            failed = failed.or(self.show(&wanted).await.err());
        }
        failed.or(pages.left_out()).map_or(Ok(count), Err)
    }

    /// Which of these the host has to be shown.
    async fn due(&self, entries: Vec<Entry>) -> Result<Vec<Entry>, RelayError> {
        let ages = Ages::of(&self.anchor.host, self.anchor.anchor, self.registry).await?;
        let asked: Vec<_> = entries.into_iter().map(|entry| self.if_due(ages, entry)).collect();
        let due: Vec<_> = stream::iter(asked).buffered(PARALLEL).try_collect().await?;
        Ok(due.into_iter().flatten().collect())
    }

    async fn if_due(&self, ages: Ages, entry: Entry) -> Result<Option<Entry>, RelayError> {
        Ok(due::is_due(ages, &self.anchor.host, self.registry, &entry).await?.then_some(entry))
    }

    /// What the main chain holds of an issuer: the organization, the last period of each right, the last record of each key for it.
    ///
    /// # Errors
    /// `TooManyKeyRecords`; see [`RelayError`].
    pub async fn entries(&self, issuer: &Issuer) -> Result<Vec<Entry>, RelayError> {
        let mut entries = self.standing(issuer).await?;
        let mut pages = KeyPages::open(self, issuer).await?;
        while let Some(page) = pages.next().await? {
            entries.extend(page);
        }
        pages.left_out().map_or(Ok(entries), Err)
    }

    /// The organization and the last period of each right.
    async fn standing(&self, issuer: &Issuer) -> Result<Vec<Entry>, RelayError> {
        let code = issuer.organization;
        let found = self.main(&OrganizationRegistry::organizationCall { code }).await?;
        if found.registeredAt == 0 {
            return Err(RelayError::NotRegistered { organization: code });
        }
        let mut entries = vec![Entry::Organization { code, is_suspended: found.suspended }];
        let asked: Vec<_> = issuer.rights.iter().map(|right| self.last_period(code, *right)).collect();
        let rights: Vec<_> = stream::iter(asked).buffered(PARALLEL).try_collect().await?;
        entries.extend(rights.into_iter().flatten());
        Ok(entries)
    }

    async fn last_period(&self, code: B256, right: B256) -> Result<Option<Entry>, RelayError> {
        let periods = self.main(&OrganizationRegistry::rightPeriodsCall { code, right }).await?;
        let last = (0..).zip(&periods).last();
        Ok(last.map(|(index, period)| Entry::Right { code, right, index, until: period.until }))
    }

    /// Proves entries against the newest final block and shows them, losses first. What the host knows already, or knows better, is no error.
    ///
    /// # Errors
    /// `ClockAhead`, before anything is paid for. When one is refused, the others are shown all the same, and the first refusal is returned. See [`RelayError`].
    pub async fn show(&self, entries: &[Entry]) -> Result<(), RelayError> {
        if entries.is_empty() {
            return Ok(());
        }
        clock::check(&self.anchor).await?;
        let ordered = losses_first(entries);
        let (mut rest, mut failed) = (ordered.as_slice(), None);
        while !rest.is_empty() {
            let (now, later) = rest.split_at(crossing_at_once(rest));
            failed = failed.or(self.show_at_once(now).await.err());
            rest = later;
        }
        failed.map_or(Ok(()), Err)
    }

    /// From one block.
    async fn show_at_once(&self, entries: &[Entry]) -> Result<(), RelayError> {
        let slots: Vec<_> = entries.iter().flat_map(Entry::slots).collect();
        let proven = self.anchor.prove(self.organizations, &slots).await?;
        let mut paths = proven.slots.into_iter().map(|slot| slot.proof);
        let calls = entries.iter().map(|entry| entry.call(proven.anchored, &mut paths));
        let sends: Vec<_> = calls.map(|data| send(&self.anchor, self.registry, data)).collect();
        let sent: Vec<_> = stream::iter(sends).buffered(PARALLEL).collect().await;
        sent.into_iter().collect()
    }

    async fn main<C: alloy_sol_types::SolCall>(&self, call: &C) -> Result<C::Return, RelayError> {
        view(&self.anchor.followed, self.organizations, call).await
    }
}

/// What takes something away comes before what gives or refreshes; otherwise the order stays.
fn losses_first(entries: &[Entry]) -> Vec<Entry> {
    let mut ordered = entries.to_vec();
    ordered.sort_by_key(|entry| !entry.is_loss());
    ordered
}

/// How many of these, from the first on, have no more slots than may cross at once.
fn crossing_at_once(entries: &[Entry]) -> usize {
    let mut slots = 0;
    let fitting = entries.iter().take_while(|entry| {
        slots += entry.slots().len();
        slots <= MAX_SLOTS
    });
    fitting.count()
}

/// Shows something; that the host knows it already, or knows better, is no error.
async fn send(relay: &AnchorRelay, registry: Address, data: Bytes) -> Result<(), RelayError> {
    match relay.host.submit(&relay.key, Call { to: Some(registry), data }).await {
        Err(error) => match known_already(&error) {
            Some(known) => check_not_ahead(relay, known).await,
            None => Err(error.into()),
        },
        Ok(_) => Ok(()),
    }
}

/// Somebody has shown the same or something newer meanwhile (TRUST-2): the block of it, zero where the refusal does not name it.
fn known_already(error: &LedgerError) -> Option<u64> {
    let LedgerError::Reverted { reason, .. } = error else { return None };
    match reason.name.as_str() {
        "FactOlder" => TrustRegistry::FactOlder::abi_decode(&reason.data).ok().map(|refused| refused.known),
        "IndexOlder" => Some(0),
        _ => None,
    }
}

/// The host can know no block that the followed chain does not have: then that one was put back, and nothing of it is taken until it is further again.
async fn check_not_ahead(relay: &AnchorRelay, known: u64) -> Result<(), RelayError> {
    if known == 0 {
        return Ok(());
    }
    not_behind(relay.followed.name(), relay.host.name(), relay.followed.head().await?.number, known)
}

fn not_behind(followed: &str, host: &str, head: u64, known: u64) -> Result<(), RelayError> {
    if known <= head {
        return Ok(());
    }
    Err(RelayError::FollowedBehind { followed: followed.to_owned(), host: host.to_owned(), head, known })
}

/// Carries what is due for these issuers, again and again, until it is dropped. What fails is logged and tried again.
pub async fn keep_shown(relay: &TrustRelay, issuers: &[Issuer]) {
    join(keep_part_shown(relay, issuers, Part::Standing), keep_part_shown(relay, issuers, Part::Keys)).await;
}

async fn keep_part_shown(relay: &TrustRelay, issuers: &[Issuer], part: Part) {
    loop {
        let tries: Vec<_> = issuers.iter().map(|issuer| try_to_carry(relay, issuer, part)).collect();
        stream::iter(tries).buffer_unordered(PARALLEL_ISSUERS).collect::<()>().await;
        sleep(PAUSE).await;
    }
}

async fn try_to_carry(relay: &TrustRelay, issuer: &Issuer, part: Part) {
    let (organization, host) = (issuer.organization, relay.anchor.host.name());
    match timeout(CARRY_TIMEOUT, Box::pin(relay.carry_part(issuer, part))).await {
        Ok(Ok(0)) => {}
        Ok(Ok(count)) => tracing::debug!(%organization, host, ?part, count, "showed facts of the main chain"),
        Ok(Err(error)) => {
            tracing::warn!(%organization, host, ?part, %error, "facts of the main chain cannot be shown");
        }
        Err(_) => tracing::warn!(%organization, host, ?part, "showing facts of the main chain takes long"),
    }
}

#[cfg(test)]
mod tests;
