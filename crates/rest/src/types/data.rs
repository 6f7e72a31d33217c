//! `/v1/data`: search, statistics, traces and audits of the data of registered sources (`docs/specs/data.md`).

mod aggregate;
mod page_format;

pub use aggregate::{AggregateData, DataAggregates, DataGroup, Every, Interval, Member};
pub use page_format::{NEXT_PAGE_HEADER, PageFormat};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Example, example_address, example_hash};
use crate::values::HexAddress;

/// A member of the content and its exact value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldValue {
    /// Names of the members from the outermost in, with dots.
    #[schema(max_length = 256, example = "station")]
    pub path: String,
    /// Text, or a number, `true`, `false` or `null` as JSON writes it.
    #[schema(max_length = 256, example = "USW00024233")]
    pub value: String,
}

/// A member of the content and between which bounds it is, as a number or a time, whatever its spelling. Of an array one item has to be within.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldRange {
    /// Names of the members from the outermost in, with dots.
    #[schema(min_length = 1, max_length = 256, example = "temp_max")]
    pub path: String,
    /// At least this. Bounds are texts: numbers as JSON writes them, or all of them dates (`2012-01-31`) or dates with a time (RFC 3339; without an offset UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256, example = "20")]
    pub at_least: Option<String>,
    /// More than this; not together with `atLeast`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256)]
    pub above: Option<String>,
    /// At most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256)]
    pub at_most: Option<String>,
    /// Less than this; not together with `atMost`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256, example = "30.5")]
    pub below: Option<String>,
}

/// An operation by its submission's place and its own in the submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationPlace {
    /// The submission's.
    pub place: u64,
    /// In the submission, from 0.
    pub index: u32,
}

/// Where a page of a search ends: its last operation, and of a page with `sort` by what that one is sorted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchPlace {
    /// The submission's.
    pub place: u64,
    /// In the submission, from 0.
    pub index: u32,
    /// With `sort` alone: as the page before said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2048)]
    pub key: Option<String>,
}

impl From<OperationPlace> for SearchPlace {
    fn from(OperationPlace { place, index }: OperationPlace) -> Self {
        Self { place, index, key: None }
    }
}

/// `POST /v1/data/search`: what is absent does not narrow. It is a body, since what somebody searches for does not belong into a log of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SearchData {
    /// Of one of these sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 16)]
    pub sources: Vec<HexAddress>,
    /// Of one of these formats: one or several data sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 16)]
    pub formats: Vec<String>,
    /// About this subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256)]
    pub subject: Option<String>,
    /// With all of these members in the content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 16)]
    pub fields: Vec<FieldValue>,
    /// With all of these members within their bounds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 16)]
    pub ranges: Vec<FieldRange>,
    /// With all words of this text in description, subject or content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256)]
    pub text: Option<String>,
    /// From this time on, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Before this time, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// What `from` and `to` are about: `stated` by the source (unless given), or `accepted` by the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(stated|accepted)$")]
    pub time: Option<String>,
    /// Oldest first; newest first otherwise.
    #[serde(default)]
    pub ascending: bool,
    /// Operations of the page, 1 to 100, 20 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100)]
    pub limit: Option<usize>,
    /// `FIELD:asc` or `FIELD:desc` instead of the order of acceptance: `time`, `acceptedAt`, `subject`, or `content.` and the path of a member. Numbers come before texts, these before
    /// `false`, `true` and `null`; what has none is last either way. Everything that matches is looked at for each page, and more than 200000 operations are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        max_length = 272,
        pattern = "^(time|acceptedAt|subject|content\\..+):(asc|desc)$",
        example = "content.pm25:desc"
    )]
    pub sort: Option<String>,
    /// After this operation, in the order asked for: `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<SearchPlace>,
    /// With the proof of each operation, at most 20; JSON only. An operation that is not final yet has none.
    #[serde(default)]
    pub proofs: bool,
    /// How it is written, whatever the header `accept` says; that decides when this is absent.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub format: Option<PageFormat>,
}

impl Example for SearchData {
    fn example() -> Self {
        Self { formats: vec!["reading/air-quality".into()], text: Some("harbour".into()), ..Self::default() }
    }
}

/// A page of operations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FoundData {
    /// Each `{at: {place, index}, digest, name, source, organization, format, formatVersion, access, right, acceptedAt, operation, proof?}`; `operation` is the exact text,
    /// `right` by which right it is read (`open`, `office`, `named`, `grant`, `same-organization`).
    #[schema(value_type = Vec<Object>)]
    pub operations: Vec<Value>,
    /// `after` of the next page; absent on the last. A page may be short and have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<SearchPlace>,
}

impl Example for FoundData {
    fn example() -> Self {
        let operation = json!({
            "at": {"place": 128, "index": 0}, "digest": example_hash(0xd1), "name": example_hash(0x0a), "source": example_address(),
            "organization": "12440300455765412A", "format": "reading/air-quality", "formatVersion": 1, "access": "public", "right": "open",
            "acceptedAt": 1_795_230_000_000_u64, "operation": "{\"time\":1795229999000,\"content\":{\"place\":\"harbour\"}}",
        });
        Self { operations: vec![operation], next: Some(OperationPlace { place: 128, index: 0 }.into()) }
    }
}

/// How many operations of a source and a format were accepted on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DayCount {
    /// Days since 1970-01-01, UTC.
    #[schema(example = 20_778)]
    pub day: u32,
    /// The format.
    pub format: String,
    /// The source.
    pub source: HexAddress,
    /// How many.
    pub operations: u64,
}

impl Example for DayCount {
    fn example() -> Self {
        Self { day: 20_778, format: "reading/air-quality".into(), source: example_address(), operations: 1461 }
    }
}

/// `POST /v1/data/trace`: an asset, by its owner, format and subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// Code of the organization that owns it.
    #[schema(min_length = 1, max_length = 256)]
    pub organization: String,
    /// Its format.
    #[schema(min_length = 1, max_length = 256)]
    pub format: String,
    /// Its subject.
    #[schema(min_length = 1, max_length = 256)]
    pub subject: String,
    /// Only versions before this one: `older` of the trace before. The newest when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<OperationPlace>,
}

impl Example for Asset {
    fn example() -> Self {
        Self {
            organization: "12440300455765412A".into(),
            format: "register/wells".into(),
            subject: "well 7".into(),
            before: None,
        }
    }
}

/// Everything known of an asset, as a list and as a graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trace {
    /// Of data of registered sources `{asset, versions: [{version, operation}], older?, rights, transfers, accesses: [{time, by?, service}], cut, findings}`, of a certificate `{certificate, rights, transfers,
    /// before, after, accesses, cut}`, where rights are `[{act, by: {who, ...}, access?, rule, narrowedBy?}]` and transfers `{transferable, rule, reason, path: [{of, from?, to?, at, how, recorded?}],
    /// cut}`; of a shared resource `{resource, asset, owners: [{by, since,
    /// until?}], organizations, rights: [{right, holder, purposeHash, givenAt, validUntil, withdrawnAt?}], entries: [{time, happened, ..., txHash, blockNumber, logIndex}],
    /// accesses: [{time, reader, fetched, request, version?, refused?, unnoted?, owner, number, line, signedThrough, signature, recordedAtMs}], cut, nextCursor?}`; each oldest first.
    #[schema(value_type = Object)]
    pub trace: Value,
    /// `{nodes: [{id, kind, label}], edges: [{from, to, relation}]}`.
    #[schema(value_type = Object)]
    pub graph: Value,
    /// The graph in Mermaid's notation.
    pub mermaid: String,
}

impl Example for Trace {
    fn example() -> Self {
        let asset = Asset::example();
        Self {
            trace: json!({
                "asset": asset, "versions": [], "accesses": [], "cut": false, "findings": [],
                "rights": [{"act": "read", "by": {"who": "anybody"}, "access": "public", "rule": "SEARCH-3: what is public is for anybody"}],
                "transfers": {
                    "transferable": false, "rule": "DATA-10", "reason": "no statement changes the organization", "path": [], "cut": false,
                },
            }),
            graph: json!({"nodes": [{"id": "asset", "kind": "asset", "label": "well 7"}], "edges": []}),
            mermaid: "graph LR\n  asset[\"asset well 7\"]\n".into(),
        }
    }
}

/// What an audit of a part of what is stored found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataAudit {
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
    /// The first difference: `{check, place, index?, file, offset, detail, stored?}`; null when there is none. `stored` is `{store, id, expected?, found?}` for what is kept beside
    /// the journal: where, under which name, and both hashes.
    #[schema(value_type = Object)]
    pub difference: Value,
    /// What does not follow in time.
    pub sequence: Vec<String>,
    /// Of each source: `{source, submissions, longestGap, disorders, leastDrift, mostDrift}`, times in milliseconds.
    #[schema(value_type = Vec<Object>)]
    pub sources: Vec<Value>,
    /// Data blocks that were compared with what the chain has recorded, proven by its state; of the mailboxes, messages.
    pub compared: u64,
    /// Chains whose data blocks can be looked at with `chain`; empty unless the journal was asked for.
    #[serde(default)]
    pub chains: Vec<String>,
}

impl Example for DataAudit {
    fn example() -> Self {
        Self {
            from: 0,
            next: 1500,
            complete: true,
            submissions: 1461,
            operations: 14_610,
            blocks: 12,
            difference: Value::Null,
            sequence: Vec::new(),
            sources: Vec::new(),
            compared: 12,
            chains: vec!["main".into(), "degree".into()],
        }
    }
}
