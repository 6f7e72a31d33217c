//! What is signed in a token.

use std::sync::Arc;

use alloy_primitives::{B256, keccak256};
use chancery_keys::{AccountKey, Curve, KeyFailure, SigningKey as _};
use chancery_token::TokenError;
use cryptoki::{
    context::Pkcs11,
    object::{Attribute, AttributeType, ObjectClass},
};
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;

use crate::child::{open, with_token};

// S-SVC, KEY-1, TOKEN-1: the account signs as any account does, and its key cannot be had.
#[test]
fn an_accounts_key_is_made_in_the_token_and_never_leaves_it() {
    with_token("signing::an_accounts_key_is_made_in_the_token_and_never_leaves_it", |hsm| {
        let token = open(&hsm.key("degree")).unwrap();
        assert!(matches!(token.signing_key(&[Curve::Secp256k1]), Err(TokenError::KeyNotFound { .. })));
        assert!(token.generate(&[Curve::Secp256k1], &[Curve::X25519]).unwrap().is_empty());
        let account = AccountKey::kept(Arc::new(token.signing_key(&[Curve::Secp256k1]).unwrap())).unwrap();
        for number in 0..50_u8 {
            let digest = keccak256([number]);
            let signature = account.sign_digest(digest).unwrap();
            assert_eq!(signature.recover_address_from_prehash(&digest).unwrap(), account.address());
            assert!(signature.normalize_s().is_none(), "s is in the lower half");
        }
        // Another name of the same key, by whoever opens the token anew.
        let again = open(&hsm.key("degree")).unwrap().signing_key(&[Curve::Secp256k1]).unwrap();
        assert_eq!(again.public_key(), account.public_key());
        assert!(matches!(token.generate(&[Curve::Secp256k1], &[]), Err(TokenError::Exists { .. })));

        // The library itself, logged in to already, gives no private value.
        let library = Pkcs11::new(hsm.library()).unwrap();
        let slot = library.get_slots_with_initialized_token().unwrap()[0];
        let session = library.open_ro_session(slot).unwrap();
        let private = session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)]).unwrap();
        assert_eq!(private.len(), 2, "one signs, one agrees");
        for key in private {
            let asked = [
                AttributeType::Sensitive,
                AttributeType::AlwaysSensitive,
                AttributeType::Extractable,
                AttributeType::NeverExtractable,
            ];
            let is = session.get_attributes(key, &asked).unwrap();
            let expected = [
                Attribute::Sensitive(true),
                Attribute::AlwaysSensitive(true),
                Attribute::Extractable(false),
                Attribute::NeverExtractable(true),
            ];
            assert!(expected.iter().all(|one| is.contains(one)), "{is:?}");
            let value = session.get_attributes(key, &[AttributeType::Value]);
            assert!(value.map_or(true, |found| found.is_empty()), "a private key was shown");
        }
    });
}

// S-SVC, M-REP-1: what sources sign with.
#[test]
fn each_curve_signs_what_its_own_library_verifies() {
    with_token("signing::each_curve_signs_what_its_own_library_verifies", |hsm| {
        let made = |object: &str, curve: Curve| {
            let token = open(&hsm.key(object)).unwrap();
            assert!(token.generate(&[curve], &[]).unwrap().is_empty());
            token.signing_key(&[Curve::Ed25519, Curve::P256, Curve::Secp256k1]).unwrap()
        };
        let digest = B256::repeat_byte(7);
        let key = made("es256", Curve::P256);
        let verifying = p256::ecdsa::VerifyingKey::from_sec1_bytes(key.public_key()).unwrap();
        let signature = p256::ecdsa::Signature::from_slice(&key.sign(digest.as_slice()).unwrap()).unwrap();
        verifying.verify_prehash(digest.as_slice(), &signature).unwrap();
        assert!(verifying.verify_prehash(&[8; 32], &signature).is_err());
        assert!(matches!(key.sign(b"no digest").unwrap_err(), KeyFailure::Refused(_)));

        let key = made("eddsa", Curve::Ed25519);
        let message = b"a message of any length, which is not hashed beforehand";
        let verifying = ed25519_dalek::VerifyingKey::from_bytes(key.public_key().try_into().unwrap()).unwrap();
        let signature = ed25519_dalek::Signature::from_bytes(&key.sign(message).unwrap());
        verifying.verify_strict(message, &signature).unwrap();
        assert!(AccountKey::kept(Arc::new(key)).is_err(), "an account is of secp256k1");
    });
}
