//! Lines of registered sources: what one holds, and what becomes of those that came together. A stream of lines over HTTP, messages over
//! MQTT and a stream of messages over gRPC are accepted and answered by this.

mod chunk;
mod parts;

use alloy_primitives::{Bytes as Content, hex};
use chancery_reference_points::{
    Class, Code, DoorError,
    r2d::R2dSources,
    source_data::{AcceptedSubmission, MAX_OPERATIONS, SourceSubmission},
};
use chancery_rest::{
    problem::Problem,
    types::submissions::{SubmissionOutcome, SubmissionReceipt, SubmitData},
};

use crate::{
    limits::MAX_LINE_BYTES,
    problem::{ApiError, ApiResult, document},
    request::read_json,
};

pub(crate) use chunk::Chunk;
pub(crate) use parts::{Part, Parts, Unsent, parts};

/// A line as it was read: a submission, or why it is none.
pub(crate) type Line = ApiResult<SourceSubmission>;

/// Reads one line.
pub(crate) fn read(line: &[u8]) -> Line {
    if line.len() > MAX_LINE_BYTES {
        Err(too_large("a line", MAX_LINE_BYTES as u64))
    } else {
        let request: SubmitData = read_json(line)?;
        bounded(request.operations.len())?;
        Ok(submission(request))
    }
}

/// Refuses what has more operations than a submission may have, as the door would: what waits for it is so small.
pub(crate) fn bounded(operations: usize) -> ApiResult<()> {
    if operations > MAX_OPERATIONS {
        return Err(ApiError::new(
            Code::BodyTooLarge,
            format!("a submission has at most {MAX_OPERATIONS} operations, not {operations}"),
        ));
    }
    Ok(())
}

/// What ends a stream that was silent for too long, or whose time is over.
pub(crate) fn too_slow() -> ApiError {
    ApiError::new(Code::TimedOut, "the stream was silent too long, or took too long")
}

/// What is longer than its bound.
pub(crate) fn too_large(what: &str, limit: u64) -> ApiError {
    ApiError::new(Code::BodyTooLarge, format!("{what} has at most {limit} bytes")).with("limit", limit)
}

/// What the door takes.
pub(crate) fn submission(request: SubmitData) -> SourceSubmission {
    let operations =
        request.operations.into_iter().map(|raw| Content::from(String::from(Box::<str>::from(raw)).into_bytes()));
    SourceSubmission { submission: request.submission, operations: operations.collect() }
}

/// What the door gave.
pub(crate) fn receipt(accepted: AcceptedSubmission) -> SubmissionReceipt {
    SubmissionReceipt {
        place: accepted.place,
        digest: accepted.digest.into(),
        source: accepted.source.into(),
        key: hex::encode_prefixed(accepted.key),
        count: accepted.count,
        accepted_at: accepted.accepted_at_ms,
        repeated: accepted.repeated,
        receipt: accepted.receipt,
    }
}

/// Longest detail in an outcome, in bytes.
const MAX_DETAIL_BYTES: usize = 1024;
/// Bytes of the other members of its problem; what is beyond is left out.
const MAX_MEMBERS_BYTES: usize = 16 * 1024;

/// The outcome of one of several. A problem in it has an identifier of its own, as an answer has.
pub(crate) fn outcome(index: u64, result: ApiResult<AcceptedSubmission>) -> SubmissionOutcome {
    match result {
        Ok(accepted) => SubmissionOutcome { index, receipt: Some(receipt(accepted)), problem: None },
        Err(error) => {
            let id = noted(&error);
            let problem = serde_json::to_value(shortened(document(&error, id))).map_err(DoorError::internal);
            SubmissionOutcome { index, receipt: None, problem: problem.ok() }
        }
    }
}

/// What was sent may be quoted in a problem: an outcome is never much longer than what it is about, so that whoever passes outcomes on has a bound, too.
fn shortened(mut problem: Problem) -> Problem {
    if problem.detail.len() > MAX_DETAIL_BYTES {
        problem.detail.truncate(problem.detail.floor_char_boundary(MAX_DETAIL_BYTES));
        problem.detail.push('…');
    }
    let length = |value: &serde_json::Value| serde_json::to_string(value).map_or(usize::MAX, |text| text.len());
    let mut left = MAX_MEMBERS_BYTES;
    problem.members.retain(|name, value| {
        let bytes = name.len().saturating_add(length(value));
        let is_kept = bytes <= left;
        left -= if is_kept { bytes } else { 0 };
        is_kept
    });
    problem
}

/// An identifier for a submission that is refused, with which the cause, if there is one, is in the log.
pub(crate) fn noted(error: &ApiError) -> uuid::Uuid {
    let id = uuid::Uuid::now_v7();
    if let Some(cause) = error.error.cause() {
        tracing::warn!(request_id = %id, code = error.error.code().name(), %cause, "a submission was not accepted");
    }
    id
}

/// Accepts lines that came together; what became of each, in the order of the lines (DATA-2).
pub(crate) async fn accept(sources: &dyn R2dSources, lines: Vec<Line>) -> Vec<ApiResult<AcceptedSubmission>> {
    let mut results: Vec<Option<ApiResult<AcceptedSubmission>>> = Vec::with_capacity(lines.len());
    let mut submissions = Vec::with_capacity(lines.len());
    for line in lines {
        match line {
            Ok(submission) => {
                submissions.push(submission);
                results.push(None);
            }
            Err(error) => results.push(Some(Err(error))),
        }
    }
    let accepted = if submissions.is_empty() { Vec::new() } else { sources.accept(submissions).await };
    let mut accepted = accepted.into_iter();
    let missing = || Err(ApiError::new(Code::Internal, ""));
    let one = |result: Option<_>| {
        result.unwrap_or_else(|| accepted.next().map_or_else(missing, |one| one.map_err(ApiError::from)))
    };
    results.into_iter().map(one).collect()
}

/// How long to wait before the same is tried again, in milliseconds; `None` when trying again would change nothing. A quota that is used up may be so
/// for a day: its source is told, and comes back by itself.
pub(crate) fn retry_after_ms(error: &ApiError) -> Option<u64> {
    const UNTOLD_MS: u64 = 500;
    let told = || error.error.members().get("retryAfterMs").and_then(serde_json::Value::as_u64);
    let passes = error.error.class() == Class::Temporary && error.error.code() != Code::QuotaExceeded;
    passes.then(|| told().unwrap_or(UNTOLD_MS))
}
