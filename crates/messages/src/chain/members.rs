//! Whether an address is a key of an organization: slots of `OrganizationRegistry`, proven. A node's list only says where to look.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall as _;
use chancery_contracts::{OrganizationRegistry, predeploys};
use chancery_ledger::{Chain, ChainHead};
use chancery_primitives::{
    OrganizationCode, Right, UnixSeconds,
    organization_storage::{self as storage, KeyRecord, OrganizationWord, Period},
};

use super::{LookupError, proven};
use crate::statement::Correspondent;

/// Rows that the registry gives at once.
const PAGE: u64 = 100;
/// Most key records of an organization that are looked through.
const MAX_RECORDS: u64 = 1_000;

/// Most key records of an organization that are proven one by one.
const MAX_PROVEN_RECORDS: u64 = 512;
/// Records in one proof.
const RECORDS_OF_A_PROOF: u64 = 32;

/// What proven slots say of a key.
pub(super) struct Words {
    pub(super) organization: OrganizationWord,
    /// The last period in which the organization had the right.
    pub(super) period: Option<Period>,
    pub(super) record: KeyRecord,
}

/// Why a key does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Nothing proven says that it ever did.
    Never(&'static str),
    /// It did.
    Ended(&'static str),
}

/// Proves that a key counts for a right of its organization now; the block that shows it.
///
/// # Errors
/// [`LookupError::NeverAMember`], [`LookupError::NotAMember`] for a key that counted once, [`LookupError::Stale`], [`LookupError::Ahead`], [`LookupError::Unproven`],
/// [`LookupError::Chain`], [`LookupError::Answer`].
pub async fn member(chain: &Chain, of: Correspondent, right: Right, now_s: u64) -> Result<ChainHead, LookupError> {
    let refuse = |refusal| refused(of, right, refusal);
    let place = place_of(chain, of, right, UnixSeconds(now_s)).await?;
    let index = place.ok_or_else(|| refuse(Refusal::Never("no authorization of it is recorded")))?;
    let registry = predeploys::ORGANIZATION_REGISTRY;
    let periods_slot = storage::right_periods_slot(of.organization, right);
    let (_, _, periods) = proven(chain, registry, &[periods_slot], now_s).await?;
    let periods = periods.first().and_then(|count| u64::try_from(*count).ok()).ok_or(LookupError::Answer)?;
    let last = periods.checked_sub(1);
    let last = last.ok_or_else(|| refuse(Refusal::Never("the organization was never granted the right")))?;
    let [key, named, times] = storage::key_record_slots(of.organization, index);
    let slots = [
        storage::organization_slot(of.organization),
        storage::right_period_slot(of.organization, right, last),
        key,
        named,
        times,
    ];
    let (head, judged_at_s, words) = proven(chain, registry, &slots, now_s).await?;
    let [organization, period, key, named, times] = words.as_slice() else { return Err(LookupError::Answer) };
    let words = Words {
        organization: OrganizationWord::decode(*organization),
        period: Period::decode(*period),
        record: KeyRecord::decode([*key, *named, *times]),
    };
    judge(&words, of, right, UnixSeconds(judged_at_s)).map_err(refuse)?;
    Ok(head)
}

pub(super) fn refused(of: Correspondent, right: Right, refusal: Refusal) -> LookupError {
    let (address, organization, right) = (of.address, of.organization.to_string(), right.to_string());
    match refusal {
        Refusal::Never(why) => LookupError::NeverAMember { address, organization, right, why },
        Refusal::Ended(why) => LookupError::NotAMember { address, organization, right, why },
    }
}

/// The addresses whose keys receive for an organization now: all of them, in their order as numbers. Every key record that the registry has is proven,
/// so that neither a node nor a gateway leaves one out (MSG-2).
///
/// # Errors
/// [`LookupError::TooManyRecords`], [`LookupError::Stale`], [`LookupError::Ahead`], [`LookupError::Unproven`], [`LookupError::Chain`], [`LookupError::Answer`].
pub async fn receivers(
    chain: &Chain,
    organization: OrganizationCode,
    right: Right,
    now_s: u64,
) -> Result<Vec<Address>, LookupError> {
    let registry = predeploys::ORGANIZATION_REGISTRY;
    let (_, _, count) = proven(chain, registry, &[storage::key_records_slot(organization)], now_s).await?;
    let count = count.first().and_then(|count| u64::try_from(*count).ok()).ok_or(LookupError::Answer)?;
    if count > MAX_PROVEN_RECORDS {
        return Err(LookupError::TooManyRecords { organization: organization.to_string() });
    }
    let mut found = BTreeSet::new();
    for first in (0..count).step_by(RECORDS_OF_A_PROOF as usize) {
        let indexes = first..count.min(first + RECORDS_OF_A_PROOF);
        let slots: Vec<B256> = indexes.flat_map(|index| storage::key_record_slots(organization, index)).collect();
        let (_, judged_at_s, words) = proven(chain, registry, &slots, now_s).await?;
        if words.len() != slots.len() {
            return Err(LookupError::Answer);
        }
        found.extend(counting(&words, right, UnixSeconds(judged_at_s)));
    }
    Ok(found.into_iter().collect())
}

/// The keys of the records that count for a right, three words each.
fn counting(words: &[U256], right: Right, now: UnixSeconds) -> impl Iterator<Item = Address> {
    let records = words.chunks_exact(3).filter_map(|words| <[U256; 3]>::try_from(words).ok()).map(KeyRecord::decode);
    records.filter(move |record| record.right == right.to_bytes32() && counts(record, now)).map(|record| record.key)
}

/// Whether proven slots let a key count for a right of its organization at a time.
pub(super) fn judge(words: &Words, of: Correspondent, right: Right, now: UnixSeconds) -> Result<(), Refusal> {
    let Words { organization, period, record } = words;
    if record.key != of.address || record.right != right.to_bytes32() {
        return Err(Refusal::Never("the record that the node names is of another key or another right"));
    }
    if organization.registered_at == UnixSeconds::ZERO {
        return Err(Refusal::Never("there is no such organization"));
    }
    let Some(period) = period.filter(|period| period.from <= now) else {
        return Err(Refusal::Never("the organization has not been granted the right"));
    };
    if record.not_before > now {
        return Err(Refusal::Never("its authorization has not begun"));
    }
    if organization.is_suspended {
        return Err(Refusal::Ended("the organization is suspended"));
    }
    // What is taken away ends with the next second: a period that has an end is as good as over.
    if period.until != UnixSeconds::ZERO {
        return Err(Refusal::Ended("the organization no longer has the right"));
    }
    if !counts(record, now) {
        return Err(Refusal::Ended("its authorization is not in force"));
    }
    Ok(())
}

/// Whether a record counts now. What is taken away carries the time of the next second, so that is looked at too.
fn counts(record: &KeyRecord, now: UnixSeconds) -> bool {
    let is_taken_away = record.revoked_at != UnixSeconds::ZERO && record.revoked_at <= now.saturating_add(1);
    record.counts_at(now) && !is_taken_away
}

/// The place of the last record of the key that is in force, or else of its last one, as the node says.
pub(super) async fn place_of(
    chain: &Chain,
    of: Correspondent,
    right: Right,
    now: UnixSeconds,
) -> Result<Option<u64>, LookupError> {
    let (mut in_force, mut ended) = (None, None);
    for offset in (0..MAX_RECORDS).step_by(PAGE as usize) {
        let call = OrganizationRegistry::keyRecordsCall {
            code: of.organization.to_bytes32(),
            offset: U256::from(offset),
            limit: U256::from(PAGE),
        };
        let view = chain.view(predeploys::ORGANIZATION_REGISTRY, &Bytes::from(call.abi_encode())).await?;
        let page =
            OrganizationRegistry::keyRecordsCall::abi_decode_returns(&view.data).map_err(|_| LookupError::Answer)?;
        for (index, record) in (offset..).zip(&page) {
            let words = KeyRecord {
                key: record.key,
                right: record.right,
                not_before: UnixSeconds(record.notBefore),
                not_after: UnixSeconds(record.notAfter),
                revoked_at: UnixSeconds(record.revokedAt),
            };
            if words.key == of.address && words.right == right.to_bytes32() {
                let place = if counts(&words, now) { &mut in_force } else { &mut ended };
                *place = Some(index);
            }
        }
        if (page.len() as u64) < PAGE {
            break;
        }
    }
    Ok(in_force.or(ended))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const NOW: u64 = 1_800_000_000;
    const RIGHT: Right = Right::SUBMISSION;

    fn of() -> Correspondent {
        Correspondent { organization: OrganizationCode::parse("ONE").unwrap(), address: Address::repeat_byte(1) }
    }

    fn words() -> Words {
        let organization = OrganizationWord { registered_at: UnixSeconds(1), is_suspended: false };
        let period = Some(Period { from: UnixSeconds(1), until: UnixSeconds::ZERO });
        let record = KeyRecord {
            key: of().address,
            right: RIGHT.to_bytes32(),
            not_before: UnixSeconds(1),
            not_after: UnixSeconds::ZERO,
            revoked_at: UnixSeconds::ZERO,
        };
        Words { organization, period, record }
    }

    fn judged(alter: impl FnOnce(&mut Words)) -> Result<(), Refusal> {
        let mut words = words();
        alter(&mut words);
        judge(&words, of(), RIGHT, UnixSeconds(NOW))
    }

    // MSG-2: of all records, those that count for the right now; an address with two of them is one.
    #[test]
    fn who_receives_is_read_from_every_record() {
        let word = |byte: u8| U256::from_be_bytes(Address::repeat_byte(byte).into_word().0);
        let right = U256::from_be_bytes(RIGHT.to_bytes32().0);
        let (begun, ended) = (U256::from(1), U256::from(1) | (U256::from(NOW - 1) << 64));
        let words = [
            [word(1), right, begun],
            [word(2), right, ended],
            [word(3), right + U256::from(1), begun],
            [word(1), right, begun],
            [word(4), right, begun],
        ];
        let found: Vec<Address> = counting(&words.concat(), RIGHT, UnixSeconds(NOW)).collect();
        assert_eq!(found, [1, 1, 4].map(Address::repeat_byte));
    }

    // MSG-2, MSG-7
    #[test]
    fn a_key_that_counted_once_is_not_one_that_never_did() {
        let is_never = |refused| matches!(refused, Err(Refusal::Never(_)));
        let is_ended = |refused| matches!(refused, Err(Refusal::Ended(_)));
        assert_eq!(judged(|_| ()), Ok(()));
        assert!(is_never(judged(|words| words.record.key = Address::repeat_byte(2))));
        assert!(is_never(judged(|words| words.record.right = B256::repeat_byte(1))));
        assert!(is_never(judged(|words| words.organization.registered_at = UnixSeconds::ZERO)));
        assert!(is_never(judged(|words| words.period = None)));
        assert!(is_never(judged(|words| words.record.not_before = UnixSeconds(NOW + 1))));
        assert!(is_ended(judged(|words| words.organization.is_suspended = true)));
        assert!(is_ended(judged(|words| words.period.as_mut().unwrap().until = UnixSeconds(NOW + 1))));
        assert!(is_ended(judged(|words| words.record.not_after = UnixSeconds(NOW - 1))));
        assert!(is_ended(judged(|words| words.record.revoked_at = UnixSeconds(NOW + 1))));
        // An end that its authorization had from the beginning is no revocation.
        assert_eq!(judged(|words| words.record.not_after = UnixSeconds(NOW)), Ok(()));
        assert_eq!(judged(|words| words.record.revoked_at = UnixSeconds(NOW + 2)), Ok(()));
        // Of another key, also an ended record says nothing.
        let other = judged(|words| {
            words.record.key = Address::repeat_byte(2);
            words.organization.is_suspended = true;
        });
        assert!(is_never(other));
    }
}
