//! `OrganizationRegistry`: who may sign what, now and then. The main chain is the authority; a side chain knows what was proven to it, or written to it, of its kind.

use std::collections::BTreeSet;

use alloy_primitives::{Address, U256};
use chancery_contracts::{CertificateRegistry, OrganizationRegistry, TrustRefusal, TrustRegistry, predeploys};
use chancery_primitives::{OrganizationCode, Right, UnixSeconds};
use chancery_reference_points::{DoorResult, operation::ChainName};

use super::{Registry, malformed_answer};

/// Most entries of an organization's key history that are read.
pub const MAX_KEY_ENTRIES: usize = 1000;
/// Most organizations of one key that are read.
pub const MAX_ORGANIZATIONS_OF_KEY: usize = 100;
const PAGE: usize = 100;

/// An organization as the main chain has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationEntry {
    /// Its public name.
    pub name: String,
    /// Whether it is suspended now.
    pub suspended: bool,
}

/// One authorization of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// The key.
    pub key: Address,
    /// For what.
    pub right: Right,
    /// First second at which it counts.
    pub not_before: UnixSeconds,
    /// Last second at which it counts; zero is without end.
    pub not_after: UnixSeconds,
    /// First second at which it no longer counts; zero is not revoked.
    pub revoked_at: UnixSeconds,
}

impl KeyEntry {
    /// Whether its time has ended.
    #[must_use]
    pub fn has_ended(&self, now: UnixSeconds) -> bool {
        let past = |end: UnixSeconds| end != UnixSeconds::ZERO && end < now;
        past(self.not_after) || (self.revoked_at != UnixSeconds::ZERO && self.revoked_at <= now)
    }

    /// Whether its time has come and not ended.
    #[must_use]
    pub fn is_in_force(&self, now: UnixSeconds) -> bool {
        self.not_before <= now && !self.has_ended(now)
    }
}

/// Whether a key may sign, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// It may.
    Authorized,
    /// It could, but its time has ended: retired or revoked.
    KeyEnded,
    /// The organization is suspended.
    OrganizationSuspended,
    /// There is no such organization.
    UnknownOrganization,
    /// The key was never authorized for this right of this organization, or its time has not come.
    NotAuthorized,
    /// The main chain lets it, and the chain that was asked about was not shown that yet, has to be shown it anew, or takes nothing of the main chain: why.
    NotShown(TrustRefusal),
}

impl Registry<'_> {
    /// Whether a signature of a key that was recorded at a time counted.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn was_authorized(
        &self,
        key: Address,
        organization: OrganizationCode,
        right: Right,
        time: UnixSeconds,
    ) -> DoorResult<bool> {
        let call = OrganizationRegistry::isAuthorizedCall {
            key,
            code: organization.to_bytes32(),
            right: right.to_bytes32(),
            time: time.get(),
        };
        Ok(self.call(&self.directory.main(), predeploys::ORGANIZATION_REGISTRY, call).await?.0)
    }

    /// Whether a key may sign now, on one chain, and if not, why. Of a chain that takes rights over by proof the main chain says why.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn authorization(
        &self,
        chain: &ChainName,
        key: Address,
        organization: OrganizationCode,
        right: Right,
        now: UnixSeconds,
    ) -> DoorResult<Authorization> {
        let Some(trust) = self.trust_registry(chain).await? else {
            return self.recorded_authorization(chain, key, organization, right, now).await;
        };
        let main = self.directory.main();
        let authorization = self.recorded_authorization(&main, key, organization, right, now).await?;
        if authorization != Authorization::Authorized {
            return Ok(authorization);
        }
        let (code, right) = (organization.to_bytes32(), right.to_bytes32());
        let call = TrustRegistry::isAuthorizedNowCall { key, code, right };
        let is_shown = self.call(chain, trust, call).await?.0;
        if is_shown {
            return Ok(Authorization::Authorized);
        }
        let call = TrustRegistry::refusalOfCall { key, code, right };
        Ok(Authorization::NotShown(TrustRefusal(self.call(chain, trust, call).await?.0)))
    }

    /// Where a side chain keeps what was proven to it; `None` when rights are written to it, as to the main chain.
    async fn trust_registry(&self, chain: &ChainName) -> DoorResult<Option<Address>> {
        if *chain == self.directory.main() {
            return Ok(None);
        }
        let call = CertificateRegistry::organizationRegistryCall {};
        let asked = self.call(chain, predeploys::CERTIFICATE_REGISTRY, call).await?.0;
        Ok((asked != predeploys::ORGANIZATION_REGISTRY).then_some(asked))
    }

    /// What the organization registry of a chain says.
    async fn recorded_authorization(
        &self,
        chain: &ChainName,
        key: Address,
        organization: OrganizationCode,
        right: Right,
        now: UnixSeconds,
    ) -> DoorResult<Authorization> {
        let (code, right_word) = (organization.to_bytes32(), right.to_bytes32());
        // By the caller's clock, since the latest block of a chain that is made on demand may be old; and for the next second, since what is
        // taken away in this one carries the next one's time and stops further records at once.
        let now = now.saturating_add(1);
        let call = OrganizationRegistry::isAuthorizedCall { key, code, right: right_word, time: now.get() };
        if self.call(chain, predeploys::ORGANIZATION_REGISTRY, call).await?.0 {
            return Ok(Authorization::Authorized);
        }
        match self.organization_on(chain, organization).await? {
            None => return Ok(Authorization::UnknownOrganization),
            Some(entry) if entry.suspended => return Ok(Authorization::OrganizationSuspended),
            Some(_) => {}
        }
        let call = OrganizationRegistry::keyRecordsOfCall { code, key, right: right_word };
        let (records, _) = self.call(chain, predeploys::ORGANIZATION_REGISTRY, call).await?;
        let ended = records.iter().filter_map(decode).any(|entry| entry.has_ended(now));
        Ok(if ended { Authorization::KeyEnded } else { Authorization::NotAuthorized })
    }

    /// An organization; `None` when there is none with this code.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn organization(&self, code: OrganizationCode) -> DoorResult<Option<OrganizationEntry>> {
        self.organization_on(&self.directory.main(), code).await
    }

    async fn organization_on(
        &self,
        chain: &ChainName,
        code: OrganizationCode,
    ) -> DoorResult<Option<OrganizationEntry>> {
        let call = OrganizationRegistry::organizationCall { code: code.to_bytes32() };
        let (entry, _) = self.call(chain, predeploys::ORGANIZATION_REGISTRY, call).await?;
        let known = entry.registeredAt != 0;
        Ok(known.then_some(OrganizationEntry { name: entry.name, suspended: entry.suspended }))
    }

    /// The organizations that a key was ever authorized for, at most [`MAX_ORGANIZATIONS_OF_KEY`].
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn organizations_of_key(&self, key: Address) -> DoorResult<Vec<OrganizationCode>> {
        let chain = self.directory.main();
        let call = OrganizationRegistry::organizationsOfKeyCall {
            key,
            offset: U256::ZERO,
            limit: U256::from(MAX_ORGANIZATIONS_OF_KEY),
        };
        let (codes, _) = self.call(&chain, predeploys::ORGANIZATION_REGISTRY, call).await?;
        let decode = |code| OrganizationCode::from_bytes32(code).map_err(|error| malformed_answer(&chain, &error));
        codes.into_iter().map(decode).collect()
    }

    /// The rights that a key may use for an organization at a time.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn rights_in_force(
        &self,
        key: Address,
        organization: OrganizationCode,
        now: UnixSeconds,
    ) -> DoorResult<Vec<Right>> {
        let rights = self.rights_of_time(key, organization, now).await?;
        let mut in_force = Vec::with_capacity(rights.len());
        for right in rights {
            // The key's time is one thing; the organization may have lost the right or be suspended.
            if self.was_authorized(key, organization, right, now).await? {
                in_force.push(right);
            }
        }
        Ok(in_force)
    }

    /// The rights whose time has come for a key and not ended, whether the organization may use them or not.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn rights_of_time(
        &self,
        key: Address,
        organization: OrganizationCode,
        now: UnixSeconds,
    ) -> DoorResult<BTreeSet<Right>> {
        let entries = self.key_entries(organization).await?.into_iter();
        Ok(entries.filter(|entry| entry.key == key && entry.is_in_force(now)).map(|entry| entry.right).collect())
    }

    /// The rights that a key had for an organization and has no longer: of each, every authorization has ended.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn rights_ended(
        &self,
        key: Address,
        organization: OrganizationCode,
        now: UnixSeconds,
    ) -> DoorResult<BTreeSet<Right>> {
        let entries = self.key_entries(organization).await?;
        let own = || entries.iter().filter(|entry| entry.key == key);
        let living: BTreeSet<Right> = own().filter(|entry| !entry.has_ended(now)).map(|entry| entry.right).collect();
        Ok(own().map(|entry| entry.right).filter(|right| !living.contains(right)).collect())
    }

    async fn key_entries(&self, organization: OrganizationCode) -> DoorResult<Vec<KeyEntry>> {
        let chain = self.directory.main();
        let mut entries = Vec::new();
        for offset in (0..MAX_KEY_ENTRIES).step_by(PAGE) {
            let call = OrganizationRegistry::keyRecordsCall {
                code: organization.to_bytes32(),
                offset: U256::from(offset),
                limit: U256::from(PAGE),
            };
            let (records, _) = self.call(&chain, predeploys::ORGANIZATION_REGISTRY, call).await?;
            entries.extend(records.iter().filter_map(decode));
            if records.len() < PAGE {
                break;
            }
        }
        Ok(entries)
    }
}

fn decode(record: &OrganizationRegistry::KeyRecord) -> Option<KeyEntry> {
    Some(KeyEntry {
        key: record.key,
        right: Right::from_bytes32(record.right).ok()?,
        not_before: UnixSeconds(record.notBefore),
        not_after: UnixSeconds(record.notAfter),
        revoked_at: UnixSeconds(record.revokedAt),
    })
}
