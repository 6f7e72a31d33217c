//! What is inside: a subject, a media type and bytes. Nobody but sender and receiver sees any of it.

use std::mem;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::EnvelopeError;
use crate::limits::{MAX_CONTENT_BYTES, MAX_SUBJECT_BYTES, MAX_TYPE_BYTES};

/// The content of a message. Wiped from memory when dropped, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// What it is about.
    pub subject: String,
    /// Media type of the bytes.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// As it is written inside the envelope.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    subject: String,
    media_type: String,
    content: String,
}

impl Content {
    pub(super) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        self.check()?;
        let written = Written {
            subject: self.subject.clone(),
            media_type: self.media_type.clone(),
            content: URL_SAFE_NO_PAD.encode(&self.bytes),
        };
        // A vector that grows leaves what it held before behind: this one does not. JSON takes at most six bytes for one of a text.
        let most = written.content.len() + 6 * (written.subject.len() + written.media_type.len()) + 128;
        let mut bytes = Zeroizing::new(Vec::with_capacity(most));
        serde_json::to_writer(&mut *bytes, &written)
            .map_err(|_| EnvelopeError::Malformed("the content does not serialize"))?;
        Ok(bytes)
    }

    pub(super) fn from_bytes(plain: &[u8]) -> Result<Self, EnvelopeError> {
        let malformed = |_| EnvelopeError::Malformed("what the sender has sealed is no content of a message");
        let mut written: Written = serde_json::from_slice(plain).map_err(malformed)?;
        let bytes = URL_SAFE_NO_PAD
            .decode(&written.content)
            .map_err(|_| EnvelopeError::Malformed("the sealed content is not base64url"))?;
        let (subject, media_type) = (mem::take(&mut written.subject), mem::take(&mut written.media_type));
        let content = Self { subject, media_type, bytes };
        content.check()?;
        Ok(content)
    }

    fn check(&self) -> Result<(), EnvelopeError> {
        for (what, length, limit) in [
            ("subject", self.subject.len(), MAX_SUBJECT_BYTES),
            ("media type", self.media_type.len(), MAX_TYPE_BYTES),
            ("content", self.bytes.len(), MAX_CONTENT_BYTES),
        ] {
            if length > limit {
                return Err(EnvelopeError::TooLarge { what, limit });
            }
        }
        Ok(())
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        self.subject.zeroize();
        self.media_type.zeroize();
        self.bytes.zeroize();
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}
