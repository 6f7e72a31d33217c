//! Showing and inspecting (C-QR, C-API-3).

use anyhow::{Context, Result};
use chancery_certificates::{
    inspection::check_names,
    presentation::{CheckedPresentation, Presentation, PresentationCode, PresentationError},
};
use chancery_client::{
    ClientError,
    rest::{
        types::{
            certificates::Outcome as FoundOutcome,
            inspections::{Check, CheckCertificate, Checked, Inspected, PresentationProof, RecordInspection},
            presentations::CreatePresentation,
        },
        values::{HexAddress, HexBytes, HexHash, Timestamp},
    },
};
use chancery_primitives::{CertificateKind, Inspect, OrganizationCode, Outcome, SignedOperation};
use chancery_reference_points::Code;
use serde_json::Value;

use super::{Party, certificates::ReceivedCertificate, deadline, now};
use crate::keys::off_runtime;

/// How long a code is kept for an inspector, in seconds.
const SHOWN_FOR_S: u64 = 300;

/// What a code pointed to, and whether others have opened it before.
#[derive(Debug)]
pub(crate) struct Scanned {
    pub(crate) presentation: Presentation,
    pub(crate) opened_before: u64,
    pub(crate) last_opened_at: Option<Timestamp>,
}

/// What an inspector found.
#[derive(Clone, Debug)]
pub(crate) struct Inspection {
    pub(crate) presentation: CheckedPresentation,
    pub(crate) question: CheckCertificate,
    pub(crate) kind: CertificateKind,
    pub(crate) found: Checked,
}

impl Party {
    /// Makes a presentation and leaves its ciphertext at the gateway; what is returned goes into the QR code.
    /// `once`: the code opens once.
    pub(crate) async fn present(&self, received: &ReceivedCertificate, once: bool) -> Result<PresentationCode> {
        let kind = received.document.kind()?;
        let presentation = self.presentation(received, kind).await?;
        self.show(&presentation, once).await
    }

    /// Makes a presentation.
    pub(super) async fn presentation(
        &self,
        received: &ReceivedCertificate,
        kind: CertificateKind,
    ) -> Result<Presentation> {
        let (account, domain) = (self.keys.account().clone(), self.city.domain_of(kind)?);
        let (bytes, chain) = (received.bytes.clone(), received.record.chain.clone());
        let make = move || Presentation::make(&bytes, &chain, &domain, &account, now());
        Ok(off_runtime(self.keys.account().may_block(), make).await??)
    }

    /// Leaves a presentation at the gateway.
    pub(crate) async fn show(&self, presentation: &Presentation, once: bool) -> Result<PresentationCode> {
        let (ciphertext, key) = presentation.seal()?;
        let expires_at = Timestamp::from_unix_seconds(now().saturating_add(SHOWN_FOR_S).get());
        let kept = self.client.create_presentation(&CreatePresentation { ciphertext, expires_at, once }).await?;
        PresentationCode::from_parts(&kept.id, key).context("the gateway gave an identifier that is none")
    }

    /// Fetches and opens what a code points to.
    pub(crate) async fn scan(&self, code: &PresentationCode) -> Result<Scanned> {
        let kept = self.client.presentation(&code.id_text()).await?;
        let presentation = Presentation::open(&kept.ciphertext, &code.key)?;
        Ok(Scanned { presentation, opened_before: kept.opened_before, last_opened_at: kept.last_opened_at })
    }

    /// Checks holder, document and age here, and issuer, rights and status through the gateway.
    pub(crate) async fn check(&self, presentation: &Presentation) -> Result<Inspection> {
        let kind = presentation_kind(presentation)?;
        let checked = presentation.check(&self.city.domain_of(kind)?, now())?;
        let question = CheckCertificate {
            address: HexAddress(checked.document.holder),
            organization: checked.document.issuer.organization.to_string(),
            certificate_id: HexHash(presentation.certificate_id.to_bytes32()),
            kind: kind.to_string(),
            content_hash: HexHash(checked.content_hash),
            presentation: Some(PresentationProof {
                presented_at: presentation.presented_at.get(),
                nonce: HexHash(presentation.nonce),
                signature: HexBytes(presentation.signature.clone()),
            }),
            presentation_hash: HexHash(checked.presentation_hash),
            sealed: None,
        };
        let found = match self.client.check_certificate(&question).await {
            Ok(found) => found,
            Err(error) => undetermined(error)?,
        };
        Ok(Inspection { presentation: checked, question, kind, found })
    }

    /// Signs what was found and has it recorded on the chain.
    pub(crate) async fn record(&self, inspection: &Inspection) -> Result<Inspected> {
        let organization = self.inspecting_organization().await?;
        let name = serde_json::to_value(inspection.found.outcome)?;
        let outcome: Outcome = serde_json::from_value(name)?;
        let inspect = Inspect {
            certificate_id: inspection.presentation.document.id,
            holder: inspection.presentation.document.holder,
            organization,
            presentation_hash: inspection.presentation.presentation_hash,
            outcome,
            deadline: deadline(),
        };
        let signature = self.keys.sign_digest(inspect.digest(&self.city.domain_of(inspection.kind)?)).await?;
        let question = inspection.question.clone();
        let request = RecordInspection {
            address: question.address,
            organization: question.organization,
            inspecting_organization: organization.to_string(),
            certificate_id: question.certificate_id,
            kind: question.kind,
            content_hash: question.content_hash,
            presentation: question.presentation,
            presentation_hash: question.presentation_hash,
            outcome: inspection.found.outcome,
            sealed: None,
            deadline: inspect.deadline.get(),
            signature: HexBytes(signature.to_vec().into()),
        };
        Ok(self.client.record_inspection(&request).await?)
    }

    /// The organization under which this key has the right to inspect.
    async fn inspecting_organization(&self) -> Result<OrganizationCode> {
        let organizations = self.client.organizations().await?.organizations;
        let own = organizations.iter().find(|organization| {
            organization
                .keys
                .iter()
                .any(|key| key.address.0 == self.address() && key.right == "inspection" && key.revoked_at.is_none())
        });
        let own = own.context("no organization has authorized this key to inspect: ask the operator")?;
        Ok(own.code.parse()?)
    }
}

/// A chain that does not answer is no verdict about the certificate, whoever notices it first (INSPECTION-1). Other errors stay errors.
fn undetermined(error: ClientError) -> Result<Checked, ClientError> {
    let Some(problem) = error.problem().filter(|problem| problem.known_code() == Some(Code::ChainUnreachable)) else {
        return Err(error);
    };
    let chain = problem.members.get("chain").and_then(Value::as_str).unwrap_or("of the city");
    let detail = format!("chain {chain} does not answer");
    let check = Check { name: check_names::KNOWN.to_owned(), passed: None, detail };
    Ok(Checked { outcome: FoundOutcome::CannotDetermine, checks: vec![check] })
}

/// The kind that the document in a presentation names.
fn presentation_kind(presentation: &Presentation) -> Result<CertificateKind> {
    let bytes = presentation.document_bytes()?;
    let format: Value =
        serde_json::from_slice(&bytes).map_err(|error| PresentationError::Malformed(error.to_string()))?;
    let kind = format["format"]
        .as_str()
        .and_then(|format| format.strip_prefix("chancery/"))
        .and_then(|rest| rest.strip_suffix("/1"));
    Ok(kind.context("the document names no format that this version reads")?.parse()?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_client::rest::Problem;

    use super::*;

    fn problem(code: Code) -> ClientError {
        let mut problem = Problem::new(code, 503, "it does not answer");
        problem.members.insert("chain".to_owned(), "main".into());
        ClientError::Problem(Box::new(problem))
    }

    // INSPECTION-1, C-API-3
    #[test]
    fn a_chain_that_does_not_answer_is_cannot_determine_and_named() {
        let found = undetermined(problem(Code::ChainUnreachable)).unwrap();
        assert_eq!(found.outcome, FoundOutcome::CannotDetermine);
        assert_eq!((found.checks.len(), found.checks[0].passed), (1, None));
        assert!(found.checks[0].detail.contains("main"));
    }

    #[test]
    fn any_other_refusal_stays_an_error() {
        for code in [Code::RoleRequired, Code::KeyRotated, Code::TooManyRequests, Code::Internal] {
            assert!(undetermined(problem(code)).is_err(), "{}", code.name());
        }
    }
}
