//! Sealed content of an operation: a JWE (RFC 7516, general JSON serialization) for one or more recipients, of exactly the shape that sealed messages have. Each recipient
//! gets the content key by `ECDH-ES+A256KW` over X25519 (RFC 7518 4.6, RFC 8037 3.2), `A256GCM` (RFC 7518 5.3) seals the content, and `aad` binds it to the source and the
//! format that it is submitted for, so nobody submits another's sealed content as its own. Here its form is looked at; whoever has a recipient's key opens it.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Operation, key::Jwk, submission::Statement};

/// The protected header, always the same bytes.
pub const PROTECTED: &str = r#"{"enc":"A256GCM","typ":"chancery-data+jwe"}"#;
/// How a recipient gets the content key.
pub const KEY_AGREEMENT: &str = "ECDH-ES+A256KW";
/// Most recipients of one content.
pub const MAX_RECIPIENTS: usize = 16;
/// Bytes of a public key, of a thumbprint.
const KEY_BYTES: usize = 32;
const WRAPPED_BYTES: usize = KEY_BYTES + 8;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
/// What the text of every sealed content has in it.
const MARK: &str = "\"ciphertext\"";
const MEMBERS: [&str; 6] = ["protected", "recipients", "aad", "iv", "ciphertext", "tag"];

/// A sealed content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedContent {
    /// Base64url of [`PROTECTED`].
    pub protected: String,
    /// 1 to [`MAX_RECIPIENTS`].
    pub recipients: Vec<Recipient>,
    /// Base64url of [`Context::to_bytes`].
    pub aad: String,
    /// Base64url of 12 bytes.
    pub iv: String,
    /// Base64url.
    pub ciphertext: String,
    /// Base64url of 16 bytes.
    pub tag: String,
}

/// How one recipient gets the content key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// Its unprotected header.
    pub header: RecipientHeader,
    /// Base64url of 40 bytes: the content key, wrapped.
    pub encrypted_key: String,
}

/// A recipient's unprotected header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipientHeader {
    /// [`KEY_AGREEMENT`].
    pub alg: String,
    /// The ephemeral key, X25519.
    pub epk: Jwk,
    /// Thumbprint (RFC 7638) of the recipient's key: who is named.
    pub kid: String,
}

/// What a sealed content is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Context {
    /// The chain that records it.
    pub chain_id: u64,
    /// The format.
    pub format: String,
    /// Its version.
    pub format_version: u32,
    /// The source, `0x` and 40 digits in small letters.
    pub source: String,
}

/// Why a content is not sealed as it has to be. Nothing of the content is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// In clear: not one member of a JWE.
    #[error("it is in clear: it has to be a JWE in the general JSON serialization")]
    Clear,
    /// A member that is not there.
    #[error("the JWE has no member `{0}`")]
    Missing(&'static str),
    /// Other members, or of another type.
    #[error("the JWE has not exactly the members that it should have, each of its type")]
    Members,
    /// Another protected header.
    #[error("enc has to be A256GCM and typ chancery-data+jwe")]
    Protected,
    /// Nobody, or too many.
    #[error("it names {0} recipients: 1 to {MAX_RECIPIENTS} are named")]
    Recipients(usize),
    /// A recipient that is none.
    #[error("recipients[{index}]: {what}")]
    Recipient {
        /// Which.
        index: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A member that is not base64url, or not of its length.
    #[error("`{0}` is not base64url of its length")]
    Length(&'static str),
    /// Bound to another source or format.
    #[error("it is sealed for another source, format or chain than it is submitted for")]
    OtherContext,
}

impl SealedError {
    /// What is missing or wrong, in one word for programs.
    #[must_use]
    pub const fn member(&self) -> &'static str {
        match self {
            Self::Clear | Self::Members => "content",
            Self::Missing(member) | Self::Length(member) => member,
            Self::Protected => "protected",
            Self::Recipients(_) | Self::Recipient { .. } => "recipients",
            Self::OtherContext => "aad",
        }
    }
}

impl Context {
    /// Of what a statement is about.
    #[must_use]
    pub fn of(statement: &Statement) -> Self {
        Self {
            chain_id: statement.chain_id,
            format: statement.format.clone(),
            format_version: statement.format_version,
            source: format!("{:#x}", statement.source),
        }
    }

    /// The bytes that the tag covers: these members in this order, as JSON without spaces.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Text and numbers serialize: there is no other case.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl SealedContent {
    /// Reads the content of an operation; everything is checked but what it takes a key for.
    ///
    /// # Errors
    /// [`SealedError`], all but [`SealedError::OtherContext`].
    pub fn parse(content: &str) -> Result<Self, SealedError> {
        let members: Map<String, Value> = serde_json::from_str(content).map_err(|_| SealedError::Clear)?;
        if MEMBERS.iter().all(|name| !members.contains_key(*name)) {
            return Err(SealedError::Clear);
        }
        if let Some(missing) = MEMBERS.into_iter().find(|name| !members.contains_key(*name)) {
            return Err(SealedError::Missing(missing));
        }
        // From the text once more: a member that stands in it twice has two readings, and the first could be in clear.
        let sealed: Self = serde_json::from_str(content).map_err(|_| SealedError::Members)?;
        if !content.contains(MARK) {
            return Err(SealedError::Members);
        }
        sealed.check()?;
        Ok(sealed)
    }

    /// Whether it is sealed for what is submitted with it.
    ///
    /// # Errors
    /// [`SealedError::OtherContext`].
    pub fn check_context(&self, context: &Context) -> Result<(), SealedError> {
        if self.aad == URL_SAFE_NO_PAD.encode(context.to_bytes()) { Ok(()) } else { Err(SealedError::OtherContext) }
    }

    fn check(&self) -> Result<(), SealedError> {
        if self.protected != URL_SAFE_NO_PAD.encode(PROTECTED) {
            return Err(SealedError::Protected);
        }
        if !(1..=MAX_RECIPIENTS).contains(&self.recipients.len()) {
            return Err(SealedError::Recipients(self.recipients.len()));
        }
        let mut named = BTreeSet::new();
        for (index, recipient) in self.recipients.iter().enumerate() {
            let wrong = |what| Err(SealedError::Recipient { index, what });
            let RecipientHeader { alg, epk, kid } = &recipient.header;
            if alg != KEY_AGREEMENT {
                return wrong("alg has to be ECDH-ES+A256KW");
            }
            if epk.kty != "OKP" || epk.crv != "X25519" || epk.y.is_some() || !has(&epk.x, KEY_BYTES) {
                return wrong("epk is no X25519 key");
            }
            if !has(kid, KEY_BYTES) {
                return wrong("kid is no thumbprint of a key");
            }
            if !has(&recipient.encrypted_key, WRAPPED_BYTES) {
                return wrong("encrypted_key has 40 bytes");
            }
            if !named.insert(kid) {
                return wrong("it is named twice");
            }
        }
        for (member, text, bytes) in [("iv", &self.iv, NONCE_BYTES), ("tag", &self.tag, TAG_BYTES)] {
            if !has(text, bytes) {
                return Err(SealedError::Length(member));
            }
        }
        for (member, text) in [("ciphertext", &self.ciphertext), ("aad", &self.aad)] {
            if !URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| !bytes.is_empty()) {
                return Err(SealedError::Length(member));
            }
        }
        Ok(())
    }
}

/// Whether the content of an operation is sealed, to whomever and for whatever.
#[must_use]
pub fn is_sealed(operation: &Operation<'_>) -> bool {
    // Most contents are in clear, and are not read twice to find that out.
    operation.content.is_some_and(|content| content.get().contains(MARK) && SealedContent::parse(content.get()).is_ok())
}

/// Whether an operation shows anything that is sealed in a sealed format: a content, or a description of it.
#[must_use]
pub fn is_in_clear(operation: &Operation<'_>) -> bool {
    operation.description.is_some() || (operation.content.is_some() && !is_sealed(operation))
}

fn has(text: &str, bytes: usize) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|decoded| decoded.len() == bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn text(bytes: usize) -> String {
        URL_SAFE_NO_PAD.encode(vec![7; bytes])
    }

    fn context() -> Context {
        let source = format!("{:#x}", crate::SourceId::repeat_byte(1));
        Context { chain_id: 7100, format: "health/finding".into(), format_version: 1, source }
    }

    fn sealed() -> Value {
        let header =
            json!({"alg": KEY_AGREEMENT, "epk": {"kty": "OKP", "crv": "X25519", "x": text(32)}, "kid": text(32)});
        json!({
            "protected": URL_SAFE_NO_PAD.encode(PROTECTED),
            "recipients": [{"header": header, "encrypted_key": text(40)}],
            "aad": URL_SAFE_NO_PAD.encode(context().to_bytes()), "iv": text(12), "ciphertext": text(50), "tag": text(16),
        })
    }

    fn refused(content: &Value) -> SealedError {
        SealedContent::parse(&content.to_string()).unwrap_err()
    }

    // DATA-11
    #[test]
    fn what_is_sealed_to_somebody_is_read_and_bound_to_its_source_and_format() {
        let read = SealedContent::parse(&sealed().to_string()).unwrap();
        assert_eq!(read.check_context(&context()), Ok(()));
        let others = [
            Context { chain_id: 7101, ..context() },
            Context { format: "health/other".into(), ..context() },
            Context { format_version: 2, ..context() },
            Context { source: format!("{:#x}", crate::SourceId::repeat_byte(2)), ..context() },
        ];
        for other in others {
            assert_eq!(read.check_context(&other), Err(SealedError::OtherContext), "{other:?}");
        }
    }

    // DATA-11
    #[test]
    fn what_is_in_clear_or_lacks_a_part_is_refused_by_name() {
        for clear in [json!({"diagnosis": "secret"}), json!("a.b.c.d.e"), json!(7), json!([])] {
            assert_eq!(refused(&clear), SealedError::Clear, "{clear}");
        }
        for member in MEMBERS {
            let mut without = sealed();
            without.as_object_mut().unwrap().remove(member);
            assert_eq!(refused(&without), SealedError::Missing(member));
        }
        let changed = |pointer: &str, value: Value| {
            let mut content = sealed();
            *content.pointer_mut(pointer).unwrap() = value;
            refused(&content)
        };
        assert_eq!(changed("/recipients", json!([])), SealedError::Recipients(0));
        let same = sealed()["recipients"][0].clone();
        assert_eq!(changed("/recipients", json!(vec![same.clone(); 17])), SealedError::Recipients(17));
        assert_eq!(changed("/recipients", json!([same.clone(), same])).member(), "recipients");
        assert_eq!(changed("/protected", json!(text(10))), SealedError::Protected);
        assert_eq!(changed("/iv", json!(text(11))), SealedError::Length("iv"));
        assert_eq!(changed("/tag", json!(text(15))), SealedError::Length("tag"));
        assert_eq!(changed("/ciphertext", json!("")), SealedError::Length("ciphertext"));
        assert_eq!(changed("/aad", json!("?")), SealedError::Length("aad"));
        assert_eq!(changed("/tag", json!(16)), SealedError::Members);
        for (pointer, value) in [
            ("/header/alg", json!("ECDH-ES")),
            ("/header/epk/crv", json!("P-256")),
            ("/header/epk/x", json!(text(31))),
            ("/header/kid", json!("clerk")),
            ("/encrypted_key", json!(text(32))),
        ] {
            let refused = changed(&format!("/recipients/0{pointer}"), value);
            assert!(matches!(refused, SealedError::Recipient { index: 0, .. }), "{pointer}: {refused}");
        }
        for member in ["\"iv\"", "\"kid\"", "\"crv\""] {
            let twice = sealed().to_string().replacen(member, &format!("{member}:\"in clear\",{member}"), 1);
            assert_eq!(SealedContent::parse(&twice), Err(SealedError::Members), "{member}");
        }
        let escaped = sealed().to_string().replace("\"ciphertext\"", "\"ciphertex\\u0074\"");
        assert_eq!(SealedContent::parse(&escaped), Err(SealedError::Members), "it would not be known again");
        let mut more = sealed();
        more["note"] = json!("in clear");
        assert_eq!(refused(&more), SealedError::Members);
    }

    // DATA-11
    #[test]
    fn an_operation_is_in_clear_by_its_content_or_its_description() {
        let in_clear = |operation: Value| is_in_clear(&Operation::parse(operation.to_string().as_bytes()).unwrap());
        assert!(!in_clear(json!({"time": 1, "subject": "case 7", "content": sealed()})));
        assert!(!in_clear(json!({"time": 1, "contentHash": format!("{:#x}", alloy_primitives::B256::ZERO)})));
        assert!(in_clear(json!({"time": 1, "content": {"ciphertext": 1}})));
        assert!(in_clear(json!({"time": 1, "description": "flu", "content": sealed()})));
    }

    proptest! {
        #[test]
        fn any_text_is_sealed_content_or_refused(text in ".{0,200}") {
            let _ = SealedContent::parse(&text);
        }
    }
}
