//! Certificates, presentations and inspections.

use alloy_primitives::{Address, B256};
use chancery_rest::types::{
    Page,
    certificates::{Certificate, CertificateDocument, ChangeStatus, IssueCertificate, Issued, StatusChanged},
    data::Trace,
    events::History,
    inspections::{CheckCertificate, Checked, Inspected, Inspection, RecordInspection},
    presentations::{CreatePresentation, Presentation, PresentationReceipt},
};
use reqwest::Method;
use serde_json::Value;

use super::{PageQuery, Query, Result, address, hash, paged, push};
use crate::{Client, ClientError, request::Call};

/// Certificates (C-API-2, C-API-5).
impl Client {
    /// `POST /v1/certificates` (C-API-2).
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn issue_certificate(&self, request: &IssueCertificate) -> Result<Issued> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "certificates"], request)?).await
    }

    /// `POST /v1/certificates/{id}/status`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn change_status(&self, id: B256, request: &ChangeStatus) -> Result<StatusChanged> {
        let id = hash(id);
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "certificates", &id, "status"], request)?).await
    }

    /// `GET /v1/certificates/{address}/{block}/{tx_hash}` (C-API-5).
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn query_certificate(
        &self,
        holder: Address,
        block: u64,
        tx_hash: B256,
        chain: Option<&str>,
    ) -> Result<CertificateDocument> {
        let mut query = Query::new();
        push(&mut query, "chain", chain);
        let path = ["v1", "certificates", &address(holder), &block.to_string(), &hash(tx_hash)];
        self.send(Call::get(&path, query)).await
    }

    /// `GET /v1/certificates/{id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn certificate(&self, id: B256) -> Result<Certificate> {
        self.send(Call::get(&["v1", "certificates", &hash(id)], Query::new())).await
    }

    /// `GET /v1/certificates/{id}/staple`: the file that is verified without a network, in the gateway's own words. Whoever relies on it verifies it.
    ///
    /// # Errors
    /// [`ClientError`]; `not-final-yet` while the main chain has no block that is as young as the certificate.
    pub async fn stapled_certificate(&self, id: B256) -> Result<Value> {
        self.send(Call::get(&["v1", "certificates", &hash(id), "staple"], Query::new())).await
    }

    /// `GET /v1/certificates?holder=`: those of the signer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn my_certificates(&self, page: &PageQuery) -> Result<Page<Certificate>> {
        let holder = self.address().ok_or(ClientError::NoSigner)?;
        self.send(Call::get(&["v1", "certificates"], paged(vec![("holder", address(holder))], page))).await
    }

    /// `GET /v1/certificates/{id}/history`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn certificate_history(&self, id: B256) -> Result<History> {
        self.needs_key()?.send(Call::get(&["v1", "certificates", &hash(id), "history"], Query::new())).await
    }

    /// `GET /v1/certificates/{id}/trace`: source, owner, rights of use, renewals and inspections, as a list and as a graph.
    ///
    /// # Errors
    /// [`ClientError`]; `not-your-certificate`.
    pub async fn trace_certificate(&self, id: B256) -> Result<Trace> {
        self.needs_key()?.send(Call::get(&["v1", "certificates", &hash(id), "trace"], Query::new())).await
    }
}

/// Presentations and inspections (C-API-3, C-QR).
impl Client {
    /// `POST /v1/presentations`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn create_presentation(&self, request: &CreatePresentation) -> Result<PresentationReceipt> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "presentations"], request)?).await
    }

    /// `GET /v1/presentations/{id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn presentation(&self, id: &str) -> Result<Presentation> {
        self.send(Call::get(&["v1", "presentations", id], Query::new())).await
    }

    /// `POST /v1/inspections` (C-API-3).
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn record_inspection(&self, request: &RecordInspection) -> Result<Inspected> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "inspections"], request)?).await
    }

    /// `POST /v1/inspections/checks`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn check_certificate(&self, request: &CheckCertificate) -> Result<Checked> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "inspections", "checks"], request)?).await
    }

    /// `GET /v1/inspections`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn inspections(&self, inspector: Option<Address>, page: &PageQuery) -> Result<Page<Inspection>> {
        let mut query = Query::new();
        push(&mut query, "inspector", inspector.map(address));
        self.needs_key()?.send(Call::get(&["v1", "inspections"], paged(query, page))).await
    }
}
