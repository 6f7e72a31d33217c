//! The signed acknowledgement of a submission: the evidence against whoever loses it (decision 0062).
//!
//! ```text
//!  alone        JWS of the receipt
//!  of several   JWS of {count, root} ~ receipt ~ index ~ path from the receipt to the root (RFC 9162)
//! ```
//!
//! Whoever holds one checks it by itself with the journal's public key: the others under the same signature are not needed.

use alloy_primitives::B256;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    Jws, JwsError, PublicKey, Signer, SourceId,
    jws::{Header, MAX_JWS_BYTES},
    merkle::{self, Tree},
    submission::SubmissionKey,
};

/// `typ` of a receipt that is signed alone.
pub const TYP: &str = "chancery-receipt+jws";
/// `typ` of what is signed for several.
pub const ROOT_TYP: &str = "chancery-receipts+jws";
/// Most receipts under one signature: a path of six hashes.
pub const MAX_RECEIPTS: usize = 64;
/// Longest receipt that is read, in bytes.
pub const MAX_RECEIPT_BYTES: usize = 2 * MAX_JWS_BYTES;
const SEPARATOR: char = '~';
const HASH_BYTES: usize = 32;

/// What a receipt says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipt {
    /// The chain that will record it.
    pub chain_id: u64,
    /// Its place in the journal.
    pub place: u64,
    /// SHA-256 of what the source signed.
    pub digest: B256,
    /// Whose it is.
    pub source: SourceId,
    /// Its idempotency key.
    pub key: SubmissionKey,
    /// How many operations.
    pub count: u32,
    /// When it was accepted, Unix milliseconds.
    pub accepted_at: u64,
}

/// What is signed for several receipts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceiptRoot {
    /// How many.
    pub count: u32,
    /// Merkle tree hash over their exact bytes.
    pub root: B256,
}

/// Why a text is no receipt of this key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The text, or what it says.
    #[error("it is neither a JWS nor the JWS of a root, a receipt, its index and its path, with ~ between them")]
    Form,
    /// The JWS.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// Another receipt than one of those that were signed for, or at another place among them.
    #[error("the receipt is not at this index under the signed root")]
    Path,
}

impl ReceiptError {
    /// The name of the check that failed.
    #[must_use]
    pub const fn check(&self) -> &'static str {
        match self {
            Self::Jws(JwsError::Signature) => "receipt-signature",
            Self::Form | Self::Jws(_) => "receipt-readable",
            Self::Path => "receipt-in-group",
        }
    }
}

impl Receipt {
    /// Reads the text of a receipt, and verifies that the key has signed for it.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn verify(text: &str, key: &PublicKey) -> Result<Self, ReceiptError> {
        if text.len() > MAX_RECEIPT_BYTES {
            return Err(ReceiptError::Form);
        }
        let Some((signed, rest)) = text.split_once(SEPARATOR) else {
            let jws = Jws::parse(text, TYP)?;
            jws.verify(key)?;
            return read(&jws.payload);
        };
        let parts: Vec<&str> = rest.split(SEPARATOR).collect();
        let [payload, index, path] = *parts.as_slice() else { return Err(ReceiptError::Form) };
        let (payload, path) = (decode(payload)?, path_of(path)?);
        let index = index_of(index)?;
        let jws = Jws::parse(signed, ROOT_TYP)?;
        jws.verify(key)?;
        let ReceiptRoot { count, root } = read(&jws.payload)?;
        if !merkle::verify(root, merkle::leaf_hash(&payload), index, count.into(), &path) {
            return Err(ReceiptError::Path);
        }
        read(&payload)
    }
}

/// Signs receipts with the journal's key.
#[derive(Debug)]
pub struct ReceiptSigner {
    key: Signer,
    alone: Header,
    root: Header,
}

impl ReceiptSigner {
    /// With this key.
    #[must_use]
    pub fn new(key: Signer) -> Self {
        let public = key.public_key();
        let (alg, kid) = (public.algorithm(), public.thumbprint().to_kid());
        let header = |typ: &str| Header { alg, kid: kid.clone(), typ: typ.to_owned() };
        Self { alone: header(TYP), root: header(ROOT_TYP), key }
    }

    /// Whether signing waits for somebody else: then it is called off an async runtime, and off threads that compute.
    #[must_use]
    pub const fn may_block(&self) -> bool {
        self.key.may_block()
    }

    /// One signature for all of them, of which there is at least one, and at most [`MAX_RECEIPTS`].
    ///
    /// # Errors
    /// [`JwsError`] for none or more than that, and when whoever keeps the key does not sign.
    pub fn sign(&self, receipts: &[Receipt]) -> Result<SignedReceipts, JwsError> {
        if receipts.len() > MAX_RECEIPTS {
            return Err(JwsError::TooLong);
        }
        let payloads = receipts.iter().map(serde_json::to_vec).collect::<Result<Vec<_>, _>>();
        let payloads = payloads.map_err(|_| JwsError::Form)?;
        let tree = Tree::new(payloads.iter().map(|payload| merkle::leaf_hash(payload)).collect());
        let tree = tree.ok_or(JwsError::Form)?;
        let jws = if let [payload] = payloads.as_slice() {
            self.key.sign_with(&self.alone, payload, TYP)?
        } else {
            let count = u32::try_from(payloads.len()).map_err(|_| JwsError::TooLong)?;
            let statement = ReceiptRoot { count, root: tree.root() };
            let statement = serde_json::to_vec(&statement).map_err(|_| JwsError::Form)?;
            self.key.sign_with(&self.root, &statement, ROOT_TYP)?
        };
        Ok(SignedReceipts { jws: jws.text().to_owned(), payloads, tree })
    }
}

/// Receipts under one signature.
#[derive(Clone, Debug)]
pub struct SignedReceipts {
    jws: String,
    payloads: Vec<Vec<u8>>,
    tree: Tree,
}

impl SignedReceipts {
    /// The text of one; `None` beyond the last.
    #[must_use]
    pub fn text(&self, index: usize) -> Option<String> {
        let payload = self.payloads.get(index)?;
        if self.tree.count() == 1 {
            return Some(self.jws.clone());
        }
        let path: Vec<u8> = self.tree.path(index)?.iter().flat_map(|hash| hash.0).collect();
        let mut text = String::with_capacity(self.jws.len() + (payload.len() + path.len()) * 4 / 3 + 16);
        text.push_str(&self.jws);
        text.push(SEPARATOR);
        URL_SAFE_NO_PAD.encode_string(payload, &mut text);
        text.push(SEPARATOR);
        text.push_str(&index.to_string());
        text.push(SEPARATOR);
        URL_SAFE_NO_PAD.encode_string(&path, &mut text);
        Some(text)
    }
}

fn read<T: DeserializeOwned>(payload: &[u8]) -> Result<T, ReceiptError> {
    serde_json::from_slice(payload).map_err(|_| ReceiptError::Form)
}

fn decode(part: &str) -> Result<Vec<u8>, ReceiptError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| ReceiptError::Form)
}

fn path_of(part: &str) -> Result<Vec<B256>, ReceiptError> {
    let bytes = decode(part)?;
    if !bytes.len().is_multiple_of(HASH_BYTES) {
        return Err(ReceiptError::Form);
    }
    Ok(bytes.chunks_exact(HASH_BYTES).map(B256::from_slice).collect())
}

/// An index in its one spelling.
fn index_of(part: &str) -> Result<u64, ReceiptError> {
    part.parse().ok().filter(|index: &u64| index.to_string() == part).ok_or(ReceiptError::Form)
}

#[cfg(test)]
mod tests;
