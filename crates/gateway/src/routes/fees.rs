//! `/v1/fees`: what inspections cost, set through O2C and seen through U2S, and what is owed for a period (C-FEE).

use std::collections::{BTreeMap, BTreeSet};

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{
    Role,
    o2c::Change,
    price::{Price as DoorPrice, PriceList, PriceSetting as DoorSetting, PriceSubject},
};
use chancery_rest::{
    types::{
        Example as _,
        fees::{Bill, BillLine, BillTotal, CheckLine, Price, PriceSetting, Prices, SetPrice},
        organizations::Changed,
        reports::InspectorCount,
    },
    values::{HexAddress, Timestamp},
};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    map::{self, services},
    organizations::{CheckQuery, control},
    reports::Period,
};
use crate::{
    authorization::layer::Caller,
    problem::ApiResult,
    request::{Json, Path, Query},
    state,
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default().routes(routes!(list_prices)).routes(routes!(set_price)).routes(routes!(make_bill))
}

/// What inspections cost
///
/// What counts now, and every change: an inspection is charged by the price of its time. Citizens pay nothing.
#[utoipa::path(get, path = "/v1/fees/prices", tag = "inspections", responses(
    (status = 200, description = "The price list.", body = Prices, example = json!(Prices::example())),
))]
async fn list_prices(State(shared): state::State) -> ApiResult<Answer<Prices>> {
    let list = PriceList::of(shared.doors.u2s.prices().await?);
    let now_ms = shared.clock.unix_milliseconds();
    let subjects: BTreeSet<&PriceSubject> = list.changes().iter().map(|change| &change.subject).collect();
    let prices = subjects.into_iter().filter_map(|subject| list.setting(subject, now_ms)).cloned().map(setting);
    let changes = list.changes().iter().rev().cloned().map(setting);
    Ok(Answer(Prices { prices: prices.collect(), changes: changes.collect() }))
}

/// Set a price
///
/// It counts for inspections that are recorded, and checks that are made, from now on. With `?check=true` it says what would change.
#[utoipa::path(put, path = "/v1/fees/prices/{subject}", tag = "organizations",
    params(
        ("subject" = String, Path, description = "`organizations` (of each without a price of its own) or `organization:CODE`.", example = "organizations"),
        CheckQuery,
    ),
    request_body(content = SetPrice, example = json!(SetPrice::example())),
    responses((status = 200, description = "What changes.", body = Changed, example = json!(Changed::example()))),
)]
async fn set_price(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(subject): Path<String>,
    Query(query): Query<CheckQuery>,
    Json(request): Json<SetPrice>,
) -> ApiResult<Answer<Changed>> {
    let subject = subject.parse::<PriceSubject>()?;
    let price = request.price.map(|price| DoorPrice {
        amount: price.amount,
        currency: price.currency,
        check_amount: price.check_amount.unwrap_or_default(),
        mebibyte_amount: price.mebibyte_amount.unwrap_or_default(),
    });
    let by = caller.address()?;
    control(&shared, &caller, Change::SetPrice { subject, price, by }, query.check).await
}

/// Which bill.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BillQuery {
    /// Only of this inspector; an inspector is shown its own whatever it writes.
    inspector: Option<HexAddress>,
    /// From this time on; 30 days before `to` unless given.
    from: Option<Timestamp>,
    /// Before this time; now unless given. At most 366 days after `from`.
    to: Option<Timestamp>,
}

/// What `fees.charges` counts.
#[derive(Deserialize)]
struct Charges {
    counts: Vec<Charge>,
}

/// Checks of one inspector for one organization.
#[derive(Deserialize)]
struct Charge {
    inspector: HexAddress,
    organization: String,
    count: u64,
    bytes: u64,
}

/// What `certificates.inspections` counts.
#[derive(Deserialize)]
struct Counted {
    #[serde(default)]
    counts: Vec<InspectorCount>,
    #[serde(default)]
    unreachable: Vec<String>,
}

/// A bill
///
/// Inspections of a period as the chains record them, and checks by machine as the city has written them down, each at the price of its time. An inspector sees its own, a
/// supervisor all.
#[utoipa::path(get, path = "/v1/fees/bills", tag = "inspections", params(BillQuery), responses(
    (status = 200, description = "The bill.", body = Bill, example = json!(Bill::example())),
))]
async fn make_bill(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Query(query): Query<BillQuery>,
) -> ApiResult<Answer<Bill>> {
    let now_ms = shared.clock.unix_milliseconds();
    let period = Period::of(query.from, query.to, now_ms)?;
    let inspector =
        if caller.actor.is(Role::Supervisor) { query.inspector } else { Some(HexAddress(caller.address()?)) };
    let list = PriceList::of(shared.doors.u2s.prices().await?);
    let (mut lines, mut checks, mut unreachable) = (Vec::new(), Vec::new(), BTreeSet::new());
    for span in list.spans(period.from_ms..period.to_ms)? {
        let parameters = json!({ "inspector": inspector, "fromMs": span.start, "toMs": span.end, "limit": 1 });
        let counted: Counted = map::ask(&shared, &caller, services::INSPECTIONS, &parameters).await?;
        unreachable.extend(counted.unreachable);
        lines.extend(counted.counts.into_iter().map(|count| line(count, &list, span.clone())));
        let parameters =
            json!({ "service": services::CHECK, "inspector": inspector, "fromMs": span.start, "toMs": span.end });
        let charged: Charges = map::ask(&shared, &caller, services::CHARGES, &parameters).await?;
        checks.extend(charged.counts.into_iter().map(|charge| check_line(charge, &list, span.clone())));
    }
    Ok(Answer(Bill {
        from: Timestamp::from_unix_milliseconds(period.from_ms),
        to: Timestamp::from_unix_milliseconds(period.to_ms),
        made_at: Timestamp::from_unix_milliseconds(now_ms),
        count: lines.iter().map(|line| line.count).sum(),
        totals: totals(&lines, &checks),
        lines,
        checks,
        unreachable: unreachable.into_iter().collect(),
    }))
}

fn line(count: InspectorCount, list: &PriceList, span: std::ops::Range<u64>) -> BillLine {
    let InspectorCount { inspector, organization, count } = count;
    let price = list.price(&organization, span.start).cloned().map(wire);
    BillLine {
        inspector,
        organization,
        from: Timestamp::from_unix_milliseconds(span.start),
        to: Timestamp::from_unix_milliseconds(span.end),
        count,
        amount: price.as_ref().map_or(0, |price| price.amount.saturating_mul(count)),
        price,
    }
}

fn check_line(charge: Charge, list: &PriceList, span: std::ops::Range<u64>) -> CheckLine {
    let Charge { inspector, organization, count, bytes } = charge;
    let price = list.price(&organization, span.start);
    CheckLine {
        inspector,
        from: Timestamp::from_unix_milliseconds(span.start),
        to: Timestamp::from_unix_milliseconds(span.end),
        count,
        bytes,
        amount: price.map_or(0, |price| price.of_checks(count, bytes)),
        price: price.cloned().map(wire),
        organization,
    }
}

/// What is owed in each currency; what is free owes nothing.
fn totals(lines: &[BillLine], checks: &[CheckLine]) -> Vec<BillTotal> {
    let mut totals: BTreeMap<&str, u64> = BTreeMap::new();
    let inspections = lines.iter().map(|line| (&line.price, line.amount));
    for (price, amount) in inspections.chain(checks.iter().map(|line| (&line.price, line.amount))) {
        if let Some(price) = price {
            let total = totals.entry(&price.currency).or_default();
            *total = total.saturating_add(amount);
        }
    }
    totals.into_iter().map(|(currency, amount)| BillTotal { currency: currency.to_owned(), amount }).collect()
}

fn wire(price: DoorPrice) -> Price {
    let set = |amount: u64| (amount > 0).then_some(amount);
    Price {
        amount: price.amount,
        currency: price.currency,
        check_amount: set(price.check_amount),
        mebibyte_amount: set(price.mebibyte_amount),
    }
}

fn setting(setting: DoorSetting) -> PriceSetting {
    PriceSetting {
        subject: setting.subject.to_string(),
        price: setting.price.map(wire),
        by: HexAddress(setting.by),
        at: Timestamp::from_unix_milliseconds(setting.at_ms),
    }
}
