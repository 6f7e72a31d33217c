//! Sealed contents of data (DATA-11): sealed by whoever submits, opened by whoever is a recipient. Their form is `chancery_data::sealed`; the keys, the agreement and the
//! wrapping are those of messages.

use std::collections::BTreeSet;

use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{Aead as _, Payload},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chancery_certificates::{keys::EncryptionPublicKey, sealing::derive_a256kw};
use chancery_data::{
    SealedContent, SealedError,
    key::Jwk,
    sealed::{Context, KEY_AGREEMENT, MAX_RECIPIENTS, PROTECTED, Recipient, RecipientHeader},
};
use chancery_keys::AgreementKey;
use zeroize::Zeroizing;

use crate::envelope::{EnvelopeError, key_wrap, random, wrap_for};

const TAG_BYTES: usize = 16;

/// Why nothing is sealed, or nothing is opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// It is not sealed as contents are, or for something else.
    #[error(transparent)]
    Form(#[from] SealedError),
    /// Nobody, or too many.
    #[error("a content is sealed to 1 to {MAX_RECIPIENTS} keys, not to {0}")]
    Recipients(usize),
    /// To other keys.
    #[error("the content is sealed to other keys than the one at hand")]
    WrongKey,
    /// A key, the randomness, or what does not open.
    #[error(transparent)]
    Sealing(#[from] EnvelopeError),
}

/// Seals a content, which has been checked against its format, to each of these keys once: the JWE's text, which becomes the operation's `content`.
///
/// # Errors
/// [`ContentError::Recipients`]; [`ContentError::Sealing`] for a weak key and without randomness.
pub fn seal(content: &[u8], context: &Context, to: &[EncryptionPublicKey]) -> Result<String, ContentError> {
    let mut known = BTreeSet::new();
    let to: Vec<&EncryptionPublicKey> = to.iter().filter(|key| known.insert(key.0)).collect();
    if !(1..=MAX_RECIPIENTS).contains(&to.len()) {
        return Err(ContentError::Recipients(to.len()));
    }
    let (key, nonce) = (random::<32>()?, random::<12>()?);
    let recipients = to.into_iter().map(|recipient| recipient_of(recipient, &key));
    let recipients = recipients.collect::<Result<Vec<_>, EnvelopeError>>()?;
    let (protected, aad) = (URL_SAFE_NO_PAD.encode(PROTECTED), URL_SAFE_NO_PAD.encode(context.to_bytes()));
    let bound = format!("{protected}.{aad}");
    let encrypted = Aes256Gcm::new((&*key).into())
        .encrypt(&(*nonce).into(), Payload { msg: content, aad: bound.as_bytes() })
        .map_err(|_| EnvelopeError::Malformed("the content does not encrypt"))?;
    let (ciphertext, tag) = encrypted.split_at(encrypted.len() - TAG_BYTES);
    let sealed = SealedContent {
        protected,
        recipients,
        aad,
        iv: URL_SAFE_NO_PAD.encode(*nonce),
        ciphertext: URL_SAFE_NO_PAD.encode(ciphertext),
        tag: URL_SAFE_NO_PAD.encode(tag),
    };
    Ok(serde_json::to_string(&sealed).map_err(|_| EnvelopeError::Malformed("the content does not serialize"))?)
}

/// Opens a content that is sealed for this source and format, with the secret of one of its recipients: the bytes that were sealed.
///
/// # Errors
/// [`ContentError::Form`] for what is no sealed content, or one for something else; [`ContentError::WrongKey`]; [`ContentError::Sealing`] for what was altered.
pub fn open(
    content: &str,
    context: &Context,
    secret: &(impl AgreementKey + ?Sized),
) -> Result<Zeroizing<Vec<u8>>, ContentError> {
    let sealed = SealedContent::parse(content)?;
    sealed.check_context(context)?;
    let own = EncryptionPublicKey(secret.public_key()).thumbprint();
    let recipient = sealed.recipients.iter().find(|recipient| recipient.header.kid == own);
    let recipient = recipient.ok_or(ContentError::WrongKey)?;
    let shared = secret.agree(&bytes(&recipient.header.epk.x)?).map_err(EnvelopeError::from)?;
    let key = key_wrap::unwrap(&derive_a256kw(shared.as_slice()), &bytes(&recipient.encrypted_key)?)?;
    let mut encrypted = decode(&sealed.ciphertext)?;
    encrypted.extend(decode(&sealed.tag)?);
    let (nonce, bound) = (bytes::<12>(&sealed.iv)?, format!("{}.{}", sealed.protected, sealed.aad));
    let plain = Aes256Gcm::new((&*key).into())
        .decrypt(&nonce.into(), Payload { msg: &encrypted, aad: bound.as_bytes() })
        .map_err(|_| EnvelopeError::Altered)?;
    Ok(Zeroizing::new(plain))
}

fn recipient_of(recipient: &EncryptionPublicKey, key: &[u8; 32]) -> Result<Recipient, EnvelopeError> {
    let (ephemeral, wrapped) = wrap_for(recipient, key)?;
    let chancery_certificates::keys::Jwk { kty, crv, x } = ephemeral.jwk();
    let epk = Jwk { kty, crv, x, y: None };
    let header = RecipientHeader { alg: KEY_AGREEMENT.to_owned(), epk, kid: recipient.thumbprint() };
    Ok(Recipient { header, encrypted_key: URL_SAFE_NO_PAD.encode(wrapped) })
}

/// The form was checked before: what does not decode by now was not.
fn decode(text: &str) -> Result<Vec<u8>, EnvelopeError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| EnvelopeError::Malformed("a part is not base64url"))
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], EnvelopeError> {
    decode(text)?.try_into().map_err(|_| EnvelopeError::Malformed("a part has another length"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};
    use x25519_dalek::{PublicKey, StaticSecret};

    use super::*;

    fn secret(byte: u8) -> StaticSecret {
        StaticSecret::from([byte; 32])
    }

    fn public(byte: u8) -> EncryptionPublicKey {
        EncryptionPublicKey(PublicKey::from(&secret(byte)).to_bytes())
    }

    fn context() -> Context {
        let source = format!("0x{}", "01".repeat(20));
        Context { chain_id: 7100, format: "health/finding".into(), format_version: 1, source }
    }

    const CONTENT: &str = r#"{"diagnosis":"influenza"}"#;

    // DATA-11
    #[test]
    fn each_recipient_opens_it_for_its_source_and_format_and_nobody_else() {
        let sealed = seal(CONTENT.as_bytes(), &context(), &[public(1), public(2), public(1)]).unwrap();
        assert_eq!(SealedContent::parse(&sealed).unwrap().recipients.len(), 2, "each key once");
        for byte in [1, 2] {
            assert_eq!(*open(&sealed, &context(), &secret(byte)).unwrap(), CONTENT.as_bytes());
        }
        assert_eq!(open(&sealed, &context(), &secret(3)), Err(ContentError::WrongKey));
        let other = Context { format: "health/other".into(), ..context() };
        assert_eq!(open(&sealed, &other, &secret(1)), Err(ContentError::Form(SealedError::OtherContext)));
        let encoded = URL_SAFE_NO_PAD.encode("influenza");
        assert!(!sealed.contains("influenza") && !sealed.contains(&encoded[..encoded.len() - 2]));
        // Bound to something else by whoever has no key, it does not open there.
        let mut moved: Value = serde_json::from_str(&sealed).unwrap();
        moved["aad"] = json!(URL_SAFE_NO_PAD.encode(other.to_bytes()));
        let altered = Err(ContentError::Sealing(EnvelopeError::Altered));
        assert_eq!(open(&moved.to_string(), &other, &secret(1)), altered);
        let mut taken: Value = serde_json::from_str(&sealed).unwrap();
        taken["recipients"][0]["header"]["kid"] = json!(public(3).thumbprint());
        assert_eq!(open(&taken.to_string(), &context(), &secret(3)), altered);
    }

    // DATA-11
    #[test]
    fn nothing_is_sealed_to_nobody_or_to_a_key_that_protects_nothing() {
        let refused = |to: &[EncryptionPublicKey]| seal(CONTENT.as_bytes(), &context(), to).unwrap_err();
        assert_eq!(refused(&[]), ContentError::Recipients(0));
        let many: Vec<_> = (1..=17).map(public).collect();
        assert_eq!(refused(&many), ContentError::Recipients(17));
        assert_eq!(refused(&[EncryptionPublicKey([0; 32])]), ContentError::Sealing(EnvelopeError::WeakKey));
    }

    /// DATA-11: what the TypeScript client has sealed, another implementation of the same form.
    #[test]
    fn what_typescript_has_sealed_is_opened() {
        let vector: Value = serde_json::from_str(include_str!("../vectors/content-by-typescript.json")).unwrap();
        let text = |member: &str| vector[member].as_str().unwrap();
        let context: Context = serde_json::from_value(vector["context"].clone()).unwrap();
        let secret: [u8; 32] = alloy_primitives::hex::decode(text("secret")).unwrap().try_into().unwrap();
        let sealed = vector["content"].to_string();
        let opened = open(&sealed, &context, &StaticSecret::from(secret)).unwrap();
        assert_eq!(std::str::from_utf8(&opened), Ok(text("plain")));
    }
}
