//! The key with which a node of an alliance signs.

use std::fmt;

use alloy::signers::{SignerSync, local::PrivateKeySigner};
use alloy_primitives::{Address, Bytes};
use chancery_ledger::KeyError;
use chancery_primitives::{SignedOperation, SigningDomain};
use zeroize::Zeroizing;

/// A node's secp256k1 key: what its identity certificate names. Wiped from memory when dropped, printed by its address alone.
pub struct NodeKey {
    signer: PrivateKeySigner,
}

impl NodeKey {
    /// Reads a key from hexadecimal text, with or without `0x`.
    ///
    /// # Errors
    /// `NotHex`, `NotAKey`.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        alloy_primitives::hex::decode_to_slice(text.trim(), bytes.as_mut_slice()).map_err(|_| KeyError::NotHex)?;
        PrivateKeySigner::from_slice(bytes.as_slice()).map(|signer| Self { signer }).map_err(|_| KeyError::NotAKey)
    }

    /// A new key from the operating system's randomness.
    #[must_use]
    pub fn random() -> Self {
        Self { signer: PrivateKeySigner::random() }
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
        let signature = self.signer.sign_hash_sync(&operation.digest(domain)).map_err(|_| KeyError::Signing)?;
        Ok(signature.as_bytes().to_vec().into())
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NodeKey").field(&self.address()).finish()
    }
}
