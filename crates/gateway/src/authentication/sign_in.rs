//! Signing in by EIP-4361. A nonce is a message authentication code over its end, so that giving nonces away takes no memory; only used ones
//! are remembered.

use alloy_primitives::{Address, Signature, hex};
use chancery_reference_points::{Code, DoorError};
use chancery_rest::{
    eip4361::{MAX_VALIDITY_SECONDS, Message},
    types::session::SignIn,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use url::Url;
use zeroize::Zeroizing;

use super::replay::Use;
use crate::{
    limits::{MAX_CLOCK_SKEW, NONCE_LIFETIME},
    problem::{ApiError, ApiResult},
    state::Shared,
};

const END_BYTES: usize = 8;
const RANDOM_BYTES: usize = 8;
const CODE_BYTES: usize = 16;
const NONCE_BYTES: usize = END_BYTES + RANDOM_BYTES + CODE_BYTES;

/// Makes and recognises sign-in nonces. The key lives as long as the process.
pub(crate) struct SignInNonces {
    key: Zeroizing<[u8; 32]>,
}

impl SignInNonces {
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut())?;
        Ok(Self { key })
    }

    /// A nonce and when it ends.
    pub(crate) fn issue(&self, now: u64) -> ApiResult<(String, u64)> {
        let ends = now.saturating_add(NONCE_LIFETIME.as_secs());
        let mut nonce = [0; NONCE_BYTES];
        nonce[..END_BYTES].copy_from_slice(&ends.to_be_bytes());
        getrandom::fill(&mut nonce[END_BYTES..END_BYTES + RANDOM_BYTES])
            .map_err(|error| DoorError::internal(std::io::Error::other(error.to_string())))?;
        let code = self.code(&nonce[..END_BYTES + RANDOM_BYTES]);
        nonce[END_BYTES + RANDOM_BYTES..].copy_from_slice(&code);
        Ok((hex::encode(nonce), ends))
    }

    /// When a nonce of ours ends; `None`: it is not ours.
    fn ends(&self, nonce: &str) -> Option<u64> {
        let mut bytes = [0; NONCE_BYTES];
        hex::decode_to_slice(nonce, &mut bytes).ok()?;
        // One nonce has one spelling, or a second spelling would be a second use.
        if hex::encode(bytes) != nonce {
            return None;
        }
        let (content, code) = bytes.split_at(END_BYTES + RANDOM_BYTES);
        let ours = bool::from(self.code(content).ct_eq(code));
        let end = content.first_chunk::<END_BYTES>()?;
        ours.then(|| u64::from_be_bytes(*end))
    }

    fn code(&self, content: &[u8]) -> [u8; CODE_BYTES] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_ref()).expect("HMAC takes keys of any length");
        mac.update(b"chancery sign-in nonce v1");
        mac.update(content);
        let full = mac.finalize().into_bytes();
        *full.first_chunk().expect("SHA-256 is longer than the code")
    }
}

/// Judges a sign-in: who it is.
///
/// # Errors
/// `MalformedRequest`, `WrongChain`, `RequestSignatureInvalid`, `RequestExpired`, `RequestReplayed`.
pub(crate) fn sign_in(shared: &Shared, request: &SignIn) -> ApiResult<Address> {
    let message = Message::parse(&request.message)
        .map_err(|error| ApiError::new(Code::MalformedRequest, error.to_string()).with("member", "message"))?;
    let now = shared.clock.unix_seconds();
    check_place(shared, &message)?;
    check_time(&message, now)?;
    let ends = shared.nonces.ends(&message.nonce).ok_or_else(|| {
        ApiError::new(Code::RequestSignatureInvalid, "the nonce is not one of this gateway; GET /v1/session/nonce")
    })?;
    if ends < now {
        return Err(ApiError::new(Code::RequestExpired, "the nonce has ended; GET /v1/session/nonce"));
    }
    let address = recover(request)?;
    if address != message.address.0 {
        return Err(ApiError::new(
            Code::RequestSignatureInvalid,
            "the message is signed by another key than the address's",
        ));
    }
    // Last, so that only its owner can use a nonce up.
    match shared.used.consume(&[b"sign-in", message.nonce.as_bytes()], ends, now) {
        Use::First => Ok(address),
        Use::Again => Err(ApiError::new(Code::RequestReplayed, "this nonce has signed in already")),
        Use::Full => Err(super::erc8128::full()),
    }
}

fn check_place(shared: &Shared, message: &Message) -> ApiResult<()> {
    let origin = shared.config.origin(&message.domain).ok_or_else(|| {
        let detail = format!("the message is for the domain {:.100}, this gateway is not there", message.domain);
        ApiError::new(Code::RequestSignatureInvalid, detail)
    })?;
    let same_origin = Url::parse(&message.uri).is_ok_and(|url| {
        let authority =
            url.host_str().map(|host| url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")));
        url.scheme() == origin.scheme() && authority.as_deref() == Some(origin.authority())
    });
    if !same_origin {
        return Err(ApiError::new(
            Code::RequestSignatureInvalid,
            "the URI of the message is not of the message's domain",
        ));
    }
    if message.chain_id != shared.config.main_chain_id {
        let detail =
            format!("the message names chain {}, the main chain is {}", message.chain_id, shared.config.main_chain_id);
        return Err(ApiError::new(Code::WrongChain, detail).with("expected", shared.config.main_chain_id));
    }
    Ok(())
}

fn check_time(message: &Message, now: u64) -> ApiResult<()> {
    let skew = MAX_CLOCK_SKEW.as_secs();
    let issued = message.issued_at.unix_seconds();
    let expired = |detail: &str| Err(ApiError::new(Code::RequestExpired, detail.to_owned()));
    if issued > now.saturating_add(skew) {
        return expired("Issued At lies in the future");
    }
    if now > issued.saturating_add(MAX_VALIDITY_SECONDS).saturating_add(skew) {
        return expired("Issued At is more than five minutes ago");
    }
    if message.expiration_time.is_some_and(|time| time.unix_seconds() <= now) {
        return expired("Expiration Time has passed");
    }
    if message.not_before.is_some_and(|time| time.unix_seconds() > now.saturating_add(skew)) {
        return expired("Not Before has not come yet");
    }
    Ok(())
}

fn recover(request: &SignIn) -> ApiResult<Address> {
    let refuse = |detail: &str| ApiError::new(Code::RequestSignatureInvalid, detail);
    let signature =
        Signature::from_raw(&request.signature.0).map_err(|_| refuse("the signature has to be 65 bytes: r, s, v"))?;
    signature
        .recover_address_from_msg(request.message.as_bytes())
        .map_err(|_| refuse("no key can have made this signature"))
}
