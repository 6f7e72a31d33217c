//! Where `OrganizationRegistry` of the main chain keeps what decides about a right, so that it can be proven.

use alloy_primitives::{Address, U256};
use chancery_contracts::{OrganizationRegistry, predeploys};
use chancery_light::StateProof;
use chancery_primitives::{OrganizationCode, Right, UnixSeconds};
use chancery_reference_points::{Class, DoorResult};

use super::{MAX_KEY_ENTRIES, Registry, malformed_answer};
use crate::stapled::RightPlaces;

const PAGE: usize = 100;

impl Registry<'_> {
    /// The slots that show a right of a key at a time; `None` when it had none then. Nothing is believed for it: it says what to prove.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn right_places(
        &self,
        key: Address,
        organization: OrganizationCode,
        right: Right,
        time: UnixSeconds,
    ) -> DoorResult<Option<RightPlaces>> {
        let chain = self.directory.main();
        let (code, right_word) = (organization.to_bytes32(), right.to_bytes32());
        let call = OrganizationRegistry::rightPeriodsCall { code, right: right_word };
        let (periods, _) = self.call(&chain, predeploys::ORGANIZATION_REGISTRY, call).await?;
        let covers = |from: u64, until: u64| from <= time.get() && (until == 0 || time.get() < until);
        let period = periods.iter().position(|period| covers(period.from, period.until));
        let call = OrganizationRegistry::suspensionsCall { code };
        let (suspensions, _) = self.call(&chain, predeploys::ORGANIZATION_REGISTRY, call).await?;
        let record = self.key_record_at(key, organization, right, time).await?;
        Ok(period.zip(record).map(|(period, record)| RightPlaces {
            organization,
            right,
            period: period as u64,
            key_record: record as u64,
            suspensions: suspensions.len() as u64,
        }))
    }

    /// The index of the record by which a key counted at a time, among the first [`MAX_KEY_ENTRIES`] of its organization.
    async fn key_record_at(
        &self,
        key: Address,
        organization: OrganizationCode,
        right: Right,
        time: UnixSeconds,
    ) -> DoorResult<Option<usize>> {
        let chain = self.directory.main();
        let (code, right_word, time) = (organization.to_bytes32(), right.to_bytes32(), time.get());
        for offset in (0..MAX_KEY_ENTRIES).step_by(PAGE) {
            let call =
                OrganizationRegistry::keyRecordsCall { code, offset: U256::from(offset), limit: U256::from(PAGE) };
            let (records, _) = self.call(&chain, predeploys::ORGANIZATION_REGISTRY, call).await?;
            let counts = |record: &OrganizationRegistry::KeyRecord| {
                record.key == key
                    && record.right == right_word
                    && record.notBefore <= time
                    && (record.notAfter == 0 || time <= record.notAfter)
                    && (record.revokedAt == 0 || time < record.revokedAt)
            };
            if let Some(at) = records.iter().position(counts) {
                return Ok(Some(offset + at));
            }
            if records.len() < PAGE {
                break;
            }
        }
        Ok(None)
    }

    /// Proof of the slots that show a right, at the main chain's latest final block; `None` where there are no finality certificates.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn right_proof(&self, places: &RightPlaces) -> DoorResult<Option<StateProof>> {
        let chain = self.directory.main();
        match self.s2p.state_proof(&chain, predeploys::ORGANIZATION_REGISTRY, places.slots()).await {
            Ok(proof) => Ok(proof),
            Err(error) if error.class() == Class::Temporary => Err(error),
            Err(error) => Err(malformed_answer(&chain, &error)),
        }
    }
}
