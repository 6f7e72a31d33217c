//! What is asked of many operations together: counts, sums, bounds and means, by members and times.

use std::{cmp, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::{Asset, DataQuery, OperationPlace, decimal::Fixed};

/// Most members that operations are grouped by.
pub const MAX_GROUPED_BY: usize = 4;
/// Most formats in which a member has another name.
pub const MAX_NAMES: usize = 16;
/// Most groups of one answer; what has more is refused.
pub const MAX_GROUPS: usize = 10_000;
/// Most operations that are read for one answer; it says where the next goes on.
pub const MAX_AGGREGATED_OPERATIONS: usize = 200_000;
/// Most bytes of them.
pub const MAX_AGGREGATED_BYTES: usize = 256 * 1024 * 1024;
/// Most subjects of data that are not public in one answer, each of which is an access of its own; what has more is refused.
pub const MAX_AGGREGATED_SUBJECTS: usize = 1000;

/// A member of the content, which may have another name in some formats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Member {
    /// As of a field: names from the outermost in, with dots.
    pub path: String,
    /// The path in these formats.
    #[serde(default)]
    pub in_formats: BTreeMap<String, String>,
}

impl Member {
    /// The path in a format.
    #[must_use]
    pub fn path_in(&self, format: &str) -> &str {
        self.in_formats.get(format).unwrap_or(&self.path)
    }
}

/// A span of time, in UTC, by the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Every {
    /// How long a group is.
    pub interval: Interval,
    /// A member that is a date or a date with a time; the time that the query is about, when absent.
    #[serde(default)]
    pub member: Option<Member>,
}

/// What is asked. Without anything but the query: how many operations match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DataAggregate {
    /// Of which operations. Its order and limit do not count; `after` says where an answer before ended.
    pub query: DataQuery,
    /// What is added up and compared.
    pub value: Option<Member>,
    /// By which members it is grouped.
    pub by: Vec<Member>,
    /// By which time it is grouped.
    pub every: Option<Every>,
}

/// Operations that have the same members and the same time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Where its time begins, Unix milliseconds; absent when it is not grouped by time, or for operations without that time.
    pub from: Option<i64>,
    /// What the members are, in the order asked for: text, a number in one spelling for each, `true`, `false` or `null`; absent where there is none.
    pub key: Vec<Option<String>>,
    /// How many operations.
    pub operations: u64,
    /// How many numbers were added up.
    pub values: u64,
    /// How many operations have none: the member is absent, is no number, or one with more digits than a sum has.
    pub others: u64,
    /// The numbers' sum, exact; absent without numbers, as the following.
    pub sum: Option<String>,
    /// The least.
    pub least: Option<String>,
    /// The greatest.
    pub most: Option<String>,
    /// Sum through values, to 12 digits after the point, half to even.
    pub mean: Option<String>,
}

impl Group {
    /// Adds a group of the same members and time that another part of the operations has.
    ///
    /// `None` when one of them has no numbers where it should, or beyond all room.
    #[must_use]
    pub fn with(&self, other: &Self) -> Option<Self> {
        let read = |text: &Option<String>| text.as_deref().map(str::parse::<Fixed>).transpose().ok();
        let both =
            |left: Option<Fixed>, right: Option<Fixed>, join: fn(Fixed, Fixed) -> Option<Fixed>| match (left, right) {
                (Some(left), Some(right)) => join(left, right).map(Some),
                (one, other) => Some(one.or(other)),
            };
        let sum = both(read(&self.sum)?, read(&other.sum)?, Fixed::checked_add)?;
        let least = both(read(&self.least)?, read(&other.least)?, |left, right| Some(cmp::min(left, right)))?;
        let most = both(read(&self.most)?, read(&other.most)?, |left, right| Some(cmp::max(left, right)))?;
        let values = self.values + other.values;
        let text = |number: Option<Fixed>| number.map(|number| number.to_string());
        Some(Self {
            from: self.from,
            key: self.key.clone(),
            operations: self.operations + other.operations,
            values,
            others: self.others + other.others,
            sum: text(sum),
            least: text(least),
            most: text(most),
            mean: text(sum.and_then(|sum| sum.mean(values))),
        })
    }
}

/// An answer, or a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Aggregates {
    /// By time and members, in their order.
    pub groups: Vec<Group>,
    /// How many operations were counted.
    pub operations: u64,
    /// After which operation the next part begins; absent when this is everything. Parts are joined group by group ([`Group::with`]).
    pub next: Option<OperationPlace>,
}

/// What processing answers: with the assets of which data that are not public went into it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Aggregation {
    /// The answer.
    pub aggregates: Aggregates,
    /// The assets.
    pub assets: Vec<Asset>,
    /// How many operations that are not public and about no subject went into it.
    #[serde(default)]
    pub unnamed: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    // S-APP: parts of an answer join to the whole one.
    #[test]
    fn parts_join_to_the_whole() {
        let part = |values, sum: &str, least: &str, most: &str| Group {
            operations: values + 1,
            values,
            others: 1,
            sum: Some(sum.into()),
            least: Some(least.into()),
            most: Some(most.into()),
            ..Group::default()
        };
        let none = Group { operations: 2, others: 2, ..Group::default() };
        let whole = Group { mean: Some("0.2".into()), ..part(3, "0.6", "-1", "1.5") };
        let joined = part(1, "0.1", "0.1", "0.1").with(&part(2, "0.5", "-1", "1.5"));
        assert_eq!(joined, Some(Group { operations: 5, others: 2, ..whole.clone() }));
        assert_eq!(none.with(&whole), Some(Group { operations: 6, others: 3, ..whole.clone() }));
        assert_eq!(part(1, "word", "1", "1").with(&whole), None);
    }
}
