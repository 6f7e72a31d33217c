//! Issuing, renewing, changing, receiving.

use alloy_primitives::{Address, B256};
use anyhow::{Context, Result, bail, ensure};
use chancery_certificates::{
    document::{CertificateDocument, Issuer, content_hash},
    sealing,
};
use chancery_client::rest::{
    types::certificates::{
        Certificate, CertificateDocument as SealedCertificate, ChangeStatus as ChangeStatusRequest, IssueCertificate,
        Issued, StatusChanged,
    },
    values::{HexAddress, HexBytes, HexHash, Timestamp},
};
use chancery_primitives::{
    CertificateId, CertificateKind, CertificateStatus, ChangeStatus, Issue, OrganizationCode, RevocationReason,
    SignedOperation, UnixSeconds,
};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Party, deadline, now};

/// What an office issues.
#[derive(Clone, Debug)]
pub(crate) struct Issuance {
    pub(crate) kind: CertificateKind,
    pub(crate) holder: Address,
    pub(crate) organization: OrganizationCode,
    pub(crate) subject: Value,
    pub(crate) valid_from: Option<UnixSeconds>,
    pub(crate) valid_until: Option<UnixSeconds>,
    pub(crate) previous: Option<CertificateId>,
    pub(crate) application: Option<String>,
}

/// A certificate that its holder has fetched, opened and compared with the chain.
#[derive(Clone, Debug)]
pub(crate) struct ReceivedCertificate {
    pub(crate) record: Certificate,
    pub(crate) document: CertificateDocument,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

impl Party {
    /// Builds the document, seals it to the holder, signs it, and sends it (C-API-2).
    pub(crate) async fn issue(&self, issuance: Issuance) -> Result<Issued> {
        let request = self.prepare_issue(issuance).await?;
        Ok(self.client.issue_certificate(&request).await?)
    }

    /// The signed request of an issuance, not yet sent.
    pub(crate) async fn prepare_issue(&self, issuance: Issuance) -> Result<IssueCertificate> {
        let domain = self.city.domain_of(issuance.kind)?;
        let published = self.client.public_key(issuance.holder).await?;
        let recipient = chancery_certificates::keys::Jwk {
            kty: published.encryption_key.jwk.kty,
            crv: published.encryption_key.jwk.crv,
            x: published.encryption_key.jwk.x,
        }
        .to_key()
        .context("the holder's published encryption key is not an X25519 key")?;
        let organization = self.client.organization(&issuance.organization.to_string()).await?;
        let mut id = B256::ZERO;
        getrandom::fill(id.as_mut_slice()).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let certificate_id = CertificateId::new(id)?;
        let valid_from = issuance.valid_from.unwrap_or_else(now);
        let document = CertificateDocument {
            format: CertificateDocument::format_of(issuance.kind),
            id: certificate_id,
            issuer: Issuer { organization: issuance.organization, name: organization.name },
            holder: issuance.holder,
            valid_from: Some(Timestamp::from_unix_seconds(valid_from.get()).to_string()),
            valid_until: issuance.valid_until.map(|until| Timestamp::from_unix_seconds(until.get()).to_string()),
            previous: issuance.previous,
            subject: issuance.subject,
            salt: CertificateDocument::fresh_salt()?,
        };
        let bytes = Zeroizing::new(document.to_bytes()?);
        let sealed = sealing::seal(&bytes, &recipient)?;
        let issue = Issue {
            certificate_id,
            kind: issuance.kind,
            organization: issuance.organization,
            holder: issuance.holder,
            content_hash: content_hash(&bytes),
            sealed_hash: content_hash(sealed.as_bytes()),
            valid_from,
            valid_until: issuance.valid_until.unwrap_or_default(),
            previous: issuance.previous,
            deadline: deadline(),
        };
        let signature = self.keys.sign_digest(issue.digest(&domain)).await?;
        Ok(IssueCertificate {
            holder: HexAddress(issue.holder),
            organization: issue.organization.to_string(),
            kind: issue.kind.to_string(),
            certificate_id: HexHash(id),
            content_hash: HexHash(issue.content_hash),
            sealed,
            valid_from: issue.valid_from.get(),
            valid_until: issue.valid_until.get(),
            previous: issue.previous.map(|previous| HexHash(previous.to_bytes32())),
            deadline: issue.deadline.get(),
            signature: HexBytes(signature.to_vec().into()),
            application: issuance.application,
        })
    }

    /// Suspends, resumes or revokes.
    pub(crate) async fn change_status(
        &self,
        id: B256,
        status: CertificateStatus,
        reason: RevocationReason,
    ) -> Result<StatusChanged> {
        let certificate = self.client.certificate(id).await?;
        let kind: CertificateKind = certificate.kind.parse()?;
        let change = ChangeStatus {
            certificate_id: CertificateId::new(id)?,
            status,
            reason,
            revision: certificate.revision,
            deadline: deadline(),
        };
        let signature = self.keys.sign_digest(change.digest(&self.city.domain_of(kind)?)).await?;
        let request = ChangeStatusRequest {
            kind: certificate.kind,
            status: named(status.as_str())?,
            reason: named(reason.as_str())?,
            revision: change.revision,
            deadline: change.deadline.get(),
            signature: HexBytes(signature.to_vec().into()),
        };
        Ok(self.client.change_status(id, &request).await?)
    }

    /// Fetches one of this person's certificates, opens it, and compares it with what the chain commits to.
    pub(crate) async fn receive(&self, id: B256) -> Result<ReceivedCertificate> {
        let record = self.client.certificate(id).await?;
        if record.holder.0 != self.address() {
            bail!("this certificate belongs to {}, not to {}", record.holder, HexAddress(self.address()));
        }
        let sealed: SealedCertificate =
            self.client.query_certificate(self.address(), record.block, record.tx_hash.0, Some(&record.chain)).await?;
        let bytes = self.keys.opening(move |key| sealing::open(&sealed.sealed, key)).await??;
        ensure!(
            content_hash(&bytes) == record.content_hash.0,
            "the document is not the one that the issuer signed: its hash differs from the chain's"
        );
        let document = CertificateDocument::parse(&bytes)?;
        ensure!(
            document.id.to_bytes32() == id && document.holder == self.address(),
            "the document belongs to another certificate or person than the chain says"
        );
        Ok(ReceivedCertificate { record, document, bytes })
    }
}

/// The REST name of a status or reason, which is the name that the primitives give it.
fn named<T: serde::de::DeserializeOwned>(name: &str) -> Result<T> {
    serde_json::from_value(Value::String(name.to_owned())).with_context(|| format!("the interface knows no `{name}`"))
}
