//! Whether an address is a key of an organization: slots of `OrganizationRegistry`, proven. A node's list only says where to look.

use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall as _;
use chancery_contracts::{OrganizationRegistry, predeploys};
use chancery_ledger::{Chain, ChainHead};
use chancery_primitives::{
    Right, UnixSeconds,
    organization_storage::{self as storage, KeyRecord, OrganizationWord, Period},
};

use super::{LookupError, proven};
use crate::statement::Correspondent;

/// Rows that the registry gives at once.
const PAGE: u64 = 100;
/// Most key records of an organization that are looked through.
const MAX_RECORDS: u64 = 1_000;

/// Proves that a key counts for a right of its organization now; the block that shows it.
///
/// # Errors
/// [`LookupError::NotAMember`], [`LookupError::Stale`], [`LookupError::Unproven`], [`LookupError::Chain`], [`LookupError::Answer`].
pub async fn member(chain: &Chain, of: Correspondent, right: Right, now_s: u64) -> Result<ChainHead, LookupError> {
    let refuse = |why| LookupError::NotAMember {
        address: of.address,
        organization: of.organization.to_string(),
        right: right.to_string(),
        why,
    };
    let now = UnixSeconds(now_s);
    let index =
        place_of(chain, of, right, now).await?.ok_or_else(|| refuse("no authorization in force is recorded"))?;
    let registry = predeploys::ORGANIZATION_REGISTRY;
    let (_, periods) = proven(chain, registry, &[storage::right_periods_slot(of.organization, right)], now_s).await?;
    let periods = periods.first().and_then(|count| u64::try_from(*count).ok()).ok_or(LookupError::Answer)?;
    let last = periods.checked_sub(1).ok_or_else(|| refuse("the organization was never granted the right"))?;
    let [key, named, times] = storage::key_record_slots(of.organization, index);
    let slots = [
        storage::organization_slot(of.organization),
        storage::right_period_slot(of.organization, right, last),
        key,
        named,
        times,
    ];
    let (head, words) = proven(chain, registry, &slots, now_s).await?;
    let [organization, period, key, named, times] = words.as_slice() else { return Err(LookupError::Answer) };
    let organization = OrganizationWord::decode(*organization);
    let record = KeyRecord::decode([*key, *named, *times]);
    if organization.registered_at == UnixSeconds::ZERO {
        return Err(refuse("there is no such organization"));
    }
    if organization.is_suspended {
        return Err(refuse("the organization is suspended"));
    }
    if !Period::decode(*period).is_some_and(|period| period.contains(now)) {
        return Err(refuse("the organization no longer has the right"));
    }
    if record.key != of.address || record.right != right.to_bytes32() || !counts(&record, now) {
        return Err(refuse("its authorization is not in force"));
    }
    Ok(head)
}

/// Whether a record counts now. What is taken away carries the time of the next second, so that is looked at too.
fn counts(record: &KeyRecord, now: UnixSeconds) -> bool {
    let is_taken_away = record.revoked_at != UnixSeconds::ZERO && record.revoked_at <= now.saturating_add(1);
    record.counts_at(now) && !is_taken_away
}

/// The place of the last record in force of the key, as the node says.
async fn place_of(
    chain: &Chain,
    of: Correspondent,
    right: Right,
    now: UnixSeconds,
) -> Result<Option<u64>, LookupError> {
    let mut found = None;
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
            if words.key == of.address && words.right == right.to_bytes32() && counts(&words, now) {
                found = Some(index);
            }
        }
        if (page.len() as u64) < PAGE {
            break;
        }
    }
    Ok(found)
}
