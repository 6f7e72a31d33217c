//! A certificate shown with its staple: what somebody without a network verifies, knowing the genesis of two chains alone, and how old that
//! knowledge is (`docs/specs/stapled.md`).
//!
//! ```text
//! file of C-API-5 (issue, final on the side chain)
//!   + staple: status        slots of CertificateRegistry in a later final block of the side chain
//!             right         slots of OrganizationRegistry in a final block of the main chain, not older than the issue
//!   + presentation          the document and the holder's signature, where the holder shows it
//! ```
//!
//! Invariants: STAPLE-1 to STAPLE-16 of the specification. The outcome is that at the time of the block that the status was proven at; the verifier's
//! clock measures ages, and nothing but an age can take anything back.
//!
//! Must not: read a clock, reach a chain, believe a member of the file that nothing proves.

mod ages;
mod file;
mod fingerprint;
mod online;
mod presented;
mod right;

use chancery_light::{StateProof, TrustedChain};
use chancery_primitives::{Outcome, UnixSeconds, Validity};
use serde::{Deserialize, Serialize};

pub use ages::{MAX_CLOCK_SKEW_S, Policy};
pub use file::{MAX_STAPLED_BYTES, ProvenState, RightProof, STAPLE_VERSION, Staple, StapledFile, is_stapled};
pub use fingerprint::trust_fingerprint;
pub use online::{MAX_ONLINE_AGE_S, TrustedCity, agreed};
pub use presented::VerifiedPresentation;
pub use right::{RightPlaces, VerifiedRight};

use crate::verify::{VerificationFailure, VerifiedCertificate, verify};

/// The chains that whoever verifies trusts.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// The side chain of the certificate.
    pub chain: &'a TrustedChain,
    /// The main chain of the same city, which says who may issue what.
    pub authority: &'a TrustedChain,
}

/// What a stapled file proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedStaple {
    /// What the certificate amounts to as of [`Self::as_of`]; "cannot determine" when the proof is older than whoever verifies accepts.
    pub outcome: Outcome,
    /// The time to which all that is proven holds: that of the older of the two blocks.
    pub as_of: UnixSeconds,
    /// How old that is, in seconds.
    pub age_s: u64,
    /// Whether something is older than whoever verifies accepts.
    pub is_too_old: bool,
    /// The certificate and its status, as far as the side chain shows them.
    pub certificate: VerifiedCertificate,
    /// The issuer's right.
    pub right: VerifiedRight,
    /// Who shows it; absent where the file has no presentation.
    pub presented: Option<VerifiedPresentation>,
}

/// Verifies a file with its staple.
///
/// # Errors
/// The first check that fails, by name. A proof that is too old, and a certificate that is out of force, are outcomes and no errors.
pub fn verify_stapled(json: &[u8], trust: Trust<'_>, policy: Policy) -> Result<VerifiedStaple, VerificationFailure> {
    let file = StapledFile::from_json(json)?;
    let mut verified = file.verify(trust, policy)?;
    verified.certificate.unproven.extend(file.unknown);
    Ok(verified)
}

impl StapledFile {
    /// Verifies everything in the file.
    ///
    /// # Errors
    /// As [`verify_stapled`].
    pub fn verify(&self, trust: Trust<'_>, policy: Policy) -> Result<VerifiedStaple, VerificationFailure> {
        let (certificate, at) = self.verify_certificate(trust.chain, policy)?;
        let right = right::verify(&self.staple.right, &certificate, trust.authority, policy)?;
        let presented = self
            .presentation
            .as_ref()
            .map(|shown| presented::verify(shown, &certificate, trust.chain.chain_id(), policy))
            .transpose()?;
        let ages = [Some(policy.age_s(at)), Some(right.age_s), presented.as_ref().map(|shown| shown.age_s)];
        let is_too_old = ages.into_iter().flatten().any(|age_s| policy.is_too_old(age_s));
        let as_of = at.min(right.at);
        Ok(VerifiedStaple {
            outcome: outcome(&certificate, at, policy, is_too_old),
            as_of,
            age_s: policy.age_s(as_of),
            is_too_old,
            certificate,
            right,
            presented,
        })
    }

    /// The certificate by the checks of C-API-5, its status by those of the staple; with the time of the status.
    fn verify_certificate(
        &self,
        chain: &TrustedChain,
        policy: Policy,
    ) -> Result<(VerifiedCertificate, UnixSeconds), VerificationFailure> {
        let mut file = self.certificate.clone();
        if let Some(bundle) = &mut file.proof {
            if bundle.state.is_some() {
                let detail = "the file proves a status beside the one that is stapled to it";
                return Err(VerificationFailure::new("one-status", detail));
            }
            let ProvenState { finality, account } = self.staple.status.clone();
            bundle.state = Some(StateProof { finality: Some(finality), account });
        }
        let document = self.presentation.as_ref().map(presented::document_of).transpose()?;
        let mut certificate = verify(&file, chain, document.as_deref(), policy.now)?;
        let Some(status) = &mut certificate.status else {
            // The bundle above has a state, so the check of the status has spoken.
            return Err(VerificationFailure::new("status-readable", "the staple proves no status"));
        };
        ages::not_ahead("the status", status.at, policy)?;
        let validity =
            Validity { valid_from: certificate.issue.valid_from, valid_until: certificate.issue.valid_until };
        status.outcome = validity.outcome(status.status, status.at);
        let at = status.at;
        certificate.outcome = status.outcome;
        Ok((certificate, at))
    }
}

/// What was proven as of a block, and what its age takes back: a certificate may have ended meanwhile, and what may have changed is not known of a
/// proof that is too old. Nothing gets better by waiting.
fn outcome(certificate: &VerifiedCertificate, at: UnixSeconds, policy: Policy, is_too_old: bool) -> Outcome {
    let validity = Validity { valid_from: certificate.issue.valid_from, valid_until: certificate.issue.valid_until };
    let has_ended = validity.is_after(at.saturating_add(policy.age_s(at)));
    match certificate.outcome {
        Outcome::Valid | Outcome::Suspended | Outcome::Refused if has_ended => Outcome::Expired,
        Outcome::Valid | Outcome::Suspended | Outcome::Refused if is_too_old => Outcome::CannotDetermine,
        as_of_block => as_of_block,
    }
}

#[cfg(test)]
pub(crate) mod tests;
