//! `CertificateRegistry` on the side chains.

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolEvent;
use chancery_contracts::{CertificateRegistry, predeploys};
use chancery_light::StateProof;
use chancery_primitives::{
    CertificateId, CertificateKind, CertificateStatus, Issue, OrganizationCode, Outcome, RevocationReason, UnixSeconds,
    Validity, certificate_storage::CertificateSlots,
};
use chancery_reference_points::{
    Class, Code, DoorError, DoorResult,
    chain_records::{EventQuery, EventRecord, TransactionRecord},
    operation::ChainName,
};

use super::{ReadAt, Registry, malformed_answer};

/// What a registry holds of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredCertificate {
    /// The certificate.
    pub id: CertificateId,
    /// Its kind.
    pub kind: CertificateKind,
    /// Who issued it.
    pub organization: OrganizationCode,
    /// Whose it is.
    pub holder: Address,
    /// The key that signed the issue.
    pub issuer: Address,
    /// Time of the block that recorded it.
    pub issued_at: UnixSeconds,
    /// That block.
    pub issued_block: u64,
    /// Hash of the document.
    pub content_hash: B256,
    /// Hash of the sealed document.
    pub sealed_hash: B256,
    /// The status.
    pub status: CertificateStatus,
    /// Why it was last changed.
    pub reason: RevocationReason,
    /// How often it was changed.
    pub revision: u64,
    /// From when and until when it is in force.
    pub validity: Validity,
    /// The certificate that this one renewed.
    pub previous: Option<CertificateId>,
    /// The certificate that renewed this one.
    pub renewed_by: Option<CertificateId>,
    /// The block at which this was read.
    pub read_at: ReadAt,
}

impl RegisteredCertificate {
    /// What it amounts to at a time, when everything else about it is right.
    #[must_use]
    pub fn outcome(&self, now: UnixSeconds) -> Outcome {
        self.validity.outcome(self.status, now)
    }
}

/// A certificate as its `CertificateIssued` event has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedCertificate {
    /// What the issuer signed.
    pub operation: Issue,
    /// Whose key signed it.
    pub issuer: Address,
    /// The digest that was signed, as the registry recorded it.
    pub digest: B256,
    /// Its signature.
    pub signature: Bytes,
    /// The sealed document's bytes.
    pub sealed: Bytes,
}

impl IssuedCertificate {
    /// Reads a log; `None` when it is another event or holds what no registry writes.
    #[must_use]
    pub fn from_log(topics: &[B256], data: &[u8]) -> Option<Self> {
        if topics.first() != Some(&CertificateRegistry::CertificateIssued::SIGNATURE_HASH) {
            return None;
        }
        let event = CertificateRegistry::CertificateIssued::decode_raw_log(topics.iter().copied(), data).ok()?;
        let operation = Issue {
            certificate_id: CertificateId::new(event.operation.certificateId).ok()?,
            kind: CertificateKind::from_bytes32(event.operation.kind).ok()?,
            organization: OrganizationCode::from_bytes32(event.operation.organization).ok()?,
            holder: event.operation.holder,
            content_hash: event.operation.contentHash,
            sealed_hash: event.operation.sealedHash,
            valid_from: UnixSeconds(event.operation.validFrom),
            valid_until: UnixSeconds(event.operation.validUntil),
            previous: CertificateId::optional_from_bytes32(event.operation.previous),
            deadline: UnixSeconds(event.operation.deadline),
        };
        Some(Self {
            operation,
            issuer: event.issuer,
            digest: event.digest,
            signature: event.signature,
            sealed: event.sealedPayload,
        })
    }
}

impl Registry<'_> {
    /// What the chain of a kind holds of a certificate; `None` when it does not know it.
    ///
    /// # Errors
    /// `UnknownKind`, `ChainUnreachable`.
    pub async fn certificate(
        &self,
        kind: CertificateKind,
        id: CertificateId,
    ) -> DoorResult<Option<RegisteredCertificate>> {
        let chain = self.directory.chain_of(kind)?;
        let call = CertificateRegistry::certificateCall { certificateId: id.to_bytes32() };
        let (record, block_number) = self.call(&chain, predeploys::CERTIFICATE_REGISTRY, call).await?;
        if record.word.status == 0 {
            return Ok(None);
        }
        decode(id, &record, ReadAt { chain: chain.clone(), block_number })
            .map(Some)
            .ok_or_else(|| malformed_answer(&chain, &"a certificate with a status or a code that no registry writes"))
    }

    /// A certificate on whichever chain knows it. Only when all chains have answered is it unknown.
    ///
    /// # Errors
    /// `UnknownCertificate`, `ChainUnreachable`.
    pub async fn find_certificate(&self, id: CertificateId) -> DoorResult<RegisteredCertificate> {
        let kinds = self.directory.kinds();
        let answers = futures::future::join_all(kinds.into_iter().map(|kind| self.certificate(kind, id))).await;
        let mut uncertain = None;
        for answer in answers {
            match answer {
                Ok(Some(certificate)) => return Ok(certificate),
                Ok(None) => {}
                Err(error) => uncertain = Some(error),
            }
        }
        let unknown = || DoorError::new(Code::UnknownCertificate, format!("no chain knows certificate {id}"));
        Err(uncertain.unwrap_or_else(unknown))
    }

    /// The event by which a certificate was issued.
    ///
    /// # Errors
    /// `ChainUnreachable`; also when the chain knows the certificate and does not show the event.
    pub async fn issuing_event(&self, certificate: &RegisteredCertificate) -> DoorResult<EventRecord> {
        let chain = &certificate.read_at.chain;
        let mut events = self
            .s2p
            .events(EventQuery {
                chain: Some(chain.clone()),
                contract: Some(predeploys::CERTIFICATE_REGISTRY),
                topics: [
                    vec![CertificateRegistry::CertificateIssued::SIGNATURE_HASH],
                    vec![certificate.id.to_bytes32()],
                    Vec::new(),
                    Vec::new(),
                ],
                from_block: certificate.issued_block,
                to_block: Some(certificate.issued_block),
                ..EventQuery::default()
            })
            .await?;
        events.pop().ok_or_else(|| malformed_answer(chain, &"the event of a recorded certificate is missing"))
    }

    /// The events by which a holder's certificates of a kind were issued, oldest first.
    ///
    /// # Errors
    /// `UnknownKind`, `ChainUnreachable`.
    pub async fn issued_to(&self, kind: CertificateKind, holder: Address) -> DoorResult<Vec<EventRecord>> {
        self.s2p
            .events(EventQuery {
                chain: Some(self.directory.chain_of(kind)?),
                contract: Some(predeploys::CERTIFICATE_REGISTRY),
                topics: [
                    vec![CertificateRegistry::CertificateIssued::SIGNATURE_HASH],
                    Vec::new(),
                    Vec::new(),
                    vec![holder.into_word()],
                ],
                ..EventQuery::default()
            })
            .await
    }

    /// Whether an inspection with this digest is recorded.
    ///
    /// # Errors
    /// `UnknownKind`, `ChainUnreachable`.
    pub async fn is_inspection_recorded(&self, kind: CertificateKind, digest: B256) -> DoorResult<bool> {
        let chain = self.directory.chain_of(kind)?;
        let call = CertificateRegistry::isInspectionRecordedCall { digest };
        Ok(self.call(&chain, predeploys::CERTIFICATE_REGISTRY, call).await?.0)
    }

    /// A transaction that succeeded, with its proof.
    ///
    /// # Errors
    /// `UnknownTransaction`, `ChainUnreachable`, `UnknownChain`.
    pub async fn transaction(
        &self,
        chain: Option<&ChainName>,
        block: u64,
        tx_hash: B256,
    ) -> DoorResult<TransactionRecord> {
        let record = self.s2p.transaction(chain, block, tx_hash).await?;
        if record.succeeded {
            return Ok(record);
        }
        Err(DoorError::new(Code::UnknownTransaction, format!("transaction {tx_hash} did not succeed")))
    }

    /// Proof of the status and the commitment of a certificate at the latest final block; `None` where there are no finality certificates.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    pub async fn status_proof(&self, chain: &ChainName, id: CertificateId) -> DoorResult<Option<StateProof>> {
        let slots = CertificateSlots::of(id);
        let proof =
            self.s2p.state_proof(chain, predeploys::CERTIFICATE_REGISTRY, vec![slots.status, slots.commitment]).await;
        match proof {
            Ok(proof) => Ok(proof),
            Err(error) if error.class() == Class::Temporary => Err(error),
            Err(error) => Err(malformed_answer(chain, &error)),
        }
    }
}

fn decode(
    id: CertificateId,
    record: &CertificateRegistry::CertificateRecord,
    read_at: ReadAt,
) -> Option<RegisteredCertificate> {
    Some(RegisteredCertificate {
        id,
        kind: CertificateKind::from_bytes32(record.kind).ok()?,
        organization: OrganizationCode::from_bytes32(record.organization).ok()?,
        holder: record.holder,
        issuer: record.issuer,
        issued_at: UnixSeconds(record.issuedAt),
        issued_block: record.issuedBlock,
        content_hash: record.contentHash,
        sealed_hash: record.sealedHash,
        status: CertificateStatus::try_from(record.word.status).ok()?,
        reason: RevocationReason::try_from(record.word.reason).ok()?,
        revision: record.word.revision.to(),
        validity: Validity {
            valid_from: UnixSeconds(record.word.validFrom),
            valid_until: UnixSeconds(record.word.validUntil),
        },
        previous: CertificateId::optional_from_bytes32(record.previous),
        renewed_by: CertificateId::optional_from_bytes32(record.renewedBy),
        read_at,
    })
}
