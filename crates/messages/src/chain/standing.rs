//! That a key is an organization's, for a city that reads no other chain than its own: the slots of `OrganizationRegistry` that decide it, in one storage proof against one final header.
//! Whoever has the genesis of the organization's city verifies it; it holds for the block that it names.

use std::time::Duration;

use alloy_primitives::{B256, U256};
use chancery_contracts::predeploys;
use chancery_ledger::Chain;
use chancery_light::{AccountState, StateProof, TrustedChain, VerifyError};
use chancery_primitives::{
    OrganizationCode, Right, UnixSeconds,
    organization_storage::{self as storage, KeyRecord, OrganizationWord, Period},
};
use serde::{Deserialize, Serialize};

use super::{
    LookupError, judged_at,
    members::{Refusal, Words, judge, place_of, refused},
    proven,
};
use crate::{
    limits::{MAX_CLOCK_SKEW_S, MAX_STANDING_AGE_S},
    statement::Correspondent,
};

/// How often a node is asked for a block that it has to have in a moment.
const ATTEMPTS: u32 = 20;
/// The pause between two questions.
const PAUSE: Duration = Duration::from_millis(250);

/// The proof that a key counts for a right of its organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Standing {
    /// Place of the key's record among those of its organization.
    pub record: u64,
    /// The organization's word, how many periods of the right there were, the last of them, and the three words of the record, in this order.
    pub proof: StateProof,
}

/// When it was so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StandingAt {
    /// The block.
    pub block_number: u64,
    /// Its hash.
    pub block_hash: B256,
    /// Its time.
    pub time: UnixSeconds,
}

/// Why a proof does not show it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StandingError {
    /// It does not verify by the genesis that is trusted.
    #[error(transparent)]
    Proof(#[from] VerifyError),
    /// It is of something else.
    #[error("the proof is not of the slots that decide it")]
    OtherSlots,
    /// The block is too old for what arrives now.
    #[error("the proof is of a block {age_s} s old, more than {MAX_STANDING_AGE_S} s: prove it anew")]
    Stale {
        /// Age by this side's clock.
        age_s: u64,
    },
    /// The clocks differ.
    #[error("the proof is of a block {ahead_s} s ahead of this clock, more than {MAX_CLOCK_SKEW_S} s")]
    Ahead {
        /// By how much.
        ahead_s: u64,
    },
    /// Nothing proven says that it ever counted.
    #[error("it is no key of that organization with that right: {0}")]
    NeverAMember(&'static str),
    /// The organization is suspended.
    #[error("the organization is suspended")]
    Suspended,
    /// It counts no longer.
    #[error("it counts no longer: {0}")]
    Ended(&'static str),
}

/// Proves that a key counts for a right of its organization now, in the state of a block that is not before another.
///
/// # Errors
/// [`LookupError::NeverAMember`], [`LookupError::NotAMember`], [`LookupError::Stale`], [`LookupError::Ahead`], [`LookupError::Behind`], [`LookupError::Unproven`],
/// [`LookupError::Chain`], [`LookupError::Answer`].
pub async fn standing(
    chain: &Chain,
    of: Correspondent,
    right: Right,
    not_before: u64,
    now_s: u64,
) -> Result<Standing, LookupError> {
    let record = place_of(chain, of, right, UnixSeconds(now_s)).await?;
    let record = record.ok_or_else(|| refused(of, right, Refusal::Never("no authorization of it is recorded")))?;
    let registry = predeploys::ORGANIZATION_REGISTRY;
    let (_, _, periods) =
        proven(chain, registry, &[storage::right_periods_slot(of.organization, right)], now_s).await?;
    let periods = periods.first().and_then(|count| u64::try_from(*count).ok()).ok_or(LookupError::Answer)?;
    let slots = slots(of.organization, right, periods, record)
        .ok_or_else(|| refused(of, right, Refusal::Never("the organization was never granted the right")))?;
    for _ in 0..ATTEMPTS {
        let evidence = chain.state(registry, &slots).await?.ok_or(LookupError::Unproven)?;
        if evidence.block.number < not_before {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        let at = judged_at(evidence.block.time_ms / 1000, now_s)?;
        let words = words(&evidence.state).ok_or(LookupError::Answer)?;
        judge(&words, of, right, UnixSeconds(at)).map_err(|refusal| refused(of, right, refusal))?;
        return Ok(Standing { record, proof: evidence.proof });
    }
    Err(LookupError::Behind { block: not_before })
}

impl Standing {
    /// Verifies that the key counted in the block that the proof names, knowing the genesis of the organization's city.
    ///
    /// # Errors
    /// [`StandingError`], but for its times.
    pub fn verify(&self, chain: &TrustedChain, of: Correspondent, right: Right) -> Result<StandingAt, StandingError> {
        let (at, words) = self.read(chain, of, right)?;
        decide(&words, of, right, at.time)?;
        Ok(at)
    }

    /// Verifies that the key counts now, as far as a block shows that is at most [`MAX_STANDING_AGE_S`] old.
    ///
    /// # Errors
    /// [`StandingError`].
    pub fn verify_now(
        &self,
        chain: &TrustedChain,
        of: Correspondent,
        right: Right,
        now: UnixSeconds,
    ) -> Result<StandingAt, StandingError> {
        let (at, words) = self.read(chain, of, right)?;
        let age_s = now.get().saturating_sub(at.time.get());
        if age_s > MAX_STANDING_AGE_S {
            return Err(StandingError::Stale { age_s });
        }
        let ahead_s = at.time.get().saturating_sub(now.get());
        if ahead_s > MAX_CLOCK_SKEW_S {
            return Err(StandingError::Ahead { ahead_s });
        }
        decide(&words, of, right, now.max(at.time))?;
        Ok(at)
    }

    fn read(
        &self,
        chain: &TrustedChain,
        of: Correspondent,
        right: Right,
    ) -> Result<(StandingAt, Words), StandingError> {
        let finality = self.proof.finality.as_ref().ok_or(StandingError::OtherSlots)?;
        let header = chain.verify_finality(finality)?;
        let state = header.verify_account(&self.proof.account)?;
        let periods = state.storage.get(1).and_then(|(_, count)| u64::try_from(*count).ok());
        let periods = periods.ok_or(StandingError::OtherSlots)?;
        let expected = slots(of.organization, right, periods, self.record)
            .ok_or(StandingError::NeverAMember("the organization was never granted the right"))?;
        let shown = state.storage.iter().map(|(slot, _)| B256::from(*slot));
        if state.address != predeploys::ORGANIZATION_REGISTRY || !shown.eq(expected) {
            return Err(StandingError::OtherSlots);
        }
        let words = words(&state).ok_or(StandingError::OtherSlots)?;
        let time = UnixSeconds(header.time_ms() / 1000);
        Ok((StandingAt { block_number: header.number(), block_hash: header.hash(), time }, words))
    }
}

fn decide(words: &Words, of: Correspondent, right: Right, at: UnixSeconds) -> Result<(), StandingError> {
    judge(words, of, right, at).map_err(|refusal| match refusal {
        Refusal::Never(why) => StandingError::NeverAMember(why),
        Refusal::Ended(_) if words.organization.is_suspended => StandingError::Suspended,
        Refusal::Ended(why) => StandingError::Ended(why),
    })
}

/// The slots that decide; `None` for an organization that never had the right.
pub(crate) fn slots(organization: OrganizationCode, right: Right, periods: u64, record: u64) -> Option<[B256; 6]> {
    let last = periods.checked_sub(1)?;
    let [key, named, times] = storage::key_record_slots(organization, record);
    Some([
        storage::organization_slot(organization),
        storage::right_periods_slot(organization, right),
        storage::right_period_slot(organization, right, last),
        key,
        named,
        times,
    ])
}

fn words(state: &AccountState) -> Option<Words> {
    let values: Vec<U256> = state.storage.iter().map(|(_, value)| *value).collect();
    let [organization, _, period, key, named, times] = values.as_slice() else { return None };
    Some(Words {
        organization: OrganizationWord::decode(*organization),
        period: Period::decode(*period),
        record: KeyRecord::decode([*key, *named, *times]),
    })
}

#[cfg(test)]
mod tests;
