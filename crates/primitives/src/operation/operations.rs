//! The operations with types for meaning. JSON: camelCase members, numbers for times and revisions, names for codes.

use super::{SignedOperation, typed};
use crate::{
    CertificateId, CertificateKind, CertificateStatus, OrganizationCode, Outcome, RevocationReason, UnixSeconds,
    Validity,
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolStruct;
use serde::{Deserialize, Serialize};

/// A key of an organization issues a certificate. Checked by `CertificateRegistry.issue`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Issue {
    /// Which certificate this becomes.
    pub certificate_id: CertificateId,
    /// Of which kind.
    pub kind: CertificateKind,
    /// The issuing organization.
    pub organization: OrganizationCode,
    /// Whose certificate it is.
    pub holder: Address,
    /// `keccak256` of the document's bytes.
    pub content_hash: B256,
    /// `keccak256` of the sealed document's bytes.
    pub sealed_hash: B256,
    /// First second in force.
    pub valid_from: UnixSeconds,
    /// First second no longer in force; zero is without end.
    pub valid_until: UnixSeconds,
    /// The certificate that this one renews.
    #[serde(default)]
    pub previous: Option<CertificateId>,
    /// Last second at which the chain records it.
    pub deadline: UnixSeconds,
}

impl Issue {
    /// From when and until when it is in force.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        Validity { valid_from: self.valid_from, valid_until: self.valid_until }
    }
}

impl SignedOperation for Issue {
    fn struct_hash(&self) -> B256 {
        typed::Issue {
            certificateId: self.certificate_id.to_bytes32(),
            kind: self.kind.to_bytes32(),
            organization: self.organization.to_bytes32(),
            holder: self.holder,
            contentHash: self.content_hash,
            sealedHash: self.sealed_hash,
            validFrom: self.valid_from.get(),
            validUntil: self.valid_until.get(),
            previous: CertificateId::optional_to_bytes32(self.previous),
            deadline: self.deadline.get(),
        }
        .eip712_hash_struct()
    }
}

/// A key of the issuing organization suspends, resumes or revokes. Checked by `CertificateRegistry.changeStatus`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeStatus {
    /// Which certificate.
    pub certificate_id: CertificateId,
    /// Its new status; never [`CertificateStatus::Renewed`].
    pub status: CertificateStatus,
    /// Why.
    pub reason: RevocationReason,
    /// How often the status was changed so far, which keeps this from being applied twice or over another change.
    pub revision: u64,
    /// Last second at which the chain records it.
    pub deadline: UnixSeconds,
}

impl SignedOperation for ChangeStatus {
    fn struct_hash(&self) -> B256 {
        typed::ChangeStatus {
            certificateId: self.certificate_id.to_bytes32(),
            status: self.status.code(),
            reason: self.reason.code(),
            revision: self.revision,
            deadline: self.deadline.get(),
        }
        .eip712_hash_struct()
    }
}

/// A key with the right `inspection` records what it found. Checked by `CertificateRegistry.inspect`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspect {
    /// Which certificate was shown.
    pub certificate_id: CertificateId,
    /// Who showed it.
    pub holder: Address,
    /// The inspecting organization.
    pub organization: OrganizationCode,
    /// `keccak256` of the presentation: its EIP-712 digest ([`Present`]).
    pub presentation_hash: B256,
    /// What was found.
    pub outcome: Outcome,
    /// Last second at which the chain records it.
    pub deadline: UnixSeconds,
}

impl SignedOperation for Inspect {
    fn struct_hash(&self) -> B256 {
        typed::Inspect {
            certificateId: self.certificate_id.to_bytes32(),
            holder: self.holder,
            organization: self.organization.to_bytes32(),
            presentationHash: self.presentation_hash,
            outcome: self.outcome.code(),
            deadline: self.deadline.get(),
        }
        .eip712_hash_struct()
    }
}

/// The holder shows a certificate. Checked off chain, by whom it is shown to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Present {
    /// Which certificate is shown.
    pub certificate_id: CertificateId,
    /// Who shows it.
    pub holder: Address,
    /// `keccak256` of the document's bytes.
    pub content_hash: B256,
    /// When.
    pub presented_at: UnixSeconds,
    /// 32 random bytes, so that two presentations never look alike.
    pub nonce: B256,
}

impl SignedOperation for Present {
    fn struct_hash(&self) -> B256 {
        typed::Present {
            certificateId: self.certificate_id.to_bytes32(),
            holder: self.holder,
            contentHash: self.content_hash,
            presentedAt: self.presented_at.get(),
            nonce: self.nonce,
        }
        .eip712_hash_struct()
    }
}

/// A data source submits data of any declared format (D3.7 8.6). Checked where it enters and by whoever verifies a data block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataOperation {
    /// The data format as registered in `DataFormatRegistry`.
    pub data_format: B256,
    /// `keccak256` of the content's bytes.
    pub content_hash: B256,
    /// Whose data it is: the signer.
    pub source: Address,
    /// What it is about (an asset, a device, a record); zero for nothing in particular.
    pub subject: B256,
    /// Digest of the operation that this one updates; zero for a first one.
    pub previous: B256,
    /// When the source made it.
    pub time: UnixSeconds,
    /// Drawn by the source; the same key twice is the same operation, not a second one.
    pub idempotency_key: B256,
}

impl SignedOperation for DataOperation {
    fn struct_hash(&self) -> B256 {
        typed::DataOperation {
            dataFormat: self.data_format,
            contentHash: self.content_hash,
            source: self.source,
            subject: self.subject,
            previous: self.previous,
            time: self.time.get(),
            idempotencyKey: self.idempotency_key,
        }
        .eip712_hash_struct()
    }
}
