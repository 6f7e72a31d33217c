//! A page of a search, written in the form that was asked for.

use axum::{
    Json as Answer,
    body::Body,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use chancery_reference_points::{Code, DoorError, data_search::DataPage};
use chancery_rest::types::data::{FoundData, NEXT_PAGE_HEADER, PageFormat, SearchPlace};
use futures::stream;
use http::{HeaderName, HeaderValue, header};
use serde::Serialize;
use serde_json::Value;

use super::{
    arrow_stream::Messages,
    columns::{Batches, Columns, ColumnsError},
    csv, parquet_file,
};
use crate::{authorization::layer::Caller, problem::ApiResult, routes::map, state::Shared};

/// The page as an answer. Whatever can be refused is refused before its first byte.
pub(super) async fn write(
    shared: &Shared,
    caller: &Caller,
    page: DataPage,
    format: PageFormat,
    proofs: bool,
) -> ApiResult<Response> {
    let next = page.next.map(|at| SearchPlace { place: at.place, index: at.index, key: page.next_key.clone() });
    let response = match format {
        PageFormat::Json => {
            let operations = found(shared, caller, &page, proofs).await?;
            Answer(FoundData { operations, next: next.clone() }).into_response()
        }
        PageFormat::Csv => csv::write(&page).into_response(),
        PageFormat::Parquet => parquet(Batches::of(shared, page.operations).await?).await?,
        PageFormat::Arrow => arrow(Batches::of(shared, page.operations).await?)?,
    };
    finished(response, format, next)
}

/// As a file.
pub(super) async fn parquet(columns: impl Columns + Send + 'static) -> ApiResult<Response> {
    // A large page takes milliseconds to compress: not on a thread that others wait for.
    let file = tokio::task::spawn_blocking(move || parquet_file::write(columns)).await;
    Ok(file.map_err(DoorError::internal)?.map_err(DoorError::internal)?.into_response())
}

/// As a stream.
pub(super) fn arrow(columns: impl Columns + Send + 'static) -> ApiResult<Response> {
    let messages = Messages::new(columns).map_err(DoorError::internal)?;
    Ok(Body::from_stream(stream::iter(messages.inspect(log))).into_response())
}

/// With what its head says.
pub(super) fn finished(
    mut response: Response,
    format: PageFormat,
    next: Option<impl Serialize>,
) -> ApiResult<Response> {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(format)));
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    if let Some(next) = next.filter(|_| format != PageFormat::Json) {
        let next = map::to_json(&next)?.to_string();
        let next = HeaderValue::from_str(&next).map_err(DoorError::internal)?;
        headers.insert(HeaderName::from_static(NEXT_PAGE_HEADER), next);
    }
    Ok(response)
}

const fn content_type(format: PageFormat) -> &'static str {
    match format {
        PageFormat::Csv => "text/csv; charset=utf-8",
        other => other.media_type(),
    }
}

async fn found(shared: &Shared, caller: &Caller, page: &DataPage, proofs: bool) -> ApiResult<Vec<Value>> {
    let mut operations = Vec::with_capacity(page.operations.len());
    for operation in &page.operations {
        let mut value = map::to_json(operation)?;
        if proofs {
            value["proof"] = match shared.doors.u2s_data.data_proof(&caller.actor, operation.at).await {
                Ok(proof) => map::to_json(&proof)?,
                Err(error) if error.code() == Code::NotFinalYet => Value::Null,
                Err(error) => return Err(error.into()),
            };
        }
        operations.push(value);
    }
    Ok(operations)
}

/// The answer has begun, so the cause is written here.
fn log(message: &Result<Bytes, ColumnsError>) {
    if let Err(error) = message {
        tracing::error!(cause = %error, "a stream of columns was ended by an internal error");
    }
}
