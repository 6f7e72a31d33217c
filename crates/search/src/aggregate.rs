//! Counts, sums, bounds and means over everything that matches (SEARCH-6): exact, and bounded in what is read, in groups and in subjects.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use chancery_data::{Operation, merkle::leaf_hash, submission::Access};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    data_search::{
        Aggregates, DataAggregate, Group, MAX_AGGREGATED_BYTES, MAX_AGGREGATED_OPERATIONS, MAX_AGGREGATED_SUBJECTS,
        MAX_FIELD_BYTES, MAX_GROUPED_BY, MAX_GROUPS, MAX_NAMES, Member, OperationPlace, TimeStamp,
        decimal::{Decimal, Fixed},
    },
};
use serde_json::value::RawValue;

use crate::{
    SearchError,
    budget::Budget,
    chunk::SubmissionRow,
    index::SearchIndex,
    members, moments,
    query::{Contents, Found, Plan, Visitor},
    ranges,
    sight::Sight,
    terms,
};

/// Where a group's time begins, and what its members are. What is absent comes first.
type Key = (Option<i64>, Vec<Option<String>>);
/// Organization, format and subject of an asset.
pub(crate) type AssetName = (String, String, String);

/// What a group has so far.
#[derive(Default)]
struct Totals {
    operations: u64,
    values: u64,
    others: u64,
    sum: Fixed,
    bounds: Option<(Fixed, Fixed)>,
}

impl Totals {
    fn add(&mut self, value: Fixed) -> bool {
        let Some(sum) = self.sum.checked_add(value) else { return false };
        self.sum = sum;
        self.values += 1;
        self.bounds = Some(self.bounds.map_or((value, value), |(least, most)| (least.min(value), most.max(value))));
        true
    }

    fn group(self, (from, key): Key) -> Group {
        let sum = self.bounds.map(|_| self.sum);
        Group {
            from,
            key,
            operations: self.operations,
            values: self.values,
            others: self.others,
            sum: sum.map(|sum| sum.to_string()),
            least: self.bounds.map(|(least, _)| least.to_string()),
            most: self.bounds.map(|(_, most)| most.to_string()),
            mean: sum.and_then(|sum| sum.mean(self.values)).map(|mean| mean.to_string()),
        }
    }
}

/// What is asked, within its bounds.
pub(crate) struct Question {
    plan: Plan,
    asked: DataAggregate,
}

/// An answer, and of which data that are not public it is: their assets, and how many operations are about none.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) aggregates: Aggregates,
    pub(crate) assets: BTreeSet<AssetName>,
    pub(crate) unnamed: u64,
}

/// Why an answer would be beyond its bounds.
#[derive(Clone, Copy)]
enum Beyond {
    Groups,
    Subjects,
}

/// An answer that is being made.
struct Answer<'a, C, N> {
    question: &'a Question,
    contents: &'a C,
    organization: N,
    groups: BTreeMap<Key, Totals>,
    assets: BTreeSet<AssetName>,
    /// Of data that are not public and about no subject.
    unnamed: u64,
    counted: u64,
    budget: Budget,
    last: Option<OperationPlace>,
    is_bounded: bool,
    beyond: Option<Beyond>,
}

impl Question {
    /// # Errors
    /// `MalformedRequest` with the member that is beyond its bounds.
    pub(crate) fn new(mut asked: DataAggregate, sight: Sight) -> DoorResult<Self> {
        let refuse = |member: &str, detail: String| {
            Err(DoorError::new(Code::MalformedRequest, format!("{member}: {detail}")).with("member", member))
        };
        if asked.by.len() > MAX_GROUPED_BY {
            return refuse("by", format!("write at most {MAX_GROUPED_BY}"));
        }
        let every = asked.every.as_ref().and_then(|every| every.member.as_ref()).map(|member| ("every", member));
        let value = asked.value.as_ref().map(|member| ("value", member));
        let by = asked.by.iter().map(|member| ("by", member));
        for (name, member) in value.into_iter().chain(every).chain(by) {
            let names = member.in_formats.iter().flat_map(|(format, path)| [format, path]);
            let is_named = |text: &String| (1..=MAX_FIELD_BYTES).contains(&text.len());
            if !names.chain([&member.path]).all(is_named) || member.in_formats.len() > MAX_NAMES {
                let detail =
                    format!("paths and formats have 1 to {MAX_FIELD_BYTES} bytes, for at most {MAX_NAMES} formats");
                return refuse(name, detail);
            }
        }
        let mut query = std::mem::take(&mut asked.query);
        (query.ascending, query.limit, query.sort) = (true, None, None);
        Ok(Self { plan: Plan::new(query, sight)?, asked })
    }

    /// Whether nothing has to be read to answer for what everybody may see.
    const fn counts_alone(&self) -> bool {
        let DataAggregate { value, by, every, .. } = &self.asked;
        let has_member = match every {
            Some(every) => every.member.is_some(),
            None => false,
        };
        value.is_none() && by.is_empty() && !has_member && self.plan.ranges.is_empty()
    }

    /// The answer, with what went into it of data that are not public.
    pub(crate) fn answer(
        &self,
        index: &SearchIndex,
        contents: &impl Contents,
        organization: impl Fn(&SubmissionRow) -> String,
    ) -> Result<DoorResult<Answered>, SearchError> {
        let mut answer = Answer {
            question: self,
            contents,
            organization,
            groups: BTreeMap::new(),
            assets: BTreeSet::new(),
            unnamed: 0,
            counted: 0,
            budget: Budget::new(MAX_AGGREGATED_OPERATIONS, MAX_AGGREGATED_BYTES),
            last: None,
            is_bounded: false,
            beyond: None,
        };
        let edge = self.plan.visit(index, &mut answer)?;
        if let Some(beyond) = answer.beyond {
            return Ok(Err(beyond.refusal()));
        }
        let next = if answer.is_bounded { answer.last } else { edge };
        let groups = answer.groups.into_iter().map(|(key, totals)| totals.group(key)).collect();
        let aggregates = Aggregates { groups, operations: answer.counted, next };
        Ok(Ok(Answered { aggregates, assets: answer.assets, unnamed: answer.unnamed }))
    }
}

impl Beyond {
    fn refusal(self) -> DoorError {
        let (member, limit, detail) = match self {
            Self::Groups => ("by", MAX_GROUPS, "groups: group by less, by a longer time, or narrow the query"),
            Self::Subjects => (
                "query",
                MAX_AGGREGATED_SUBJECTS,
                "subjects of data that are not public: narrow the query, by time for example",
            ),
        };
        let detail = format!("{member}: an answer has at most {limit} {detail}");
        DoorError::new(Code::MalformedRequest, detail).with("member", member).with("limit", limit)
    }
}

impl<C: Contents, N: Fn(&SubmissionRow) -> String> Answer<'_, C, N> {
    fn count(&mut self, (submission, row): &Found, operation: Option<&Operation<'_>>) {
        let (asked, content) = (&self.question.asked, operation.and_then(terms::content_of));
        let from = asked.every.as_ref().and_then(|every| {
            let at = match (&every.member, self.question.plan.time) {
                (Some(member), _) => moment(content, member.path_in(&submission.format)),
                (None, TimeStamp::Stated) => Some(moments::of_ms(row.time_ms)),
                (None, TimeStamp::Accepted) => Some(moments::of_ms(submission.accepted_at_ms)),
            };
            moments::begin(at?, every.interval)
        });
        let key = asked.by.iter().map(|member| text(content, member.path_in(&submission.format))).collect();
        let key: Key = (from, key);
        if self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&key) {
            self.beyond = Some(Beyond::Groups);
            return;
        }
        let totals = self.groups.entry(key).or_default();
        totals.operations += 1;
        self.counted += 1;
        if let Some(value) = &asked.value {
            totals.others += u64::from(!add_values(totals, content, value, &submission.format));
        }
    }

    /// Data that are not public by the class that counts for the asker, whatever their source said.
    fn note_subject(&mut self, submission: &SubmissionRow, class: Access, operation: &Operation<'_>) {
        if class == Access::Public {
            return;
        }
        let Some(subject) = &operation.subject else {
            self.unnamed += 1;
            return;
        };
        self.assets.insert(((self.organization)(submission), submission.format.to_string(), subject.to_string()));
        if self.assets.len() > MAX_AGGREGATED_SUBJECTS {
            self.beyond = Some(Beyond::Subjects);
        }
    }
}

/// Whether every number at the member was added up, and there is one.
fn add_values(totals: &mut Totals, content: Option<&RawValue>, value: &Member, format: &str) -> bool {
    let (mut is_whole, mut has_any) = (true, false);
    if let Some(content) = content {
        members::each(content, value.path_in(format), |json| {
            let is_added = json.parse::<Fixed>().is_ok_and(|value| totals.add(value));
            is_whole &= is_added;
            has_any |= is_added;
        });
    }
    is_whole && has_any
}

fn first<'a>(content: Option<&'a RawValue>, path: &str) -> Option<&'a str> {
    let mut found = None;
    members::each(content?, path, |json| found = found.or(Some(json)));
    found
}

fn moment(content: Option<&RawValue>, path: &str) -> Option<i128> {
    first(content, path).and_then(ranges::moment)
}

/// What a member is called in a key: the first of an array. A long text is named by its hash.
fn text(content: Option<&RawValue>, path: &str) -> Option<String> {
    let json = first(content, path)?;
    let text = match json.parse::<Decimal>() {
        Ok(number) => number.to_string(),
        Err(_) => serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned()),
    };
    Some(if text.len() > MAX_FIELD_BYTES { format!("#{:x}", leaf_hash(text.as_bytes())) } else { text })
}

impl<C: Contents, N: Fn(&SubmissionRow) -> String> Visitor for Answer<'_, C, N> {
    fn room(&self) -> usize {
        usize::MAX
    }

    fn visit(&mut self, found: Found) -> Result<ControlFlow<()>, SearchError> {
        let (submission, row) = &found;
        // The plan has left out what the asker does not see already.
        let Some((class, _)) = self.question.plan.seen(submission) else { return Ok(ControlFlow::Continue(())) };
        if self.question.counts_alone() && class == Access::Public {
            self.count(&found, None);
        } else {
            if !self.budget.has_room() {
                self.is_bounded = true;
                return Ok(ControlFlow::Break(()));
            }
            self.budget.spend(row.bytes as usize);
            let bytes = self.contents.bytes(submission, row)?;
            // Bytes that are no operation were changed on the disk: they are not counted as if they were.
            let at = OperationPlace { place: submission.place, index: row.index };
            let operation = Operation::parse(&bytes).map_err(|_| SearchError::Content(at))?;
            if self.question.plan.holds(&operation) {
                self.note_subject(submission, class, &operation);
                self.count(&found, Some(&operation));
            }
        }
        self.last = Some(OperationPlace { place: submission.place, index: row.index });
        Ok(if self.beyond.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}
