//! `certificates.status`: what the registry holds of a certificate, and what it amounts to now.

use alloy_primitives::{Address, B256};
use async_trait::async_trait;
use chancery_primitives::{
    CertificateId, CertificateKind, CertificateStatus, OrganizationCode, Outcome, RevocationReason, Right, UnixSeconds,
};
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, application::Service, chain_records::EventRecord, operation::ChainName,
    s2p::Retrieval,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Context, answer, names, parameters, subject_member,
    timestamp::{optional_rfc3339, rfc3339},
};
use crate::registry::{Reading, RegisteredCertificate, Registry};

/// Which certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CertificateById {
    /// Its identifier.
    pub certificate_id: CertificateId,
    /// Its kind; without it, all chains are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<CertificateKind>,
}

/// A certificate's locator and status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateView {
    /// Its identifier.
    pub certificate_id: CertificateId,
    /// Its kind.
    pub kind: CertificateKind,
    /// The chain that carries it.
    pub chain: ChainName,
    /// Whose it is.
    pub holder: Address,
    /// Who issued it.
    pub organization: OrganizationCode,
    /// The key that signed it.
    pub issuer_key: Address,
    /// Its status as recorded.
    pub status: CertificateStatus,
    /// Why it was last changed, by RFC 5280 5.3.1.
    pub reason: RevocationReason,
    /// How often it was changed: what the next change has to name.
    pub revision: u64,
    /// RFC 3339.
    pub valid_from: String,
    /// RFC 3339; absent: without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
    /// The certificate that this one renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<CertificateId>,
    /// The certificate that renewed this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed_by: Option<CertificateId>,
    /// Hash of the document.
    pub content_hash: B256,
    /// Hash of the sealed document.
    pub sealed_hash: B256,
    /// When it was recorded, RFC 3339.
    pub issued_at: String,
    /// The block that recorded it.
    pub block: u64,
    /// The transaction that recorded it.
    pub tx_hash: B256,
    /// What it amounts to now, the document unseen.
    pub outcome: Outcome,
}

pub(super) struct StatusService(pub(super) Context);

#[async_trait]
impl Service for StatusService {
    fn name(&self) -> &'static str {
        names::STATUS
    }

    fn description(&self) -> &'static str {
        "Where a certificate is recorded, its status, and what it amounts to now."
    }

    async fn answer(&self, _: &Actor, value: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let query: CertificateById = parameters(self.name(), value)?;
        let registry = Registry::new(chains, &self.0.directory);
        let id = query.certificate_id;
        let certificate = match query.kind {
            None => registry.find_certificate(id).await?,
            Some(kind) => registry.certificate(kind, id).await?.ok_or_else(|| {
                DoorError::new(Code::UnknownCertificate, format!("the chain of {kind} knows no certificate {id}"))
            })?,
        };
        let event = registry.issuing_event(&certificate).await?;
        answer(&view(&registry, &certificate, &event, self.0.now()).await?)
    }

    fn subject(&self, parameters: &Value) -> Option<String> {
        subject_member(parameters, "certificateId")
    }
}

/// A certificate with its outcome. The issuer's right counts too: a certificate of a key that was revoked for that time is refused.
pub(super) async fn view(
    registry: &Registry<'_>,
    certificate: &RegisteredCertificate,
    event: &EventRecord,
    now: UnixSeconds,
) -> DoorResult<CertificateView> {
    let right = Right::issue(certificate.kind);
    let authorized =
        registry.was_authorized(certificate.issuer, certificate.organization, right, certificate.issued_at).await;
    let outcome = match Reading::of(authorized, &registry.directory().main())? {
        Reading::Read(true) => certificate.outcome(now),
        Reading::Read(false) => Outcome::Refused,
        Reading::Unreachable(_) => Outcome::CannotDetermine,
    };
    Ok(CertificateView {
        certificate_id: certificate.id,
        kind: certificate.kind,
        chain: certificate.read_at.chain.clone(),
        holder: certificate.holder,
        organization: certificate.organization,
        issuer_key: certificate.issuer,
        status: certificate.status,
        reason: certificate.reason,
        revision: certificate.revision,
        valid_from: rfc3339(certificate.validity.valid_from),
        valid_until: optional_rfc3339(certificate.validity.valid_until),
        previous: certificate.previous,
        renewed_by: certificate.renewed_by,
        content_hash: certificate.content_hash,
        sealed_hash: certificate.sealed_hash,
        issued_at: rfc3339(certificate.issued_at),
        block: certificate.issued_block,
        tx_hash: event.locator.tx_hash,
        outcome,
    })
}
