//! The message itself.

use std::fmt;

use super::{MAX_MESSAGE_LENGTH, MAX_RESOURCES};
use crate::values::{HexAddress, Timestamp};

const PREAMBLE: &str = " wants you to sign in with your Ethereum account:";

/// Why a text is not an EIP-4361 message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Longer than [`MAX_MESSAGE_LENGTH`].
    #[error("the message is longer than {MAX_MESSAGE_LENGTH} bytes")]
    TooLong,
    /// A line is not what the EIP puts there.
    #[error("line {line} of the sign-in message: expected {expected}")]
    Line {
        /// Which line, from 1.
        line: usize,
        /// What the EIP puts there.
        expected: &'static str,
    },
}

/// A sign-in message, version 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// RFC 3986 authority that asks to sign in.
    pub domain: String,
    /// Who signs in.
    pub address: HexAddress,
    /// What the person is told; one line.
    pub statement: Option<String>,
    /// What is signed in to.
    pub uri: String,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// At least eight letters and digits.
    pub nonce: String,
    /// When it was written.
    pub issued_at: Timestamp,
    /// Until when it may be used.
    pub expiration_time: Option<Timestamp>,
    /// From when on it may be used.
    pub not_before: Option<Timestamp>,
    /// Of the system that asks.
    pub request_id: Option<String>,
    /// What the person wishes resolved.
    pub resources: Vec<String>,
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{PREAMBLE}\n{}\n\n", self.domain, self.address)?;
        if let Some(statement) = &self.statement {
            writeln!(f, "{statement}")?;
        }
        write!(f, "\nURI: {}\nVersion: 1\nChain ID: {}\nNonce: {}", self.uri, self.chain_id, self.nonce)?;
        write!(f, "\nIssued At: {}", self.issued_at)?;
        if let Some(time) = self.expiration_time {
            write!(f, "\nExpiration Time: {time}")?;
        }
        if let Some(time) = self.not_before {
            write!(f, "\nNot Before: {time}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, "\nRequest ID: {id}")?;
        }
        if !self.resources.is_empty() {
            f.write_str("\nResources:")?;
            for resource in &self.resources {
                write!(f, "\n- {resource}")?;
            }
        }
        Ok(())
    }
}

impl Message {
    /// Reads a message by the grammar of the EIP, line by line; nothing may be left over.
    ///
    /// # Errors
    /// [`MessageError`], which names the line.
    pub fn parse(text: &str) -> Result<Self, MessageError> {
        if text.len() > MAX_MESSAGE_LENGTH {
            return Err(MessageError::TooLong);
        }
        let mut lines = Lines { lines: text.split('\n').collect(), next: 0 };
        let domain = lines.take("an authority and the words of the EIP", |line| line.strip_suffix(PREAMBLE))?;
        let domain = lines.check(is_authority(domain), "an authority (host and port, without a scheme)", domain)?;
        let address = lines.parsed("an address with its EIP-55 checksum", |line| {
            line.parse::<HexAddress>().ok().filter(|address| address.to_string() == line)
        })?;
        lines.take("an empty line", |line| line.is_empty().then_some(line))?;
        let statement = lines.statement()?;
        let uri = lines.labelled("URI: ", "`URI: ` and a URI")?;
        let uri = lines.check(is_uri(uri), "`URI: ` and an absolute URI", uri)?;
        lines.take("`Version: 1`", |line| (line == "Version: 1").then_some(line))?;
        let chain_id = lines.parsed("`Chain ID: ` and a number", |line| {
            let digits = line.strip_prefix("Chain ID: ")?;
            let plain = !digits.is_empty() && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten()
        })?;
        let nonce = lines.labelled("Nonce: ", "`Nonce: ` and eight letters or digits at least")?;
        let is_nonce = nonce.len() >= 8 && nonce.bytes().all(|b| b.is_ascii_alphanumeric());
        let nonce = lines.check(is_nonce, "`Nonce: ` and eight letters or digits at least", nonce)?;
        let issued_at = lines
            .parsed("`Issued At: ` and a time of RFC 3339", |line| line.strip_prefix("Issued At: ")?.parse().ok())?;
        let message = Self {
            domain,
            address,
            statement,
            uri,
            chain_id,
            nonce,
            issued_at,
            expiration_time: lines.optional_time("Expiration Time: ")?,
            not_before: lines.optional_time("Not Before: ")?,
            request_id: lines.optional("Request ID: ").map(str::to_owned),
            resources: lines.resources()?,
        };
        if lines.next == lines.lines.len() { Ok(message) } else { Err(lines.error_at_next("the end of the message")) }
    }
}

struct Lines<'a> {
    lines: Vec<&'a str>,
    next: usize,
}

impl<'a> Lines<'a> {
    const fn error_at_next(&self, expected: &'static str) -> MessageError {
        MessageError::Line { line: self.next + 1, expected }
    }

    fn take(
        &mut self,
        expected: &'static str,
        accept: impl FnOnce(&'a str) -> Option<&'a str>,
    ) -> Result<&'a str, MessageError> {
        self.parsed(expected, accept)
    }

    fn parsed<T>(
        &mut self,
        expected: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, MessageError> {
        let value = self.lines.get(self.next).copied().and_then(read).ok_or_else(|| self.error_at_next(expected))?;
        self.next += 1;
        Ok(value)
    }

    fn labelled(&mut self, label: &'static str, expected: &'static str) -> Result<&'a str, MessageError> {
        self.take(expected, |line| line.strip_prefix(label))
    }

    /// A check of the line that was just taken.
    fn check(&self, holds: bool, expected: &'static str, value: &str) -> Result<String, MessageError> {
        if holds { Ok(value.to_owned()) } else { Err(MessageError::Line { line: self.next, expected }) }
    }

    /// The statement and the empty line after it, or the empty line alone.
    fn statement(&mut self) -> Result<Option<String>, MessageError> {
        let line = self.take("a statement or an empty line", Some)?;
        if line.is_empty() {
            return Ok(None);
        }
        // RFC 3986 characters and the space, as the EIP says; anything else could make the text look like more than one line.
        let plain = line.bytes().all(|b| b == b' ' || is_uri_byte(b));
        let statement = self.check(plain, "a statement of printable ASCII", line)?;
        self.take("an empty line", |line| line.is_empty().then_some(line))?;
        Ok(Some(statement))
    }

    fn optional(&mut self, label: &str) -> Option<&'a str> {
        let value = self.lines.get(self.next)?.strip_prefix(label)?;
        self.next += 1;
        Some(value)
    }

    fn optional_time(&mut self, label: &'static str) -> Result<Option<Timestamp>, MessageError> {
        let Some(text) = self.optional(label) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| MessageError::Line { line: self.next, expected: "a time of RFC 3339" })
    }

    fn resources(&mut self) -> Result<Vec<String>, MessageError> {
        let mut resources = Vec::new();
        if self.lines.get(self.next) != Some(&"Resources:") {
            return Ok(resources);
        }
        self.next += 1;
        while resources.len() < MAX_RESOURCES {
            let Some(uri) = self.optional("- ") else { break };
            resources.push(self.check(is_uri(uri), "`- ` and a URI", uri)?);
        }
        Ok(resources)
    }
}

const fn is_uri_byte(byte: u8) -> bool {
    matches!(byte, b'!' | b'#'..=b';' | b'=' | b'?'..=b'[' | b']' | b'_' | b'a'..=b'z' | b'~')
}

fn is_authority(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| is_uri_byte(b) && !b"/?#@".contains(&b))
}

fn is_uri(text: &str) -> bool {
    text.bytes().all(is_uri_byte)
        && text.split_once(':').is_some_and(|(scheme, rest)| {
            !rest.is_empty()
                && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        })
}
