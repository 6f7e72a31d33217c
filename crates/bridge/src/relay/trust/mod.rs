//! Rights of the main chain, and certificates of a side chain, to the contracts on another chain that keep what was proven of them (`docs/specs/trust.md`).
//!
//! Whoever runs this is trusted with nothing (TRUST-7): it chooses what is proven and when, not what the proof says. What it keeps back lapses (TRUST-3), and
//! anybody may carry it instead.

mod due;
mod entry;
mod held;
mod slots;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use alloy_primitives::{Address, B256, U256};
use chancery_contracts::{OrganizationRegistry, TrustRegistry};
use chancery_ledger::{Call, Chain, LedgerError, SubmitterKey};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::time::{sleep, timeout};

pub use self::{entry::Entry, held::HeldRelay};
use super::{AnchorRelay, RelayError, view};
use due::Ages;

/// Pause between two looks at the main chain: a loss begins its way within it.
const PAUSE: Duration = Duration::from_secs(5);
/// Longest try for one organization.
const CARRY_TIMEOUT: Duration = Duration::from_secs(120);
/// Most slots that cross at once: a proof of each has a few kilobytes.
const MAX_SLOTS: usize = 96;
/// Calls under way at the same time.
const PARALLEL: usize = 16;
/// Rows that the registry gives at once.
const PAGE: u64 = 100;
/// Most key records of an organization that are looked through.
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
        Ok(Self { anchor: AnchorRelay { followed, host, anchor, key }, organizations, registry })
    }

    /// Shows what the host does not know yet, knows otherwise, or would soon hold for lapsed; how many facts.
    ///
    /// # Errors
    /// See [`RelayError`]. What was shown before the error stands.
    pub async fn carry(&self, issuer: &Issuer) -> Result<usize, RelayError> {
        let ages = Ages::of(&self.anchor.host, self.anchor.anchor, self.registry).await?;
        let mut wanted = Vec::new();
        for entry in self.entries(issuer).await? {
            if due::is_due(ages, &self.anchor.host, self.registry, &entry).await? {
                wanted.push(entry);
            }
        }
        self.show(&wanted).await?;
        Ok(wanted.len())
    }

    /// What the main chain holds of an issuer: the organization, the last period of each right, the last record of each key for it.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn entries(&self, issuer: &Issuer) -> Result<Vec<Entry>, RelayError> {
        let code = issuer.organization;
        let found = self.main(&OrganizationRegistry::organizationCall { code }).await?;
        if found.registeredAt == 0 {
            return Err(RelayError::NotRegistered { organization: code });
        }
        let mut entries = vec![Entry::Organization { code, is_suspended: found.suspended }];
        for &right in &issuer.rights {
            let periods = self.main(&OrganizationRegistry::rightPeriodsCall { code, right }).await?;
            let last = (0..).zip(&periods).last();
            entries.extend(last.map(|(index, period)| Entry::Right { code, right, index, until: period.until }));
        }
        entries.extend(self.keys(issuer).await?);
        Ok(entries)
    }

    /// Proves entries against the newest final block and shows them. What the host knows already, or knows better, is no error.
    ///
    /// # Errors
    /// See [`RelayError`]. What was shown before the error stands.
    pub async fn show(&self, entries: &[Entry]) -> Result<(), RelayError> {
        let mut rest = entries;
        while !rest.is_empty() {
            let (mut slots, mut count) = (Vec::new(), 0);
            for entry in rest {
                let own = entry.slots();
                if slots.len() + own.len() > MAX_SLOTS {
                    break;
                }
                slots.extend(own);
                count += 1;
            }
            let (now, later) = rest.split_at(count);
            let proven = self.anchor.prove(self.organizations, &slots).await?;
            let mut paths = proven.slots.into_iter().map(|slot| slot.proof);
            let calls: Vec<_> = now.iter().map(|entry| entry.call(proven.anchored, &mut paths)).collect();
            stream::iter(calls)
                .map(|data| self.send(Call { to: Some(self.registry), data }))
                .buffer_unordered(PARALLEL)
                .try_collect::<()>()
                .await?;
            rest = later;
        }
        Ok(())
    }

    async fn send(&self, call: Call) -> Result<(), RelayError> {
        match self.anchor.host.submit(&self.anchor.key, call).await {
            Err(error) if !is_known_already(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn keys(&self, issuer: &Issuer) -> Result<Vec<Entry>, RelayError> {
        let code = issuer.organization;
        let count = self.main(&OrganizationRegistry::keyRecordCountCall { code }).await?;
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        if count > MAX_KEY_RECORDS {
            return Err(RelayError::TooManyKeyRecords { organization: code, count, limit: MAX_KEY_RECORDS });
        }
        let mut last = BTreeMap::new();
        let mut index = 0;
        while index < count {
            let (offset, limit) = (U256::from(index), U256::from(PAGE));
            let page = self.main(&OrganizationRegistry::keyRecordsCall { code, offset, limit }).await?;
            if page.is_empty() {
                break;
            }
            for record in page {
                let (key, right) = (record.key, record.right);
                if issuer.rights.contains(&right) {
                    let (not_after, revoked_at) = (record.notAfter, record.revokedAt);
                    last.insert((key, right), Entry::Key { code, right, index, key, not_after, revoked_at });
                }
                index += 1;
            }
        }
        Ok(last.into_values().collect())
    }

    async fn main<C: alloy_sol_types::SolCall>(&self, call: &C) -> Result<C::Return, RelayError> {
        view(&self.anchor.followed, self.organizations, call).await
    }
}

/// Somebody has shown the same or something newer meanwhile (TRUST-2).
fn is_known_already(error: &LedgerError) -> bool {
    let LedgerError::Reverted { reason, .. } = error else { return false };
    matches!(reason.name.as_str(), "FactOlder" | "IndexOlder")
}

/// Carries what is due for these issuers, again and again, until it is dropped. What fails is logged and tried again.
pub async fn keep_shown(relay: &TrustRelay, issuers: &[Issuer]) {
    loop {
        for issuer in issuers {
            let (organization, host) = (issuer.organization, relay.anchor.host.name());
            match timeout(CARRY_TIMEOUT, Box::pin(relay.carry(issuer))).await {
                Ok(Ok(0)) => {}
                Ok(Ok(count)) => tracing::debug!(%organization, host, count, "showed facts of the main chain"),
                Ok(Err(error)) => {
                    tracing::warn!(%organization, host, %error, "facts of the main chain cannot be shown");
                }
                Err(_) => tracing::warn!(%organization, host, "showing facts of the main chain takes long"),
            }
        }
        sleep(PAUSE).await;
    }
}
