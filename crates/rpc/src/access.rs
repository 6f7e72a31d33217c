//! Which browsers may talk to the server: the `Host` and `Origin` checks.
//!
//! A node on loopback is reachable from every page that its user's browser shows. `Host` names that are not this
//! machine's are refused, because a page of another name may resolve that name to 127.0.0.1 (DNS rebinding). `Origin`
//! is checked for WebSocket too, where browsers apply no cross-origin rule of their own. Requests without `Origin` come
//! from programs, not pages, and pass.

use std::{
    net::IpAddr,
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::{Either, Ready, ready};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header};
use jsonrpsee::server::HttpBody;
use serde::{Deserialize, Serialize};
use tower::{Layer, Service};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::error::LIMIT_EXCEEDED;

/// How long a browser may keep the answer to a preflight, in seconds.
const PREFLIGHT_MAX_AGE_SECONDS: u64 = 3_600;

/// Origins of browser extensions, as which wallets (MetaMask among them) ask. An extension that may reach loopback addresses at all was
/// given that right by its user, and no page can take on such an origin.
const EXTENSION_SCHEMES: [&str; 3] = ["chrome-extension", "moz-extension", "safari-web-extension"];

/// Whom the server answers, beyond programs on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RpcAccess {
    /// Names besides `localhost` and IP addresses under which the server is called (`Host`, without port). `*` is any.
    pub allowed_hosts: Vec<String>,
    /// Origins besides loopback ones and browser extensions whose pages may call (`https://wallet.example`). `*` is any.
    pub allowed_origins: Vec<String>,
}

impl RpcAccess {
    fn host_is_allowed(&self, host: &str) -> bool {
        let name = host_name(host);
        is_this_machine_or_address(name) || self.allowed_hosts.iter().any(|allowed| matches(allowed, name))
    }

    fn origin_is_allowed(&self, origin: &str) -> bool {
        let scheme = origin.split_once("://").map_or("", |(scheme, _)| scheme);
        let extension = EXTENSION_SCHEMES.iter().any(|extension| scheme.eq_ignore_ascii_case(extension));
        let loopback = origin.parse::<Uri>().ok().is_some_and(|uri| uri.host().is_some_and(is_loopback));
        extension || loopback || self.allowed_origins.iter().any(|allowed| matches(allowed, origin))
    }

    /// Why a request with these headers is refused, or `None`.
    fn refusal(&self, uri: &Uri, headers: &HeaderMap) -> Option<&'static str> {
        let host = match headers.get(header::HOST) {
            Some(value) => value.to_str().ok(),
            None => uri.authority().map(|authority| authority.as_str()),
        };
        if !host.is_some_and(|host| self.host_is_allowed(host)) {
            return Some("host not allowed: call the server by its address, or add the name to allowed_hosts");
        }
        let origin = headers.get(header::ORIGIN)?;
        if !origin.to_str().is_ok_and(|origin| self.origin_is_allowed(origin)) {
            return Some("origin not allowed: add it to allowed_origins");
        }
        None
    }
}

fn matches(allowed: &str, given: &str) -> bool {
    allowed == "*" || allowed.eq_ignore_ascii_case(given)
}

/// `host:port`, `host`, `[v6]:port` or `[v6]` without port and brackets.
fn host_name(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// An address cannot be rebound; `localhost` is this machine by RFC 6761.
fn is_this_machine_or_address(name: &str) -> bool {
    name.parse::<IpAddr>().is_ok() || name.eq_ignore_ascii_case("localhost")
}

fn is_loopback(name: &str) -> bool {
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The CORS answers that go with `access`.
pub(crate) fn cors(access: Arc<RpcAccess>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin: &HeaderValue, _| {
            origin.to_str().is_ok_and(|origin| access.origin_is_allowed(origin))
        }))
        .allow_methods([http::Method::POST])
        .allow_headers([header::CONTENT_TYPE, header::AUTHORIZATION])
        .max_age(std::time::Duration::from_secs(PREFLIGHT_MAX_AGE_SECONDS))
}

/// Refuses what [`RpcAccess`] does not allow, with 403 and a JSON-RPC error.
#[derive(Clone, Debug)]
pub(crate) struct AccessLayer(pub(crate) Arc<RpcAccess>);

impl<S> Layer<S> for AccessLayer {
    type Service = AccessCheck<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AccessCheck { inner, access: self.0.clone() }
    }
}

/// See [`AccessLayer`].
#[derive(Clone, Debug)]
pub(crate) struct AccessCheck<S> {
    inner: S,
    access: Arc<RpcAccess>,
}

impl<S, B> Service<Request<B>> for AccessCheck<S>
where
    S: Service<Request<B>, Response = Response<HttpBody>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<S::Response, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.access.refusal(request.uri(), request.headers()) {
            None => Either::Left(self.inner.call(request)),
            Some(reason) => Either::Right(ready(Ok(refusal_response(StatusCode::FORBIDDEN, reason)))),
        }
    }
}

/// A response that carries a JSON-RPC error without a request id, as for a request that was not read.
pub(crate) fn refusal_response(status: StatusCode, message: &str) -> Response<HttpBody> {
    refusal_with(status, LIMIT_EXCEEDED, message)
}

/// The same with a code of its own.
pub(crate) fn refusal_with(status: StatusCode, code: i32, message: &str) -> Response<HttpBody> {
    let mut response = Response::new(HttpBody::from(body_of(code, message)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The body of [`refusal_response`].
pub(crate) fn refusal_body(message: &str) -> String {
    body_of(LIMIT_EXCEEDED, message)
}

fn body_of(code: i32, message: &str) -> String {
    serde_json::json!({ "jsonrpc": "2.0", "id": null, "error": { "code": code, "message": message } }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_localhost_are_hosts_but_foreign_names_are_not() {
        let access = RpcAccess { allowed_hosts: vec!["node.example".into()], ..RpcAccess::default() };
        for host in ["127.0.0.1:8545", "localhost", "LOCALHOST:1", "[::1]:8545", "10.0.0.7", "node.example:80"] {
            assert!(access.host_is_allowed(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:8545", "127.0.0.1.evil.example", "", "node.example.evil"] {
            assert!(!access.host_is_allowed(host), "{host}");
        }
    }

    #[test]
    fn loopback_and_listed_origins_and_wallets_in_extensions_are_allowed() {
        let access = RpcAccess { allowed_origins: vec!["https://wallet.example".into()], ..RpcAccess::default() };
        for origin in [
            "http://localhost:3000",
            "http://127.0.0.1",
            "http://[::1]:8080",
            "https://wallet.example",
            "chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn",
            "moz-extension://0f3a5b2c-7f6e-4a7b-9a57-6b3c1a2d4e5f",
        ] {
            assert!(access.origin_is_allowed(origin), "{origin}");
        }
        for origin in [
            "http://evil.example",
            "null",
            "http://chrome-extension",
            "chrome-extension",
            "https://wallet.example.evil",
            "http://localhost.evil.example",
        ] {
            assert!(!access.origin_is_allowed(origin), "{origin}");
        }
    }

    #[test]
    fn a_star_allows_everybody() {
        let access = RpcAccess { allowed_hosts: vec!["*".into()], allowed_origins: vec!["*".into()] };
        assert!(access.host_is_allowed("any.example") && access.origin_is_allowed("https://any.example"));
    }
}
