//! What a message holds: the same as a line of HTTP, and refused for the same reasons (GRPC-2).

use chancery_grpc::r2d::Line as Message;
use chancery_reference_points::Code;
use serde_json::value::RawValue;

use crate::{
    limits::{MAX_JSON_DEPTH, MAX_LINE_BYTES},
    lines::{Line, bounded, too_large},
    problem::{ApiError, ApiResult},
    request::too_deep,
};

/// Levels that stand around an operation in a line of HTTP: the line, and its array of operations.
const LEVELS_AROUND: usize = 2;

/// Reads one message.
pub(super) fn read(message: Message) -> Line {
    if message.bytes() > MAX_LINE_BYTES {
        return Err(too_large("a line", MAX_LINE_BYTES as u64));
    }
    for (index, operation) in message.operations.iter().enumerate() {
        one_value(index, operation)?;
    }
    bounded(message.operations.len())?;
    Ok(message.into())
}

/// An operation is one JSON value and nothing around it: the same bytes have to come out of a line of HTTP, or a submission could not be sent again there.
fn one_value(index: usize, operation: &[u8]) -> ApiResult<()> {
    let member = format!("operations[{index}]");
    let refuse = |detail: String| {
        ApiError::new(Code::MalformedRequest, format!("{member}: {detail}")).with("member", member.as_str())
    };
    if let Some(position) = too_deep(operation, MAX_JSON_DEPTH - LEVELS_AROUND) {
        let detail = format!("nested deeper than {MAX_JSON_DEPTH} levels, with the line around it, at byte {position}");
        return Err(refuse(detail).with("limit", MAX_JSON_DEPTH));
    }
    let value: &RawValue = serde_json::from_slice(operation).map_err(|error| refuse(error.to_string()))?;
    if value.get().len() != operation.len() {
        return Err(refuse("white space stands around it".to_owned()));
    }
    Ok(())
}
