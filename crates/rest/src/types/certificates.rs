//! `/v1/certificates`: sending certification information (C-API-2), changing its status, asking for it (C-API-5).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Example, Recorded, events::History, example_address, example_hash, example_signature, example_time};
use crate::values::{HexAddress, HexBytes, HexHash, Timestamp};

/// `POST /v1/certificates`: the EIP-712 struct `Issue` with the sealed certificate. With `previous` it is a renewal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssueCertificate {
    /// The holder.
    pub holder: HexAddress,
    /// Code of the issuing organization.
    #[schema(example = "12440300455765412A", min_length = 1, max_length = 32)]
    pub organization: String,
    /// Certificate kind.
    #[schema(example = "degree", min_length = 1, max_length = 32)]
    pub kind: String,
    /// A fresh random identifier.
    pub certificate_id: HexHash,
    /// keccak256 of the certificate document's exact bytes.
    pub content_hash: HexHash,
    /// The document, sealed to the holder's key: JWE compact, ECDH-ES, A256GCM.
    #[schema(example = "eyJhbGciOiJFQ0RILUVTIn0..iv.ciphertext.tag", max_length = 65_536)]
    pub sealed: String,
    /// Unix seconds.
    #[schema(example = 1_795_230_000)]
    pub valid_from: u64,
    /// Unix seconds; 0: without end.
    #[schema(example = 0)]
    pub valid_until: u64,
    /// The certificate that this one renews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<HexHash>,
    /// Until when the signed operation may be recorded, Unix seconds.
    #[schema(example = 1_795_230_300)]
    pub deadline: u64,
    /// The issuer's EIP-712 signature of `Issue`, 65 bytes.
    pub signature: HexBytes,
    /// The application that this certificate answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub application: Option<String>,
}

/// The data block that holds an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataBlock {
    /// Merkle root.
    pub root: HexHash,
    /// The transaction that recorded the root.
    pub tx_hash: HexHash,
}

/// The answer of `POST /v1/certificates` (C-API-2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Issued {
    /// Identifier.
    pub certificate_id: HexHash,
    /// The chain that records it.
    pub chain: String,
    /// The transaction.
    pub tx_hash: HexHash,
    /// The final block.
    pub block_number: u64,
    /// Its hash.
    pub block_hash: HexHash,
    /// The data block.
    pub data_block: DataBlock,
    /// Whether the application that the request named is closed too; absent when it named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_closed: Option<bool>,
}

/// What a certificate's status is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CertificateStatus {
    /// 1.
    Valid,
    /// 2.
    Suspended,
    /// 3; for ever.
    Revoked,
    /// 4: another certificate has taken its place. Set by a renewal, never signed for.
    Renewed,
}

/// Why a status was changed, by RFC 5280 5.3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// 0; the only one that goes with resuming.
    Unspecified,
    /// 1.
    KeyCompromise,
    /// 3.
    AffiliationChanged,
    /// 4.
    Superseded,
    /// 5.
    CessationOfOperation,
    /// 6: goes with suspending.
    CertificateHold,
    /// 9.
    PrivilegeWithdrawn,
}

/// `POST /v1/certificates/{id}/status`: the EIP-712 struct `ChangeStatus`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeStatus {
    /// Certificate kind; it tells the chain.
    #[schema(example = "degree", min_length = 1, max_length = 32)]
    pub kind: String,
    /// The new status.
    pub status: CertificateStatus,
    /// Why.
    pub reason: Reason,
    /// Number of status changes so far, as read.
    #[schema(example = 0)]
    pub revision: u64,
    /// Unix seconds.
    #[schema(example = 1_795_230_300)]
    pub deadline: u64,
    /// The issuer's EIP-712 signature, 65 bytes.
    pub signature: HexBytes,
}

/// The answer of `POST /v1/certificates/{id}/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusChanged {
    /// Where it is recorded.
    #[serde(flatten)]
    pub recorded: Recorded,
    /// The status now.
    pub status: CertificateStatus,
    /// Number of status changes now.
    pub revision: u64,
}

/// The answer of `GET /v1/certificates/{address}/{block}/{tx_hash}` (C-API-5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateDocument {
    /// Code of the issuing organization.
    #[schema(example = "12440300455765412A")]
    pub organization: String,
    /// Its name.
    #[schema(example = "Riverside University")]
    pub organization_name: String,
    /// Certificate kind.
    pub kind: String,
    /// Identifier.
    pub certificate_id: HexHash,
    /// The document, sealed to the holder's key.
    pub sealed: String,
    /// Time of the block.
    pub issued_at: Timestamp,
    /// The key that issued it.
    pub issuer_key: HexAddress,
    /// Status now.
    pub status: CertificateStatus,
    /// What `chancery verify` reads: transaction, receipt, header and finality certificate. Absent on chains without finality certificates.
    #[schema(value_type = Option<Object>)]
    pub proof: Option<Value>,
    /// Proof of the status and of the issuer's right (`docs/specs/stapled.md`), where it was asked for: with it the answer is the file that is verified without a
    /// network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub staple: Option<Value>,
}

/// What a check of a certificate finds. A chain that does not answer makes `cannot-determine`, never anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// 1.
    Valid,
    /// 2.
    Revoked,
    /// 3.
    Suspended,
    /// 4.
    Expired,
    /// 5: somebody did not answer.
    CannotDetermine,
    /// 6: it is not what it claims; the failed check says why.
    Refused,
}

/// A certificate's locator and status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// Identifier.
    pub certificate_id: HexHash,
    /// Certificate kind.
    pub kind: String,
    /// The chain that carries it.
    pub chain: String,
    /// The holder.
    pub holder: HexAddress,
    /// Code of the issuing organization.
    pub organization: String,
    /// Status as recorded.
    pub status: CertificateStatus,
    /// Reason of the last change.
    pub reason: Reason,
    /// Number of status changes so far: what the next one has to name.
    pub revision: u64,
    /// From when on it is valid.
    pub valid_from: Timestamp,
    /// Until when; absent: without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// The certificate that this one renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<HexHash>,
    /// The certificate that renewed this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed_by: Option<HexHash>,
    /// keccak256 of the document.
    pub content_hash: HexHash,
    /// keccak256 of the sealed document.
    pub sealed_hash: HexHash,
    /// The block that recorded it.
    pub block: u64,
    /// The transaction that recorded it.
    pub tx_hash: HexHash,
    /// What a check finds now.
    pub outcome: Outcome,
}

impl Example for IssueCertificate {
    fn example() -> Self {
        Self {
            holder: example_address(),
            organization: "12440300455765412A".into(),
            kind: "degree".into(),
            certificate_id: example_hash(0xce),
            content_hash: example_hash(0xc0),
            sealed: "eyJhbGciOiJFQ0RILUVTIn0..aXY.Y2lwaGVydGV4dA.dGFn".into(),
            valid_from: 1_795_230_000,
            valid_until: 0,
            previous: None,
            deadline: 1_795_230_300,
            signature: example_signature(),
            application: Some("0193489c7d2c7c539b1b0c9a6a5f1d20".into()),
        }
    }
}

impl Example for Issued {
    fn example() -> Self {
        Self {
            certificate_id: example_hash(0xce),
            chain: "degree".into(),
            tx_hash: example_hash(0x71),
            block_number: 128,
            block_hash: example_hash(0xb1),
            data_block: DataBlock { root: example_hash(0xdb), tx_hash: example_hash(0x72) },
            application_closed: Some(true),
        }
    }
}

impl Example for ChangeStatus {
    fn example() -> Self {
        Self {
            kind: "degree".into(),
            status: CertificateStatus::Revoked,
            reason: Reason::PrivilegeWithdrawn,
            revision: 0,
            deadline: 1_795_230_300,
            signature: example_signature(),
        }
    }
}

impl Example for StatusChanged {
    fn example() -> Self {
        Self { recorded: Recorded::example(), status: CertificateStatus::Revoked, revision: 1 }
    }
}

impl Example for CertificateDocument {
    fn example() -> Self {
        Self {
            organization: "12440300455765412A".into(),
            organization_name: "Riverside University".into(),
            kind: "degree".into(),
            certificate_id: example_hash(0xce),
            sealed: "eyJhbGciOiJFQ0RILUVTIn0..aXY.Y2lwaGVydGV4dA.dGFn".into(),
            issued_at: example_time(),
            issuer_key: example_address(),
            status: CertificateStatus::Valid,
            proof: Some(json!({})),
            staple: None,
        }
    }
}

impl Example for Certificate {
    fn example() -> Self {
        Self {
            certificate_id: example_hash(0xce),
            kind: "degree".into(),
            chain: "degree".into(),
            holder: example_address(),
            organization: "12440300455765412A".into(),
            status: CertificateStatus::Valid,
            reason: Reason::Unspecified,
            revision: 0,
            valid_from: example_time(),
            valid_until: None,
            previous: None,
            renewed_by: None,
            content_hash: example_hash(0xc0),
            sealed_hash: example_hash(0x5e),
            block: 128,
            tx_hash: example_hash(0x71),
            outcome: Outcome::Valid,
        }
    }
}

/// The answer of `GET /v1/certificates/{id}/history`.
pub type CertificateHistory = History;
