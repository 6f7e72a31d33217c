//! What is agreed on in a token.

use chancery_keys::{AgreementKey as _, Curve, KeyFailure};
use chancery_testing::process::SoftHsm;
use chancery_token::TokenError;
use cryptoki::{
    context::Pkcs11,
    object::{Attribute, ObjectClass},
    session::SessionState,
};
use x25519_dalek::StaticSecret;

use crate::child::{open, with_token};

// S-SVC, KEY-2
#[test]
fn a_secret_agreed_on_in_the_token_is_the_other_sides() {
    with_token("agreeing::a_secret_agreed_on_in_the_token_is_the_other_sides", |hsm| {
        let token = open(&hsm.key("inbox")).unwrap();
        assert!(token.generate(&[Curve::X25519], &[]).unwrap().is_empty());
        let key = token.agreement_key().unwrap();
        for byte in 1..20 {
            let other = StaticSecret::from([byte; 32]);
            assert_eq!(key.agree(&other.public_key()).unwrap(), other.agree(&key.public_key()).unwrap());
        }
        assert_eq!(key.agree(&[0; 32]).unwrap_err(), KeyFailure::WeakKey);
    });
}

/// Puts the public object of one key into the place of another's, as anybody can who reaches the token: nobody logs in for it.
fn swap_public_object(hsm: &SoftHsm, from: &str, to: &str) {
    let library = Pkcs11::new(hsm.library()).unwrap();
    let session = library.open_rw_session(library.get_slots_with_initialized_token().unwrap()[0]).unwrap();
    let state = session.get_session_info().unwrap().session_state();
    assert!(matches!(state, SessionState::RwPublic), "{state:?}");
    let public = |label: &str| {
        let template = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Label(label.as_bytes().to_vec())];
        session.find_objects(&template).unwrap()[0]
    };
    let place = Attribute::Id(to.as_bytes().to_vec());
    session.destroy_object(public(to)).unwrap();
    session.update_attributes(public(from), &[place, Attribute::Label(to.as_bytes().to_vec())]).unwrap();
}

// KEY-1
#[test]
fn a_public_half_of_another_key_is_found_out_before_anybody_seals_to_it() {
    with_token("agreeing::a_public_half_of_another_key_is_found_out_before_anybody_seals_to_it", |hsm| {
        let hex = |object: &str| object.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let name = |object: &str| hsm.key(&format!("{object};id={}", hex(object)));
        for object in ["inbox", "other"] {
            open(&name(object)).unwrap().generate(&[Curve::X25519], &[]).unwrap();
        }
        open(&name("inbox")).unwrap().agreement_key().unwrap();
        swap_public_object(hsm, "other", "inbox");
        let error = open(&name("inbox")).unwrap().agreement_key().unwrap_err();
        assert!(matches!(error, TokenError::NoPair { .. }), "{error}");
        assert!(error.to_string().contains("the two objects in the token are no pair"), "{error}");
    });
}
