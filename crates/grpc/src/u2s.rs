//! U2S for data of registered sources: between its messages and the door's types.

use alloy_primitives::Address;
use bytes::Bytes;
use chancery_data::submission::Access as DoorAccess;
use chancery_reference_points::{
    DoorError, DoorResult,
    data_search::{
        Asset as DoorAsset, AssetTrace as DoorTrace, DataOperation as DoorOperation, DataPage as DoorPage, DataQuery,
        FieldRange as DoorRange, FieldValue as DoorField, OperationPlace as DoorPlace, Sort as DoorSort,
        TimeStamp as DoorTime, TraceRequest,
    },
    trace::{Transfers as DoorTransfers, UseRight as DoorRight},
};

use crate::r2d::malformed;
pub use crate::wire::{
    data::v1::OperationPlace,
    u2s::v1::{
        Access, AggregateRequest, Aggregates, Asset, AssetAccess, AssetTrace, AssetVersion, DataOperation, DataPage,
        Delivered, Every, FieldRange, FieldValue, Group, HandOver, Interval, KeyMember, ListSubscriptionsRequest,
        Member, ReadSubscriptionRequest, SearchRequest, Sort, SubscribeRequest, Subscription, SubscriptionName,
        Subscriptions, TimeStamp, Transfers, UseRight, u2s_client, u2s_server,
    },
};

impl TryFrom<SearchRequest> for DataQuery {
    type Error = DoorError;

    /// Names of sources have 20 bytes, and the time is one that this release knows; the other bounds are the door's.
    fn try_from(request: SearchRequest) -> DoorResult<Self> {
        let time = match TimeStamp::try_from(request.time) {
            Ok(TimeStamp::Unspecified | TimeStamp::Stated) => DoorTime::Stated,
            Ok(TimeStamp::Accepted) => DoorTime::Accepted,
            Err(_) => return Err(malformed("time", "there is no such time stamp")),
        };
        let source = |name: &Bytes| {
            Address::try_from(&name[..]).map_err(|_| malformed("sources", &format!("20 bytes, not {}", name.len())))
        };
        let range = |range: FieldRange| {
            let FieldRange { path, at_least, above, at_most, below } = range;
            DoorRange { path, at_least, above, at_most, below }
        };
        let field = |field: FieldValue| DoorField { path: field.path, value: field.value };
        Ok(Self {
            sources: request.sources.iter().map(source).collect::<DoorResult<_>>()?,
            formats: request.formats,
            subject: request.subject,
            fields: request.fields.into_iter().map(field).collect(),
            ranges: request.ranges.into_iter().map(range).collect(),
            text: request.text,
            from: request.from_ms,
            to: request.to_ms,
            time,
            ascending: request.ascending,
            // What does not fit is beyond every bound.
            limit: request.limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
            after: request.after.map(Into::into),
            sort: request.sort.map(|Sort { field, descending, after }| DoorSort { field, descending, after }),
        })
    }
}

impl From<DataQuery> for SearchRequest {
    fn from(query: DataQuery) -> Self {
        let time = match query.time {
            DoorTime::Stated => TimeStamp::Stated,
            DoorTime::Accepted => TimeStamp::Accepted,
        };
        let range = |range: DoorRange| {
            let DoorRange { path, at_least, above, at_most, below } = range;
            FieldRange { path, at_least, above, at_most, below }
        };
        let field = |field: DoorField| FieldValue { path: field.path, value: field.value };
        Self {
            sources: query.sources.iter().map(|source| Bytes::copy_from_slice(source.as_slice())).collect(),
            formats: query.formats,
            subject: query.subject,
            fields: query.fields.into_iter().map(field).collect(),
            ranges: query.ranges.into_iter().map(range).collect(),
            text: query.text,
            from_ms: query.from,
            to_ms: query.to,
            time: time.into(),
            ascending: query.ascending,
            limit: query.limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX)),
            after: query.after.map(Into::into),
            sort: query.sort.map(|DoorSort { field, descending, after }| Sort { field, descending, after }),
        }
    }
}

impl From<OperationPlace> for DoorPlace {
    fn from(at: OperationPlace) -> Self {
        Self { place: at.place, index: at.index }
    }
}

impl From<DoorPlace> for OperationPlace {
    fn from(at: DoorPlace) -> Self {
        Self { place: at.place, index: at.index }
    }
}

const fn access(access: DoorAccess) -> Access {
    match access {
        DoorAccess::Public => Access::Public,
        DoorAccess::Internal => Access::Internal,
        DoorAccess::Restricted => Access::Restricted,
    }
}

impl From<DoorOperation> for DataOperation {
    fn from(operation: DoorOperation) -> Self {
        let access = access(operation.access);
        Self {
            at: Some(operation.at.into()),
            digest: Bytes::copy_from_slice(operation.digest.as_slice()),
            name: Bytes::copy_from_slice(operation.name.as_slice()),
            source: Bytes::copy_from_slice(operation.source.as_slice()),
            organization: operation.organization,
            format: operation.format,
            format_version: operation.format_version,
            access: access.into(),
            accepted_at_ms: operation.accepted_at,
            operation: operation.operation.into(),
            right: operation.right.name().to_owned(),
        }
    }
}

impl From<DoorPage> for DataPage {
    fn from(page: DoorPage) -> Self {
        Self {
            operations: page.operations.into_iter().map(Into::into).collect(),
            next: page.next.map(Into::into),
            next_key: page.next_key,
        }
    }
}

impl From<Asset> for TraceRequest {
    fn from(asked: Asset) -> Self {
        let asset = DoorAsset { organization: asked.organization, format: asked.format, subject: asked.subject };
        Self { asset, before: asked.before.map(Into::into) }
    }
}

impl From<DoorTrace> for AssetTrace {
    fn from(trace: DoorTrace) -> Self {
        let DoorAsset { organization, format, subject } = trace.asset;
        let versions = trace.versions.into_iter();
        let accesses = trace.accesses.into_iter();
        Self {
            asset: Some(Asset { organization, format, subject, before: None }),
            versions: versions
                .map(|one| AssetVersion { version: one.version, operation: Some(one.operation.into()) })
                .collect(),
            accesses: accesses
                .map(|one| AssetAccess {
                    time_ms: one.time,
                    by: one.by.map(|by| Bytes::copy_from_slice(by.as_slice())).unwrap_or_default(),
                    service: one.service,
                })
                .collect(),
            findings: trace.findings,
            rights: trace.rights.into_iter().map(Into::into).collect(),
            transfers: Some(trace.transfers.into()),
            older: trace.older.map(Into::into),
            cut: trace.cut,
        }
    }
}

impl From<DoorRight> for UseRight {
    fn from(right: DoorRight) -> Self {
        let narrowed_by = right.narrowed_by.iter().map(|rule| format!("{}, version {}", rule.service, rule.version));
        Self {
            act: right.act.name().to_owned(),
            by: right.by.to_string(),
            access: right.access.map_or(Access::Unspecified, access).into(),
            rule: right.rule,
            narrowed_by: narrowed_by.collect(),
        }
    }
}

impl From<DoorTransfers> for Transfers {
    fn from(transfers: DoorTransfers) -> Self {
        let path = transfers.path.into_iter().map(|one| HandOver {
            of: Bytes::copy_from_slice(one.of.as_slice()),
            from: one.from.unwrap_or_default(),
            to: one.to.unwrap_or_default(),
            at_ms: one.at,
            how: one.how.name().to_owned(),
        });
        Self {
            transferable: transfers.transferable,
            rule: transfers.rule,
            reason: transfers.reason,
            path: path.collect(),
            cut: transfers.cut,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_reference_points::Code;

    use super::*;

    #[test]
    fn a_search_narrows_by_what_it_says_and_by_nothing_else() {
        assert_eq!(DataQuery::try_from(SearchRequest::default()).unwrap(), DataQuery::default());
        let query = DataQuery::try_from(SearchRequest {
            sources: vec![Bytes::from_static(&[1; 20])],
            formats: vec!["a".into()],
            subject: Some("s".into()),
            fields: vec![FieldValue { path: "p".into(), value: "v".into() }],
            ranges: vec![FieldRange { path: "r".into(), above: Some("1".into()), ..FieldRange::default() }],
            text: Some("t".into()),
            from_ms: Some(1),
            to_ms: Some(2),
            time: TimeStamp::Accepted.into(),
            ascending: true,
            limit: Some(3),
            after: Some(OperationPlace { place: 4, index: 5 }),
            sort: Some(Sort { field: "content.p".into(), descending: true, after: Some("6".into()) }),
        })
        .unwrap();
        let expected = DataQuery {
            sources: vec![Address::repeat_byte(1)],
            formats: vec!["a".into()],
            subject: Some("s".into()),
            fields: vec![DoorField { path: "p".into(), value: "v".into() }],
            ranges: vec![DoorRange { path: "r".into(), above: Some("1".into()), ..DoorRange::default() }],
            text: Some("t".into()),
            from: Some(1),
            to: Some(2),
            time: DoorTime::Accepted,
            ascending: true,
            limit: Some(3),
            after: Some(DoorPlace { place: 4, index: 5 }),
            sort: Some(DoorSort { field: "content.p".into(), descending: true, after: Some("6".into()) }),
        };
        assert_eq!(query, expected);
        // A subscription shows its query as it was asked for.
        assert_eq!(DataQuery::try_from(SearchRequest::from(expected.clone())).unwrap(), expected);
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        let short = SearchRequest { sources: vec![Bytes::from_static(&[1; 19])], ..Default::default() };
        let unknown = SearchRequest { time: 99, ..Default::default() };
        for (request, member) in [(short, "sources"), (unknown, "time")] {
            let error = DataQuery::try_from(request).unwrap_err();
            assert_eq!((error.code(), error.members()["member"].as_str()), (Code::MalformedRequest, Some(member)));
        }
    }
}
