//! Reads what the checks need, and draws the conclusion.

use chancery_primitives::{Right, UnixSeconds};
use chancery_reference_points::DoorResult;

use super::{CheckCertificate, Evidence, Findings, PresentationEvidence, inspect};
use crate::registry::{Reading, RegisteredCertificate, Registry};

/// Findings with what they rest on.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// What was found.
    pub findings: Findings,
    /// What the chain of the kind knows.
    pub registered: Reading<Option<RegisteredCertificate>>,
}

/// Makes all checks of a claim now. A presentation must be fresh.
///
/// # Errors
/// `UnknownKind`; what is broken. A chain that does not answer is no error but a finding (INSPECTION-1).
pub async fn gather(registry: &Registry<'_>, claim: &CheckCertificate, now: UnixSeconds) -> DoorResult<Gathered> {
    let directory = registry.directory();
    let domain = directory.certificate_domain(claim.kind)?;
    let chain = directory.chain_of(claim.kind)?;
    let registered = Reading::of(registry.certificate(claim.kind, claim.certificate_id).await, &chain)?;
    let issuer_authorized = match &registered {
        Reading::Read(Some(known)) => {
            let authorized = registry
                .was_authorized(known.issuer, known.organization, Right::issue(known.kind), known.issued_at)
                .await;
            Some(Reading::of(authorized, &directory.main())?)
        }
        _ => None,
    };
    let evidence = Evidence {
        claim,
        presentation: PresentationEvidence { domain, must_be_fresh: true },
        registered,
        issuer_authorized,
        now,
    };
    let findings = inspect(&evidence);
    Ok(Gathered { findings, registered: evidence.registered })
}
