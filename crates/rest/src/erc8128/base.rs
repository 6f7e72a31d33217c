//! The signature base (RFC 9421, section 2.5): the text that is signed.

use std::fmt::Write as _;

use super::SignatureInput;

/// A part of a request that a signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Component {
    /// `@method`.
    Method,
    /// `@authority`: host, lower case, without the default port.
    Authority,
    /// `@path`: absolute path as sent.
    Path,
    /// `@query`: as sent, with the question mark; a lone question mark when there is none.
    Query,
    /// `content-digest`.
    ContentDigest,
    /// `content-type`; may be covered.
    ContentType,
    /// `idempotency-key`; may be covered.
    IdempotencyKey,
}

impl Component {
    /// Those that this platform knows.
    pub const ALL: [Self; 7] = [
        Self::Method,
        Self::Authority,
        Self::Path,
        Self::Query,
        Self::ContentDigest,
        Self::ContentType,
        Self::IdempotencyKey,
    ];

    /// Those that every signature covers; `content-digest` comes with a body.
    pub const REQUIRED: [Self; 4] = [Self::Method, Self::Authority, Self::Path, Self::Query];

    /// The identifier.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Method => "@method",
            Self::Authority => "@authority",
            Self::Path => "@path",
            Self::Query => "@query",
            Self::ContentDigest => "content-digest",
            Self::ContentType => "content-type",
            Self::IdempotencyKey => "idempotency-key",
        }
    }

    /// The component of an identifier.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|component| component.name() == name)
    }
}

/// The parts of a request that can be covered, as they were sent.
#[derive(Clone, Copy, Debug)]
pub struct RequestParts<'a> {
    /// `GET`, ...
    pub method: &'a str,
    /// Host and port.
    pub authority: &'a str,
    /// Whether the scheme is `https`, which decides what the default port is.
    pub https: bool,
    /// Absolute path.
    pub path: &'a str,
    /// Query without the question mark.
    pub query: Option<&'a str>,
    /// The header, trimmed.
    pub content_digest: Option<&'a str>,
    /// The header, trimmed.
    pub content_type: Option<&'a str>,
    /// The header, trimmed.
    pub idempotency_key: Option<&'a str>,
}

impl RequestParts<'_> {
    /// `@authority` (RFC 9421, section 2.2.3).
    #[must_use]
    pub fn normalized_authority(&self) -> String {
        let lower = self.authority.to_ascii_lowercase();
        let default_port = if self.https { ":443" } else { ":80" };
        match lower.strip_suffix(default_port) {
            // In "[::1:80" or "::1:80" the digits belong to the address.
            Some(host) if !host.is_empty() && (!host.contains(':') || host.ends_with(']')) => host.to_owned(),
            _ => lower,
        }
    }

    fn value(&self, component: Component) -> Option<String> {
        match component {
            Component::Method => Some(self.method.to_owned()),
            Component::Authority => Some(self.normalized_authority()),
            Component::Path => Some(if self.path.is_empty() { "/".to_owned() } else { self.path.to_owned() }),
            Component::Query => Some(format!("?{}", self.query.unwrap_or_default())),
            Component::ContentDigest => self.content_digest.map(str::to_owned),
            Component::ContentType => self.content_type.map(str::to_owned),
            Component::IdempotencyKey => self.idempotency_key.map(str::to_owned),
        }
    }
}

/// The text to sign.
///
/// # Errors
/// The component that the request does not have.
pub fn signature_base(parts: &RequestParts<'_>, input: &SignatureInput) -> Result<String, Component> {
    let mut base = String::with_capacity(512);
    for component in input.components() {
        let value = parts.value(*component).ok_or(*component)?;
        // Writing to a String cannot fail.
        let _ = writeln!(base, "\"{}\": {}", component.name(), value);
    }
    let _ = write!(base, "\"@signature-params\": {}", input.parameters());
    Ok(base)
}
