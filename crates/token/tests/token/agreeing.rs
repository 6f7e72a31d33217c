//! What is agreed on in a token.

use chancery_keys::{AgreementKey as _, Curve, KeyFailure};
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
