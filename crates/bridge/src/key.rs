//! The key with which a node of an alliance signs.

use std::fmt;

use alloy_primitives::{Address, Bytes};
use chancery_ledger::{KeyError, SubmitterKey};
use chancery_primitives::{SignedOperation, SigningDomain};

/// A node's secp256k1 key: what its identity certificate names. Wiped from memory when dropped, printed by its address alone.
pub struct NodeKey {
    signer: SubmitterKey,
}

impl NodeKey {
    /// Reads a key from hexadecimal text, with or without `0x`.
    ///
    /// # Errors
    /// `NotHex`, `NotAKey`.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        SubmitterKey::from_hex(text).map(|signer| Self { signer })
    }

    /// A new key from the operating system's randomness.
    #[must_use]
    pub fn random() -> Self {
        Self { signer: SubmitterKey::random() }
    }

    /// The address that its identity certificate names.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.signer.address()
    }

    /// Signs for an alliance; 65 bytes.
    ///
    /// # Errors
    /// `Signing`, which does not happen with a key in memory.
    pub fn sign(&self, operation: &impl SignedOperation, domain: &SigningDomain) -> Result<Bytes, KeyError> {
        let signature = self.signer.sign_digest(operation.digest(domain)).map_err(|_| KeyError::Signing)?;
        Ok(signature.as_bytes().to_vec().into())
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NodeKey").field(&self.address()).finish()
    }
}
