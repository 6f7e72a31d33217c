//! Sessions, PINs and tokens that are lost.

use std::{
    fs,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use chancery_keys::{Curve, KeyFailure, SigningKey as _};
use chancery_testing::process::SoftHsm;
use chancery_token::{Token, TokenError, TokenSigningKey};
use cryptoki::{
    context::Pkcs11,
    session::{Session, UserType},
    types::AuthPin,
};

use crate::child::{open, open_again, with_token};

/// Many times what a library that is started anew takes.
const LONG: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

fn made(hsm: &SoftHsm) -> TokenSigningKey {
    made_in(&open(&hsm.key("degree")).unwrap())
}

fn made_in(token: &Arc<Token>) -> TokenSigningKey {
    token.generate(&[Curve::Secp256k1], &[]).unwrap();
    let key = token.signing_key(&[Curve::Secp256k1]).unwrap();
    key.sign(&[1; 32]).unwrap();
    key
}

/// A session of this same process that can do what a user can, beside those of the key.
fn beside(hsm: &SoftHsm) -> Session {
    let library = Pkcs11::new(hsm.library()).unwrap();
    library.open_rw_session(library.get_slots_with_initialized_token().unwrap()[0]).unwrap()
}

fn pin(text: &str) -> AuthPin {
    AuthPin::from(text.to_owned())
}

// S-SVC, TOKEN-3
#[test]
fn a_lost_log_in_is_made_good_without_anybody_noticing() {
    with_token("losing::a_lost_log_in_is_made_good_without_anybody_noticing", |hsm| {
        let key = made(hsm);
        let beside = beside(hsm);
        for _ in 0..3 {
            // Ends the log-in of the whole process: no object of the key's session is there any more.
            beside.logout().unwrap();
            key.sign(&[2; 32]).unwrap();
        }
    });
}

// TOKEN-2
#[test]
fn a_wrong_pin_is_given_once() {
    with_token("losing::a_wrong_pin_is_given_once", |hsm| {
        hsm.write_pin("wrong", "999999").unwrap();
        let error = open(&hsm.key_with_pin("degree", "wrong")).unwrap_err();
        assert!(matches!(&error, TokenError::WrongPin { token, .. } if token == "office"), "{error}");
        assert!(!error.to_string().contains("999999") && error.to_string().contains("locks"), "{error}");

        // The PIN is changed while the key is in use, and the log-in is lost.
        let (key, session) = (made_in(&open_again(&hsm.key("degree")).unwrap()), beside(hsm));
        session.set_pin(&pin(SoftHsm::PIN), &pin("135792")).unwrap();
        session.logout().unwrap();
        let refused = key.sign(&[3; 32]).unwrap_err();
        assert!(matches!(&refused, KeyFailure::Refused(why) if why.contains("refuses the PIN")), "{refused}");
        // It is changed back: what was refused once is still not given again.
        session.login(UserType::User, Some(&pin("135792"))).unwrap();
        session.set_pin(&pin("135792"), &pin(SoftHsm::PIN)).unwrap();
        session.logout().unwrap();
        assert_eq!(key.sign(&[3; 32]).unwrap_err(), refused);
        made_again(hsm);
    });
}

// TOKEN-2: a service that is started again and again with a wrong PIN file does not lock the token.
#[test]
fn a_wrong_pin_is_not_given_by_the_next_process_either() {
    with_token("losing::a_wrong_pin_is_not_given_by_the_next_process_either", |hsm| {
        hsm.write_pin("wrong", "999999").unwrap();
        let wrong = hsm.key_with_pin("degree", "wrong");
        assert!(matches!(open(&wrong).unwrap_err(), TokenError::WrongPin { .. }));
        let before = TokenError::WrongPinBefore { token: "office".to_owned() };
        for _ in 0..3 {
            assert_eq!(open(&wrong).unwrap_err(), before);
            // Not even the right one: who knows which one it is?
            assert_eq!(open(&hsm.key("degree")).unwrap_err(), before);
        }
        assert!(before.to_string().contains("--pin-again"), "{before}");
        assert!(matches!(open_again(&wrong).unwrap_err(), TokenError::WrongPin { .. }));
        // A person says so: the count begins anew, for everybody.
        made_in(&open_again(&hsm.key("degree")).unwrap());
        made_again(hsm);
    });
}

/// Whoever starts anew gives the right PIN and signs.
fn made_again(hsm: &SoftHsm) {
    open(&hsm.key("degree")).unwrap().signing_key(&[Curve::Secp256k1]).unwrap().sign(&[4; 32]).unwrap();
}

// TOKEN-3
#[test]
fn a_token_that_is_pulled_out_is_said_to_be_gone() {
    with_token("losing::a_token_that_is_pulled_out_is_said_to_be_gone", |hsm| {
        let key = made(hsm);
        fs::rename(hsm.tokens(), hsm.tokens().with_extension("away")).unwrap();
        for _ in 0..2 {
            let failure = key.sign(&[5; 32]).unwrap_err();
            assert!(matches!(&failure, KeyFailure::Unavailable(why) if why.contains("gone")), "{failure}");
        }
    });
}

// TOKEN-3, M-SEC: whoever runs for long goes on when the token is back; also whoever has lost nothing but the library that was started anew.
#[test]
fn a_token_that_is_back_signs_again_for_everybody_in_the_process() {
    with_token("losing::a_token_that_is_back_signs_again_for_everybody_in_the_process", |hsm| {
        let (key, away) = (made(hsm), hsm.tokens().with_extension("away"));
        let other = open(&hsm.key("other")).unwrap();
        other.generate(&[Curve::P256], &[]).unwrap();
        let other = other.signing_key(&[Curve::P256]).unwrap();
        for _ in 0..2 {
            fs::rename(hsm.tokens(), &away).unwrap();
            let failure = key.sign(&[5; 32]).unwrap_err();
            assert!(matches!(failure, KeyFailure::Unavailable(_)), "{failure}");
            fs::rename(&away, hsm.tokens()).unwrap();
            for key in [&key, &other] {
                let give_up = Instant::now() + LONG;
                while let Err(failure) = key.sign(&[6; 32]) {
                    assert!(matches!(failure, KeyFailure::Unavailable(_)), "{failure}");
                    assert!(Instant::now() < give_up, "{failure}");
                    thread::sleep(POLL);
                }
            }
        }
    });
}
