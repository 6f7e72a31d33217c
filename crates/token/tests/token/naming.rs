//! Names that mean nothing, and what is said of them.

use std::process::Command;

use chancery_keys::{Curve, SigningKey as _};
use chancery_testing::process::SoftHsm;
use chancery_token::{Access, KeyUri, Token, TokenError, tokens};
use zeroize::Zeroizing;

use crate::child::{open, with_token};

fn uri(text: &str) -> KeyUri {
    text.parse().unwrap()
}

// S-SVC
#[test]
fn each_part_of_a_name_that_is_wrong_is_said_to_be_it() {
    with_token("naming::each_part_of_a_name_that_is_wrong_is_said_to_be_it", |hsm| {
        let refused = |text: &str, access: &Access| Token::open(&uri(text), access).unwrap_err();
        let nothing = Access::default();
        let bare = "pkcs11:token=office;object=degree";
        assert_eq!(refused(bare, &nothing), TokenError::NoModule);
        let error = refused(&format!("{bare}?module-path=/nowhere/p11.so"), &nothing);
        assert!(matches!(error, TokenError::ModuleNotFound { .. }), "{error}");
        let no_library = std::env::current_exe().unwrap();
        let error = refused(&format!("{bare}?module-path={}", no_library.display()), &nothing);
        assert!(matches!(error, TokenError::ModuleNotFound { .. }), "{error}");

        let library = Access { module: Some(hsm.library().to_owned()), ..Access::default() };
        assert_eq!(refused(bare, &library), TokenError::NoPin { token: "office".to_owned() });
        let error = refused("pkcs11:token=harbour;object=degree", &library);
        assert!(matches!(&error, TokenError::TokenNotFound { found: 0, shown, .. } if shown == "`office`"), "{error}");

        // From the surroundings what the name does not say.
        let access = Access { pin: Some(Zeroizing::new(SoftHsm::PIN.to_owned())), ..library };
        assert!(!format!("{access:?}").contains(SoftHsm::PIN));
        let token = Token::open(&uri(bare), &access).unwrap();
        let error = token.signing_key(&[Curve::Secp256k1, Curve::P256]).unwrap_err();
        assert!(matches!(&error, TokenError::KeyNotFound { curve, .. } if curve == "secp256k1 or P-256"), "{error}");
    });
}

#[test]
fn two_keys_of_one_label_are_told_apart_by_their_identifiers() {
    with_token("naming::two_keys_of_one_label_are_told_apart_by_their_identifiers", |hsm| {
        let named = |id: &str| hsm.key(&format!("degree;id=%{id}"));
        let key = |id: &str| {
            let token = open(&named(id)).unwrap();
            token.generate(&[Curve::Secp256k1], &[]).unwrap();
            token.signing_key(&[Curve::Secp256k1]).unwrap()
        };
        let (one, other) = (key("01"), key("02"));
        assert_ne!(one.public_key(), other.public_key());
        let token = open(&hsm.key("degree")).unwrap();
        let error = token.signing_key(&[Curve::Secp256k1]).unwrap_err();
        assert!(matches!(error, TokenError::Ambiguous { found: 2, .. }), "{error}");
    });
}

#[test]
fn tokens_are_listed_with_what_their_names_say_and_without_a_pin() {
    with_token("naming::tokens_are_listed_with_what_their_names_say_and_without_a_pin", |hsm| {
        let listed = tokens(hsm.library()).unwrap();
        let [one] = listed.as_slice() else { panic!("{listed:?}") };
        assert_eq!((one.label.as_str(), one.manufacturer.as_str()), ("office", "SoftHSM project"));
        assert_eq!(one.curves, [Curve::Secp256k1, Curve::P256, Curve::Ed25519, Curve::X25519]);
        let by_serial = format!("pkcs11:serial={};object=degree?module-path={}", one.serial, hsm.library().display());
        let access = Access { pin: Some(Zeroizing::new(SoftHsm::PIN.to_owned())), ..Access::default() };
        Token::open(&uri(&by_serial), &access).unwrap();
    });
}

// TOKEN-6
#[test]
fn a_label_steers_no_terminal_and_turns_no_line_around() {
    with_token("naming::a_label_steers_no_terminal_and_turns_no_line_around", |hsm| {
        let label = "gate\u{1b}[2J\u{202e}eciffo";
        let set_up = ["--init-token", "--free", "--label", label, "--so-pin", "87654321", "--pin", SoftHsm::PIN];
        // In the folder of this process's own token.
        assert!(Command::new("softhsm2-util").args(set_up).status().unwrap().success());
        let listed = tokens(hsm.library()).unwrap();
        assert!(listed.iter().any(|one| one.label == "gate\u{fffd}[2J\u{fffd}eciffo"), "{listed:?}");
        let access = Access { module: Some(hsm.library().to_owned()), ..Access::default() };
        let error = Token::open(&uri("pkcs11:token=harbour;object=degree"), &access).unwrap_err().to_string();
        assert!(error.contains("eciffo") && !error.contains(['\u{1b}', '\u{202e}']), "{error}");
    });
}

// M-SEC, bad input: a server whose key is of another kind is told so, and by which curve the kind is known.
#[test]
fn a_key_of_another_kind_is_none_of_the_name() {
    with_token("naming::a_key_of_another_kind_is_none_of_the_name", |hsm| {
        open(&hsm.key("degree")).unwrap().generate(&[Curve::P256], &[]).unwrap();
        let error = open(&hsm.key("degree")).unwrap().signing_key(&[Curve::Secp256k1]).unwrap_err();
        assert!(matches!(&error, TokenError::KeyNotFound { curve, .. } if curve == "secp256k1"), "{error}");
    });
}
