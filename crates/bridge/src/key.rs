//! The key with which a node of an alliance signs.

use std::fmt;

use alloy_primitives::{Address, B256, Bytes};
use chancery_ledger::{KeyError, SubmitterKey};
use chancery_primitives::{SignedOperation, SigningDomain};

/// A node's secp256k1 key: what its identity certificate names. In memory and wiped when dropped, or kept elsewhere; printed by its address alone.
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

    /// Signs for an alliance; 65 bytes. It may block, where the key is kept elsewhere.
    ///
    /// # Errors
    /// `Signing`, which does not happen with a key in memory.
    pub fn sign(&self, operation: &impl SignedOperation, domain: &SigningDomain) -> Result<Bytes, KeyError> {
        let signature = self.signer.sign_digest(operation.digest(domain))?;
        Ok(signature.as_bytes().to_vec().into())
    }

    /// The same, for whoever runs on the async runtime: a token takes its time on a thread that may wait.
    ///
    /// # Errors
    /// As [`Self::sign`].
    pub fn sign_aside<'k, O: SignedOperation>(
        &'k self,
        operation: &O,
        domain: &SigningDomain,
    ) -> impl Future<Output = Result<Bytes, KeyError>> + Send + use<'k, O> {
        self.sign_digest_aside(operation.digest(domain))
    }

    async fn sign_digest_aside(&self, digest: B256) -> Result<Bytes, KeyError> {
        let signature = self.signer.sign_digest_aside(digest).await?;
        Ok(signature.as_bytes().to_vec().into())
    }
}

impl From<SubmitterKey> for NodeKey {
    fn from(signer: SubmitterKey) -> Self {
        Self { signer }
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NodeKey").field(&self.address()).finish()
    }
}
