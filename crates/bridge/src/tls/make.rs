use alloy_primitives::{Address, B256, hex};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use zeroize::Zeroizing;

use super::{
    Claim,
    x509::{self, MakeError},
};
use crate::key::NodeKey;

/// Base64 characters of a line of PEM (RFC 7468).
const PEM_LINE: usize = 64;

/// A new TLS key with the certificate that the identity key makes of it for these seconds (the last included), both in PEM: what a node's file holds.
///
/// # Errors
/// [`MakeError`].
pub fn make_credentials(
    claim: &Claim,
    node: B256,
    times: (u64, u64),
    identity: &NodeKey,
) -> Result<Zeroizing<String>, MakeError> {
    let random = SystemRandom::new();
    let secret =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).map_err(|_| MakeError::TlsKey)?;
    let secret = Zeroizing::new(secret.as_ref().to_vec());
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &secret, &random).map_err(|_| MakeError::TlsKey)?;
    let sign = |message: &[u8]| match pair.sign(&random, message) {
        Ok(signature) => Ok(signature.as_ref().to_vec()),
        Err(_) => Err(MakeError::TlsKey),
    };
    let subject = subject(node, claim.member, claim.key);
    let certificate = x509::make(&subject, claim, times, identity, pair.public_key().as_ref(), sign)?;
    let mut text = Zeroizing::new(String::with_capacity(4096));
    append(&mut text, "PRIVATE KEY", &secret);
    append(&mut text, "CERTIFICATE", &certificate);
    Ok(text)
}

/// What people read in a tool: nothing is decided by it.
fn subject(node: B256, member: B256, key: Address) -> String {
    format!("CN={},O={},UID={key}", readable(node), readable(member))
}

/// A name as text if that is letters, digits, hyphens and single spaces within it, which need no quoting (RFC 4514); otherwise in hexadecimal.
fn readable(name: B256) -> String {
    let text: String = name.0.into_iter().take_while(|byte| *byte != 0).map(char::from).collect();
    let is_plain = |part: &str| !part.is_empty() && part.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
    if text.split(' ').all(is_plain) && B256::right_padding_from(text.as_bytes()) == name {
        text
    } else {
        hex::encode(name)
    }
}

fn append(text: &mut String, label: &str, bytes: &[u8]) {
    let encoded = Zeroizing::new(BASE64.encode(bytes));
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(PEM_LINE));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
}
