//! Until when the certificate that stands for a kind is valid: proven without its number.

use alloy_primitives::U256;
use chancery_primitives::UnixSeconds;

use super::{Asked, VerifiedKind, low_u64, of_now, period_slot, require, values};
use crate::{stapled::ProvenState, verify::VerificationFailure};

/// The end of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// The contract is of a version that keeps none, and nothing is proven of it.
    NotProven,
    /// The certificate has no end.
    Unlimited,
    /// It is not valid any more from this second on, which has not come.
    Until(UnixSeconds),
}

/// The period of what was shown, by `HeldCertificates` with [`period_slot`] in a block of now.
///
/// # Errors
/// Those of `chancery_light`, `shown-fresh`, `time-not-ahead`; `shown-period`: the slot is another one, it is about another certificate, or the period is over.
pub(super) fn verify(
    state: &ProvenState,
    asked: &Asked<'_>,
    shown: &VerifiedKind,
) -> Result<Period, VerificationFailure> {
    let (_, held) = of_now(state, asked)?;
    let word = values(&held, [period_slot(asked.holder, asked.kind)]).map(|[word]| word);
    let word = word.filter(|_| held.address == shown.by.held).ok_or_else(|| {
        VerificationFailure::new("shown-period", "the slot is not that of this holder's certificates of this kind")
    })?;
    let (until, number) = (UnixSeconds(low_u64(word)), word >> 64);
    require("shown-period", number == U256::from(shown.number), || {
        format!("it was shown of block {}, and the end of the period is of block {number}: ask again", shown.number)
    })?;
    if until == UnixSeconds::ZERO {
        return Ok(Period::Unlimited);
    }
    require("shown-period", asked.now < until, || "its period is over".to_owned())?;
    Ok(Period::Until(until))
}
