//! Verifying signed requests (ERC-8128). What a signature covers and how it is written is in `chancery_rest::erc8128`; here are the judgements
//! that need a clock, a memory and the configuration.

use alloy_primitives::{Address, Signature};
use axum::{
    body::Bytes,
    extract::{FromRequest as _, Request},
};
use chancery_reference_points::Code;
use chancery_rest::erc8128::{
    Component, DigestError, InputError, RequestParts, SignatureInput, parse_signature, signature_base,
    verify_content_digest,
};
use http::{header, request::Parts};

use super::{ReplayCache, read_body, replay::Use, session::Proven, single};
use crate::{
    Origin,
    limits::MAX_CLOCK_SKEW,
    problem::{ApiError, ApiResult},
};

/// What signed requests are judged by.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'a> {
    /// EIP-155 id that `keyid` has to name.
    pub(crate) main_chain_id: u64,
    /// Under which names this door is reached.
    pub(crate) origins: &'a [Origin],
    /// Unix seconds.
    pub(crate) now: u64,
    /// Nonces that have been used.
    pub(crate) used: &'a ReplayCache,
    /// Who may sign; `None`: anybody.
    pub(crate) members: Option<Members<'a>>,
}

/// Who may sign requests, where that is known beforehand.
#[derive(Clone, Copy)]
pub(crate) struct Members<'a> {
    /// Whether an address is one of them.
    pub(crate) is_member: &'a (dyn Fn(Address) -> bool + Sync),
    /// Used nonces of one of them that are remembered at a time.
    pub(crate) most_nonces: usize,
}

/// Verifies a signed request: whose it is, and the request with its body in memory.
///
/// # Errors
/// `RequestSignatureInvalid`, `RequestExpired`, `RequestReplayed`, `WrongChain`, `BodyTooLarge`, `TooManyRequests`; `RoleRequired` of a stranger.
pub(crate) async fn verify_request(judge: Judge<'_>, request: Request) -> ApiResult<(Proven, Request)> {
    let now = judge.now;
    let headers = request.headers();
    let input = single(headers, "signature-input")?.ok_or_else(|| invalid("Signature-Input is missing"))?;
    let input = SignatureInput::parse(input).map_err(|error| refuse_input(&error))?;
    let signature = single(headers, "signature")?.ok_or_else(|| invalid("Signature is missing"))?;
    let signature = parse_signature(signature).map_err(|error| refuse_input(&error))?;
    // What costs nothing comes first; the body is read only for a request that may still be accepted.
    check_chain(judge, &input)?;
    check_time(&input, now)?;
    check_member(judge, &input)?;
    let (parts, body) = read_body(request).await?.into_parts();
    let body = Bytes::from_request(Request::from_parts(parts.clone(), body), &())
        .await
        .map_err(|error| ApiError::new(Code::MalformedRequest, error.body_text()))?;
    check_body(&parts, &input, &body)?;
    let base = base(judge, &parts, &input)?;
    let signer = Signature::from_raw_array(&signature)
        .and_then(|signature| signature.recover_address_from_msg(base.as_bytes()))
        .map_err(|_| invalid("no key can have made this signature"))?;
    if signer != input.key().address {
        return Err(invalid(
            "the signature is not of the key that keyid names, or a covered component differs from what was sent",
        ));
    }
    use_nonce(judge, &input)?;
    let proven = Proven { address: signer, session: None };
    Ok((proven, Request::from_parts(parts, body.into())))
}

fn invalid(detail: &str) -> ApiError {
    ApiError::new(Code::RequestSignatureInvalid, detail)
}

fn refuse_input(error: &InputError) -> ApiError {
    let refusal = invalid(&error.to_string());
    match error {
        InputError::MissingComponent(component) => refusal.with("component", component.name()),
        _ => refusal,
    }
}

/// No more can be remembered as used: to accept one more would be to forget one.
pub(super) fn full() -> ApiError {
    ApiError::new(Code::TooManyRequests, "too many signed requests are remembered at present")
        .with("retryAfterMs", 5000)
}

fn check_chain(judge: Judge<'_>, input: &SignatureInput) -> ApiResult<()> {
    let (named, main) = (input.key().chain_id, judge.main_chain_id);
    if named == main {
        return Ok(());
    }
    Err(ApiError::new(Code::WrongChain, format!("keyid names chain {named}, the main chain is {main}"))
        .with("expected", main))
}

fn check_time(input: &SignatureInput, now: u64) -> ApiResult<()> {
    let skew = MAX_CLOCK_SKEW.as_secs();
    if input.created() > now.saturating_add(skew) {
        return Err(ApiError::new(
            Code::RequestExpired,
            format!("created lies in the future; this gateway's clock says {now}"),
        )
        .with("now", now));
    }
    if now > input.expires().saturating_add(skew) {
        return Err(ApiError::new(
            Code::RequestExpired,
            format!("expires has passed; this gateway's clock says {now}"),
        )
        .with("now", now));
    }
    Ok(())
}

/// A key that is nobody's here costs nothing: its signature is not looked at, and no place in the memory of nonces is taken. Whoever names another's key does not get
/// past the signature.
fn check_member(judge: Judge<'_>, input: &SignatureInput) -> ApiResult<()> {
    let address = input.key().address;
    if judge.members.is_none_or(|members| (members.is_member)(address)) {
        return Ok(());
    }
    Err(ApiError::new(Code::RoleRequired, format!("{address} is not listed here; the operator lists who may ask")))
}

fn check_body(parts: &Parts, input: &SignatureInput, body: &[u8]) -> ApiResult<()> {
    let digest = single(&parts.headers, "content-digest")?;
    if input.covers(Component::ContentDigest) {
        let digest = digest.ok_or_else(|| invalid("Content-Digest is covered but missing"))?;
        return verify_content_digest(digest, body).map_err(|error| match error {
            DigestError::Malformed => invalid(&error.to_string()),
            DigestError::Mismatch => invalid(&error.to_string()).with("component", "content-digest"),
        });
    }
    if body.is_empty() {
        return Ok(());
    }
    Err(refuse_input(&InputError::MissingComponent(Component::ContentDigest)))
}

fn base(judge: Judge<'_>, parts: &Parts, input: &SignatureInput) -> ApiResult<String> {
    // HTTP/2 has no Host but an authority in the URL.
    let authority = match parts.uri.authority() {
        Some(authority) => authority.as_str(),
        None => single(&parts.headers, header::HOST.as_str())?.ok_or_else(|| invalid("Host is missing"))?,
    };
    let lower = authority.to_ascii_lowercase();
    let origin = judge.origins.iter().find(|origin| {
        let default_port = if origin.is_https() { ":443" } else { ":80" };
        origin.authority() == lower || lower.strip_suffix(default_port) == Some(origin.authority())
    });
    let origin = origin.ok_or_else(|| {
        invalid("the request was signed for another authority than this gateway's").with("component", "@authority")
    })?;
    let parts = RequestParts {
        method: parts.method.as_str(),
        authority,
        https: origin.is_https(),
        path: parts.uri.path(),
        query: parts.uri.query(),
        content_digest: single(&parts.headers, "content-digest")?,
        content_type: single(&parts.headers, "content-type")?,
        idempotency_key: single(&parts.headers, "idempotency-key")?,
    };
    signature_base(&parts, input)
        .map_err(|component| invalid(&format!("\"{}\" is covered but missing", component.name())))
}

fn use_nonce(judge: Judge<'_>, input: &SignatureInput) -> ApiResult<()> {
    let ends = input.expires().saturating_add(MAX_CLOCK_SKEW.as_secs());
    let key = input.key();
    let parts = [b"request".as_slice(), key.address.as_slice(), input.nonce().as_bytes()];
    let used = match judge.members {
        None => judge.used.consume(&parts, ends, judge.now),
        Some(members) => judge.used.consume_of(key.address, members.most_nonces, &parts, ends, judge.now),
    };
    match used {
        Use::First => Ok(()),
        Use::Again => Err(ApiError::new(Code::RequestReplayed, "this nonce has been used")),
        Use::Full => Err(full()),
    }
}
