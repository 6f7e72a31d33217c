//! Verifies the answer of C-API-5 offline, knowing a chain's genesis alone (`chancery verify FILE`).
//!
//! What verifies: that the registry of the trusted chain recorded this certificate for this holder from this organization, of this kind, with
//! this sealed document; and, where the file has it, what its status was at a later block. Being genuine is one thing, being valid another: the
//! [`VerifiedCertificate::outcome`] says what it amounts to, and without a proof of the status that cannot be determined.
//!
//! Every member of the file is compared with what is proven, or named among [`VerifiedCertificate::unproven`]. What it cannot tell offline, it
//! says: whether the organization had the right to the kind stands on the main chain, and the status is as old as its block.

mod members;
mod status;

pub(crate) use members::unknown_members;

use std::fmt;

use alloy_primitives::{Address, B256, keccak256};
use chancery_contracts::predeploys;
use chancery_light::{BUNDLE_VERSION, ProofBundle, TrustedChain, VerifiedBundle, VerifyError};
use chancery_primitives::{
    CertificateId, CertificateKind, CertificateStatus, Issue, OrganizationCode, Outcome, SIGNATURE_BYTES,
    SignedOperation as _, SigningDomain, UnixSeconds,
};
use serde::{Deserialize, Serialize};

use crate::registry::IssuedCertificate;

/// Longest file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 8 * 1024 * 1024;

/// The file: what C-API-5 answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateFile {
    /// The certificate.
    pub certificate_id: CertificateId,
    /// Who issued it.
    pub organization: OrganizationCode,
    /// Its public name. The main chain knows it, this proof does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_name: Option<String>,
    /// Its kind.
    pub kind: CertificateKind,
    /// Whose it is. Without it, the holder is what the proof says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<Address>,
    /// The sealed document.
    pub sealed: String,
    /// The key that signed it. Without it, it is what the proof says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_key: Option<Address>,
    /// When it was recorded, RFC 3339. Without it, it is what the proof says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<String>,
    /// Its status when the file was made. Without it, it is what the proof says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<CertificateStatus>,
    /// Transaction, receipt, header, finality; the status.
    pub proof: Option<ProofBundle>,
}

/// Which check failed, and what it found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{check}: {detail}")]
pub struct VerificationFailure {
    /// Name of the check; those of `chancery_light` keep theirs.
    pub check: &'static str,
    /// What it found.
    pub detail: String,
}

impl VerificationFailure {
    pub(crate) fn new(check: &'static str, detail: impl fmt::Display) -> Self {
        Self { check, detail: detail.to_string() }
    }
}

impl From<VerifyError> for VerificationFailure {
    fn from(error: VerifyError) -> Self {
        Self::new(error.check(), error)
    }
}

/// The status that was proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedStatus {
    /// As the registry held it.
    pub status: CertificateStatus,
    /// What the certificate amounts to at `now`, if its status has not changed since.
    pub outcome: Outcome,
    /// Number of status changes.
    pub revision: u64,
    /// The block that the status was proven at.
    pub block_number: u64,
    /// Time of that block, Unix seconds.
    pub at: UnixSeconds,
    /// How old it is, in seconds.
    pub age_s: u64,
}

/// What was proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedCertificate {
    /// What it amounts to: that of the status, and "cannot determine" when the file proves none.
    pub outcome: Outcome,
    /// What the issuer signed.
    pub issue: Issue,
    /// The key that signed it.
    pub issuer_key: Address,
    /// The transaction.
    pub tx_hash: B256,
    /// Its block.
    pub block_number: u64,
    /// Time of the block, Unix seconds.
    pub issued_at: UnixSeconds,
    /// The status; absent when the file has none.
    pub status: Option<VerifiedStatus>,
    /// Whether a document was given and is the one that was issued.
    pub document_checked: bool,
    /// The checks that were made, in order.
    pub checks: Vec<String>,
    /// Members of the file that nothing in it proves: they may say anything.
    pub unproven: Vec<String>,
}

/// Verifies a file against a trusted chain; with the plain document too, when whoever asks has it.
///
/// # Errors
/// The first check that fails, by name.
pub fn verify_file(
    json: &[u8],
    chain: &TrustedChain,
    document: Option<&[u8]>,
    now: UnixSeconds,
) -> Result<VerifiedCertificate, VerificationFailure> {
    if json.len() > MAX_FILE_BYTES {
        return Err(VerificationFailure::new("file-readable", format!("it is longer than {MAX_FILE_BYTES} bytes")));
    }
    let file = serde_json::from_slice(json).map_err(|error| VerificationFailure::new("file-readable", error))?;
    let mut verified = verify(&file, chain, document, now)?;
    verified.unproven.extend(members::unknown_members(json)?);
    Ok(verified)
}

/// Verifies what C-API-5 answered.
///
/// # Errors
/// The first check that fails, by name.
pub fn verify(
    file: &CertificateFile,
    chain: &TrustedChain,
    document: Option<&[u8]>,
    now: UnixSeconds,
) -> Result<VerifiedCertificate, VerificationFailure> {
    let Some(bundle) = &file.proof else {
        let detail = "the file has no proof: it comes from a chain without finality certificates, or was cut";
        return Err(VerificationFailure::new("proof-present", detail));
    };
    let mut checks = Checks::default();
    checks.passed("proof-present");
    checks.require("proof-version", bundle.version == BUNDLE_VERSION, || {
        format!("the proof is of version {}, this program reads {BUNDLE_VERSION}", bundle.version)
    })?;
    let proven = bundle.verify(chain)?;
    checks.passed("block-final");
    checks.passed("transaction-included");
    let issued = issued_by(&proven, file.certificate_id)?;
    checks.passed("certificate-issued");
    let issued_at = UnixSeconds(proven.header.header().timestamp);
    members::check(file, &issued, issued_at, &mut checks)?;
    check_signature(&issued, chain, &mut checks)?;
    if let Some(document) = document {
        let found = keccak256(document);
        let expected = issued.operation.content_hash;
        checks.require("document-unaltered", found == expected, || {
            format!("the document hashes to {found}, issued was {expected}")
        })?;
    }
    let status = status::check(&proven, &issued, issued_at, chain, now, &mut checks)?;
    let unproven = members::unproven(file, status.as_ref(), &mut checks)?;
    Ok(VerifiedCertificate {
        outcome: status.as_ref().map_or(Outcome::CannotDetermine, |status| status.outcome),
        issuer_key: issued.issuer,
        tx_hash: proven.transaction.hash,
        block_number: proven.header.number(),
        issued_at,
        status,
        document_checked: document.is_some(),
        issue: issued.operation,
        checks: checks.0,
        unproven,
    })
}

#[derive(Default)]
struct Checks(Vec<String>);

impl Checks {
    fn passed(&mut self, name: &'static str) {
        self.0.push(name.to_owned());
    }

    fn require(
        &mut self,
        name: &'static str,
        holds: bool,
        detail: impl FnOnce() -> String,
    ) -> Result<(), VerificationFailure> {
        if holds {
            self.passed(name);
            return Ok(());
        }
        Err(VerificationFailure::new(name, detail()))
    }
}

/// The event of the registry's own address in the proven receipt. An event of another contract proves nothing.
fn issued_by(proven: &VerifiedBundle, id: CertificateId) -> Result<IssuedCertificate, VerificationFailure> {
    let receipt = &proven.receipt.receipt;
    if !receipt.status() {
        return Err(VerificationFailure::new("transaction-succeeded", "the transaction failed"));
    }
    receipt
        .logs()
        .iter()
        .filter(|log| log.address == predeploys::CERTIFICATE_REGISTRY)
        .filter_map(|log| IssuedCertificate::from_log(log.topics(), &log.data.data))
        .find(|issued| issued.operation.certificate_id == id)
        .ok_or_else(|| {
            let detail = format!("the transaction did not issue certificate {id}");
            VerificationFailure::new("certificate-issued", detail)
        })
}

/// The registry has checked the issuer's signature when it recorded it; here it is checked again, without trusting the contract's code. What a
/// contract has signed (ERC-1271, not 65 bytes) only the registry could check.
fn check_signature(
    issued: &IssuedCertificate,
    chain: &TrustedChain,
    checks: &mut Checks,
) -> Result<(), VerificationFailure> {
    let domain = SigningDomain::new(chain.chain_id(), predeploys::CERTIFICATE_REGISTRY);
    let digest = issued.operation.digest(&domain);
    checks.require("digest-matches", digest == issued.digest, || {
        format!("the operation's digest is {digest}, recorded was {}", issued.digest)
    })?;
    if issued.signature.len() != SIGNATURE_BYTES {
        return Ok(());
    }
    let signer = issued.operation.recover(&domain, &issued.signature);
    checks.require("issuer-signature", signer == Ok(issued.issuer), || match signer {
        Ok(signer) => format!("signed by {signer}, recorded as signed by {}", issued.issuer),
        Err(error) => error.to_string(),
    })
}

#[cfg(test)]
pub(crate) mod tests;
