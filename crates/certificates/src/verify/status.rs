//! The status, from two storage slots of the registry in the state of a final block.

use alloy_primitives::B256;
use chancery_contracts::predeploys;
use chancery_light::{FinalHeader, TrustedChain, VerifiedBundle};
use chancery_primitives::{
    SignedOperation as _, SigningDomain, UnixSeconds,
    certificate_storage::{CertificateSlots, StatusWord, commitment},
};

use super::{Checks, VerificationFailure, VerifiedStatus};
use crate::registry::IssuedCertificate;

/// The status that the file proves, `None` when it proves none.
pub(super) fn check(
    proven: &VerifiedBundle,
    issued: &IssuedCertificate,
    issued_at: UnixSeconds,
    chain: &TrustedChain,
    now: UnixSeconds,
    checks: &mut Checks,
) -> Result<Option<VerifiedStatus>, VerificationFailure> {
    let Some((header, account)) = &proven.state else { return Ok(None) };
    checks.require("status-of-registry", account.address == predeploys::CERTIFICATE_REGISTRY, || {
        format!("the status proof is of {}", account.address)
    })?;
    let slots = CertificateSlots::of(issued.operation.certificate_id);
    let slot =
        |wanted: B256| account.storage.iter().find(|(key, _)| B256::from(*key) == wanted).map(|(_, value)| *value);
    let (Some(word), Some(found)) = (slot(slots.status), slot(slots.commitment)) else {
        return Err(VerificationFailure::new("status-of-certificate", "the status proof is of another certificate"));
    };
    checks.passed("status-of-certificate");
    let domain = SigningDomain::new(chain.chain_id(), predeploys::CERTIFICATE_REGISTRY);
    let expected = commitment(issued.operation.digest(&domain), issued.issuer, issued_at);
    checks.require("commitment-matches", B256::from(found) == expected, || {
        format!("the registry is committed to {}, not to {expected}", B256::from(found))
    })?;
    let word = StatusWord::decode(word).map_err(|error| VerificationFailure::new("status-readable", error))?;
    let word =
        word.ok_or_else(|| VerificationFailure::new("status-readable", "the registry knows no such certificate"))?;
    checks.passed("status-readable");
    Ok(Some(verified_status(&word, header, now)))
}

fn verified_status(word: &StatusWord, header: &FinalHeader, now: UnixSeconds) -> VerifiedStatus {
    let at = UnixSeconds(header.header().timestamp);
    VerifiedStatus {
        status: word.status,
        outcome: word.validity.outcome(word.status, now),
        revision: word.revision,
        block_number: header.number(),
        at,
        age_s: now.get().saturating_sub(at.get()),
    }
}
