//! What stands in the journal: five kinds of entries, in bytes (little-endian).

use alloy_primitives::{Address, B256, FixedBytes};
use chancery_data::{SourceId, Submission, merkle, receipt::Receipt, submission::SubmissionKey};
use chancery_primitives::{OperationType, UnixSeconds, data_block::Leaf};
use chancery_reference_points::{
    data_block::TransactionLocator,
    quota::{Quota, QuotaSetting, QuotaSubject},
    source_data::Source,
};
use serde::{Deserialize, Serialize};

/// A submission of a source.
pub(crate) const SUBMISSION: u8 = 1;
/// A change of a source.
pub(crate) const SOURCE: u8 = 2;
/// The bounds of a data block.
pub(crate) const CLOSED: u8 = 3;
/// Where a data block is recorded.
pub(crate) const RECORDED: u8 = 4;
/// A quota that an operator has set or taken away.
pub(crate) const QUOTA: u8 = 5;

/// Whether an entry of this kind becomes a leaf of a data block.
pub(crate) const fn is_leaf(kind: u8) -> bool {
    matches!(kind, SUBMISSION | SOURCE | QUOTA)
}

/// What every entry that becomes a leaf begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// When it was accepted, Unix milliseconds.
    pub accepted_at_ms: u64,
    /// SHA-256 of what was signed.
    pub digest: B256,
    /// Whose it is.
    pub source: SourceId,
    /// Hash of the content.
    pub content_hash: B256,
    /// Signed time, Unix seconds.
    pub time_s: u64,
}

/// Length of a head.
pub(crate) const HEAD_BYTES: usize = 8 + 32 + 20 + 32 + 8;

impl Head {
    pub(crate) fn new(leaf: &Leaf, accepted_at_ms: u64) -> Self {
        Self {
            accepted_at_ms,
            digest: leaf.operation_digest,
            source: leaf.source,
            content_hash: leaf.content_hash,
            time_s: leaf.time.get(),
        }
    }

    fn write(&self, body: &mut Vec<u8>) {
        body.extend(self.accepted_at_ms.to_le_bytes());
        body.extend(self.digest);
        body.extend(self.source);
        body.extend(self.content_hash);
        body.extend(self.time_s.to_le_bytes());
    }

    /// Reads the head of an entry; `None` when it is too short, which a checksummed entry is not.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let mut rest = Reader(body);
        Some(Self {
            accepted_at_ms: rest.u64()?,
            digest: B256::new(rest.array()?),
            source: Address::new(rest.array()?),
            content_hash: B256::new(rest.array()?),
            time_s: rest.u64()?,
        })
    }

    pub(crate) fn leaf(&self, kind: u8) -> Leaf {
        let operation_type = match kind {
            SOURCE => OperationType::DataSource,
            QUOTA => OperationType::DataQuota,
            _ => OperationType::DataSubmission,
        };
        Leaf {
            operation_digest: self.digest,
            source: self.source,
            operation_type,
            content_hash: self.content_hash,
            time: UnixSeconds(self.time_s),
        }
    }
}

/// A submission as it is kept.
pub(crate) struct KeptSubmission {
    pub(crate) head: Head,
    pub(crate) key: SubmissionKey,
    pub(crate) jws: String,
    pub(crate) operations: Vec<Vec<u8>>,
}

pub(crate) fn submission(submission: &Submission, accepted_at_ms: u64) -> Vec<u8> {
    let jws = submission.jws.text();
    let bytes: usize = submission.operations.iter().map(|operation| 4 + operation.len()).sum();
    let mut body = Vec::with_capacity(HEAD_BYTES + 24 + jws.len() + bytes);
    Head::new(&submission.leaf(), accepted_at_ms).write(&mut body);
    body.extend(submission.statement.key);
    write_bytes(&mut body, jws.as_bytes());
    body.extend(length(submission.operations.len()));
    for operation in &submission.operations {
        write_bytes(&mut body, operation);
    }
    body
}

pub(crate) fn read_submission(body: &[u8]) -> Option<KeptSubmission> {
    let head = Head::read(body)?;
    let mut rest = Reader(body.get(HEAD_BYTES..)?);
    let key = FixedBytes::new(rest.array()?);
    let jws = String::from_utf8(rest.bytes()?.to_vec()).ok()?;
    let count = rest.u32()?;
    let operations = (0..count).map(|_| rest.bytes().map(<[u8]>::to_vec)).collect::<Option<Vec<_>>>()?;
    Some(KeptSubmission { head, key, jws, operations })
}

/// How many operations an entry says that it has, without reading them.
pub(crate) fn operation_count(kind: u8, body: &[u8]) -> u64 {
    let count = || {
        let mut rest = Reader(body.get(HEAD_BYTES + 16..)?);
        rest.bytes()?;
        rest.u32()
    };
    if kind == SUBMISSION { count().unwrap_or(0).into() } else { 0 }
}

/// The receipt of a submission's entry at a place; `None` when it is too short, which a checksummed entry is not.
pub(crate) fn receipt(body: &[u8], place: u64, chain_id: u64) -> Option<Receipt> {
    let Head { accepted_at_ms: accepted_at, digest, source, .. } = Head::read(body)?;
    let mut rest = Reader(body.get(HEAD_BYTES..)?);
    let key = FixedBytes::new(rest.array()?);
    rest.bytes()?;
    Some(Receipt { chain_id, place, digest, source, key, count: rest.u32()?, accepted_at })
}

/// What a change made of a source, and the leaf that says so.
pub(crate) fn source(head: &Head, source: &Source) -> serde_json::Result<Vec<u8>> {
    let mut body = Vec::new();
    head.write(&mut body);
    body.extend(serde_json::to_vec(source)?);
    Ok(body)
}

pub(crate) fn read_source(body: &[u8]) -> Option<Source> {
    serde_json::from_slice(body.get(HEAD_BYTES..)?).ok()
}

/// A change of a quota as it is kept: what its leaf commits to are these bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuotaChange {
    pub(crate) subject: QuotaSubject,
    pub(crate) quota: Option<Quota>,
    pub(crate) by: Address,
    pub(crate) at_ms: u64,
}

impl QuotaChange {
    /// The head of its leaf, and the entry's body.
    pub(crate) fn write(&self) -> serde_json::Result<(Head, Vec<u8>)> {
        let text = serde_json::to_vec(self)?;
        let digest = merkle::leaf_hash(&text);
        let (accepted_at_ms, time_s) = (self.at_ms, self.at_ms / 1000);
        let head = Head { accepted_at_ms, digest, source: self.by, content_hash: digest, time_s };
        let mut body = Vec::with_capacity(HEAD_BYTES + text.len());
        head.write(&mut body);
        body.extend(text);
        Ok((head, body))
    }

    /// Reads an entry's body; `None` when head and text are not of one change.
    pub(crate) fn read(body: &[u8]) -> Option<(Head, Self)> {
        let (head, text) = (Head::read(body)?, body.get(HEAD_BYTES..)?);
        let change: Self = serde_json::from_slice(text).ok()?;
        (head.digest == merkle::leaf_hash(text) && head.source == change.by).then_some((head, change))
    }

    pub(crate) fn setting(self, place: u64, digest: B256) -> QuotaSetting {
        let Self { subject, quota, by, at_ms } = self;
        QuotaSetting { subject, quota, by, at_ms, place, digest, recorded: None }
    }
}

/// The bounds of a data block: all leaves from the first place to the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlockBounds {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) count: u32,
    pub(crate) closed_at_ms: u64,
}

/// Where a data block is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlockRecord {
    pub(crate) first: u64,
    pub(crate) root: B256,
    pub(crate) recorded: TransactionLocator,
}

fn length(value: usize) -> [u8; 4] {
    // Entries are bounded far below this (`MAX_SUBMISSION_BYTES`).
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

fn write_bytes(body: &mut Vec<u8>, bytes: &[u8]) {
    body.extend(length(bytes.len()));
    body.extend(bytes);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.u32()? as usize;
        let (first, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(first)
    }
}
