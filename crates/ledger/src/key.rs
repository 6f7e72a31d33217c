use std::fmt;

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, Signature};
use chancery_keys::{AccountKey, KeyFailure};
use zeroize::Zeroizing;

/// Why bytes are no signing key. It never repeats them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 32 bytes of hexadecimal.
    #[error("a signing key is 64 hexadecimal digits, with or without 0x")]
    NotHex,
    /// Zero, or not below the order of secp256k1.
    #[error("this number is no secp256k1 key: make a new one")]
    NotAKey,
    /// The signer failed; does not happen with a key in memory.
    #[error("signing failed")]
    Signing,
}

/// The secp256k1 key that pays for and sends transactions. It grants nothing: operations carry the signatures of their sources.
/// In memory and wiped when dropped, or kept elsewhere; printed by its address alone.
pub struct SubmitterKey {
    account: AccountKey,
}

impl SubmitterKey {
    /// Reads a key from 32 big-endian bytes.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`].
    pub fn from_bytes(bytes: &Zeroizing<[u8; 32]>) -> Result<Self, KeyError> {
        PrivateKeySigner::from_slice(bytes.as_slice()).map(Self::from).map_err(|_| KeyError::NotAKey)
    }

    /// Reads a key from hexadecimal text.
    ///
    /// # Errors
    /// [`KeyError::NotHex`], [`KeyError::NotAKey`].
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        alloy_primitives::hex::decode_to_slice(text.trim(), bytes.as_mut_slice()).map_err(|_| KeyError::NotHex)?;
        Self::from_bytes(&bytes)
    }

    /// A new key from the operating system's randomness.
    #[must_use]
    pub fn random() -> Self {
        Self::from(PrivateKeySigner::random())
    }

    /// The account that it controls.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.account.address()
    }

    /// Whether signing waits for somebody else: then it is called off the async runtime.
    pub(crate) const fn may_block(&self) -> bool {
        self.account.may_block()
    }

    /// Signs a message as EIP-191 says, version 0x45: what its account states, and no transaction. It may block, where the key is kept elsewhere.
    ///
    /// # Errors
    /// [`KeyFailure`]; a key in memory has none.
    pub fn sign_message(&self, message: &[u8]) -> Result<Signature, KeyFailure> {
        self.account.sign_message(message)
    }

    /// Signs a digest that says itself what it is for (EIP-712). It may block, where the key is kept elsewhere.
    ///
    /// # Errors
    /// [`KeyFailure`]; a key in memory has none.
    pub fn sign_digest(&self, digest: B256) -> Result<Signature, KeyFailure> {
        self.account.sign_digest(digest)
    }

    pub(crate) fn sign(&self, hash: B256) -> Result<Signature, KeyFailure> {
        self.account.sign_digest(hash)
    }
}

impl From<AccountKey> for SubmitterKey {
    fn from(account: AccountKey) -> Self {
        Self { account }
    }
}

impl From<PrivateKeySigner> for SubmitterKey {
    fn from(signer: PrivateKeySigner) -> Self {
        Self { account: signer.into() }
    }
}

impl fmt::Debug for SubmitterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SubmitterKey").field(&self.address()).finish()
    }
}
