//! A page of a REST source: asked for until it comes, and not longer than its bound.

use std::time::Duration;

use futures::StreamExt as _;
use jiff::fmt::rfc2822;
use reqwest::{
    Client, Response, StatusCode, Url,
    header::{ACCEPT, HeaderMap, LINK, RETRY_AFTER},
};
use serde_json::Value as Json;

use super::link;
use crate::extract::ExtractError;

/// Largest page.
const MAX_PAGE_BYTES: usize = 16 * 1024 * 1024;
/// Further attempts at a page that does not come.
const MAX_RETRIES: u32 = 5;
/// The pause before the first of them; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause that is waited out.
const MAX_PAUSE: Duration = Duration::from_secs(120);

/// A page.
pub(super) struct Page {
    pub(super) body: Json,
    /// As the fields `Link` name it.
    pub(super) next: Option<String>,
}

/// Asks for a page.
///
/// # Errors
/// [`ExtractError::SourceLost`] when it does not come, [`ExtractError::SourceRefused`] when it never will, [`ExtractError::SourceMalformed`].
pub(super) async fn fetch(client: &Client, url: &Url, token: Option<&str>) -> Result<Page, ExtractError> {
    let mut pause = FIRST_PAUSE;
    for left in (0..=MAX_RETRIES).rev() {
        let (reason, asked) = match attempt(client, url, token).await? {
            Attempt::Page(page) => return Ok(page),
            Attempt::Again { reason, pause } => (reason, pause),
        };
        let wait = asked.unwrap_or(pause);
        if left == 0 || wait > MAX_PAUSE {
            return Err(ExtractError::SourceLost(match asked {
                Some(asked) => format!("{reason}, and asks for a pause of {} s", asked.as_secs()),
                None => reason,
            }));
        }
        tokio::time::sleep(wait).await;
        pause *= 2;
    }
    Err(ExtractError::SourceLost("no page came".to_owned()))
}

enum Attempt {
    Page(Page),
    Again { reason: String, pause: Option<Duration> },
}

async fn attempt(client: &Client, url: &Url, token: Option<&str>) -> Result<Attempt, ExtractError> {
    let again = |reason: String| Ok(Attempt::Again { reason, pause: None });
    let mut request = client.get(url.clone()).header(ACCEPT, "application/json");
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => return again(said(error)),
    };
    match answer.status() {
        status if status.is_success() => {}
        status @ (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => {
            return Ok(Attempt::Again { reason: format!("HTTP {status}"), pause: retry_after(answer.headers()) });
        }
        status if status.is_server_error() => return again(format!("HTTP {status}")),
        status if status.is_redirection() => {
            return Err(ExtractError::SourceRefused(format!("it answers with HTTP {status}: declare the new address")));
        }
        status => return Err(ExtractError::SourceRefused(format!("it answers with HTTP {status}"))),
    }
    let next = answer
        .headers()
        .get_all(LINK)
        .iter()
        .filter_map(|field| field.to_str().ok())
        .find_map(link::next)
        .map(str::to_owned);
    let body = match body(answer).await? {
        Ok(body) => body,
        Err(reason) => return again(reason),
    };
    let body = serde_json::from_slice(&body).map_err(|_| ExtractError::SourceMalformed("a page is no JSON"))?;
    Ok(Attempt::Page(Page { body, next }))
}

/// The body; the inner error is for another attempt.
async fn body(answer: Response) -> Result<Result<Vec<u8>, String>, ExtractError> {
    const LONG: ExtractError = ExtractError::SourceMalformed("a page is longer than its bound");
    if answer.content_length().is_some_and(|length| length > MAX_PAGE_BYTES as u64) {
        return Err(LONG);
    }
    let mut bytes = Vec::new();
    let mut pieces = answer.bytes_stream();
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) if bytes.len() + piece.len() > MAX_PAGE_BYTES => return Err(LONG),
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(error) => return Ok(Err(said(error))),
        }
    }
    Ok(Ok(bytes))
}

/// How long to wait (RFC 9110, section 10.2.3): seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(until.duration_since(jiff::Timestamp::now())).unwrap_or_default())
}

/// Without the address, whose query may hold what is not to be logged.
fn said(error: reqwest::Error) -> String {
    error.without_url().to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // S-COL
    #[test]
    fn a_pause_is_seconds_or_a_date() {
        let of = |text: &str| retry_after(&HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]));
        assert_eq!(of("7"), Some(Duration::from_secs(7)));
        assert_eq!(of("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert!(of("Fri, 01 Jan 2100 00:00:00 GMT").unwrap() > MAX_PAUSE);
        assert_eq!(of("soon"), None);
        assert_eq!(of("-1"), None);
    }
}
