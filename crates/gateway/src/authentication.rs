//! Who is asking: a person with a session that an EIP-4361 message has opened, or a machine that signs each request by ERC-8128.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
};
use chancery_reference_points::Code;
use http::{HeaderMap, header};

use crate::{
    limits::MAX_BODY_BYTES,
    problem::{ApiError, ApiResult},
};

mod erc8128;
mod replay;
mod session;
mod sign_in;

pub(crate) use erc8128::{Judge, Members, verify_request};
pub(crate) use replay::ReplayCache;
pub(crate) use session::{Proven, SessionKey, Sessions};
pub(crate) use sign_in::{SignInNonces, sign_in};

/// What a request brings to say who asks.
pub(crate) enum Credential {
    /// Nothing.
    None,
    /// `Authorization: Bearer`.
    Session(String),
    /// `Signature-Input` and `Signature`.
    Signature,
}

impl Credential {
    /// Finds the credential; two at once are refused, since they could name two callers.
    pub(crate) fn of(request: &Request) -> ApiResult<Self> {
        let headers = request.headers();
        let signed = headers.contains_key("signature-input") || headers.contains_key("signature");
        match (single(headers, header::AUTHORIZATION.as_str())?, signed) {
            (None, false) => Ok(Self::None),
            (None, true) => Ok(Self::Signature),
            (Some(_), true) => Err(ApiError::new(Code::MalformedRequest, "send a session or a signature, not both")),
            (Some(value), false) => {
                let token = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
                token.map(|(_, token)| Self::Session(token.trim().to_owned())).ok_or_else(|| {
                    ApiError::new(
                        Code::AuthenticationRequired,
                        "authorization: write Bearer and the token of POST /v1/session",
                    )
                })
            }
        }
    }
}

/// A header that may be there once.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &str) -> ApiResult<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(ApiError::new(Code::MalformedRequest, format!("{name} is there twice")));
    }
    let text = value.to_str().map_err(|_| ApiError::new(Code::MalformedRequest, format!("{name} is not ASCII")))?;
    Ok(Some(text.trim()))
}

/// Reads the whole body, within its bound, so that what follows finds it in memory.
pub(crate) async fn read_body(request: Request) -> ApiResult<Request> {
    let (parts, body) = request.into_parts();
    let too_large = || {
        ApiError::new(Code::BodyTooLarge, format!("the body is larger than {MAX_BODY_BYTES} bytes"))
            .with("limit", MAX_BODY_BYTES)
    };
    let announced =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
        return Err(too_large());
    }
    let bytes = to_bytes(body, MAX_BODY_BYTES).await.map_err(|error| {
        // The only two things that can go wrong: more than announced, or the client went away.
        let limited =
            std::error::Error::source(&error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
        if limited { too_large() } else { ApiError::new(Code::MalformedRequest, "the body ended early") }
    })?;
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

#[cfg(test)]
mod tests;
