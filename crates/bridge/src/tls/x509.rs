//! The X.509 certificate of a node (RFC 5280): self-signed, P-256, with the binding to the alliance as its subjectAltName.

use std::time::Duration;

use alloy_primitives::keccak256;
use der::{
    Decode as _, Encode as _, Sequence,
    asn1::{BitString, Ia5String, ObjectIdentifier, OctetString},
};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use x509_cert::{
    AlgorithmIdentifier, Certificate, SubjectPublicKeyInfo, Version,
    ext::{
        Extension,
        pkix::{ID_CE_SUBJECT_ALT_NAME, SubjectAltName, name::GeneralName},
    },
    name::Name,
    serial_number::SerialNumber,
    time::{Time, Validity},
};

use super::{
    PeerFault,
    binding::{Binding, Bound, Claim},
};
use crate::key::NodeKey;

/// Longest certificate that is read, in bytes: one of this profile has about 1,000.
pub(super) const MAX_CERTIFICATE_BYTES: usize = 4096;
/// Length of an uncompressed point of P-256 (SEC 1).
const POINT_BYTES: usize = 65;
/// Bytes of a serial number: unique because they are of the hash of what is signed.
const SERIAL_BYTES: usize = 16;
/// `SubjectPublicKeyInfo` up to the point: id-ecPublicKey, secp256r1, a bit string (RFC 5480).
const KEY_INFO_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
/// No certificate authority: an empty sequence.
const NO_AUTHORITY: [u8; 2] = [0x30, 0x00];
/// digitalSignature alone.
const SIGNS: [u8; 4] = [0x03, 0x02, 0x07, 0x80];
/// id-kp-serverAuth, id-kp-clientAuth.
const BOTH_SIDES: [u8; 22] = [
    0x30, 0x14, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05,
    0x07, 0x03, 0x02,
];

/// What is signed (RFC 5280, 4.1), without the fields that this profile does not have.
#[derive(Sequence)]
struct Unsigned {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: Version,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifier,
    issuer: Name,
    validity: Validity,
    subject: Name,
    subject_public_key_info: SubjectPublicKeyInfo,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

#[derive(Sequence)]
struct Signed {
    unsigned: Unsigned,
    signature_algorithm: AlgorithmIdentifier,
    signature: BitString,
}

/// A certificate that was read, with everything verified that it says by itself: form, self-signature, binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeCertificate {
    /// Which node it is about.
    pub claim: Claim,
    /// First second, of the alliance chain.
    pub not_before: u64,
    /// Last second.
    pub not_after: u64,
}

/// Why a certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// A time or a name that X.509 has no form for.
    #[error("the certificate cannot be encoded: {0}")]
    Encoding(#[from] der::Error),
    /// There is no randomness, or the key is none.
    #[error("the TLS key cannot be made or does not sign")]
    TlsKey,
    /// The identity key does not sign.
    #[error(transparent)]
    IdentityKey(#[from] chancery_ledger::KeyError),
}

/// Makes a certificate, DER. `sign` is ECDSA over P-256 with SHA-256 by the key whose point is given (ASN.1 form).
///
/// # Errors
/// [`MakeError`].
pub(super) fn make(
    subject: &str,
    claim: &Claim,
    times: (u64, u64),
    identity: &NodeKey,
    point: &[u8],
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, MakeError>,
) -> Result<Vec<u8>, MakeError> {
    let public_key_info = [&KEY_INFO_PREFIX, point].concat();
    let (not_before, not_after) = times;
    let bound = Bound { claim, public_key_info: &public_key_info, not_before, not_after };
    let binding = Binding { claim: *claim, signature: identity.sign(&bound, &bound.domain())? };
    let (serial, subject) = (serial(&binding)?, subject.parse::<Name>()?);
    let unsigned = profile(&binding, serial, subject, times, &public_key_info)?;
    let signature = BitString::from_bytes(&sign(&unsigned.to_der()?)?)?;
    Ok(Signed { unsigned, signature_algorithm: algorithm(), signature }.to_der()?)
}

impl NodeCertificate {
    /// Reads a certificate. What is not byte for byte as [`make`] would have it, is refused.
    ///
    /// # Errors
    /// `Malformed`, `BindingWrong`.
    pub fn read(bytes: &[u8]) -> Result<Self, PeerFault> {
        if bytes.len() > MAX_CERTIFICATE_BYTES {
            return Err(PeerFault::malformed(format!("it is longer than {MAX_CERTIFICATE_BYTES} bytes")));
        }
        let found = Certificate::from_der(bytes).map_err(PeerFault::malformed)?;
        let its = found.tbs_certificate();
        let public_key_info = its.subject_public_key_info().to_der().map_err(PeerFault::malformed)?;
        let point = public_key_info.strip_prefix(&KEY_INFO_PREFIX).filter(|point| point.len() == POINT_BYTES);
        let point = point.ok_or_else(|| PeerFault::malformed("its key is not of P-256"))?;
        let (_, names) = its
            .get_extension::<SubjectAltName>()
            .map_err(PeerFault::malformed)?
            .ok_or_else(|| PeerFault::malformed("it has no subjectAltName"))?;
        let [GeneralName::UniformResourceIdentifier(uri)] = names.0.as_slice() else {
            return Err(PeerFault::malformed("its subjectAltName is not one URI"));
        };
        let binding: Binding = uri.as_str().parse()?;
        let seconds = |time: &Time| time.to_unix_duration().as_secs();
        let (not_before, not_after) = (seconds(&its.validity().not_before), seconds(&its.validity().not_after));
        let serial = serial(&binding).map_err(PeerFault::malformed)?;
        let unsigned = profile(&binding, serial, its.subject().clone(), (not_before, not_after), &public_key_info)
            .map_err(PeerFault::malformed)?;
        let signed = unsigned.to_der().map_err(PeerFault::malformed)?;
        let again = Signed { unsigned, signature_algorithm: algorithm(), signature: found.signature().clone() };
        if again.to_der().map_err(PeerFault::malformed)? != bytes {
            return Err(PeerFault::malformed("it is not of the profile"));
        }
        let signature =
            found.signature().as_bytes().ok_or_else(|| PeerFault::malformed("its signature has loose bits"))?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)
            .verify(&signed, signature)
            .map_err(|_| PeerFault::malformed("it is not signed by its own key"))?;
        binding.verify(&public_key_info, not_before, not_after)?;
        Ok(Self { claim: binding.claim, not_before, not_after })
    }
}

fn profile(
    binding: &Binding,
    serial_number: SerialNumber,
    subject: Name,
    (not_before, not_after): (u64, u64),
    public_key_info: &[u8],
) -> Result<Unsigned, der::Error> {
    let uri = GeneralName::UniformResourceIdentifier(Ia5String::new(&binding.to_string())?);
    let extension = |extn_id, critical, value: &[u8]| {
        OctetString::new(value).map(|extn_value| Extension { extn_id, critical, extn_value })
    };
    Ok(Unsigned {
        version: Version::V3,
        serial_number,
        signature: algorithm(),
        issuer: subject.clone(),
        validity: Validity::new(time(not_before)?, time(not_after)?),
        subject,
        subject_public_key_info: SubjectPublicKeyInfo::from_der(public_key_info)?,
        extensions: vec![
            extension(BASIC_CONSTRAINTS, true, &NO_AUTHORITY)?,
            extension(KEY_USAGE, true, &SIGNS)?,
            extension(EXTENDED_KEY_USAGE, false, &BOTH_SIDES)?,
            extension(ID_CE_SUBJECT_ALT_NAME, false, &vec![uri].to_der()?)?,
        ],
    })
}

fn algorithm() -> AlgorithmIdentifier {
    AlgorithmIdentifier { oid: ECDSA_WITH_SHA256, parameters: None }
}

/// Until 2049 as UTCTime, later as GeneralizedTime (RFC 5280, 4.1.2.5).
fn time(seconds: u64) -> Result<Time, der::Error> {
    der::DateTime::from_unix_duration(Duration::from_secs(seconds)).map(Time::from)
}

/// Positive, and other for each binding.
fn serial(binding: &Binding) -> Result<SerialNumber, der::Error> {
    let mut bytes = [0; SERIAL_BYTES];
    bytes.copy_from_slice(&keccak256(binding.to_string())[..SERIAL_BYTES]);
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::new(&bytes)
}
