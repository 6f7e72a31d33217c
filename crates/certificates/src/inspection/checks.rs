//! The checks, one by one.

use alloy_primitives::{B256, keccak256};
use chancery_primitives::{Outcome, SigningDomain, UnixSeconds};

use super::{Check, CheckCertificate, Findings, check_names};
use crate::{
    presentation::{check_age, check_holder},
    registry::{Reading, RegisteredCertificate},
};

/// The presentation with what is needed to check it.
#[derive(Clone, Copy, Debug)]
pub struct PresentationEvidence {
    /// Domain that the holder signed for.
    pub domain: SigningDomain,
    /// Whether it must be fresh. It need not when a record is checked later.
    pub must_be_fresh: bool,
}

/// Everything that the checks look at.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// What the inspector has in hands.
    pub claim: &'a CheckCertificate,
    /// How to check the presentation.
    pub presentation: PresentationEvidence,
    /// What the chain of the kind knows; `None`: it does not know the certificate.
    pub registered: Reading<Option<RegisteredCertificate>>,
    /// Whether the issuing key had the right when it signed; absent when the certificate is not known.
    pub issuer_authorized: Option<Reading<bool>>,
    /// The present time.
    pub now: UnixSeconds,
}

/// Draws the conclusion.
#[must_use]
pub fn inspect(evidence: &Evidence<'_>) -> Findings {
    let mut checks = presentation_checks(evidence);
    let registered = match &evidence.registered {
        Reading::Unreachable(chain) => {
            checks.push(undetermined(check_names::KNOWN, format!("chain {chain} does not answer")));
            return conclude(checks, None, evidence.now);
        }
        Reading::Read(None) => {
            checks.push(failed(
                check_names::KNOWN,
                format!("the chain of {} knows no such certificate", evidence.claim.kind),
            ));
            return conclude(checks, None, evidence.now);
        }
        Reading::Read(Some(registered)) => registered,
    };
    checks.push(passed(check_names::KNOWN, format!("recorded in block {}", registered.issued_block)));
    checks.extend(identity_checks(evidence.claim, registered));
    checks.push(issuer_check(evidence, registered));
    checks.push(begun_check(registered, evidence.now));
    checks.push(passed(
        check_names::STATUS,
        format!("{} (reason {}, revision {})", registered.status, registered.reason.code(), registered.revision),
    ));
    conclude(checks, Some(registered), evidence.now)
}

fn conclude(checks: Vec<Check>, registered: Option<&RegisteredCertificate>, now: UnixSeconds) -> Findings {
    let outcome = if checks.iter().any(|check| check.passed == Some(false)) {
        Outcome::Refused
    } else if checks.iter().any(|check| check.passed.is_none()) {
        Outcome::CannotDetermine
    } else {
        registered.map_or(Outcome::CannotDetermine, |registered| registered.outcome(now))
    };
    Findings { outcome, checks }
}

fn presentation_checks(evidence: &Evidence<'_>) -> Vec<Check> {
    let claim = evidence.claim;
    let Some(proof) = &claim.presentation else {
        // Without the holder's signature the inspector looks at a copy; a record of that names the document instead of a presentation.
        if claim.presentation_hash.is_zero() || claim.presentation_hash == claim.content_hash {
            return Vec::new();
        }
        return vec![failed(
            check_names::PRESENTED,
            "a presentation is named, but the holder's signature is not given",
        )];
    };
    let mut checks = Vec::with_capacity(2);
    let signed = check_holder(
        claim.certificate_id,
        claim.address,
        claim.content_hash,
        proof.presented_at,
        proof.nonce,
        &proof.signature,
        &evidence.presentation.domain,
    );
    checks.push(match signed {
        Ok(digest) if digest == claim.presentation_hash => passed(check_names::PRESENTED, "the holder has signed it"),
        Ok(_) => failed(check_names::PRESENTED, "the presentation hash is that of another presentation"),
        Err(error) => failed(check_names::PRESENTED, error.to_string()),
    });
    if evidence.presentation.must_be_fresh {
        checks.push(match check_age(proof.presented_at, evidence.now) {
            Ok(()) => passed(check_names::FRESH, "made a moment ago"),
            Err(error) => failed(check_names::FRESH, error.to_string()),
        });
    }
    checks
}

fn identity_checks(claim: &CheckCertificate, registered: &RegisteredCertificate) -> Vec<Check> {
    let mut checks = vec![
        compare(
            check_names::CONTENT,
            claim.content_hash == registered.content_hash,
            "the document is the one that was issued",
            "the document is not the one that was issued",
        ),
        compare(
            check_names::HOLDER,
            claim.address == registered.holder,
            "it belongs to the person who shows it",
            "it belongs to somebody else",
        ),
        compare(
            check_names::ORGANIZATION,
            claim.organization == registered.organization,
            "it comes from the organization that it names",
            "it comes from another organization",
        ),
    ];
    if let Some(sealed) = &claim.sealed {
        checks.push(compare(
            check_names::SEALED,
            sealed_hash(sealed) == registered.sealed_hash,
            "the sealed document is the one that was issued",
            "the sealed document is not the one that was issued",
        ));
    }
    checks
}

fn sealed_hash(sealed: &str) -> B256 {
    keccak256(sealed.as_bytes())
}

fn issuer_check(evidence: &Evidence<'_>, registered: &RegisteredCertificate) -> Check {
    let (key, kind) = (registered.issuer, registered.kind);
    match &evidence.issuer_authorized {
        Some(Reading::Read(true)) => {
            passed(check_names::ISSUER, format!("key {key} had the right to {kind} when it signed"))
        }
        Some(Reading::Read(false)) => failed(
            check_names::ISSUER,
            format!("key {key} had no right to {kind} when it signed, or was revoked for that time"),
        ),
        Some(Reading::Unreachable(chain)) => {
            undetermined(check_names::ISSUER, format!("chain {chain} does not answer"))
        }
        None => undetermined(check_names::ISSUER, "it was not read"),
    }
}

fn begun_check(registered: &RegisteredCertificate, now: UnixSeconds) -> Check {
    compare(
        check_names::BEGUN,
        !registered.validity.is_before(now),
        "it is in force since its beginning",
        "it is not in force yet",
    )
}

fn compare(name: &str, holds: bool, good: &str, bad: &str) -> Check {
    if holds { passed(name, good) } else { failed(name, bad) }
}

fn passed(name: &str, detail: impl Into<String>) -> Check {
    Check { name: name.to_owned(), passed: Some(true), detail: detail.into() }
}

fn failed(name: &str, detail: impl Into<String>) -> Check {
    Check { name: name.to_owned(), passed: Some(false), detail: detail.into() }
}

fn undetermined(name: &str, detail: impl Into<String>) -> Check {
    Check { name: name.to_owned(), passed: None, detail: detail.into() }
}
