//! Who shows the certificate: the holder's signature over document and time (STAPLE-9), and that the document names what the chain has (STAPLE-11).

use chancery_contracts::predeploys;
use chancery_primitives::{Issue, SigningDomain, UnixSeconds};
use serde::{Deserialize, Serialize};

use super::{Policy, ages};
use crate::{
    document::CertificateDocument,
    presentation::{Presentation, check_holder},
    verify::{VerificationFailure, VerifiedCertificate},
};

/// The presentation that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedPresentation {
    /// When the holder made it, by the holder's clock.
    pub presented_at: UnixSeconds,
    /// How long ago that is, in seconds.
    pub age_s: u64,
}

/// The exact bytes of the document that is shown.
pub(super) fn document_of(presentation: &Presentation) -> Result<Vec<u8>, VerificationFailure> {
    if presentation.v != 1 {
        let detail = format!("a presentation of version {} is not known", presentation.v);
        return Err(VerificationFailure::new("file-readable", detail));
    }
    presentation.document_bytes().map_err(|error| VerificationFailure::new("file-readable", error))
}

/// That the document is the one that was issued, the checks of the certificate have found out.
pub(super) fn verify(
    presentation: &Presentation,
    certificate: &VerifiedCertificate,
    chain_id: u64,
    policy: Policy,
) -> Result<VerifiedPresentation, VerificationFailure> {
    let issue = &certificate.issue;
    if presentation.certificate_id != issue.certificate_id {
        let detail = format!("the presentation is of certificate {}", presentation.certificate_id);
        return Err(VerificationFailure::new("presentation-of-certificate", detail));
    }
    names_the_issue(&document_of(presentation)?, issue)?;
    let at = presentation.presented_at;
    let domain = SigningDomain::new(chain_id, predeploys::CERTIFICATE_REGISTRY);
    let (nonce, signature) = (presentation.nonce, &presentation.signature);
    check_holder(issue.certificate_id, issue.holder, issue.content_hash, at, nonce, signature, &domain)
        .map_err(|error| VerificationFailure::new("presented-by-holder", error))?;
    ages::not_ahead("the presentation", at, policy)?;
    Ok(VerifiedPresentation { presented_at: at, age_s: policy.age_s(at) })
}

/// What people read is the document, what is proven is the issue: an issuer could sign one that names somebody else.
fn names_the_issue(bytes: &[u8], issue: &Issue) -> Result<(), VerificationFailure> {
    let other = |detail: String| VerificationFailure::new("document-matches", detail);
    let document = CertificateDocument::parse(bytes).map_err(|error| other(error.to_string()))?;
    if !document.subject.is_object() {
        return Err(other("the document's subject is no object".to_owned()));
    }
    let is_kind = document.kind().is_ok_and(|kind| kind == issue.kind);
    let wrong = [
        ("id", document.id == issue.certificate_id),
        ("holder", document.holder == issue.holder),
        ("issuer.organization", document.issuer.organization == issue.organization),
        ("format", is_kind),
    ];
    match wrong.into_iter().find(|(_, holds)| !holds) {
        None => Ok(()),
        Some((member, _)) => Err(other(format!("the document's `{member}` is another than was issued"))),
    }
}
