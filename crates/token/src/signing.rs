//! Signing in a token.

use std::{fmt, sync::Arc};

use chancery_keys::{Curve, KeyFailure, SigningKey};
use cryptoki::mechanism::{
    Mechanism,
    eddsa::{EddsaParams, EddsaSignatureScheme},
};

use crate::{Token, TokenError, finding};

/// Length of what ECDSA signs here.
const DIGEST_BYTES: usize = 32;

/// A key that signs, in a token.
pub struct TokenSigningKey {
    token: Arc<Token>,
    curve: Curve,
    public_key: Vec<u8>,
}

impl TokenSigningKey {
    pub(crate) fn find(token: &Arc<Token>, curves: &[Curve]) -> Result<Self, TokenError> {
        let curves = curves.to_vec();
        let (curve, public_key) = token.with(move |open, uri| {
            let (curve, handle) = finding::private_key(open, uri, &curves)?;
            Ok((curve, finding::public_key(open, uri, curve, handle)?))
        })?;
        Ok(Self { token: Arc::clone(token), curve, public_key })
    }

    fn signature(&self, input: &[u8]) -> Result<[u8; 64], TokenError> {
        let (curve, input) = (self.curve, input.to_vec());
        self.token.with(move |open, uri| {
            // CKM_ECDSA signs what it is given: a digest (PKCS#11 3.1, 6.3.12). CKM_EDDSA hashes itself, without parameters as Ed25519 (6.3.16).
            let mechanism = match curve {
                Curve::Ed25519 => Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure)),
                _ => Mechanism::Ecdsa,
            };
            let handle = open.private_key(uri, curve)?;
            let signature = open.session.sign(&mechanism, handle, &input).map_err(open.failed("signing"))?;
            signature.try_into().map_err(|other: Vec<u8>| TokenError::Failed {
                doing: "signing",
                reason: format!("the signature has {} bytes and not 64", other.len()),
            })
        })
    }
}

impl SigningKey for TokenSigningKey {
    fn curve(&self) -> Curve {
        self.curve
    }

    fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    fn sign(&self, input: &[u8]) -> Result<[u8; 64], KeyFailure> {
        if self.curve != Curve::Ed25519 && input.len() != DIGEST_BYTES {
            return Err(KeyFailure::Refused(format!("a digest has {DIGEST_BYTES} bytes, this one {}", input.len())));
        }
        Ok(self.signature(input)?)
    }
}

impl fmt::Debug for TokenSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSigningKey")
            .field("token", &self.token)
            .field("curve", &self.curve)
            .finish_non_exhaustive()
    }
}
