//! The signed operations (EIP-712, `docs/specs/encodings.md`): what a key of an issuer, inspector, holder or source
//! agrees to. The digest binds chain and contract, so a signature cannot be replayed elsewhere.

mod changes;
mod disclosure;
mod operations;
mod releases;
mod typed;

pub use changes::{ApprovalStatus, ChangeKind, DecideChange, ProposeChange};
pub use disclosure::Disclose;
pub use operations::{ChangeStatus, DataOperation, Inspect, Issue, Present};
pub use releases::{ChangeRelease, ContractName, ProposeContract, ReleaseStatus};
pub use typed::DOMAIN_NAME;
pub use typed::DOMAIN_VERSION;

use crate::{SignatureError, ascii32, recover_signer};
use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

/// The chain and contract that a signature is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningDomain {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The contract that checks the signature (or, for what is checked off chain, that it is about).
    pub verifying_contract: Address,
}

impl SigningDomain {
    /// The domain of a contract on a chain.
    #[must_use]
    pub const fn new(chain_id: u64, verifying_contract: Address) -> Self {
        Self { chain_id, verifying_contract }
    }

    /// The EIP-712 domain separator.
    #[must_use]
    pub fn separator(&self) -> B256 {
        typed::separator(self)
    }
}

/// An operation that is agreed to by signing its digest.
pub trait SignedOperation {
    /// EIP-712 `hashStruct`.
    fn struct_hash(&self) -> B256;

    /// What is signed: `keccak256(0x1901 || domain separator || hashStruct)`.
    fn digest(&self, domain: &SigningDomain) -> B256 {
        typed::digest(domain, self.struct_hash())
    }

    /// The address whose key signed this operation for this domain.
    ///
    /// # Errors
    /// A malformed or malleable signature. A signature of something else yields an unexpected address, not an error:
    /// compare, or use [`SignedOperation::verify`].
    fn recover(&self, domain: &SigningDomain, signature: &[u8]) -> Result<Address, SignatureError> {
        recover_signer(self.digest(domain), signature)
    }

    /// Checks that `expected` signed this operation for this domain.
    ///
    /// # Errors
    /// A malformed signature, or another signer.
    fn verify(&self, domain: &SigningDomain, signature: &[u8], expected: Address) -> Result<(), SignatureError> {
        let actual = self.recover(domain, signature)?;
        if actual == expected { Ok(()) } else { Err(SignatureError::WrongSigner { expected, actual }) }
    }
}

/// The name of an operation in the leaf of a data block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OperationType {
    /// [`Issue`].
    #[serde(rename = "certificate.issue")]
    CertificateIssue,
    /// [`ChangeStatus`].
    #[serde(rename = "certificate.status")]
    CertificateStatus,
    /// [`Inspect`].
    #[serde(rename = "certificate.inspect")]
    CertificateInspect,
    /// [`DataOperation`].
    #[serde(rename = "data.record")]
    DataRecord,
    /// A data source's signature over the root of one or more operations (`docs/specs/data.md`).
    #[serde(rename = "data.submission")]
    DataSubmission,
    /// A data source is registered, or changes its key.
    #[serde(rename = "data.source")]
    DataSource,
    /// An operator sets or takes away a quota (`docs/specs/data.md`).
    #[serde(rename = "data.quota")]
    DataQuota,
    /// An operator sets what no contract keeps: what services are offered, what an inspection costs (`docs/specs/data.md`).
    #[serde(rename = "city.setting")]
    CitySetting,
    /// A person publishes a key: the signature of ERC-1056's `setAttributeSigned`.
    #[serde(rename = "identity.attribute")]
    IdentityAttribute,
}

impl OperationType {
    /// Every type.
    pub const ALL: [Self; 9] = [
        Self::CertificateIssue,
        Self::CertificateStatus,
        Self::CertificateInspect,
        Self::DataRecord,
        Self::DataSubmission,
        Self::DataSource,
        Self::DataQuota,
        Self::CitySetting,
        Self::IdentityAttribute,
    ];

    /// The name as people write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CertificateIssue => "certificate.issue",
            Self::CertificateStatus => "certificate.status",
            Self::CertificateInspect => "certificate.inspect",
            Self::DataRecord => "data.record",
            Self::DataSubmission => "data.submission",
            Self::DataSource => "data.source",
            Self::DataQuota => "data.quota",
            Self::CitySetting => "city.setting",
            Self::IdentityAttribute => "identity.attribute",
        }
    }

    /// The name as it stands in a leaf: ASCII, padded right with zeros.
    #[must_use]
    pub const fn to_bytes32(self) -> B256 {
        B256::new(ascii32::constant(self.as_str()))
    }

    /// The type that a leaf names; `None` for an unknown one.
    #[must_use]
    pub fn from_bytes32(encoded: B256) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.to_bytes32() == encoded)
    }
}

impl core::fmt::Display for OperationType {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests;
