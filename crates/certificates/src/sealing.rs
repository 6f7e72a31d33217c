//! Sealing a document to its holder: JWE compact (RFC 7516), `ECDH-ES` over X25519 (RFC 7518 4.6, RFC 8037 3.2) with `A256GCM` (RFC 7518 5.3). Assembled
//! from audited primitives, because no maintained library offers this combination without OpenSSL; held to npm's `jose` by vectors both ways.

mod concat_kdf;
mod jwe;

use chancery_keys::AgreementKey;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::keys::EncryptionPublicKey;
pub use concat_kdf::derive_a256kw;
pub use jwe::{JweError, MAX_SEALED_BYTES, SealedHeader, open_direct, read_header, seal_direct};

/// `typ` of a sealed certificate.
pub const CERTIFICATE_TYPE: &str = "chancery-certificate+jwe";

/// Seals a document to a holder's key.
///
/// # Errors
/// [`JweError::TooLarge`], [`JweError::NoRandomness`].
pub fn seal(document: &[u8], recipient: &EncryptionPublicKey) -> Result<String, JweError> {
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(secret.as_mut_slice()).map_err(|_| JweError::NoRandomness)?;
    let ephemeral = StaticSecret::from(*secret);
    let shared = ephemeral.diffie_hellman(&PublicKey::from(recipient.0));
    if !shared.was_contributory() {
        return Err(JweError::WeakKey);
    }
    let header = SealedHeader::to_recipient(recipient, &EncryptionPublicKey(PublicKey::from(&ephemeral).to_bytes()));
    jwe::encrypt(&header, &concat_kdf::derive_a256gcm(shared.as_bytes()), document)
}

/// Opens what was sealed to a key.
///
/// # Errors
/// [`JweError::WrongKey`] when it is sealed to another key (nothing is tried then), [`JweError::Altered`] when it was changed, [`JweError::Key`] when the key cannot be
/// used, others for what is no such JWE.
pub fn open(sealed: &str, secret: &(impl AgreementKey + ?Sized)) -> Result<Zeroizing<Vec<u8>>, JweError> {
    let header = read_header(sealed)?;
    let own = EncryptionPublicKey(secret.public_key());
    if header.kid != own.thumbprint() {
        return Err(JweError::WrongKey { sealed_to: header.kid, own: own.thumbprint() });
    }
    let ephemeral = header.epk.to_key().ok_or(JweError::Malformed("epk is not an X25519 key"))?;
    let shared = secret.agree(&ephemeral.0)?;
    jwe::decrypt(sealed, &concat_kdf::derive_a256gcm(shared.as_slice()))
}

/// Checks, without being able to open it, that something is a certificate sealed to this key. Returns the header.
///
/// # Errors
/// [`JweError::WrongKey`], and others for what is no such JWE.
pub fn check_sealed_to(sealed: &str, recipient: &EncryptionPublicKey) -> Result<SealedHeader, JweError> {
    let header = read_header(sealed)?;
    let expected = recipient.thumbprint();
    if header.kid == expected { Ok(header) } else { Err(JweError::WrongKey { sealed_to: header.kid, own: expected }) }
}

#[cfg(test)]
mod tests;
