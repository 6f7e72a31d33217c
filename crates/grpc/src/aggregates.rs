//! U2S, answers over many operations: between its messages and the door's types.

use chancery_reference_points::{
    DoorError, DoorResult,
    data_search::{
        Aggregates as DoorAggregates, DataAggregate, DataQuery, Every as DoorEvery, Group as DoorGroup,
        Interval as DoorInterval, Member as DoorMember,
    },
};

use crate::{
    r2d::malformed,
    u2s::{AggregateRequest, Aggregates, Every, Group, Interval, KeyMember, Member, SearchRequest},
};

/// A query that says which operations, and nothing about a page of them.
pub(crate) fn narrowing(query: Option<SearchRequest>) -> DoorResult<DataQuery> {
    let query = DataQuery::try_from(query.unwrap_or_default())?;
    if query.ascending || query.sort.is_some() || query.limit.is_some() || query.after.is_some() {
        return Err(malformed("query", "`ascending`, `sort`, `limit` and `after` are of a page of a search"));
    }
    Ok(query)
}

impl From<Member> for DoorMember {
    fn from(member: Member) -> Self {
        Self { path: member.path, in_formats: member.in_formats.into_iter().collect() }
    }
}

impl TryFrom<Every> for DoorEvery {
    type Error = DoorError;

    fn try_from(every: Every) -> DoorResult<Self> {
        let interval = match Interval::try_from(every.interval) {
            Ok(Interval::Hour) => DoorInterval::Hour,
            Ok(Interval::Day) => DoorInterval::Day,
            Ok(Interval::Month) => DoorInterval::Month,
            Ok(Interval::Year) => DoorInterval::Year,
            Ok(Interval::Unspecified) | Err(_) => return Err(malformed("every", "there is no such interval")),
        };
        Ok(Self { interval, member: every.member.map(Into::into) })
    }
}

impl TryFrom<AggregateRequest> for DataAggregate {
    type Error = DoorError;

    /// What cannot be read is refused by its member; bounds are the door's.
    fn try_from(request: AggregateRequest) -> DoorResult<Self> {
        Ok(Self {
            query: DataQuery { after: request.after.map(Into::into), ..narrowing(request.query)? },
            value: request.value.map(Into::into),
            by: request.by.into_iter().map(Into::into).collect(),
            every: request.every.map(TryInto::try_into).transpose()?,
        })
    }
}

impl From<DoorGroup> for Group {
    fn from(group: DoorGroup) -> Self {
        Self {
            from_ms: group.from,
            key: group.key.into_iter().map(|text| KeyMember { text }).collect(),
            operations: group.operations,
            values: group.values,
            others: group.others,
            sum: group.sum,
            least: group.least,
            most: group.most,
            mean: group.mean,
        }
    }
}

impl From<DoorAggregates> for Aggregates {
    fn from(answer: DoorAggregates) -> Self {
        Self {
            groups: answer.groups.into_iter().map(Into::into).collect(),
            operations: answer.operations,
            next: answer.next.map(Into::into),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeMap;

    use chancery_reference_points::{Code, data_search::OperationPlace as DoorPlace};

    use super::*;
    use crate::u2s::{OperationPlace, Sort};

    // SEARCH-6
    #[test]
    fn a_question_is_the_one_of_the_door_and_so_is_its_answer() {
        assert_eq!(DataAggregate::try_from(AggregateRequest::default()).unwrap(), DataAggregate::default());
        let member = |path: &str| Member { path: path.into(), in_formats: [("far".into(), "height".into())].into() };
        let asked = DataAggregate::try_from(AggregateRequest {
            query: Some(SearchRequest { formats: vec!["f".into()], ..Default::default() }),
            value: Some(member("level")),
            by: vec![member("station")],
            every: Some(Every { interval: Interval::Month.into(), member: Some(member("day")) }),
            after: Some(OperationPlace { place: 4, index: 5 }),
        });
        let known = |path: &str| DoorMember {
            path: path.into(),
            in_formats: BTreeMap::from([("far".into(), "height".into())]),
        };
        let expected = DataAggregate {
            query: DataQuery {
                formats: vec!["f".into()],
                after: Some(DoorPlace { place: 4, index: 5 }),
                ..DataQuery::default()
            },
            value: Some(known("level")),
            by: vec![known("station")],
            every: Some(DoorEvery { interval: DoorInterval::Month, member: Some(known("day")) }),
        };
        assert_eq!(asked.unwrap(), expected);
        let group = DoorGroup { from: Some(-1), key: vec![None, Some("a".into())], values: 2, ..DoorGroup::default() };
        let answer = Aggregates::from(DoorAggregates { groups: vec![group], operations: 3, next: None });
        let texts: Vec<_> = answer.groups[0].key.iter().map(|member| member.text.as_deref()).collect();
        assert_eq!((answer.groups[0].from_ms, texts, answer.operations), (Some(-1), vec![None, Some("a")], 3));
    }

    // GRPC-2, GRPC-4: what REST refuses is refused, by the same code and member.
    #[test]
    fn what_is_of_a_page_or_unknown_is_refused_by_name() {
        let of = |query| AggregateRequest { query: Some(query), ..Default::default() };
        let sort = Sort { field: "time".into(), ..Default::default() };
        for (request, member) in [
            (of(SearchRequest { ascending: true, ..Default::default() }), "query"),
            (of(SearchRequest { limit: Some(1), ..Default::default() }), "query"),
            (of(SearchRequest { sort: Some(sort), ..Default::default() }), "query"),
            (of(SearchRequest { after: Some(OperationPlace { place: 0, index: 0 }), ..Default::default() }), "query"),
            (AggregateRequest { every: Some(Every::default()), ..Default::default() }, "every"),
            (AggregateRequest { every: Some(Every { interval: 9, member: None }), ..Default::default() }, "every"),
        ] {
            let error = DataAggregate::try_from(request).unwrap_err();
            assert_eq!((error.code(), error.members()["member"].as_str()), (Code::MalformedRequest, Some(member)));
        }
    }
}
