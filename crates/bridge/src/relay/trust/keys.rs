//! Key records of an organization, page by page from the newest on: how many there are is up to the organization.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, U256};
use chancery_contracts::OrganizationRegistry;

use super::{super::RelayError, Entry, Issuer, TrustRelay};

/// Rows that the registry gives at once.
const PAGE: u64 = 100;

/// Looks for the last record of each key for each right of an issuer.
#[derive(Debug)]
pub(super) struct KeyPages<'a> {
    relay: &'a TrustRelay,
    issuer: &'a Issuer,
    /// How many records the organization has.
    count: u64,
    /// Index of the oldest record that is looked at.
    oldest: u64,
    /// Index of the oldest record that was looked at.
    reached: u64,
    /// Of these a later record was met.
    met: BTreeSet<(Address, B256)>,
}

impl<'a> KeyPages<'a> {
    pub(super) async fn open(relay: &'a TrustRelay, issuer: &'a Issuer) -> Result<Self, RelayError> {
        let code = issuer.organization;
        let count = relay.main(&OrganizationRegistry::keyRecordCountCall { code }).await?;
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let oldest = count.saturating_sub(relay.max_key_records);
        Ok(Self { relay, issuer, count, oldest, reached: count, met: BTreeSet::new() })
    }

    /// Last records that were not met before; none when all was looked through.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Entry>>, RelayError> {
        if self.reached <= self.oldest {
            return Ok(None);
        }
        let code = self.issuer.organization;
        let first = self.reached.saturating_sub(PAGE).max(self.oldest);
        let (offset, limit) = (U256::from(first), U256::from(self.reached - first));
        let page = self.relay.main(&OrganizationRegistry::keyRecordsCall { code, offset, limit }).await?;
        self.reached = first;
        let mut entries = Vec::new();
        for (index, record) in (first..).zip(&page).collect::<Vec<_>>().into_iter().rev() {
            let (key, right) = (record.key, record.right);
            if self.issuer.rights.contains(&right) && self.met.insert((key, right)) {
                let (not_after, revoked_at) = (record.notAfter, record.revokedAt);
                entries.push(Entry::Key { code, right, index, key, not_after, revoked_at });
            }
        }
        Ok(Some(entries))
    }

    /// Why not all was looked through, if it was not.
    pub(super) fn left_out(&self) -> Option<RelayError> {
        let (organization, count, limit) = (self.issuer.organization, self.count, self.relay.max_key_records);
        (self.oldest != 0).then_some(RelayError::TooManyKeyRecords { organization, count, limit })
    }
}
