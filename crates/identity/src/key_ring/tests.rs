#![allow(clippy::unwrap_used)]

use std::os::unix::fs::PermissionsExt;

use super::*;

#[test]
fn a_key_file_is_made_once_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("identity.keys");
    let made = KeyRing::load_or_create(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let read = KeyRing::load_or_create(&path).unwrap();
    assert_eq!(made.tag("x", &[b"a"]), read.tag("x", &[b"a"]));
}

#[test]
fn a_key_file_that_others_can_read_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("identity.keys");
    KeyRing::load_or_create(&path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(KeyRing::load_or_create(&path), Err(KeyRingError::TooOpen { .. })));
}

#[test]
fn a_damaged_key_file_is_refused_and_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("identity.keys");
    KeyRing::load_or_create(&path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    for damaged in [text.replacen("uniqueness", "uniquenes", 1), text.replace("sealing 1", "sealing 2"), String::new()]
    {
        std::fs::write(&path, &damaged).unwrap();
        assert!(matches!(KeyRing::load_or_create(&path), Err(KeyRingError::Damaged { .. })));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged);
    }
}

#[test]
fn rotation_keeps_old_versions_and_the_uniqueness_of_persons() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("identity.keys");
    let before = KeyRing::load_or_create(&path).unwrap();
    let after = KeyRing::rotate(&path).unwrap();
    assert_eq!((before.current_version(), after.current_version()), (1, 2));
    assert_eq!(before.sealing_key(1, "c"), after.sealing_key(1, "c"));
    assert_ne!(after.sealing_key(1, "c"), after.sealing_key(2, "c"));
    assert_eq!(before.tag("x", &[b"a"]), after.tag("x", &[b"a"]));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn tags_do_not_confuse_where_one_part_ends() {
    let ring = KeyRing::random().unwrap();
    assert_ne!(ring.tag("x", &[b"ab", b"c"]), ring.tag("x", &[b"a", b"bc"]));
    assert_ne!(ring.tag("x", &[b"a"]), ring.tag("y", &[b"a"]));
}

#[test]
fn debug_shows_no_secret() {
    let ring = KeyRing::random().unwrap();
    assert_eq!(format!("{ring:?}"), "KeyRing { versions: 1, .. }");
}
