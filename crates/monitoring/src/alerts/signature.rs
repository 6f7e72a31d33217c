//! The signature of a message, as Standard Webhooks writes it: HMAC-SHA256 over `id.timestamp.body` with the receiver's secret.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chancery_reference_points::{DoorError, DoorResult, alert::ReceiverSecret};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// Bytes of a secret.
const SECRET_BYTES: usize = 32;

/// A fresh secret.
///
/// # Errors
/// `Internal` without randomness.
pub(super) fn fresh_secret() -> DoorResult<ReceiverSecret> {
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(|error| DoorError::internal(std::io::Error::other(error.to_string())))?;
    let text = Zeroizing::new(STANDARD.encode(bytes.as_slice()));
    Ok(ReceiverSecret(format!("{PREFIX}{}", text.as_str())))
}

/// The value of the header `webhook-signature`; `None` for what is no secret.
pub(super) fn sign(secret: &ReceiverSecret, id: &str, time_s: u64, body: &str) -> Option<String> {
    let key = Zeroizing::new(STANDARD.decode(secret.0.strip_prefix(PREFIX)?).ok()?);
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    for part in [id, ".", &time_s.to_string(), ".", body] {
        mac.update(part.as_bytes());
    }
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // WATCH-7: the example of the specification of Standard Webhooks.
    #[test]
    fn a_message_is_signed_as_others_verify_it() {
        let secret = ReceiverSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into());
        let signed = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#).unwrap();
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(sign(&ReceiverSecret("other".into()), "a", 1, "b"), None);
    }

    // WATCH-7
    #[test]
    fn every_secret_is_another() {
        let (one, other) = (fresh_secret().unwrap(), fresh_secret().unwrap());
        assert_ne!(one, other);
        assert!(sign(&one, "a", 1, "b").is_some() && sign(&one, "a", 1, "b") != sign(&one, "a", 2, "b"));
        assert!(!format!("{one:?}").contains("whsec_"));
    }
}
