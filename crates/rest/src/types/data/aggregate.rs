//! What is asked of many operations together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{OperationPlace, PageFormat, SearchData};
use crate::types::Example;

/// A member of the content, which may have another name in some formats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Member {
    /// Names of the members from the outermost in, with dots.
    #[schema(min_length = 1, max_length = 256, example = "temp_max")]
    pub path: String,
    /// The path in these formats instead, at most 16.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub in_formats: BTreeMap<String, String>,
}

/// A span of time by the calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Interval {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A month.
    Month,
    /// A year.
    Year,
}

/// By which time operations are grouped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Every {
    /// How long a group is.
    pub interval: Interval,
    /// A member that is a date or a date with a time; the time that the query is about, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<Member>,
}

/// `POST /v1/data/aggregate`: counts, and of a member sum, bounds and mean, over everything that a search finds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AggregateData {
    /// Of which operations, as of a search; without `ascending`, `sort`, `limit`, `after`, `proofs` and `as`.
    #[serde(default)]
    pub query: SearchData,
    /// Whose numbers are added up and compared; without it operations are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Member>,
    /// By which members it is grouped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 4)]
    pub by: Vec<Member>,
    /// By which time it is grouped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Every>,
    /// After this operation: `next` of the part before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<OperationPlace>,
    /// How it is written, whatever the header `accept` says; that decides when this is absent.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub format: Option<PageFormat>,
}

impl Example for AggregateData {
    fn example() -> Self {
        let formats = vec!["reading/weather".into(), "reading/climate".into()];
        let in_formats = BTreeMap::from([("reading/climate".into(), "warmest".into())]);
        Self {
            query: SearchData { formats, ..SearchData::default() },
            value: Some(Member { path: "temp_max".into(), in_formats }),
            by: vec![Member { path: "station".into(), ..Member::default() }],
            every: Some(Every { interval: Interval::Month, member: None }),
            ..Self::default()
        }
    }
}

/// Operations that have the same members and the same time. Numbers are decimal texts, with all their digits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataGroup {
    /// Where its time begins, Unix milliseconds; null when it is not grouped by time, or for operations without that time.
    #[schema(example = 1_325_376_000_000_i64)]
    pub from: Option<i64>,
    /// What the members of `by` are, in their order: text, a number, `true`, `false` or `null`; null where there is none. Of an array the first item; of more than 256 bytes `#` and a hash.
    pub key: Vec<Option<String>>,
    /// How many operations.
    #[schema(example = 31)]
    pub operations: u64,
    /// How many numbers were added up.
    #[schema(example = 31)]
    pub values: u64,
    /// How many operations have none: the member is absent, no number, or one of more than 30 digits before or after the point.
    #[schema(example = 0)]
    pub others: u64,
    /// The sum, exact; null without numbers, as the following.
    #[schema(example = "218.7")]
    pub sum: Option<String>,
    /// The least.
    #[schema(example = "-1.1")]
    pub least: Option<String>,
    /// The greatest.
    #[schema(example = "12.8")]
    pub most: Option<String>,
    /// Sum through values, to 12 digits after the point, half to even.
    #[schema(example = "7.054838709677")]
    pub mean: Option<String>,
}

impl Example for DataGroup {
    fn example() -> Self {
        let text = |number: &str| Some(number.to_owned());
        Self {
            from: Some(1_325_376_000_000),
            key: vec![text("USW00024233")],
            operations: 31,
            values: 31,
            others: 0,
            sum: text("218.7"),
            least: text("-1.1"),
            most: text("12.8"),
            mean: text("7.054838709677"),
        }
    }
}

/// The answer, or a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataAggregates {
    /// By time and members, in their order.
    pub groups: Vec<DataGroup>,
    /// How many operations were counted.
    pub operations: u64,
    /// `after` of the next part; absent when this is everything. Groups of parts are joined: counts and sums are added, bounds compared, a mean is the sum through the values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<OperationPlace>,
}

impl Example for DataAggregates {
    fn example() -> Self {
        Self { groups: vec![DataGroup::example()], operations: 31, next: None }
    }
}
