#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn keys_are_made_once_and_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep/validator.key");
    let made = ValidatorKeys::load_or_create(&path).unwrap();
    let read = ValidatorKeys::load_or_create(&path).unwrap();
    assert_eq!(made.bls_public_key(), read.bls_public_key());
    assert_eq!(made.peer_public_key(), read.peer_public_key());
    assert_eq!(mode(&path), 0o600);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left aside");
}

#[test]
fn two_validators_get_different_keys() {
    let (one, two) = (ValidatorKeys::generate(), ValidatorKeys::generate());
    assert_ne!(one.bls_public_key(), two.bls_public_key());
    assert_ne!(one.peer_public_key(), two.peer_public_key());
}

#[test]
fn a_file_that_others_may_read_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("validator.key");
    ValidatorKeys::load_or_create(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = ValidatorKeys::load_or_create(&path).unwrap_err();
    assert!(matches!(refused, KeyError::Permission { mode: 0o640, .. }), "{refused}");
    assert_eq!(mode(&path), 0o640);
}

#[test]
fn a_damaged_file_is_refused_without_showing_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("validator.key");
    ValidatorKeys::load_or_create(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let secret = text.lines().nth(1).unwrap().strip_prefix("bls ").unwrap().to_owned();
    let damaged = [
        text.replace("key 1", "key 2"),
        text.replace("bls ", "bls x"),
        text.replace("peer ", "pear "),
        format!("{text}more\n"),
        text[..text.len() - 3].to_owned(),
        String::new(),
    ];
    for text in damaged {
        fs::write(&path, text).unwrap();
        let refused = ValidatorKeys::load_or_create(&path).unwrap_err();
        assert!(matches!(refused, KeyError::Malformed { .. }), "{refused}");
        assert!(!refused.to_string().contains(&secret));
    }
}

#[test]
fn debug_output_has_public_keys_alone() {
    let keys = ValidatorKeys::from_seed(1);
    let shown = format!("{keys:?}");
    let secret = keys.format();
    for line in secret.lines().skip(1) {
        let digits = line.split(' ').nth(1).unwrap();
        assert!(!shown.contains(digits));
    }
}

// FINALITY-8
#[test]
fn a_proof_of_possession_belongs_to_one_key() {
    let (keys, other) = (ValidatorKeys::from_seed(1), ValidatorKeys::from_seed(2));
    let public = |keys: &ValidatorKeys| BlsPublicKey::decode(keys.bls_public_key().to_vec()).unwrap();
    let proof = keys.proof_of_possession();
    assert!(possessed(&public(&keys), &proof));
    assert!(!possessed(&public(&other), &proof));
    assert!(!possessed(&public(&keys), &FixedBytes::ZERO));
}
