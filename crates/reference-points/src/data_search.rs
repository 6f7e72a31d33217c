//! Search, statistics, traces and audits of the data of registered sources (`docs/specs/data.md`): what is asked, and what is answered.

mod aggregate;
pub mod decimal;
mod graph;
mod sort;
mod subscription;

pub use aggregate::{
    Aggregates, Aggregation, DataAggregate, Every, Group, Interval, MAX_AGGREGATED_BYTES, MAX_AGGREGATED_OPERATIONS,
    MAX_AGGREGATED_SUBJECTS, MAX_GROUPED_BY, MAX_GROUPS, MAX_NAMES, Member,
};
use alloy_primitives::B256;
use chancery_data::{SourceId, submission::Access};
pub use graph::{Edge, Graph, Node};
use serde::{Deserialize, Serialize};
pub use sort::{CONTENT, MAX_SORT_KEY_BYTES, MAX_SORTED_BYTES, MAX_SORTED_OPERATIONS, NoSort, SORTABLE, Sort};
pub use subscription::{
    DEFAULT_SUBSCRIPTION_DAYS, Delivered, MAX_ALL_SUBSCRIPTIONS, MAX_NAME_BYTES, MAX_STRANGERS_SUBSCRIPTIONS,
    MAX_SUBSCRIPTION_DAYS, MAX_SUBSCRIPTIONS, MAX_WAIT_MS, Reading, Subscribe, Subscription,
};

use crate::{
    operation::ChainName,
    read_right::ReadRight,
    trace::{Transfers, UseRight},
};

/// Most operations of one page.
pub const MAX_PAGE_OPERATIONS: usize = 100;
/// Most operations that are read for one page whose query has ranges; it says where the next goes on.
pub const MAX_PAGE_READS: usize = 20_000;
/// Most bytes of them.
pub const MAX_PAGE_BYTES: usize = 64 * 1024 * 1024;
/// Most alternatives of one kind in a query: sources, formats, fields, ranges.
pub const MAX_ALTERNATIVES: usize = 16;
/// Longest text that is searched for, in bytes.
pub const MAX_TEXT_BYTES: usize = 256;
/// Most words of such a text.
pub const MAX_WORDS: usize = 16;
/// Longest path or value of a field, in bytes.
pub const MAX_FIELD_BYTES: usize = 256;
/// Most operations that one audit looks at; it says where the next goes on.
pub const MAX_AUDIT_OPERATIONS: u64 = 500_000;
/// Most data blocks that one audit computes anew before it says where the next goes on.
pub const MAX_AUDIT_BLOCKS: usize = 2048;
/// Most versions that one trace shows: the newest. Older ones are in the trace before them.
pub const MAX_TRACE_VERSIONS: usize = 10_000;
/// Most sources of which one trace shows in whose hands they were: those of the newest versions.
pub const MAX_TRACE_SOURCES: usize = 100;
/// Most bytes of the versions of one trace, by [`DataOperation::bytes`].
pub const MAX_TRACE_BYTES: usize = 12 * 1024 * 1024;

/// An operation by its submission's place in the journal and its own in the submission. Ordered as accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationPlace {
    /// The submission's.
    pub place: u64,
    /// In the submission, from 0.
    pub index: u32,
}

impl OperationPlace {
    /// The place before it in the order of acceptance, whether or not anything is there; none before the first.
    #[must_use]
    pub const fn before(self) -> Option<Self> {
        match (self.place, self.index) {
            (0, 0) => None,
            (place, 0) => Some(Self { place: place - 1, index: u32::MAX }),
            (place, index) => Some(Self { place, index: index - 1 }),
        }
    }
}

/// A member of the content and its exact value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldValue {
    /// Names of the members from the outermost in, with dots; items of an array have the array's path.
    pub path: String,
    /// Text, or a number, `true`, `false` or `null` as JSON writes it.
    pub value: String,
}

/// A member of the content and between which bounds it is: of a number or a time, whatever its spelling. Items of an array have the array's path; one has to be in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FieldRange {
    /// As of a field.
    pub path: String,
    /// Bounds are numbers as JSON writes them, or all of them dates (`2012-01-31`) or dates with a time (RFC 3339; without an offset it is UTC). At least this.
    pub at_least: Option<String>,
    /// More than this.
    pub above: Option<String>,
    /// At most this.
    pub at_most: Option<String>,
    /// Less than this.
    pub below: Option<String>,
}

/// Which of the two times of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeStamp {
    /// When it happened, as the source says.
    #[default]
    Stated,
    /// When it was accepted, by the clock of the journal.
    Accepted,
}

/// Which operations. What is absent or empty does not narrow; of several sources or formats one has to match, of fields, ranges and words every one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DataQuery {
    /// Of one of these sources.
    pub sources: Vec<SourceId>,
    /// Of one of these formats: one or several data sets.
    pub formats: Vec<String>,
    /// About this subject.
    pub subject: Option<String>,
    /// With these members in the content.
    pub fields: Vec<FieldValue>,
    /// With all of these members within their bounds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<FieldRange>,
    /// With all words of this text in description, subject or content.
    pub text: Option<String>,
    /// From this time on, Unix milliseconds.
    pub from: Option<u64>,
    /// Before this time.
    pub to: Option<u64>,
    /// Which time `from` and `to` are about.
    pub time: TimeStamp,
    /// Oldest first; newest first otherwise.
    pub ascending: bool,
    /// At most so many, 1 to [`MAX_PAGE_OPERATIONS`]; 20 when absent.
    pub limit: Option<usize>,
    /// After this one, in the order asked for.
    pub after: Option<OperationPlace>,
    /// By what the page is sorted, instead of the order of acceptance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<Sort>,
}

/// What the asker may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visibility {
    /// Access classes; of restricted data those that the asker's right covers ([`ReadRight`]).
    pub access: Vec<Access>,
    /// The present time, Unix milliseconds: what is past its retention is not shown.
    pub now_ms: u64,
}

/// An operation that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataOperation {
    /// Where it is.
    pub at: OperationPlace,
    /// SHA-256 of what the source signed.
    pub digest: B256,
    /// The operation's name: leaf hash of its bytes.
    pub name: B256,
    /// Whose it is.
    pub source: SourceId,
    /// The source's organization.
    pub organization: String,
    /// Its format.
    pub format: String,
    /// The format's version.
    pub format_version: u32,
    /// Access class; restricted also for what was accepted in clear of a format that is sealed.
    pub access: Access,
    /// By which right the asker reads it.
    #[serde(default)]
    pub right: ReadRight,
    /// When it was accepted, Unix milliseconds.
    pub accepted_at: u64,
    /// Its exact bytes.
    pub operation: String,
}

impl DataOperation {
    /// About what it takes in an answer, in bytes: texts, and the rest at its largest.
    #[must_use]
    pub fn bytes(&self) -> usize {
        Self::bytes_beside(&self.organization, &self.format) + self.operation.len()
    }

    /// The same of what stands beside the operation's text.
    #[must_use]
    pub const fn bytes_beside(organization: &str, format: &str) -> usize {
        const OTHER_MEMBERS_BYTES: usize = 288;
        OTHER_MEMBERS_BYTES + organization.len() + format.len()
    }
}

/// A page of operations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataPage {
    /// In the order asked for.
    pub operations: Vec<DataOperation>,
    /// After which one the next page begins; absent when there is none. A page may be short and have one: the search was bounded.
    pub next: Option<OperationPlace>,
    /// What that operation is sorted by, of a page that is sorted: [`Sort::after`] of the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_key: Option<String>,
}

/// How many operations of a source and a format were accepted on one day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DayCount {
    /// Days since 1970-01-01, UTC.
    pub day: u32,
    /// The format.
    pub format: String,
    /// The source.
    pub source: SourceId,
    /// How many.
    pub operations: u64,
}

/// An asset of which the trace is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Asset {
    /// The organization that owns it.
    pub organization: String,
    /// Its format.
    pub format: String,
    /// Its subject.
    pub subject: String,
}

/// Of which asset the trace is wanted, and which part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TraceRequest {
    /// The asset.
    pub asset: Asset,
    /// Only versions before this one: `older` of the answer before. The newest when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<OperationPlace>,
}

impl From<Asset> for TraceRequest {
    fn from(asset: Asset) -> Self {
        Self { asset, before: None }
    }
}

/// One version of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetVersion {
    /// 1 for the first.
    pub version: u64,
    /// The operation.
    pub operation: DataOperation,
}

/// Versions of an asset: the newest, or the newest before one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetVersions {
    /// Oldest first, at most [`MAX_TRACE_VERSIONS`] and [`MAX_TRACE_BYTES`].
    pub versions: Vec<AssetVersion>,
    /// The oldest of them, if there are older ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<OperationPlace>,
}

/// Who read an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetAccess {
    /// Unix milliseconds.
    pub time: u64,
    /// The address; absent for the public.
    pub by: Option<alloy_primitives::Address>,
    /// By which service.
    pub service: String,
}

/// Everything known of an asset (M-APP).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetTrace {
    /// Which.
    pub asset: Asset,
    /// Oldest first, the newest that one answer holds.
    pub versions: Vec<AssetVersion>,
    /// There are older versions: those before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<OperationPlace>,
    /// Who may do what with it, and by which rule.
    pub rights: Vec<UseRight>,
    /// Whether and how it changes hands: whose it is, and who holds the sources that speak for it.
    pub transfers: Transfers,
    /// Oldest first, the newest thousand of those that the asker may see.
    pub accesses: Vec<AssetAccess>,
    /// Whether there were more accesses that the asker may see.
    #[serde(default)]
    pub cut: bool,
    /// What does not follow: a version whose `previous` is not the one before.
    pub findings: Vec<String>,
}

/// Which part of the journal an audit looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AuditRequest {
    /// From this place on, rounded down to the group that holds it.
    pub from: u64,
    /// At most about so many operations; [`MAX_AUDIT_OPERATIONS`] when absent, and at most.
    pub operations: Option<u64>,
}

/// The first difference that an audit found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Which check failed.
    pub check: String,
    /// Place in the journal.
    pub place: u64,
    /// Operation of the submission, where it is about one.
    pub index: Option<u32>,
    /// File of the journal, without its folder, and byte in it where the group begins.
    pub file: String,
    /// The byte.
    pub offset: u64,
    /// What was found; never content.
    pub detail: String,
    /// Of what is kept beside the journal: where, under which name, and both hashes. Absent for the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<StoredDifference>,
}

/// Something that is kept beside the journal, and is not what stands on a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredDifference {
    /// The store: `operations of CHAIN` or `mailboxes`.
    pub store: String,
    /// What it is of: the root of a data block, or a message.
    pub id: B256,
    /// The hash that it should have; absent where no hash is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<B256>,
    /// The hash that was computed anew; absent where nothing reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<B256>,
}

/// What the time-sequence audit measured of one source (M-MON-3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceTimes {
    /// The source.
    pub source: SourceId,
    /// Its submissions.
    pub submissions: u64,
    /// Longest time between two of them, milliseconds.
    pub longest_gap: u64,
    /// How often a submission says an earlier time than the one before.
    pub disorders: u64,
    /// Signed time minus accepted time, milliseconds: least.
    pub least_drift: i64,
    /// And most. Positive: the source's clock is ahead.
    pub most_drift: i64,
}

/// A data block that was computed anew, as the journal says that it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditedBlock {
    /// Place of its first leaf.
    pub first: u64,
    /// Place of the entry that says where it is recorded, the file of the journal and the byte in it where the entry's group begins.
    pub place: u64,
    /// The file, without its folder.
    pub file: String,
    /// The byte.
    pub offset: u64,
    /// Root of its leaves.
    pub root: B256,
    /// How many leaves.
    pub count: u32,
    /// Earliest time of a leaf, Unix seconds.
    pub first_time: u64,
    /// Latest.
    pub last_time: u64,
    /// The chain's block that has recorded it, as the journal says.
    pub block_number: u64,
    /// The newest of the chain's blocks of which the journal said so before this data block was closed: this one was recorded later. 0: of none.
    pub after_block: u64,
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditReport {
    /// Place of the first entry that was looked at.
    pub from: u64,
    /// Place after the last: where the next audit goes on.
    pub next: u64,
    /// Whether that is the end of what is accepted.
    pub complete: bool,
    /// Submissions that were recomputed.
    pub submissions: u64,
    /// Operations that were recomputed.
    pub operations: u64,
    /// Data blocks whose root was recomputed and compared with the recorded one.
    pub blocks: u64,
    /// The first difference; absent when everything is as it was accepted.
    pub difference: Option<Difference>,
    /// Findings of the time sequence: disorder, gaps, blocks out of time.
    pub sequence: Vec<String>,
    /// By source, in order of name.
    pub sources: Vec<SourceTimes>,
    /// Data blocks that were compared with what the chain has recorded; 0 between entities, where nothing is compared yet.
    pub compared: u64,
    /// The chain that records the blocks.
    pub chain: ChainName,
    /// Every chain that records data blocks of the city, also of single operations; [`crate::v2m::V2mData::audit_chain`] looks at one.
    #[serde(default)]
    pub chains: Vec<ChainName>,
    /// The blocks that were computed anew, for the comparison; at most [`MAX_AUDIT_BLOCKS`], and none in an answer to a supervisor.
    pub recorded: Vec<AuditedBlock>,
    /// Stores of the process that audits which are not written at present.
    #[serde(default)]
    pub standing: Vec<StandingStore>,
}

/// A store that could not be written, and is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StandingStore {
    /// Its name.
    pub store: String,
    /// How long it has stood, in milliseconds.
    pub for_ms: u64,
}
