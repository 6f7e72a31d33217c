//! The name of a key in a token: a PKCS#11 URI (RFC 7512).

use std::{collections::BTreeSet, fmt, path::PathBuf, str::FromStr};

use percent_encoding::percent_decode_str;

/// How such a name begins.
pub const SCHEME: &str = "pkcs11:";
/// Longest URI that is read, in bytes.
const MAX_URI_BYTES: usize = 4096;

/// Which key in which token. Neither a PIN nor another secret is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyUri {
    /// Label of the token.
    pub token: Option<String>,
    /// Serial number of the token.
    pub serial: Option<String>,
    /// Who made the token.
    pub manufacturer: Option<String>,
    /// The token's model.
    pub model: Option<String>,
    /// Label of the key (`CKA_LABEL`).
    pub object: Option<String>,
    /// Identifier of the key (`CKA_ID`).
    pub id: Option<Vec<u8>>,
    /// Path of the token's library.
    pub module_path: Option<PathBuf>,
    /// File that holds the PIN.
    pub pin_source: Option<PathBuf>,
}

/// Why a text names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// Another scheme.
    #[error("the name of a key in a token begins with `{SCHEME}`, as pkcs11:token=LABEL;object=NAME?module-path=FILE")]
    Scheme,
    /// Too long.
    #[error("the name of a key in a token has at most {MAX_URI_BYTES} bytes")]
    TooLong,
    /// Not `name=value`, not percent-encoded UTF-8, or twice the same.
    #[error("`{attribute}` is not NAME=VALUE once, with VALUE percent-encoded (RFC 7512, 2.3)")]
    Malformed {
        /// The attribute's name, never its value.
        attribute: String,
    },
    /// Not known here.
    #[error(
        "`{attribute}` is not understood: token, serial, manufacturer, model, object, id and type=private name a key; module-path and pin-source stand after `?`"
    )]
    Unknown {
        /// The attribute's name.
        attribute: String,
    },
    /// `pin-value`.
    #[error(
        "a PIN is not written into the name of a key, where everybody sees it: put it into a file that you alone can read, and name that with pin-source=file:PATH"
    )]
    PinInUri,
    /// No token, or no key.
    #[error("it must say which token (token=LABEL or serial=NUMBER) and which key in it (object=NAME or id=%HEX)")]
    Vague,
}

impl KeyUri {
    /// Whether a text is meant as such a name and not as that of a file.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    fn set(&mut self, name: &str, value: &str, in_query: bool) -> Result<(), UriError> {
        let malformed = || UriError::Malformed { attribute: name.to_owned() };
        let text = || percent_decode_str(value).decode_utf8().map(String::from).map_err(|_| malformed());
        match (name, in_query) {
            ("token", false) => self.token = Some(text()?),
            ("serial", false) => self.serial = Some(text()?),
            ("manufacturer", false) => self.manufacturer = Some(text()?),
            ("model", false) => self.model = Some(text()?),
            ("object", false) => self.object = Some(text()?),
            ("id", false) => self.id = Some(percent_decode_str(value).collect()),
            ("type", false) if value == "private" => {}
            ("module-path", true) => self.module_path = Some(text()?.into()),
            ("pin-source", true) => self.pin_source = Some(file_of(&text()?).ok_or_else(malformed)?),
            ("pin-value", true) => return Err(UriError::PinInUri),
            _ => return Err(UriError::Unknown { attribute: name.to_owned() }),
        }
        Ok(())
    }
}

/// `file:/path`, `file:///path` or a path. RFC 7512 also knows commands: none is run here.
fn file_of(source: &str) -> Option<PathBuf> {
    let path = source.strip_prefix("file://").or_else(|| source.strip_prefix("file:")).unwrap_or(source);
    if path.is_empty() || path.starts_with('|') { None } else { Some(path.into()) }
}

impl FromStr for KeyUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        let rest = text.strip_prefix(SCHEME).ok_or(UriError::Scheme)?;
        if text.len() > MAX_URI_BYTES {
            return Err(UriError::TooLong);
        }
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let attributes = |part: &'static str, of: &str| -> Vec<(String, bool)> {
            of.split(part).filter(|one| !one.is_empty()).map(|one| (one.to_owned(), part == "&")).collect()
        };
        let (mut uri, mut seen) = (Self::default(), BTreeSet::new());
        for (attribute, in_query) in attributes(";", path).into_iter().chain(attributes("&", query)) {
            let (name, value) = attribute.split_once('=').unwrap_or((attribute.as_str(), ""));
            if value.is_empty() || !seen.insert(name.to_owned()) {
                return Err(UriError::Malformed { attribute: name.to_owned() });
            }
            uri.set(name, value, in_query)?;
        }
        let (token, key) = (uri.token.is_some() || uri.serial.is_some(), uri.object.is_some() || uri.id.is_some());
        if token && key { Ok(uri) } else { Err(UriError::Vague) }
    }
}

/// For people: which key of which token.
impl fmt::Display for KeyUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.object, &self.id) {
            (Some(object), _) => write!(f, "key `{object}`")?,
            (None, Some(id)) => write!(f, "key of id {}", hex(id))?,
            (None, None) => f.write_str("key")?,
        }
        match (&self.token, &self.serial) {
            (Some(token), _) => write!(f, " of token `{token}`"),
            (None, Some(serial)) => write!(f, " of the token with serial number {serial}"),
            (None, None) => Ok(()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    // S-SVC
    #[test]
    fn a_name_says_token_key_library_and_where_the_pin_is() {
        let text = "pkcs11:token=City%20Hall;object=degree;id=%01%ab;type=private?module-path=/usr/lib/p11.so&pin-source=file:/etc/pin";
        let uri: KeyUri = text.parse().unwrap();
        assert_eq!(uri.token.as_deref(), Some("City Hall"));
        assert_eq!((uri.object.as_deref(), uri.id.as_deref()), (Some("degree"), Some(&[1, 0xab][..])));
        assert_eq!(uri.module_path.as_deref(), Some("/usr/lib/p11.so".as_ref()));
        assert_eq!(uri.pin_source.as_deref(), Some("/etc/pin".as_ref()));
        assert_eq!(uri.to_string(), "key `degree` of token `City Hall`");
        for source in ["/etc/pin", "file:/etc/pin", "file:///etc/pin"] {
            let uri: KeyUri = format!("pkcs11:serial=1;id=%02?pin-source={source}").parse().unwrap();
            assert_eq!(uri.pin_source.as_deref(), Some("/etc/pin".as_ref()), "{source}");
        }
    }

    // S-SVC, TOKEN-4
    #[test]
    fn a_pin_in_the_name_is_refused_without_repeating_it() {
        let error = "pkcs11:token=a;object=b?pin-value=123456".parse::<KeyUri>().unwrap_err();
        assert_eq!(error, UriError::PinInUri);
        assert!(!error.to_string().contains("123456"));
        let error = "pkcs11:token=a;object=b?pin-source=%ff123456".parse::<KeyUri>().unwrap_err();
        assert!(!error.to_string().contains("123456"), "{error}");
    }

    #[test]
    fn what_names_no_key_is_refused_with_what_is_wrong() {
        let malformed = |attribute: &str| UriError::Malformed { attribute: attribute.into() };
        let unknown = |attribute: &str| UriError::Unknown { attribute: attribute.into() };
        for (text, expected) in [
            ("office.key", UriError::Scheme),
            ("pkcs11:", UriError::Vague),
            ("pkcs11:token=a", UriError::Vague),
            ("pkcs11:object=a", UriError::Vague),
            ("pkcs11:token=a;token=b;object=c", malformed("token")),
            ("pkcs11:token;object=c", malformed("token")),
            ("pkcs11:token=%ff;object=c", malformed("token")),
            ("pkcs11:token=a;object=c?pin-source=|cat", malformed("pin-source")),
            ("pkcs11:token=a;object=c;type=cert", unknown("type")),
            ("pkcs11:token=a;object=c;slot-id=3", unknown("slot-id")),
            ("pkcs11:token=a;object=c;module-path=/x", unknown("module-path")),
            ("pkcs11:token=a;object=c?object=d", malformed("object")),
        ] {
            assert_eq!(text.parse::<KeyUri>().unwrap_err(), expected, "{text}");
        }
        let long = format!("pkcs11:token=a;object={}", "b".repeat(MAX_URI_BYTES));
        assert_eq!(long.parse::<KeyUri>().unwrap_err(), UriError::TooLong);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(pkcs11:)?[ -~é]{0,80}") {
            let _ = text.parse::<KeyUri>();
        }

        #[test]
        fn labels_come_back_whatever_is_in_them(token in ".{1,32}", object in ".{1,32}") {
            let encode = |text: &str| percent_encoding::percent_encode(text.as_bytes(), percent_encoding::NON_ALPHANUMERIC).to_string();
            let uri: KeyUri = format!("pkcs11:token={};object={}", encode(&token), encode(&object)).parse().unwrap();
            prop_assert_eq!((uri.token, uri.object), (Some(token), Some(object)));
        }
    }
}
