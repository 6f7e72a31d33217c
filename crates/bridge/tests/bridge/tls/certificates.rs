//! Certificates by themselves, without a chain.

use std::{io::Write as _, process::Command, process::Stdio};

use alloy_primitives::{Address, B256, hex};
use chancery_bridge::{
    key::NodeKey,
    tls::{Claim, Credentials, CredentialsError, NodeCertificate, PeerFault, make_credentials},
};
use proptest::prelude::*;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

use crate::support::{club::write_private, partnership::name};

/// Within UTCTime, and beyond it.
const TIMES: [(u64, u64); 2] = [(1_800_000_000, 1_800_604_800), (2_600_000_000, 2_600_604_800)];

fn claim(key: &NodeKey) -> Claim {
    Claim {
        chain_id: 7100,
        contract: Address::repeat_byte(0x11),
        genesis_hash: B256::repeat_byte(0x22),
        member: name("land registry"),
        key: key.address(),
        identity: 5,
        transaction: Some(6),
    }
}

fn made(key: &NodeKey, claim: &Claim, times: (u64, u64)) -> (String, CertificateDer<'static>) {
    let text = make_credentials(claim, name("node 1"), times, key).unwrap().to_string();
    let certificate = CertificateDer::from_pem_slice(text.as_bytes()).unwrap();
    (text, certificate)
}

// A-CERT
#[test]
fn a_certificate_says_what_it_was_made_of() {
    for times in TIMES {
        for transaction in [Some(6), None] {
            let key = NodeKey::random();
            let claim = Claim { transaction, ..claim(&key) };
            let (_, certificate) = made(&key, &claim, times);
            let expected = NodeCertificate { claim, not_before: times.0, not_after: times.1 };
            assert_eq!(NodeCertificate::read(&certificate), Ok(expected));
        }
    }
}

// A-CERT: not a byte can be changed, in any way.
#[test]
fn each_byte_of_a_certificate_counts() {
    let key = NodeKey::random();
    let (_, certificate) = made(&key, &claim(&key), TIMES[0]);
    for place in 0..certificate.len() {
        for change in [0x01, 0x20, 0x80, 0xff] {
            let mut altered = certificate.to_vec();
            altered[place] ^= change;
            assert!(NodeCertificate::read(&altered).is_err(), "byte {place} of {}", hex::encode(&certificate));
        }
    }
}

proptest! {
    // A-CERT
    #[test]
    fn whatever_is_no_certificate_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..1200)) {
        prop_assert!(NodeCertificate::read(&bytes).is_err());
    }

    // A-CERT
    #[test]
    fn a_certificate_that_is_cut_or_goes_on_is_refused(length in 0_usize..2000, filler in any::<u8>()) {
        let key = NodeKey::from_hex(&"46".repeat(32)).unwrap();
        let (_, certificate) = made(&key, &claim(&key), TIMES[0]);
        prop_assume!(length != certificate.len());
        let mut altered = certificate.to_vec();
        altered.resize(length, filler);
        prop_assert!(NodeCertificate::read(&altered).is_err());
    }
}

// A-CERT: an identity key binds a TLS key to itself alone.
#[test]
fn a_binding_by_another_key_is_wrong() {
    let (key, stranger) = (NodeKey::random(), NodeKey::random());
    let (text, certificate) = made(&stranger, &claim(&key), TIMES[0]);
    assert_eq!(NodeCertificate::read(&certificate), Err(PeerFault::BindingWrong));
    let dir = tempfile::tempdir().unwrap();
    let path = write_private(&dir.path().join("tls.pem"), &text);
    let refused = Credentials::open(&path);
    assert!(matches!(refused, Err(CredentialsError::Fault { fault: PeerFault::BindingWrong, .. })), "{refused:?}");
}

// A-CERT, M-SEC
#[test]
fn a_file_that_others_may_read_or_with_another_key_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let key = NodeKey::random();
    let (text, _) = made(&key, &claim(&key), TIMES[0]);
    let path = write_private(&dir.path().join("tls.pem"), &text);
    assert!(Credentials::open(&path).is_ok());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(Credentials::open(&path), Err(CredentialsError::Open(_))));

    let (other, _) = made(&key, &claim(&key), TIMES[0]);
    let certificate = &text[text.find("-----BEGIN CERTIFICATE").unwrap()..];
    let mixed = [&other[..other.find("-----BEGIN CERTIFICATE").unwrap()], certificate].concat();
    let path = write_private(&dir.path().join("mixed.pem"), &mixed);
    assert!(matches!(Credentials::open(&path), Err(CredentialsError::Unusable { .. })));
}

// A-CERT: RFC 5280 as another implementation reads it. Where there is no openssl, the readers of rustls above have to do.
#[test]
fn openssl_reads_and_verifies_it() {
    let key = NodeKey::random();
    let (text, _) = made(&key, &claim(&key), TIMES[0]);
    let arguments = ["x509", "-noout", "-subject", "-dates", "-ext", "subjectAltName,keyUsage,extendedKeyUsage"];
    let started = Command::new("openssl").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut openssl) = started else { return println!("no openssl here") };
    openssl.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = openssl.wait_with_output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "CN = node 1",
        "O = land registry",
        "notBefore=Jan 15 08:00:00 2027 GMT",
        "notAfter=Jan 22 08:00:00 2027 GMT",
        "URI:chancery-alliance:1:7100:",
        "Digital Signature",
        "TLS Web Server Authentication, TLS Web Client Authentication",
    ] {
        // Newer releases write no spaces around the equals sign.
        assert!(said.contains(expected) || said.contains(&expected.replace(" = ", "=")), "{expected} in {said}");
    }
    let dir = tempfile::tempdir().unwrap();
    let path = write_private(&dir.path().join("tls.pem"), &text);
    let verified = Command::new("openssl")
        .args(["verify", "-no_check_time", "-check_ss_sig", "-CAfile"])
        .args([&path, &path])
        .output()
        .unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}
