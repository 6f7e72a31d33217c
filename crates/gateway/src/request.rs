//! Reading requests: JSON bodies, query strings and path parameters, each refused with the place of the error.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path as AxumPath, Request},
};
use chancery_reference_points::Code;
use chancery_rest::values::MALFORMED_ADDRESS;
use http::{HeaderMap, header, request::Parts};
use serde::de::DeserializeOwned;

use crate::{
    doors::PageRequest,
    limits::{DEFAULT_PAGE_ROWS, MAX_CURSOR_BYTES, MAX_IDEMPOTENCY_KEY_CHARS, MAX_JSON_DEPTH, MAX_PAGE_ROWS},
    problem::ApiError,
};

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let essence = content_type(request.headers());
        if essence.as_deref() != Some("application/json") {
            let got = essence.unwrap_or_else(|| "nothing".to_owned());
            return Err(ApiError::new(Code::UnsupportedMediaType, format!("content-type says {got:.100}")));
        }
        // The body is already in memory and bounded: authentication has read it.
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|error| ApiError::new(Code::MalformedRequest, error.body_text()))?;
        if too_deep(&bytes, MAX_JSON_DEPTH).is_none()
            && let Some(refused) = list(&bytes)
        {
            return Err(refused);
        }
        read_json(&bytes).map(Self)
    }
}

/// Refuses a list: every body is an object, and a list would be taken for one whose members come in the order of the interface.
fn list(bytes: &[u8]) -> Option<ApiError> {
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let before = bytes.get(..start)?;
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    let words = format!("invalid type: sequence, expected an object at line {line} column {column}");
    (bytes.get(start) == Some(&b'[')).then(|| refuse(".", &words))
}

pub(crate) fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let (essence, parameters) = value.split_once(';').unwrap_or((value, ""));
    let parameters = parameters.trim().to_ascii_lowercase();
    // JSON is UTF-8 (RFC 8259 8.1); another charset would be read wrongly.
    let known = parameters.is_empty() || parameters == "charset=utf-8" || parameters == "charset=\"utf-8\"";
    Some(if known { essence.trim().to_ascii_lowercase() } else { value.to_owned() })
}

/// Reads JSON and says where it is wrong.
pub(crate) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    if let Some(position) = too_deep(bytes, MAX_JSON_DEPTH) {
        let detail = format!("nested deeper than {MAX_JSON_DEPTH} levels at byte {position}");
        return Err(ApiError::new(Code::MalformedRequest, detail).with("limit", MAX_JSON_DEPTH));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let place = error.path().to_string();
        refuse(&place, &error.into_inner().to_string())
    })?;
    deserializer.end().map_err(|error| refuse(".", &error.to_string()))?;
    Ok(value)
}

/// From a decoding error to a problem: its words tell which.
fn refuse(place: &str, message: &str) -> ApiError {
    let code = if message.starts_with("unknown field") {
        Code::UnknownMember
    } else if message.contains(MALFORMED_ADDRESS) {
        Code::MalformedAddress
    } else {
        Code::MalformedRequest
    };
    let error = if place == "." || place.is_empty() {
        ApiError::new(code, message)
    } else {
        ApiError::new(code, format!("{place}: {message}"))
    };
    error.with("member", place)
}

/// Where the nesting passes so many levels. Brackets in strings do not count.
pub(crate) fn too_deep(bytes: &[u8], max_depth: usize) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (position, byte) in bytes.iter().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > max_depth {
                    return Some(position);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// A query string.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        axum::extract::Query::try_from_uri(&parts.uri).map(|axum::extract::Query(value)| Self(value)).map_err(|error| {
            let text = error.body_text();
            let message = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            let (place, message) = message.split_once(": ").filter(|(p, _)| !p.contains(' ')).unwrap_or(("?", message));
            refuse(place, message)
        })
    }
}

/// Path parameters.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        AxumPath::from_request_parts(parts, state).await.map(|AxumPath(value)| Self(value)).map_err(|error| {
            let text = error.body_text();
            let code = if text.contains(MALFORMED_ADDRESS) { Code::MalformedAddress } else { Code::MalformedRequest };
            ApiError::new(code, text.trim_start_matches("Invalid URL: ").to_owned())
        })
    }
}

/// The header `idempotency-key`.
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let mut values = parts.headers.get_all("idempotency-key").iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        let refuse = || {
            let detail =
                format!("idempotency-key: write 1 to {MAX_IDEMPOTENCY_KEY_CHARS} letters, digits, - or _, once");
            ApiError::new(Code::MalformedRequest, detail)
        };
        let text = value.to_str().map_err(|_| refuse())?;
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if values.next().is_some() || text.is_empty() || text.len() > MAX_IDEMPOTENCY_KEY_CHARS || !plain {
            return Err(refuse());
        }
        Ok(Self(Some(text.to_owned())))
    }
}

/// `?limit=&cursor=` as a page.
pub(crate) fn page(limit: Option<usize>, cursor: Option<String>) -> Result<PageRequest, ApiError> {
    let limit = limit.unwrap_or(DEFAULT_PAGE_ROWS);
    if !(1..=MAX_PAGE_ROWS).contains(&limit) {
        return Err(ApiError::new(Code::MalformedRequest, format!("limit: write 1 to {MAX_PAGE_ROWS}")));
    }
    if cursor.as_ref().is_some_and(|cursor| cursor.is_empty() || cursor.len() > MAX_CURSOR_BYTES) {
        return Err(ApiError::new(Code::MalformedRequest, "cursor: write what `nextCursor` said"));
    }
    Ok(PageRequest { limit, cursor })
}

#[cfg(test)]
mod tests;
