//! `/v1/reports`: what the city did in a period, in numbers (S-APP).

mod open_data;

use std::time::{Duration, Instant};

use axum::{
    Extension, Json as Answer,
    extract::State,
    response::{IntoResponse as _, Response},
};
use chancery_reference_points::{Actor, Code, DoorResult, data_search::DayCount};
use chancery_rest::{
    types::{
        Example as _,
        reports::{
            AcceptedCount, ActivityReport, CertificateChange, CertificateCount, InspectionCount, InspectorCount,
            OpenData, OpenDataFormat, SharingAlias, SharingCount, SharingEvent, StandingCount,
        },
    },
    values::{HexAddress, Timestamp},
};
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::map::{self, services};
use crate::{
    authorization::layer::Caller,
    negotiation,
    problem::{ApiError, ApiResult},
    request::Query,
    state::{self, Shared},
};

const DAY_MS: u64 = 86_400_000;
/// The period of a report without one: the days before now.
const DEFAULT_DAYS: u64 = 30;
/// Most answers about resources that a report asks for; each counts about a thousand.
const MAX_SHARING_ANSWERS: usize = 20;
/// Longest period.
const MAX_DAYS: u64 = 366;

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<Shared>> {
    OpenApiRouter::default().routes(routes!(report_activity)).routes(routes!(report_open_data))
}

/// Which period.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PeriodQuery {
    /// From this time on; 30 days before `to` unless given.
    from: Option<Timestamp>,
    /// Before this time; now unless given. At most 366 days after `from`.
    to: Option<Timestamp>,
}

/// Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
}

impl Period {
    pub(super) fn of(from: Option<Timestamp>, to: Option<Timestamp>, now_ms: u64) -> ApiResult<Self> {
        let to_ms = to.map_or(now_ms, Timestamp::unix_milliseconds);
        let from_ms = from.map_or(to_ms.saturating_sub(DEFAULT_DAYS * DAY_MS), Timestamp::unix_milliseconds);
        if from_ms >= to_ms {
            return Err(ApiError::new(Code::MalformedRequest, "from: it must be before `to`"));
        }
        if to_ms - from_ms > MAX_DAYS * DAY_MS {
            return Err(ApiError::new(Code::MalformedRequest, format!("to: at most {MAX_DAYS} days after `from`")));
        }
        Ok(Self { from_ms, to_ms })
    }

    /// Whether a day, in days since 1970-01-01, has a moment of it.
    fn touches(self, day: u32) -> bool {
        let begins = u64::from(day) * DAY_MS;
        begins < self.to_ms && begins + DAY_MS > self.from_ms
    }
}

/// What certificates do, as `certificates.activity` counts it.
#[derive(Deserialize)]
struct Certificates {
    changes: Vec<Changed>,
    standing: Vec<StandingCount>,
    inspections: Vec<Inspected>,
    inspectors: Vec<InspectorCount>,
    #[serde(default)]
    unreachable: Vec<String>,
}

#[derive(Deserialize)]
struct Changed {
    day: u32,
    kind: String,
    change: CertificateChange,
    count: u64,
}

#[derive(Deserialize)]
struct Inspected {
    day: u32,
    kind: String,
    outcome: chancery_rest::types::certificates::Outcome,
    count: u64,
}

/// What is shared, as `sharing.activity` counts it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sharing {
    resources: u64,
    events: Vec<Happened>,
    cut: Vec<String>,
    restricted: Vec<String>,
    aliases: Vec<SharingAlias>,
    /// Where its next answer begins.
    next: Option<u64>,
}

#[derive(Deserialize)]
struct Happened {
    day: u32,
    resource: String,
    event: SharingEvent,
    count: u64,
}

/// What the city did
///
/// Operations, certificates, inspections and sharing of a period, counted by day (UTC). Numbers without content.
#[utoipa::path(get, path = "/v1/reports/activity", tag = "supervision", params(PeriodQuery),
    responses((status = 200, description = "The counts.", body = ActivityReport, example = json!(ActivityReport::example()))),
)]
async fn report_activity(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Query(query): Query<PeriodQuery>,
) -> ApiResult<Answer<ActivityReport>> {
    Ok(Answer(activity(&shared, &caller, query.from, query.to).await?))
}

/// What the city did in a period, as the caller sees it counted, whichever way it is asked.
pub(crate) async fn activity(
    shared: &Shared,
    caller: &Caller,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> ApiResult<ActivityReport> {
    report(shared, caller, &caller.actor, from, to).await
}

/// The same as numbers that can be published.
pub(crate) async fn published(
    shared: &Shared,
    caller: &Caller,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> ApiResult<OpenData> {
    open_data::of(report(shared, caller, &Actor::public(), from, to).await?)
}

/// Which period, and how it is written.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OpenDataQuery {
    /// From this time on; 30 days before `to` unless given.
    from: Option<Timestamp>,
    /// Before this time; now unless given. At most 366 days after `from`.
    to: Option<Timestamp>,
    /// In which form; or else as the header `accept` likes best.
    #[serde(rename = "as")]
    #[param(inline)]
    format: Option<OpenDataFormat>,
}

/// Open data
///
/// The report of a period as numbers that can be published: without any address, and without resources that not everybody may see. As JSON, or as CSV that is
/// written as it is read.
#[utoipa::path(get, path = "/v1/reports/open-data", tag = "supervision", params(OpenDataQuery),
    responses((status = 200, description = "The numbers.", content(
        (OpenData = "application/json", example = json!(OpenData::example())),
        (String = "text/csv", example = json!(open_data::HEAD)),
    ))),
)]
async fn report_open_data(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Query(query): Query<OpenDataQuery>,
) -> ApiResult<Response> {
    let format = match query.format {
        Some(format) => format,
        None => negotiation::choose(&headers, &OpenDataFormat::ALL, OpenDataFormat::media_type)?,
    };
    let open = published(&shared, &caller, query.from, query.to).await?;
    let mut response = match format {
        OpenDataFormat::Json => Answer(open).into_response(),
        OpenDataFormat::Csv => open_data::csv(open),
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

/// Operations as somebody sees them counted (SEARCH-3); none where everybody is meant, and an access rule lets not everybody ask.
async fn accepted(shared: &Shared, seen_by: &Actor) -> DoorResult<Vec<DayCount>> {
    match shared.doors.u2s_data.data_statistics(seen_by).await {
        Err(refused)
            if seen_by.address.is_none() && matches!(refused.code(), Code::RoleRequired | Code::ServiceRefused) =>
        {
            Ok(Vec::new())
        }
        counted => counted,
    }
}

/// `seen_by`: as whom the operations are counted.
async fn report(
    shared: &Shared,
    caller: &Caller,
    seen_by: &Actor,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> ApiResult<ActivityReport> {
    let begun = Instant::now();
    let now_ms = shared.clock.unix_milliseconds();
    let period = Period::of(from, to, now_ms)?;
    let accepted = accepted(shared, seen_by).await?;
    let certificates: Certificates = counted(shared, caller, services::ACTIVITY, period).await?;
    let sharing = count_sharing(shared, caller, period, begun).await?;
    let operations = accepted.into_iter().filter(|one| period.touches(one.day)).map(|one| AcceptedCount {
        day: date(one.day),
        format: one.format,
        source: HexAddress(one.source),
        count: one.operations,
    });
    let changes = certificates.changes.into_iter().map(|one| CertificateCount {
        day: date(one.day),
        kind: one.kind,
        change: one.change,
        count: one.count,
    });
    let inspections = certificates.inspections.into_iter().map(|one| InspectionCount {
        day: date(one.day),
        kind: one.kind,
        outcome: one.outcome,
        count: one.count,
    });
    let events = sharing.events.into_iter().map(|one| SharingCount {
        day: date(one.day),
        resource: one.resource,
        event: one.event,
        count: one.count,
    });
    Ok(ActivityReport {
        from: Timestamp::from_unix_milliseconds(period.from_ms),
        to: Timestamp::from_unix_milliseconds(period.to_ms),
        made_at: Timestamp::from_unix_milliseconds(now_ms),
        operations: operations.collect(),
        certificates: changes.collect(),
        standing: certificates.standing,
        inspections: inspections.collect(),
        inspectors: certificates.inspectors,
        resources: sharing.resources,
        sharing: events.collect(),
        cut: sharing.cut,
        restricted: sharing.restricted,
        aliases: sharing.aliases,
        more: sharing.next.is_some(),
        unreachable: certificates.unreachable,
    })
}

async fn counted<A: DeserializeOwned>(shared: &Shared, caller: &Caller, service: &str, period: Period) -> ApiResult<A> {
    let parameters: Value = json!({ "fromMs": period.from_ms, "toMs": period.to_ms });
    map::ask(shared, caller, service, &parameters).await
}

/// Whether a report asks for another answer about resources: there is one, and time for it. What is counted by then is worth more than no answer in time.
fn goes_on(sharing: &Sharing, answers: usize, used: Duration, timeout: Duration) -> bool {
    sharing.next.is_some() && answers < MAX_SHARING_ANSWERS && used < timeout / 3 * 2
}

/// All of the directory, answer by answer; `next` stays where it has more than a report counts, or counts in time.
async fn count_sharing(shared: &Shared, caller: &Caller, period: Period, begun: Instant) -> ApiResult<Sharing> {
    let timeout = shared.config.limits.request_timeout;
    let (mut all, mut answers) = (Sharing::default(), 0);
    loop {
        let first = all.next.unwrap_or_default();
        let parameters = json!({ "fromMs": period.from_ms, "toMs": period.to_ms, "first": first });
        let page: Sharing = map::ask(shared, caller, services::SHARING_ACTIVITY, &parameters).await?;
        all.resources += page.resources;
        all.events.extend(page.events);
        all.cut.extend(page.cut);
        all.restricted.extend(page.restricted);
        all.aliases.extend(page.aliases);
        // What does not go on would be asked for ever.
        all.next = page.next.filter(|next| *next > first);
        answers += 1;
        if !goes_on(&all, answers, begun.elapsed(), timeout) {
            return Ok(all);
        }
    }
}

/// A day as RFC 3339 writes it.
fn date(day: u32) -> String {
    let begins = Timestamp::from_unix_milliseconds(u64::from(day) * DAY_MS).to_string();
    begins.split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(text: &str) -> Option<Timestamp> {
        Some(text.parse().unwrap())
    }

    // S-APP, bad input: periods
    #[test]
    fn a_period_is_bounded_and_has_a_default() {
        let now = 100 * DAY_MS;
        assert_eq!(Period::of(None, None, now).unwrap(), Period { from_ms: 70 * DAY_MS, to_ms: now });
        assert!(Period::of(at("2026-01-01T00:00:00Z"), at("2027-01-02T00:00:00Z"), now).is_ok());
        for (from, to) in
            [("2026-01-01T00:00:00Z", "2027-01-02T00:00:01Z"), ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z")]
        {
            let refused = Period::of(at(from), at(to), now);
            assert!(refused.is_err(), "{from} {to}");
        }
    }

    // S-APP
    #[test]
    fn a_report_goes_on_while_there_is_more_and_two_thirds_of_its_time_are_not_used() {
        let timeout = Duration::from_secs(30);
        let more = Sharing { next: Some(1_000), ..Sharing::default() };
        let second = Duration::from_secs(1);
        assert!(goes_on(&more, 1, second * 19, timeout));
        assert!(!goes_on(&more, 1, second * 20, timeout));
        assert!(!goes_on(&more, MAX_SHARING_ANSWERS, second, timeout));
        assert!(!goes_on(&Sharing::default(), 1, second, timeout));
    }

    // S-APP
    #[test]
    fn a_day_counts_when_the_period_has_a_moment_of_it() {
        let period = Period { from_ms: DAY_MS + 1, to_ms: 3 * DAY_MS };
        let touched: Vec<u32> = (0..5).filter(|day| period.touches(*day)).collect();
        assert_eq!(touched, [1, 2]);
        assert_eq!((date(0).as_str(), date(20_778).as_str()), ("1970-01-01", "2026-11-21"));
    }
}
