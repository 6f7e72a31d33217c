//! `Signature-Input` and `Signature` (RFC 9421, section 4), read strictly: one label, each parameter once, nothing unknown.

use std::fmt::{self, Write as _};

use alloy_primitives::Address;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Component, LABEL, MAX_INPUT_LENGTH, MAX_NONCE_LENGTH, MAX_VALIDITY_SECONDS, MIN_NONCE_LENGTH};
use crate::values::HexAddress;

/// Why a `Signature-Input` or a `Signature` is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// Longer than [`MAX_INPUT_LENGTH`].
    #[error("Signature-Input is longer than {MAX_INPUT_LENGTH} bytes")]
    TooLong,
    /// Not of the form that this interface reads.
    #[error("{header} cannot be read at character {position}: expected {expected}")]
    Malformed {
        /// Which header.
        header: &'static str,
        /// Where, from 0.
        position: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// A component that this interface does not know.
    #[error("the component {0:?} is not known here")]
    UnknownComponent(String),
    /// A component twice.
    #[error("the component \"{}\" is covered twice", .0.name())]
    RepeatedComponent(Component),
    /// A component that every signature has to cover.
    #[error("the signature does not cover \"{}\"", .0.name())]
    MissingComponent(Component),
    /// A parameter is missing.
    #[error("the parameter {0} is missing")]
    MissingParameter(&'static str),
    /// A parameter twice.
    #[error("the parameter {0} is there twice")]
    RepeatedParameter(String),
    /// A parameter that this interface does not know.
    #[error("the parameter {0:?} is not known here")]
    UnknownParameter(String),
    /// Not `erc8128:CHAINID:ADDRESS`.
    #[error("keyid is not erc8128:CHAINID:ADDRESS")]
    KeyId,
    /// Too short, too long or of other characters.
    #[error("the nonce has to be {MIN_NONCE_LENGTH} to {MAX_NONCE_LENGTH} characters of A-Z a-z 0-9 - _ . ~ + / =")]
    Nonce,
    /// `expires` is not after `created`, or too long after.
    #[error("expires has to be after created, by at most {MAX_VALIDITY_SECONDS} seconds")]
    Validity,
    /// Not 65 bytes.
    #[error("the signature has to be 65 bytes: r, s, v")]
    SignatureLength,
}

/// Whose key: `erc8128:CHAINID:ADDRESS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyId {
    /// EIP-155 id of the chain on which the address is known: the main chain.
    pub chain_id: u64,
    /// The address.
    pub address: Address,
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "erc8128:{}:{}", self.chain_id, self.address.to_checksum(None).to_ascii_lowercase())
    }
}

/// What a signature covers and under which conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureInput {
    components: Vec<Component>,
    /// Unix seconds.
    created: u64,
    /// Unix seconds.
    expires: u64,
    nonce: String,
    key: KeyId,
    /// The inner list with its parameters exactly as sent: the value of `@signature-params`.
    parameters: String,
}

impl SignatureInput {
    /// What a client signs: the required components, and `content-digest` with a body, in the order of the specification.
    ///
    /// # Errors
    /// [`InputError::Nonce`], [`InputError::Validity`].
    pub fn new(key: KeyId, created: u64, expires: u64, nonce: &str, with_body: bool) -> Result<Self, InputError> {
        let mut components = Component::REQUIRED.to_vec();
        if with_body {
            components.push(Component::ContentDigest);
        }
        let mut parameters = String::from("(");
        for (index, component) in components.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            let _ = write!(parameters, "{space}\"{}\"", component.name());
        }
        let _ = write!(parameters, ");created={created};expires={expires};nonce=\"{nonce}\";keyid=\"{key}\"");
        let input = Self { components, created, expires, nonce: nonce.to_owned(), key, parameters };
        input.check()?;
        Ok(input)
    }

    /// Reads the header.
    ///
    /// # Errors
    /// [`InputError`].
    pub fn parse(header: &str) -> Result<Self, InputError> {
        if header.len() > MAX_INPUT_LENGTH {
            return Err(InputError::TooLong);
        }
        let mut reader = Reader { header: "Signature-Input", text: header, position: 0 };
        reader.label()?;
        let start = reader.position;
        let components = reader.components()?;
        let mut parameters = Parameters::default();
        while !reader.at_end() {
            parameters.read(&mut reader)?;
        }
        let input = Self {
            components,
            created: parameters.created.ok_or(InputError::MissingParameter("created"))?,
            expires: parameters.expires.ok_or(InputError::MissingParameter("expires"))?,
            nonce: parameters.nonce.ok_or(InputError::MissingParameter("nonce"))?,
            key: parameters.key.ok_or(InputError::MissingParameter("keyid"))?,
            parameters: header[start..].to_owned(),
        };
        input.check()?;
        Ok(input)
    }

    fn check(&self) -> Result<(), InputError> {
        for required in Component::REQUIRED {
            if !self.components.contains(&required) {
                return Err(InputError::MissingComponent(required));
            }
        }
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.~+/=".contains(&b);
        if !(MIN_NONCE_LENGTH..=MAX_NONCE_LENGTH).contains(&self.nonce.len()) || !self.nonce.bytes().all(allowed) {
            return Err(InputError::Nonce);
        }
        match self.expires.checked_sub(self.created) {
            Some(1..=MAX_VALIDITY_SECONDS) => Ok(()),
            _ => Err(InputError::Validity),
        }
    }

    /// The covered components in their order.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// Whether a component is covered.
    #[must_use]
    pub fn covers(&self, component: Component) -> bool {
        self.components.contains(&component)
    }

    /// When it was signed, Unix seconds.
    #[must_use]
    pub const fn created(&self) -> u64 {
        self.created
    }

    /// Until when it is valid, Unix seconds.
    #[must_use]
    pub const fn expires(&self) -> u64 {
        self.expires
    }

    /// The nonce.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Whose key.
    #[must_use]
    pub const fn key(&self) -> KeyId {
        self.key
    }

    /// The value of `@signature-params`.
    #[must_use]
    pub fn parameters(&self) -> &str {
        &self.parameters
    }

    /// The value of the header.
    #[must_use]
    pub fn header(&self) -> String {
        format!("{LABEL}={}", self.parameters)
    }
}

/// The value of the header `Signature`.
#[must_use]
pub fn signature_header(signature: &[u8; 65]) -> String {
    format!("{LABEL}=:{}:", STANDARD.encode(signature))
}

/// Reads the header `Signature`.
///
/// # Errors
/// [`InputError`].
pub fn parse_signature(header: &str) -> Result<[u8; 65], InputError> {
    let mut reader = Reader { header: "Signature", text: header, position: 0 };
    reader.label()?;
    reader.expect(":", "a byte sequence, :BASE64:")?;
    let rest = reader.rest();
    let inner = rest.strip_suffix(':').ok_or_else(|| reader.error("a closing colon"))?;
    let bytes = STANDARD.decode(inner).map_err(|_| reader.error("base64"))?;
    bytes.try_into().map_err(|_| InputError::SignatureLength)
}

#[derive(Default)]
struct Parameters {
    created: Option<u64>,
    expires: Option<u64>,
    nonce: Option<String>,
    key: Option<KeyId>,
}

impl Parameters {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), InputError> {
        reader.expect(";", "a semicolon before a parameter")?;
        let name = reader.token()?;
        reader.expect("=", "an equals sign after the parameter's name")?;
        let repeated = match name {
            "created" => self.created.replace(reader.integer()?).is_some(),
            "expires" => self.expires.replace(reader.integer()?).is_some(),
            "nonce" => self.nonce.replace(reader.string()?.to_owned()).is_some(),
            "keyid" => self.key.replace(parse_key_id(reader.string()?)?).is_some(),
            _ => return Err(InputError::UnknownParameter(name.to_owned())),
        };
        if repeated { Err(InputError::RepeatedParameter(name.to_owned())) } else { Ok(()) }
    }
}

fn parse_key_id(text: &str) -> Result<KeyId, InputError> {
    let rest = text.strip_prefix("erc8128:").ok_or(InputError::KeyId)?;
    let (chain, address) = rest.split_once(':').ok_or(InputError::KeyId)?;
    if chain.is_empty() || chain.starts_with('0') || !chain.bytes().all(|b| b.is_ascii_digit()) {
        return Err(InputError::KeyId);
    }
    let chain_id = chain.parse().map_err(|_| InputError::KeyId)?;
    let address = address.parse::<HexAddress>().map_err(|_| InputError::KeyId)?;
    Ok(KeyId { chain_id, address: address.0 })
}

/// A cursor over a header value.
struct Reader<'a> {
    header: &'static str,
    text: &'a str,
    position: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        // The position only ever moves past ASCII, so it is a character boundary; `get` keeps that from being a panic anyway.
        self.text.get(self.position..).unwrap_or_default()
    }

    fn at_end(&self) -> bool {
        self.rest().is_empty()
    }

    const fn error(&self, expected: &'static str) -> InputError {
        InputError::Malformed { header: self.header, position: self.position, expected }
    }

    fn expect(&mut self, literal: &str, expected: &'static str) -> Result<(), InputError> {
        if !self.rest().starts_with(literal) {
            return Err(self.error(expected));
        }
        self.position += literal.len();
        Ok(())
    }

    fn take_while(&mut self, accept: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().take_while(|b| b.is_ascii() && accept(*b)).count();
        self.position += length;
        &rest[..length]
    }

    fn label(&mut self) -> Result<(), InputError> {
        self.expect(LABEL, "one signature labelled eth")?;
        self.expect("=", "an equals sign after the label")
    }

    fn token(&mut self) -> Result<&'a str, InputError> {
        let token = self.take_while(|b| b.is_ascii_lowercase());
        if token.is_empty() { Err(self.error("a parameter's name")) } else { Ok(token) }
    }

    fn integer(&mut self) -> Result<u64, InputError> {
        let digits = self.take_while(|b| b.is_ascii_digit());
        // RFC 9651 integers have at most 15 digits.
        if digits.is_empty() || digits.len() > 15 {
            return Err(self.error("a whole number of seconds"));
        }
        digits.parse().map_err(|_| self.error("a whole number of seconds"))
    }

    /// A string without escapes: nothing that stands in these headers needs one.
    fn string(&mut self) -> Result<&'a str, InputError> {
        self.expect("\"", "an opening quotation mark")?;
        let text = self.take_while(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\');
        self.expect("\"", "a closing quotation mark")?;
        Ok(text)
    }

    fn components(&mut self) -> Result<Vec<Component>, InputError> {
        self.expect("(", "the list of components")?;
        let mut components = Vec::new();
        loop {
            let name = self.string()?;
            let component = Component::from_name(name).ok_or_else(|| InputError::UnknownComponent(name.to_owned()))?;
            if components.contains(&component) {
                return Err(InputError::RepeatedComponent(component));
            }
            components.push(component);
            if self.rest().starts_with(')') {
                self.position += 1;
                return Ok(components);
            }
            self.expect(" ", "a space or the end of the list")?;
        }
    }
}
