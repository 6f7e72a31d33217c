//! Agreeing on a secret in a token. The private key stays there; what comes out is the secret of one message, from which the key of that message is derived.

use std::{fmt, sync::Arc};

use chancery_keys::{AgreementKey, Curve, KeyFailure};
use cryptoki::{
    mechanism::{
        Mechanism,
        elliptic_curve::{EcKdf, Ecdh1DeriveParams},
    },
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    types::Ulong,
};
use x25519_dalek::StaticSecret;
use zeroize::Zeroizing;

use crate::{Token, TokenError, finding, session::Open};

/// Length of an agreed secret, and of an X25519 public key.
const SECRET_BYTES: usize = 32;

/// An X25519 key in a token.
pub struct TokenAgreementKey {
    token: Arc<Token>,
    public_key: [u8; SECRET_BYTES],
}

impl TokenAgreementKey {
    pub(crate) fn find(token: &Arc<Token>) -> Result<Self, TokenError> {
        let public_key = token.with(|open, uri| {
            let (curve, handle) = finding::private_key(open, uri, &[Curve::X25519])?;
            finding::public_key(open, uri, curve, handle)
        })?;
        let missing = |_| TokenError::NoPublicKey { key: token.uri.to_string() };
        let key = Self { token: Arc::clone(token), public_key: public_key.try_into().map_err(missing)? };
        key.prove()?;
        Ok(key)
    }

    /// KEY-1: what others would seal to is opened by this private key. The public object may have been replaced by anybody, without a PIN.
    fn prove(&self) -> Result<(), TokenError> {
        let no_pair = || TokenError::NoPair { key: self.token.uri.to_string() };
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        getrandom::fill(bytes.as_mut_slice())
            .map_err(|error| TokenError::Failed { doing: "choosing a key", reason: error.to_string() })?;
        let ephemeral = StaticSecret::from(*bytes);
        // A public key of small order is nobody's.
        let expected = ephemeral.agree(&self.public_key).map_err(|_| no_pair())?;
        let found = self.secret(&ephemeral.public_key())?;
        if *found == *expected { Ok(()) } else { Err(no_pair()) }
    }

    fn secret(&self, other: &[u8; SECRET_BYTES]) -> Result<Zeroizing<[u8; SECRET_BYTES]>, TokenError> {
        let other = *other;
        let shared = self.token.with(move |open, uri| {
            let handle = open.private_key(uri, Curve::X25519)?;
            // PKCS#11 3.1, 6.3.20: the bare coordinate of the other key, no derivation: that is JOSE's or HPKE's.
            let mechanism = Mechanism::Ecdh1Derive(Ecdh1DeriveParams::new(EcKdf::null(), &other));
            let template = [
                Attribute::Class(ObjectClass::SECRET_KEY),
                Attribute::KeyType(KeyType::GENERIC_SECRET),
                Attribute::Token(false),
                Attribute::Sensitive(false),
                Attribute::Extractable(true),
                Attribute::ValueLen(Ulong::new(SECRET_BYTES as std::ffi::c_ulong)),
            ];
            let derived =
                open.session.derive_key(&mechanism, handle, &template).map_err(open.failed("agreeing on a secret"))?;
            let secret = value(open, derived);
            // It would go with the session anyhow.
            let _ = open.session.destroy_object(derived);
            secret
        })?;
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        secret.copy_from_slice(&shared);
        Ok(secret)
    }
}

/// The value of a secret that was agreed on, [`SECRET_BYTES`] long; where it lies it is wiped. `cryptoki` reads an attribute into a buffer, copies it and frees the
/// buffer as it is: that copy is out of reach here (docs/specs/keys.md, "What stays in memory").
fn value(open: &Open, derived: ObjectHandle) -> Result<Zeroizing<Vec<u8>>, TokenError> {
    const DOING: &str = "reading the agreed secret";
    for attribute in open.session.get_attributes(derived, &[AttributeType::Value]).map_err(open.failed(DOING))? {
        if let Attribute::Value(bytes) = attribute {
            let bytes = Zeroizing::new(bytes);
            if bytes.len() == SECRET_BYTES {
                return Ok(bytes);
            }
        }
    }
    Err(TokenError::NotPermitted { reason: "it does not give out the agreed secret".to_owned() })
}

impl AgreementKey for TokenAgreementKey {
    fn public_key(&self) -> [u8; SECRET_BYTES] {
        self.public_key
    }

    fn agree(&self, other: &[u8; SECRET_BYTES]) -> Result<Zeroizing<[u8; SECRET_BYTES]>, KeyFailure> {
        // A point of small order gives the same with every key; some tokens fail at it, others do not (KEY-2).
        StaticSecret::from([9; SECRET_BYTES]).agree(other)?;
        Ok(self.secret(other)?)
    }
}

impl fmt::Debug for TokenAgreementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAgreementKey").field("token", &self.token).finish_non_exhaustive()
    }
}
