use std::fmt;

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, Signature};
use chancery_keys::{AccountKey, KeyFailure};
use zeroize::Zeroizing;

/// Why bytes are no signing key. It never repeats them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 32 bytes of hexadecimal.
    #[error("a signing key is 64 hexadecimal digits, with or without 0x")]
    NotHex,
    /// Zero, or not below the order of secp256k1.
    #[error("this number is no secp256k1 key: make a new one")]
    NotAKey,
    /// Whoever keeps the key does not sign; does not happen with a key in memory.
    #[error(transparent)]
    Signing(#[from] KeyFailure),
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

    /// The same as [`Self::sign_digest`], on a thread that may wait where the key is kept elsewhere: for whoever runs on the async runtime.
    ///
    /// # Errors
    /// [`KeyFailure`]; a key in memory has none.
    pub async fn sign_digest_aside(&self, digest: B256) -> Result<Signature, KeyFailure> {
        if !self.may_block() {
            return self.sign_digest(digest);
        }
        let account = self.account.clone();
        let signing = tokio::task::spawn_blocking(move || account.sign_digest(digest));
        signing.await.unwrap_or_else(|_| Err(KeyFailure::Unavailable("signing was cut off".to_owned())))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{sync::Arc, thread::ThreadId};

    use chancery_keys::{Curve, SigningKey};

    use super::*;

    /// A token that is gone, and looks at who asks.
    struct Gone {
        public_key: [u8; 65],
        runs: ThreadId,
    }

    impl SigningKey for Gone {
        fn curve(&self) -> Curve {
            Curve::Secp256k1
        }

        fn public_key(&self) -> &[u8] {
            &self.public_key
        }

        fn sign(&self, _: &[u8]) -> Result<[u8; 64], KeyFailure> {
            assert_ne!(std::thread::current().id(), self.runs, "the runtime's own thread waits for a token");
            Err(KeyFailure::Unavailable("the token is gone".to_owned()))
        }
    }

    // TOKEN-5, M-SEC: endorsers, requesters and whoever else runs on a runtime.
    #[tokio::test]
    async fn the_runtime_does_not_wait_for_a_token_and_its_failure_is_told() {
        let memory = PrivateKeySigner::from_slice(&[7; 32]).unwrap();
        let digest = B256::repeat_byte(1);
        let held = SubmitterKey::from(memory.clone());
        assert_eq!(held.sign_digest_aside(digest).await, held.sign_digest(digest));

        let public_key = AccountKey::from(memory).public_key();
        let gone = Arc::new(Gone { public_key, runs: std::thread::current().id() });
        let kept = SubmitterKey::from(AccountKey::kept(gone).unwrap());
        assert_eq!(kept.address(), held.address());
        let failure = kept.sign_digest_aside(digest).await.unwrap_err();
        assert_eq!(failure, KeyFailure::Unavailable("the token is gone".to_owned()));
    }
}
