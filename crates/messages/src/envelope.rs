//! The envelope: a JWE (RFC 7516, general JSON serialization) for two recipients, the receiver and the sender. `ECDH-ES+A256KW` over X25519 (RFC 7518 4.6, RFC 8037 3.2)
//! gives each the content key, `A256GCM` (RFC 7518 5.3) seals the content, `aad` binds it to the message's head. What a recipient's header says is
//! not under the tag; the sender's signature covers the envelope's bytes as a whole (MSG-3).

mod content;
mod jwe;
pub(crate) mod key_wrap;

use alloy_primitives::{B256, keccak256};
use chancery_certificates::{keys::EncryptionPublicKey, sealing::derive_a256kw};
use chancery_keys::{AgreementKey, KeyFailure};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

pub use content::Content;
use jwe::{Jwe, Recipient};

use crate::{
    limits::MAX_ENVELOPE_BYTES,
    statement::{Deposit, Head, Stated, StatementError},
};

/// Why nothing is sealed, or nothing is opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Too large.
    #[error("the {what} is longer than {limit} bytes: send less, or share a file")]
    TooLarge {
        /// What.
        what: &'static str,
        /// How many bytes it may have.
        limit: usize,
    },
    /// Not such a JWE.
    #[error("this is not an envelope that this platform reads: {0}")]
    Malformed(&'static str),
    /// Not the bytes that the sender has signed for.
    #[error("the envelope is not the one that the statement names")]
    OtherEnvelope,
    /// Sealed to other keys.
    #[error("the message is sealed to other keys than the one at hand")]
    WrongKey,
    /// A tag does not fit.
    #[error("the envelope was altered, or the key is another one")]
    Altered,
    /// Whoever keeps the key does not use it.
    #[error(transparent)]
    Key(KeyFailure),
    /// A point of small order.
    #[error("the public key is of small order: it protects nothing")]
    WeakKey,
    /// No randomness.
    #[error("the system gives no randomness")]
    NoRandomness,
    /// The statement.
    #[error(transparent)]
    Statement(#[from] StatementError),
}

impl From<KeyFailure> for EnvelopeError {
    fn from(failure: KeyFailure) -> Self {
        match failure {
            KeyFailure::WeakKey => Self::WeakKey,
            other => Self::Key(other),
        }
    }
}

/// A sealed message, ready to be signed and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The envelope's exact text.
    pub envelope: String,
    /// What the sender signs.
    pub deposit: Stated<Deposit>,
}

/// Seals a content to the receiver's key and to the sender's own, and states its deposit.
///
/// # Errors
/// [`EnvelopeError::TooLarge`], [`EnvelopeError::WeakKey`], [`EnvelopeError::NoRandomness`].
pub fn seal(
    head: Head,
    content: &Content,
    receiver: &EncryptionPublicKey,
    sender: &EncryptionPublicKey,
) -> Result<Sealed, EnvelopeError> {
    let plain = content.to_bytes()?;
    let (key, nonce) = (random::<32>()?, random::<12>()?);
    let recipients = [wrapped(&key, receiver)?, wrapped(&key, sender)?];
    let envelope = jwe::encrypt(&key, &nonce, &plain, &head.to_bytes()?, recipients)?;
    if envelope.len() > MAX_ENVELOPE_BYTES {
        return Err(EnvelopeError::TooLarge { what: "sealed message", limit: MAX_ENVELOPE_BYTES });
    }
    let deposit = Deposit {
        head,
        sealed_hash: keccak256(envelope.as_bytes()),
        sealed_bytes: envelope.len() as u64,
        sealed_to: receiver.thumbprint(),
    };
    Ok(Sealed { envelope, deposit: Stated::write(deposit)? })
}

/// Checks, without being able to open it, that an envelope is the one that a deposit names, and is sealed to two keys of which the first is the receiver's.
///
/// # Errors
/// [`EnvelopeError::TooLarge`], [`EnvelopeError::OtherEnvelope`], [`EnvelopeError::Malformed`].
pub fn check(envelope: &str, deposit: &Deposit) -> Result<(), EnvelopeError> {
    read(envelope, deposit).map(drop)
}

/// Opens a message with the secret of its receiver or of its sender.
///
/// # Errors
/// [`EnvelopeError::WrongKey`] when it is sealed to neither, [`EnvelopeError::Altered`], [`EnvelopeError::Key`], and those of [`check`].
pub fn open(
    envelope: &str,
    deposit: &Deposit,
    secret: &(impl AgreementKey + ?Sized),
) -> Result<Content, EnvelopeError> {
    let jwe = read(envelope, deposit)?;
    let own = EncryptionPublicKey(secret.public_key()).thumbprint();
    let recipient = jwe.recipients.iter().find(|recipient| recipient.header.kid == own);
    let recipient = recipient.ok_or(EnvelopeError::WrongKey)?;
    let shared = secret.agree(&recipient.ephemeral()?.0)?;
    let key = key_wrap::unwrap(&derive_a256kw(shared.as_slice()), &recipient.wrapped_key()?)?;
    Content::from_bytes(&jwe.decrypt(&key)?)
}

fn read(envelope: &str, deposit: &Deposit) -> Result<Jwe, EnvelopeError> {
    if envelope.len() > MAX_ENVELOPE_BYTES {
        return Err(EnvelopeError::TooLarge { what: "sealed message", limit: MAX_ENVELOPE_BYTES });
    }
    let hash: B256 = keccak256(envelope.as_bytes());
    if hash != deposit.sealed_hash || envelope.len() as u64 != deposit.sealed_bytes {
        return Err(EnvelopeError::OtherEnvelope);
    }
    let jwe = Jwe::parse(envelope, &deposit.head.to_bytes()?)?;
    if jwe.recipients[0].header.kid != deposit.sealed_to {
        return Err(EnvelopeError::Malformed("the first recipient is not the key that the statement names"));
    }
    Ok(jwe)
}

fn wrapped(key: &[u8; 32], recipient: &EncryptionPublicKey) -> Result<Recipient, EnvelopeError> {
    let (ephemeral, wrapped) = wrap_for(recipient, key)?;
    Ok(Recipient::new(recipient, &ephemeral, &wrapped))
}

/// A content key, wrapped for a recipient under an ephemeral key of its own, which comes with it.
pub(crate) fn wrap_for(
    recipient: &EncryptionPublicKey,
    key: &[u8; 32],
) -> Result<(EncryptionPublicKey, [u8; key_wrap::WRAPPED_BYTES]), EnvelopeError> {
    let ephemeral = StaticSecret::from(*random::<32>()?);
    let shared = ephemeral.diffie_hellman(&PublicKey::from(recipient.0));
    if !shared.was_contributory() {
        return Err(EnvelopeError::WeakKey);
    }
    let wrapped = key_wrap::wrap(&derive_a256kw(shared.as_bytes()), key);
    Ok((EncryptionPublicKey(PublicKey::from(&ephemeral).to_bytes()), wrapped))
}

pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, EnvelopeError> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| EnvelopeError::NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
