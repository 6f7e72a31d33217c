//! Open data out of a report: what was counted, without any address, and without resources that not everybody may see (S-APP).

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use chancery_rest::types::reports::{ActivityReport, OpenData, OpenDataRow};
use futures::stream;
use http::{HeaderValue, header};
use serde::Serialize;

use crate::{
    problem::ApiResult,
    routes::{data::csv::cell, map},
};

/// The names of the columns.
pub(super) const HEAD: &str = "day,topic,name,event,count\r\n";
/// Rows that are written at once.
const CHUNK_ROWS: usize = 1000;

/// The numbers of a report that everybody may have.
pub(super) fn of(report: ActivityReport) -> ApiResult<OpenData> {
    let whole = report.unreachable.is_empty() && report.cut.is_empty() && !report.more;
    let restricted: BTreeSet<String> = report.restricted.into_iter().collect();
    // Of sources the report names addresses: here they are one.
    let mut operations: BTreeMap<(String, String), u64> = BTreeMap::new();
    for one in report.operations {
        *operations.entry((one.day, one.format)).or_default() += one.count;
    }
    let last_day = report.to.to_string().split('T').next().unwrap_or_default().to_owned();
    let mut rows = Vec::new();
    let mut push = |day: &str, topic: &str, name: String, event: String, count| {
        rows.push(OpenDataRow { day: day.to_owned(), topic: topic.to_owned(), name, event, count });
    };
    for ((day, format), count) in operations {
        push(&day, "operations", format, "accepted".to_owned(), count);
    }
    for one in report.certificates {
        push(&one.day, "certificates", one.kind, name(&one.change)?, one.count);
    }
    for one in report.standing {
        push(&last_day, "standing", one.kind, name(&one.standing)?, one.count);
    }
    for one in report.inspections {
        push(&one.day, "inspections", one.kind, name(&one.outcome)?, one.count);
    }
    for one in report.sharing.into_iter().filter(|one| !restricted.contains(&one.resource)) {
        push(&one.day, "sharing", one.resource, name(&one.event)?, one.count);
    }
    Ok(OpenData { from: report.from, to: report.to, made_at: report.made_at, whole, rows })
}

/// The name of what happened, as the interface writes it.
fn name(value: &impl Serialize) -> ApiResult<String> {
    Ok(map::to_json(value)?.as_str().unwrap_or_default().to_owned())
}

/// The rows as CSV, written as they are read.
pub(super) fn csv(open: OpenData) -> Response {
    let mut rows = open.rows.into_iter();
    let mut head = Some(HEAD);
    let chunks = std::iter::from_fn(move || {
        let begin = head.take();
        let text: String =
            begin.into_iter().map(str::to_owned).chain(rows.by_ref().take(CHUNK_ROWS).map(line)).collect();
        (!text.is_empty()).then(|| Ok::<_, Infallible>(Bytes::from(text)))
    });
    let mut response = Body::from_stream(stream::iter(chunks)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    response
}

fn line(row: OpenDataRow) -> String {
    let OpenDataRow { day, topic, name, event, count } = row;
    format!("{},{},{},{},{count}\r\n", cell(&day), cell(&topic), cell(&name), cell(&event))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_rest::{
        types::{
            Example as _,
            reports::{AcceptedCount, SharingCount, SharingEvent},
        },
        values::HexAddress,
    };

    use super::*;

    // S-APP, M-PRIV
    #[test]
    fn open_data_name_no_address_and_no_resource_that_is_not_for_everybody() {
        let report = ActivityReport::example();
        let source = HexAddress(alloy_primitives::Address::repeat_byte(7));
        let accepted = &report.operations[0];
        let other = AcceptedCount { source, count: 39, ..accepted.clone() };
        let hidden = SharingCount {
            day: "2026-11-21".into(),
            resource: "weather".into(),
            event: SharingEvent::Granted,
            count: 5,
        };
        let (operations, mut sharing) = (vec![accepted.clone(), other], report.sharing.clone());
        sharing.push(hidden);
        let open = of(ActivityReport { operations, sharing, ..report }).unwrap();
        let told: Vec<_> = open.rows.iter().map(|row| (row.topic.as_str(), row.name.as_str(), row.count)).collect();
        assert_eq!(
            told,
            [
                ("operations", "reading/air-quality", 1500),
                ("certificates", "degree", 12),
                ("standing", "degree", 480),
                ("inspections", "degree", 7),
                ("sharing", "weather-daily", 2),
            ]
        );
        let text = serde_json::to_string(&open).unwrap();
        assert!(!text.contains("0x"), "{text}");
        let partial = ActivityReport { unreachable: vec!["degree".into()], ..ActivityReport::example() };
        assert!(open.whole && !of(partial).unwrap().whole);
    }
}
