//! What an inspection concludes (C-QR, C-API-3). Pure: the readings come in, findings go out.
//!
//! - INSPECTION-1: a chain that does not answer makes "cannot determine", never a verdict about the certificate.
//! - INSPECTION-2: a check that fails makes "refused" with its name, whatever else could not be found out: an altered certificate stays
//!   altered while a chain is down.
//! - INSPECTION-3: only when every check has passed do status and validity decide between valid, revoked, suspended and expired.

mod checks;
mod gathering;

use alloy_primitives::{Address, B256, Bytes};
use chancery_primitives::{CertificateId, CertificateKind, OrganizationCode, Outcome, UnixSeconds};
use serde::{Deserialize, Serialize};

pub use checks::{Evidence, PresentationEvidence, inspect};
pub use gathering::{Gathered, gather};

/// The names of the checks; stable, part of the public interface.
pub mod check_names {
    /// The registry of the kind's chain knows the certificate.
    pub const KNOWN: &str = "certificate-known";
    /// The document's hash is the one that the issuer signed.
    pub const CONTENT: &str = "content-unaltered";
    /// The sealed document's hash is the one that the issuer signed.
    pub const SEALED: &str = "sealed-unaltered";
    /// It belongs to the person who shows it.
    pub const HOLDER: &str = "holder-matches";
    /// It comes from the organization that it claims.
    pub const ORGANIZATION: &str = "organization-matches";
    /// The issuing key had the right to the kind when it signed.
    pub const ISSUER: &str = "issuer-authorized";
    /// The holder has signed the presentation.
    pub const PRESENTED: &str = "presented-by-holder";
    /// The presentation is fresh.
    pub const FRESH: &str = "presentation-fresh";
    /// Its time has come.
    pub const BEGUN: &str = "validity-begun";
    /// Its status; passed unless unknown, the outcome says which it is.
    pub const STATUS: &str = "status-read";
}

/// The holder's signature of what is shown (EIP-712 `Present`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PresentationProof {
    /// When it was made.
    pub presented_at: UnixSeconds,
    /// 32 random bytes.
    pub nonce: B256,
    /// 65 bytes.
    pub signature: Bytes,
}

/// What an inspector has in hands: the input of `POST /v1/inspections/checks` and of the service `certificates.check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckCertificate {
    /// Whose certificate it claims to be.
    pub address: Address,
    /// The organization that it claims to come from.
    pub organization: OrganizationCode,
    /// Which certificate.
    pub certificate_id: CertificateId,
    /// Of which kind.
    pub kind: CertificateKind,
    /// `keccak256` of the document that was shown.
    pub content_hash: B256,
    /// The holder's signature, when the holder showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentation: Option<PresentationProof>,
    /// EIP-712 digest of the presentation; zero, or the document's hash, when there is none.
    #[serde(default)]
    pub presentation_hash: B256,
    /// The sealed document, when the inspector has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// One of [`check_names`].
    pub name: String,
    /// Whether it passed; absent when it could not be made.
    pub passed: Option<bool>,
    /// What was found, in a sentence, without personal data.
    pub detail: String,
}

/// What an inspection finds: the answer of the service `certificates.check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// What the checks amount to.
    pub outcome: Outcome,
    /// Each of them.
    pub checks: Vec<Check>,
}

impl Findings {
    /// The first check that failed.
    #[must_use]
    pub fn failed(&self) -> Option<&Check> {
        self.checks.iter().find(|check| check.passed == Some(false))
    }
}

#[cfg(test)]
mod tests;
