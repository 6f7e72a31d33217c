//! The issuer's right, from slots of `OrganizationRegistry` in the state of a final block of the main chain: what `isAuthorized` answers there for
//! the time of the issue (STAPLE-4 to STAPLE-6).

use alloy_primitives::{Address, B256, U256};
use chancery_contracts::predeploys;
use chancery_light::{AccountState, TrustedChain};
use chancery_primitives::{
    OrganizationCode, Right, UnixSeconds,
    organization_storage::{
        KeyRecord, MAX_PERIODS, OrganizationWord, Period, key_record_slots, organization_slot, right_period_slot,
        suspension_slot, suspensions_slot,
    },
};
use serde::{Deserialize, Serialize};

use super::{Policy, RightProof, ages};
use crate::verify::{VerificationFailure, VerifiedCertificate};

/// The right that was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedRight {
    /// The block of the main chain.
    pub block_number: u64,
    /// Its time, Unix seconds.
    pub at: UnixSeconds,
    /// How old that is, in seconds.
    pub age_s: u64,
    /// Whether the organization is suspended in that block. What it issued before stays good.
    pub is_organization_suspended: bool,
    /// Whether key and right still count in that block. What was issued before stays good.
    pub is_in_force: bool,
}

/// Which slots decide about a right at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RightPlaces {
    /// The organization.
    pub organization: OrganizationCode,
    /// The right.
    pub right: Right,
    /// Index of the period of the right.
    pub period: u64,
    /// Index of the key's record.
    pub key_record: u64,
    /// How many suspensions the organization has had: all of them are shown, since any could cover the time.
    pub suspensions: u64,
}

impl RightPlaces {
    /// The slots in the order of the proof: organization, number of suspensions, period, the three of the key's record, each suspension.
    #[must_use]
    pub fn slots(&self) -> Vec<B256> {
        let code = self.organization;
        let mut slots =
            vec![organization_slot(code), suspensions_slot(code), right_period_slot(code, self.right, self.period)];
        slots.extend(key_record_slots(code, self.key_record));
        slots.extend((0..self.suspensions.min(MAX_PERIODS)).map(|index| suspension_slot(code, index)));
        slots
    }
}

/// What the slots say.
struct Shown {
    organization: OrganizationWord,
    period: Option<Period>,
    record: KeyRecord,
    suspensions: Vec<Period>,
}

pub(super) fn verify(
    proof: &RightProof,
    certificate: &VerifiedCertificate,
    authority: &TrustedChain,
    policy: Policy,
) -> Result<VerifiedRight, VerificationFailure> {
    proof.chain.check(authority)?;
    let header = authority.verify_finality(&proof.state.finality)?;
    let account = header.verify_account(&proof.state.account)?;
    require("right-of-registry", account.address == predeploys::ORGANIZATION_REGISTRY, || {
        format!("the proof of the right is of {}", account.address)
    })?;
    let (code, right) = (certificate.issue.organization, Right::issue(certificate.issue.kind));
    let shown = shown(&account, proof, code, right)?;
    let issued_at = certificate.issued_at;
    judge(&shown, certificate.issuer_key, right, issued_at)?;
    let at = UnixSeconds(header.header().timestamp);
    require("right-after-issue", at >= issued_at, || {
        let missing_s = issued_at.get().saturating_sub(at.get());
        format!(
            "the block that shows the right is {missing_s} s older than the issue, and what was taken away between is not in it"
        )
    })?;
    ages::not_ahead("the proof of the right", at, policy)?;
    Ok(VerifiedRight {
        block_number: header.number(),
        at,
        age_s: policy.age_s(at),
        is_organization_suspended: shown.organization.is_suspended,
        is_in_force: !shown.organization.is_suspended
            && shown.period.is_some_and(|period| period.contains(at))
            && shown.record.counts_at(at),
    })
}

/// Reads exactly the slots that decide: no more, no less, in their order.
fn shown(
    account: &AccountState,
    proof: &RightProof,
    organization: OrganizationCode,
    right: Right,
) -> Result<Shown, VerificationFailure> {
    let others = || {
        let detail = "the slots are not those of the issuer's organization, right and key, with every suspension";
        VerificationFailure::new("right-complete", detail)
    };
    let values: Vec<U256> = account.storage.iter().map(|(_, value)| *value).collect();
    let [word, count, period, key, key_right, times, suspensions @ ..] = values.as_slice() else {
        return Err(others());
    };
    let suspensions_count = u64::try_from(*count).ok().filter(|count| *count <= MAX_PERIODS).ok_or_else(others)?;
    let places = RightPlaces {
        organization,
        right,
        period: proof.period,
        key_record: proof.key_record,
        suspensions: suspensions_count,
    };
    let expected = places.slots();
    let found = account.storage.iter().map(|(slot, _)| B256::from(*slot));
    if account.storage.len() != expected.len() || !found.eq(expected) {
        return Err(others());
    }
    Ok(Shown {
        organization: OrganizationWord::decode(*word),
        period: Period::decode(*period),
        record: KeyRecord::decode([*key, *key_right, *times]),
        suspensions: suspensions.iter().filter_map(|word| Period::decode(*word)).collect(),
    })
}

fn judge(shown: &Shown, issuer: Address, right: Right, issued_at: UnixSeconds) -> Result<(), VerificationFailure> {
    require("organization-registered", shown.organization.registered_at != UnixSeconds::ZERO, || {
        "the main chain knows no such organization".to_owned()
    })?;
    require("organization-not-suspended", !shown.suspensions.iter().any(|period| period.contains(issued_at)), || {
        "the organization was suspended when the certificate was recorded".to_owned()
    })?;
    require("right-granted", shown.period.is_some_and(|period| period.contains(issued_at)), || {
        format!("the organization did not have the right `{right}` when the certificate was recorded")
    })?;
    let record = &shown.record;
    let is_own = record.key == issuer && record.right == right.to_bytes32();
    require("key-authorized", is_own && record.counts_at(issued_at), || {
        format!("the key {issuer} was not authorized when the certificate was recorded")
    })
}

fn require(check: &'static str, holds: bool, detail: impl FnOnce() -> String) -> Result<(), VerificationFailure> {
    if holds { Ok(()) } else { Err(VerificationFailure::new(check, detail())) }
}
