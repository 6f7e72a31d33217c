//! Where `CertificateRegistry` keeps a certificate (`docs/specs/certificate-registry.md`), so that two storage proofs
//! (`eth_getProof`) tell a verifier everything: the status word, and the commitment to what was issued, by whom and when.

use crate::{CertificateId, CertificateStatus, RevocationReason, UnixSeconds, UnknownCode, Validity};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;

/// Storage slot of the mapping of certificates.
pub const CERTIFICATES_SLOT: u64 = 0;

/// The two slots that prove a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateSlots {
    /// Holds the [`StatusWord`].
    pub status: B256,
    /// Holds the [`commitment`].
    pub commitment: B256,
}

impl CertificateSlots {
    /// The slots of a certificate: `keccak256(id || CERTIFICATES_SLOT)` and the next one.
    #[must_use]
    pub fn of(id: CertificateId) -> Self {
        let status = keccak256((id.to_bytes32(), U256::from(CERTIFICATES_SLOT)).abi_encode());
        let commitment = U256::from_be_bytes(status.0).wrapping_add(U256::ONE);
        Self { status, commitment: B256::from(commitment) }
    }
}

/// `keccak256(abi.encode(issueDigest, issuer, issuedAt))`: what was issued (the digest of `Issue`, which covers holder,
/// organization, content and validity), whose key signed it, and the time of the block that recorded it.
#[must_use]
pub fn commitment(issue_digest: B256, issuer: Address, issued_at: UnixSeconds) -> B256 {
    keccak256((issue_digest, issuer, issued_at.get()).abi_encode())
}

/// What the status slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusWord {
    /// The state.
    pub status: CertificateStatus,
    /// Why it was last changed.
    pub reason: RevocationReason,
    /// How often it was changed; 48 bits on chain.
    pub revision: u64,
    /// From when and until when the certificate is in force.
    pub validity: Validity,
    /// Time of the block that set this state.
    pub changed_at: UnixSeconds,
}

impl StatusWord {
    /// Reads the slot; `None` when it is empty: the registry does not know the certificate.
    ///
    /// # Errors
    /// Numbers that no registry writes.
    pub fn decode(word: U256) -> Result<Option<Self>, UnknownCode> {
        if word.is_zero() {
            return Ok(None);
        }
        // Solidity packs from the low end: status, reason (8 bits each), revision (48), then three times (64 each).
        let bytes: [u8; 32] = word.to_be_bytes();
        let seconds = |from: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&bytes[from..from + 8]);
            UnixSeconds(u64::from_be_bytes(eight))
        };
        let mut revision = [0; 8];
        revision[2..].copy_from_slice(&bytes[24..30]);
        Ok(Some(Self {
            status: CertificateStatus::try_from(bytes[31])?,
            reason: RevocationReason::try_from(bytes[30])?,
            revision: u64::from_be_bytes(revision),
            validity: Validity { valid_from: seconds(16), valid_until: seconds(8) },
            changed_at: seconds(0),
        }))
    }
}
