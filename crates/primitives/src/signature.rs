//! Who signed a digest (secp256k1, EIP-2).

use alloy_consensus::crypto::secp256k1;
use alloy_primitives::{Address, B256, Signature};

/// Length of a signature: r, s, and v of 27 or 28.
pub const SIGNATURE_BYTES: usize = 65;

/// Why a signature names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not r, s, v.
    #[error("a signature has {SIGNATURE_BYTES} bytes (r, s, v), this one has {length_bytes}")]
    Length {
        /// How long it is.
        length_bytes: usize,
    },
    /// A v that contracts refuse.
    #[error("the last byte of a signature (v) is 27 or 28, not {v}: add 27 to a parity of 0 or 1")]
    RecoveryId {
        /// What stands there.
        v: u8,
    },
    /// No public key fits, or s is in the upper half of the group order (EIP-2).
    #[error("the signature is not a canonical secp256k1 signature of this digest: sign again")]
    Unrecoverable,
    /// Somebody else's signature.
    #[error(
        "signed by {actual}, expected {expected}: check what was signed (chain, contract, every member) and with which key"
    )]
    WrongSigner {
        /// Who should have signed.
        expected: Address,
        /// Whose key fits signature and digest; a random-looking address when the digest differs.
        actual: Address,
    },
}

/// The address whose key signed the digest. Accepts exactly what the contracts accept from such a key.
///
/// # Errors
/// A malformed or malleable signature.
pub fn recover_signer(digest: B256, signature: &[u8]) -> Result<Address, SignatureError> {
    let bytes: &[u8; SIGNATURE_BYTES] =
        signature.try_into().map_err(|_| SignatureError::Length { length_bytes: signature.len() })?;
    let v = bytes[SIGNATURE_BYTES - 1];
    if !matches!(v, 27 | 28) {
        return Err(SignatureError::RecoveryId { v });
    }
    let signature = Signature::from_bytes_and_parity(&bytes[..SIGNATURE_BYTES - 1], v == 28);
    secp256k1::recover_signer(&signature, digest).map_err(|_| SignatureError::Unrecoverable)
}
