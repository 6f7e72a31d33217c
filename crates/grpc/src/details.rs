//! A refused call: `google.rpc.Status` in the trailer `grpc-status-details-bin`, with the problem and, for what may succeed later, `google.rpc.RetryInfo`.

use chancery_reference_points::DoorError;
use prost::Message as _;
use prost_types::{Any, Duration};
use tonic::Status;
use tonic_types::pb;

use crate::problem::{Problem, grpc_code, problem, retry_after_ms};

/// Most bytes of details: trailers are headers, whose list clients bound (16 KiB is common), and base64 makes them longer.
const MAX_DETAILS_BYTES: usize = 4096;
/// Most bytes of a message or a detail: what an error quotes may be as long as what was sent.
const MAX_TEXT_BYTES: usize = 512;

const PROBLEM_URL: &str = "type.googleapis.com/chancery.problem.v1.Problem";
const RETRY_URL: &str = "type.googleapis.com/google.rpc.RetryInfo";

/// Why the details of a status cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DetailsError {
    /// Not `google.rpc.Status`, or a problem in it that is none.
    #[error("the details of the status cannot be read: {0}")]
    Unreadable(String),
}

/// The status of a call that was refused. Its message is for people; the problem in its details is for programs.
#[must_use]
pub fn status(error: &DoorError, instance: String) -> Status {
    let mut problem = problem(error, instance);
    shorten(&mut problem.detail);
    let mut message = if problem.detail.is_empty() {
        format!("{}: {}", problem.code, problem.title)
    } else {
        format!("{}: {}", problem.code, problem.detail)
    };
    shorten(&mut message);
    let code = grpc_code(error.code());
    let retry = retry_after_ms(error);
    let mut details = encode(code, &message, &problem, retry);
    if details.len() > MAX_DETAILS_BYTES {
        problem.members_json.clear();
        details = encode(code, &message, &problem, retry);
    }
    Status::with_details(code, message, details.into())
}

fn encode(code: tonic::Code, message: &str, problem: &Problem, retry_after_ms: Option<u64>) -> Vec<u8> {
    let mut details = vec![Any { type_url: PROBLEM_URL.to_owned(), value: problem.encode_to_vec() }];
    if let Some(ms) = retry_after_ms {
        let seconds = i64::try_from(ms / 1000).unwrap_or(i64::MAX);
        let nanos = i32::try_from(ms % 1000 * 1_000_000).unwrap_or(0);
        let retry = pb::RetryInfo { retry_delay: Some(Duration { seconds, nanos }) };
        details.push(Any { type_url: RETRY_URL.to_owned(), value: retry.encode_to_vec() });
    }
    pb::Status { code: code.into(), message: message.to_owned(), details }.encode_to_vec()
}

/// Cuts a text at the last character that fits.
fn shorten(text: &mut String) {
    if text.len() > MAX_TEXT_BYTES {
        text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
    }
}

/// The problem in the details of a status; `None` when there is none, as in a status that the library or a proxy has made.
///
/// # Errors
/// [`DetailsError::Unreadable`].
pub fn problem_of(status: &Status) -> Result<Option<Problem>, DetailsError> {
    let unreadable = |error: prost::DecodeError| DetailsError::Unreadable(error.to_string());
    let details = pb::Status::decode(status.details()).map_err(unreadable)?.details;
    let found = details.into_iter().find(|any| any.type_url == PROBLEM_URL);
    found.map(|any| Problem::decode(any.value.as_slice()).map_err(unreadable)).transpose()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_reference_points::Code;
    use serde_json::json;

    use super::*;

    fn retry(status: &Status) -> Option<Duration> {
        let details = pb::Status::decode(status.details()).unwrap().details;
        let any = details.into_iter().find(|any| any.type_url == RETRY_URL)?;
        pb::RetryInfo::decode(any.value.as_slice()).unwrap().retry_delay
    }

    // GRPC-4
    #[test]
    fn a_refused_call_brings_its_problem() {
        let error = DoorError::new(Code::IdempotencyConflict, "key 7").with("expected", json!(["a", "b"]));
        let status = status(&error, "urn:uuid:x".into());
        assert_eq!((status.code(), status.message()), (tonic::Code::FailedPrecondition, "idempotency-conflict: key 7"));
        let problem = problem_of(&status).unwrap().unwrap();
        assert_eq!((problem.code.as_str(), problem.instance.as_str()), ("idempotency-conflict", "urn:uuid:x"));
        assert_eq!(problem.members_json, r#"{"expected":["a","b"]}"#);
        assert_eq!(retry(&status), None);
        assert_eq!(problem_of(&Status::unavailable("a proxy")).unwrap(), None);
        assert!(problem_of(&Status::with_details(tonic::Code::Internal, "", vec![0xff_u8].into())).is_err());
    }

    #[test]
    fn what_may_succeed_later_says_when_to_any_client() {
        let error = DoorError::new(Code::TooManyRequests, "").with("retryAfterMs", 1250);
        assert_eq!(retry(&status(&error, String::new())), Some(Duration { seconds: 1, nanos: 250_000_000 }));
    }

    // GRPC-4, M-SEC
    #[test]
    fn no_cause_is_shown() {
        let error = DoorError::internal(std::io::Error::other("secret path"));
        let status = status(&error, String::new());
        assert_eq!(status.message(), "internal: Something broke on our side.");
        assert!(!String::from_utf8_lossy(status.details()).contains("secret"));
    }

    #[test]
    fn details_have_a_bound_whatever_was_sent() {
        let long = "\u{4e2d}".repeat(100_000);
        let error = DoorError::new(Code::UnknownMember, &long).with("member", long.as_str());
        let status = status(&error, "urn:uuid:x".into());
        assert!(status.message().len() <= MAX_TEXT_BYTES && status.details().len() <= MAX_DETAILS_BYTES);
        let problem = problem_of(&status).unwrap().unwrap();
        assert_eq!((problem.code.as_str(), problem.members_json.as_str()), ("unknown-member", ""));
    }
}
