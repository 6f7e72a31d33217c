//! ERC-8128: HTTP requests signed with an Ethereum key. An RFC 9421 signature with the label `eth` over
//! `@method @authority @path @query` and, when there is a body, `content-digest` (RFC 9530, sha-256); the EIP-191 signature of the
//! signature base.
//!
//! ```text
//! Signature-Input: eth=("@method" "@authority" "@path" "@query" "content-digest");created=...;expires=...;nonce="...";keyid="erc8128:7100:0x..."
//! Signature: eth=:BASE64:
//! Content-Digest: sha-256=:BASE64:
//! ```
//!
//! [`SignatureInput`] is parsed strictly: one label, the parameters that are needed and no others. Time, nonces and the right authority
//! are judged by the gateway, which has a clock and a memory.

mod base;
mod digest;
mod input;

pub use base::{Component, RequestParts, signature_base};
pub use digest::{DigestError, content_digest, verify_content_digest};
pub use input::{InputError, KeyId, SignatureInput, parse_signature, signature_header};

/// The label of the signature in both headers.
pub const LABEL: &str = "eth";
/// The longest that a signed request may be valid, in seconds (`expires - created`).
pub const MAX_VALIDITY_SECONDS: u64 = 300;
/// The longest nonce, in characters.
pub const MAX_NONCE_LENGTH: usize = 128;
/// The shortest nonce, in characters: 64 bits of base64url.
pub const MIN_NONCE_LENGTH: usize = 11;
/// The longest `Signature-Input` that is read, in bytes.
pub const MAX_INPUT_LENGTH: usize = 1024;

#[cfg(test)]
mod tests;
