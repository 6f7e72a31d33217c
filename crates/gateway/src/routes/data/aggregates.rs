//! `POST /v1/data/aggregate`: counts, sums, bounds and means over everything that a search finds, written as a page of a search is.

use std::{
    collections::HashMap,
    iter::{Once, once},
    sync::Arc,
};

use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMillisecondArray, UInt64Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use axum::{
    Extension, Json as Answer,
    extract::State,
    response::{IntoResponse as _, Response},
};
use chancery_reference_points::{Code, data_search::DataAggregate};
use chancery_rest::types::{
    Example as _,
    data::{AggregateData, DataAggregates, DataGroup, PageFormat, SearchData},
};
use http::HeaderMap;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    columns::{Columns, ColumnsError, TIME_ZONE},
    csv, pages, query, translate,
};
use crate::{
    authorization::layer::Caller,
    negotiation,
    problem::{ApiError, ApiResult},
    request::Json,
    state,
};

/// What a file says about itself.
const ABOUT: [(&str, &str); 1] = [("chancery:schema", "groups-1")];
/// Columns before those of the members, and after them.
const COUNTS: [&str; 3] = ["operations", "values", "others"];
const NUMBERS: [&str; 4] = ["sum", "least", "most", "mean"];

pub(super) fn routes() -> OpenApiRouter<Arc<crate::state::Shared>> {
    OpenApiRouter::default().routes(routes!(aggregate_data))
}

/// Aggregate data
///
/// Over every operation that a search with the same query finds: how many there are, and the sum, least, greatest and mean of a member, grouped by members and by time. One or
/// several formats, in which members may have other names. Sums are exact decimals. What is more than one answer reads goes on at `next`.
#[utoipa::path(post, path = "/v1/data/aggregate", tag = "data",
    request_body(content = AggregateData, example = json!(AggregateData::example())),
    responses((status = 200, description = "The groups. What is no JSON has `next` in the header `chancery-next`.",
        headers(("chancery-next" = String, description = "`next` as JSON, unless this is everything or is JSON itself.")),
        content(
            (DataAggregates = "application/json", example = json!(DataAggregates::example())),
            (String = "text/csv"),
            ("application/vnd.apache.parquet"),
            ("application/vnd.apache.arrow.stream"),
        ),
    )),
)]
async fn aggregate_data(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Json(request): Json<AggregateData>,
) -> ApiResult<Response> {
    let format = match request.format {
        Some(format) => format,
        None => negotiation::choose(&headers, &PageFormat::ALL, PageFormat::media_type)?,
    };
    let names: Vec<String> = request.by.iter().map(|member| format!("by.{}", member.path)).collect();
    let asked = asked(request)?;
    let found = shared.doors.u2s_data.aggregate_data(&caller.actor, asked).await?;
    let answer: DataAggregates = translate(&found)?;
    let next = answer.next;
    let response = match format {
        PageFormat::Json => Answer(answer).into_response(),
        PageFormat::Csv => text(&names, &answer.groups).into_response(),
        PageFormat::Parquet => pages::parquet(Groups::of(&names, &answer.groups)).await?,
        PageFormat::Arrow => pages::arrow(Groups::of(&names, &answer.groups))?,
    };
    pages::finished(response, format, next)
}

fn asked(request: AggregateData) -> ApiResult<DataAggregate> {
    for (at, member) in request.by.iter().enumerate() {
        if request.by.iter().take(at).any(|before| before.path == member.path) {
            let refused = ApiError::new(Code::MalformedRequest, "by: a path is written once");
            return Err(refused.with("member", "by"));
        }
    }
    let query = query(narrowing(request.query)?)?;
    let after = request.after.map(|at| translate(&at)).transpose()?;
    Ok(DataAggregate {
        query: chancery_reference_points::data_search::DataQuery { after, ..query },
        value: request.value.map(|member| translate(&member)).transpose()?,
        by: translate(&request.by)?,
        every: request.every.map(|every| translate(&every)).transpose()?,
    })
}

/// A query that says which operations, and nothing about a page of them.
pub(in crate::routes) fn narrowing(query: SearchData) -> ApiResult<SearchData> {
    let is_ordered = query.ascending || query.sort.is_some();
    let is_cut = query.limit.is_some() || query.after.is_some();
    if is_ordered || is_cut || query.proofs || query.format.is_some() {
        let detail = "query: `ascending`, `sort`, `limit`, `after`, `proofs` and `as` are of a page of a search";
        return Err(ApiError::new(Code::MalformedRequest, detail).with("member", "query"));
    }
    Ok(query)
}

/// As CSV, with a head.
fn text(names: &[String], groups: &[DataGroup]) -> String {
    let head = once("from").chain(names.iter().map(String::as_str)).chain(COUNTS).chain(NUMBERS);
    let mut text = head.map(csv::cell).collect::<Vec<_>>().join(",") + "\r\n";
    for group in groups {
        let counts = [group.operations, group.values, group.others].map(|count| count.to_string());
        let numbers =
            [&group.sum, &group.least, &group.most, &group.mean].map(|number| number.clone().unwrap_or_default());
        let from = group.from.map(|from| from.to_string()).unwrap_or_default();
        let key = group.key.iter().map(|member| csv::cell(member.as_deref().unwrap_or_default()));
        // A number is written as one: a minus begins no formula.
        let plain = |number: String| format!("\"{number}\"");
        let cells = once(plain(from)).chain(key).chain(counts.map(plain)).chain(numbers.map(plain));
        text.push_str(&cells.collect::<Vec<_>>().join(","));
        text.push_str("\r\n");
    }
    text
}

/// Groups as columns: one batch.
struct Groups {
    schema: SchemaRef,
    batch: Once<Result<RecordBatch, ColumnsError>>,
}

impl Groups {
    fn of(names: &[String], groups: &[DataGroup]) -> Self {
        let time = DataType::Timestamp(TimeUnit::Millisecond, Some(TIME_ZONE.into()));
        let texts = |name: &str| Field::new(name, DataType::Utf8, true);
        let mut fields = vec![Field::new("from", time, true)];
        fields.extend(names.iter().map(|name| texts(name)));
        fields.extend(COUNTS.map(|name| Field::new(name, DataType::UInt64, false)));
        fields.extend(NUMBERS.map(texts));
        let about: HashMap<_, _> = ABOUT.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let schema = Arc::new(Schema::new_with_metadata(fields, about));

        let begins: TimestampMillisecondArray = groups.iter().map(|group| group.from).collect();
        let mut columns: Vec<ArrayRef> = vec![Arc::new(begins.with_timezone(TIME_ZONE))];
        for at in 0..names.len() {
            let member = |group: &DataGroup| group.key.get(at).cloned().flatten();
            columns.push(Arc::new(groups.iter().map(member).collect::<StringArray>()));
        }
        let counts: [fn(&DataGroup) -> u64; 3] = [|one| one.operations, |one| one.values, |one| one.others];
        columns
            .extend(counts.map(|count| Arc::new(UInt64Array::from_iter_values(groups.iter().map(count))) as ArrayRef));
        let numbers: [fn(&DataGroup) -> Option<&str>; 4] = [
            |one| one.sum.as_deref(),
            |one| one.least.as_deref(),
            |one| one.most.as_deref(),
            |one| one.mean.as_deref(),
        ];
        columns.extend(numbers.map(|number| Arc::new(groups.iter().map(number).collect::<StringArray>()) as ArrayRef));
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(ColumnsError::from);
        Self { schema, batch: once(batch) }
    }
}

impl Iterator for Groups {
    type Item = Result<RecordBatch, ColumnsError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batch.next()
    }
}

impl Columns for Groups {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn about(&self) -> &'static [(&'static str, &'static str)] {
        &ABOUT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // S-APP: a key that a spreadsheet would compute is none, and a negative number stays one.
    #[test]
    fn groups_are_rows_whose_keys_are_no_formulas() {
        let group = DataGroup {
            key: vec![Some("=1+1".into()), None],
            operations: 2,
            values: 1,
            others: 1,
            sum: Some("-0.5".into()),
            ..DataGroup::default()
        };
        let written = text(&["by.a".into(), "by.b".into()], &[group]);
        let expected = "\"from\",\"by.a\",\"by.b\",\"operations\",\"values\",\"others\",\"sum\",\"least\",\"most\",\"mean\"\r\n\
                        \"\",\"'=1+1\",\"\",\"2\",\"1\",\"1\",\"-0.5\",\"\",\"\",\"\"\r\n";
        assert_eq!(written, expected);
    }
}
