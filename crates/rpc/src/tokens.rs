//! Who may call what: bearer tokens (RFC 6750), each with the groups of methods that it reaches (M-PRO-5).
//!
//! A server without tokens answers everybody who reaches its port. One with tokens answers nobody who shows none of them: 401 before a byte of
//! the body is read. A token that does not reach a method gets the error 4100 for that call alone. Tokens are long random texts, so one hash without
//! a salt keeps them; the server has the hashes alone.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use alloy_primitives::{B256, utils::keccak256_uncached};
use futures::future::{Either, Ready, ready};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use jsonrpsee::server::HttpBody;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use tower::{Layer, Service};

use crate::{access::refusal_with, error::UNAUTHORIZED};

/// The scheme of the header `Authorization`.
const SCHEME: &str = "Bearer";

/// A family of methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RpcGroup {
    /// Blocks, transactions, state, logs, calls, proofs, subscriptions, the pool: whatever is in none of the other groups.
    Read,
    /// `eth_sendRawTransaction` and `eth_sendRawTransactionSync`.
    Send,
    /// What executes much or shows each step: `debug_trace*`, `eth_simulateV1`.
    Trace,
    /// How this node is and whom it has caught: `chancery_status`, `chancery_getEvidence`.
    Admin,
}

impl RpcGroup {
    /// Every group.
    pub const ALL: [Self; 4] = [Self::Read, Self::Send, Self::Trace, Self::Admin];

    /// The name, as it stands in files and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Send => "send",
            Self::Trace => "trace",
            Self::Admin => "admin",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The groups that whoever sent a request reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reach(u8);

impl Reach {
    /// Nothing.
    pub(crate) const NONE: Self = Self(0);
    /// Everything.
    pub(crate) const ALL: Self = Self(u8::MAX);

    fn of(groups: &[RpcGroup]) -> Self {
        Self(groups.iter().fold(0, |bits, group| bits | group.bit()))
    }

    pub(crate) const fn covers(self, group: RpcGroup) -> bool {
        self.0 & group.bit() != 0
    }
}

/// A token, as the server knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct RpcToken {
    /// keccak256 of the token's characters.
    pub hash: B256,
    /// What it reaches.
    pub groups: Vec<RpcGroup>,
}

impl RpcToken {
    /// The hash under which a token is known.
    #[must_use]
    pub fn hash_of(token: &str) -> B256 {
        // The other function keeps short inputs in a cache.
        keccak256_uncached(token)
    }
}

/// Which tokens a server takes.
#[derive(Clone, Default)]
pub struct RpcTokens(Option<Arc<[(B256, Reach)]>>);

impl RpcTokens {
    /// Everybody who reaches the port may call everything.
    #[must_use]
    pub const fn open() -> Self {
        Self(None)
    }

    /// Whoever shows one of these, and nobody else; none of them: nobody.
    #[must_use]
    pub fn of(tokens: &[RpcToken]) -> Self {
        Self(Some(tokens.iter().map(|token| (token.hash, Reach::of(&token.groups))).collect()))
    }

    /// What a request with these headers reaches; none: it shows no token, or one that is not known.
    fn reach(&self, headers: &HeaderMap) -> Option<Reach> {
        let Some(known) = &self.0 else { return Some(Reach::ALL) };
        let mut shown = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (shown.next(), shown.next()) else { return None };
        let hash = RpcToken::hash_of(bearer(value)?);
        // All are compared, whichever it is.
        known.iter().fold(None, |found, (expected, reach)| {
            if bool::from(expected.as_slice().ct_eq(hash.as_slice())) { Some(*reach) } else { found }
        })
    }
}

impl fmt::Debug for RpcTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RpcTokens").field(&self.0.as_ref().map(|known| known.len())).finish()
    }
}

impl fmt::Debug for RpcToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcToken").field("groups", &self.groups).finish_non_exhaustive()
    }
}

/// The token of `Bearer TOKEN`; the scheme in any case (RFC 9110, section 11.1).
fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case(SCHEME) && !token.is_empty()).then_some(token)
}

/// Answers 401 where no token is shown, and says inside what a request reaches ([`Reach`]).
#[derive(Clone, Debug)]
pub(crate) struct TokenLayer(pub(crate) RpcTokens);

impl<S> Layer<S> for TokenLayer {
    type Service = TokenCheck<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TokenCheck { inner, tokens: self.0.clone() }
    }
}

/// See [`TokenLayer`].
#[derive(Clone, Debug)]
pub(crate) struct TokenCheck<S> {
    inner: S,
    tokens: RpcTokens,
}

impl<S, B> Service<Request<B>> for TokenCheck<S>
where
    S: Service<Request<B>, Response = Response<HttpBody>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<S::Response, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.tokens.reach(request.headers()) {
            Some(reach) => {
                request.extensions_mut().insert(reach);
                Either::Left(self.inner.call(request))
            }
            None => Either::Right(ready(Ok(unauthorized()))),
        }
    }
}

fn unauthorized() -> Response<HttpBody> {
    let reason = "unauthorized: show a token that this node knows (Authorization: Bearer TOKEN)";
    let mut response = refusal_with(StatusCode::UNAUTHORIZED, UNAUTHORIZED, reason);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(SCHEME));
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (header::AUTHORIZATION, value.parse().unwrap())).collect()
    }

    #[test]
    fn a_token_reaches_its_groups_and_what_is_none_reaches_nothing() {
        let token =
            |text: &str, groups: &[RpcGroup]| RpcToken { hash: RpcToken::hash_of(text), groups: groups.to_vec() };
        let tokens = RpcTokens::of(&[token("first", &[RpcGroup::Read]), token("second", &[RpcGroup::Send])]);
        let reach = |values: &[&str]| tokens.reach(&headers(values));
        for value in ["Bearer first", "bearer first"] {
            let found = reach(&[value]).unwrap();
            assert!(found.covers(RpcGroup::Read) && !found.covers(RpcGroup::Send), "{value}");
        }
        let second = reach(&["Bearer second"]).unwrap();
        assert_eq!(RpcGroup::ALL.map(|group| second.covers(group)), [false, true, false, false]);
        for wrong in ["Bearer third", "Bearer first ", "Bearer ", "Bearer", "Basic first", "first", "Bearer  first"] {
            assert_eq!(reach(&[wrong]), None, "{wrong}");
        }
        assert_eq!(reach(&[]), None);
        assert_eq!(reach(&["Bearer first", "Bearer second"]), None, "which of them is meant is not guessed");
        let hash = format!("Bearer {}", RpcToken::hash_of("first"));
        assert_eq!(reach(&[&hash]), None, "the hash is not the token");
    }

    #[test]
    fn without_tokens_everybody_enters_and_with_none_listed_nobody() {
        assert_eq!(RpcTokens::open().reach(&HeaderMap::new()), Some(Reach::ALL));
        assert_eq!(RpcTokens::of(&[]).reach(&headers(&["Bearer first"])), None);
        assert!(RpcGroup::ALL.iter().all(|group| Reach::ALL.covers(*group) && !Reach::NONE.covers(*group)));
    }
}
