//! The collector of the next department: one address, one token, requests that are tried again.

use std::time::Duration;

use reqwest::{Certificate, Client, StatusCode, Url, redirect::Policy};
use serde_json::Value as Json;
use zeroize::Zeroizing;

use super::ForwardError;
use crate::this_machine::{client_builder, has_user_info, is_this_machine};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest time for a batch.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a batch is sent in a run.
const ATTEMPTS: u32 = 4;
/// The first pause; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Longest answer that is read.
const MAX_ANSWER_BYTES: usize = 16 * 1024;
/// Longest reason that is repeated.
const MAX_REASON_CHARACTERS: usize = 300;

/// Where to, and what is shown there.
#[derive(Clone)]
pub struct TargetConfig {
    /// Of `POST /records` of a collector: `https`, or `http` on this machine.
    pub url: String,
    /// Sent as a bearer token (RFC 6750).
    pub token: Option<Zeroizing<String>>,
    /// Authorities (PEM) that are trusted; absent: the system's.
    pub authorities: Option<Vec<u8>>,
}

/// The collector of the next department.
pub struct Target {
    client: Client,
    url: Url,
    token: Option<Zeroizing<String>>,
}

/// Why a batch is not there.
enum Failure {
    Passing(String),
    Final(String),
}

impl Target {
    /// Prepares the client; nothing is sent.
    ///
    /// # Errors
    /// [`ForwardError::Target`].
    pub fn new(config: &TargetConfig) -> Result<Self, ForwardError> {
        let unusable = |what: &str| Err(ForwardError::Target(what.to_owned()));
        let Ok(url) = Url::parse(&config.url) else { return unusable("its address is no URL") };
        if has_user_info(&url) {
            return unusable("a password is not written into an address: use a token");
        }
        let is_kept_to_itself = url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(&url));
        if !is_kept_to_itself {
            return unusable(
                "it is reached over https, or is on this machine: rows and token would be read on the way",
            );
        }
        let mut builder = client_builder(&url)
            // Rows and token go where they were declared to, and nowhere else.
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT);
        if let Some(authorities) = &config.authorities {
            let found = Certificate::from_pem_bundle(authorities)
                .map_err(|error| ForwardError::Target(format!("its authorities: {error}")))?;
            if found.is_empty() {
                return unusable("the file of its authorities holds none");
            }
            builder = builder.tls_certs_only(found);
        }
        let client = builder.build().map_err(|error| ForwardError::Target(error.to_string()))?;
        Ok(Self { client, url, token: config.token.clone() })
    }

    /// Sends a batch until it is on the other side's disk, or that has to wait.
    pub(super) async fn send(&self, batch: &str, body: Vec<u8>, rows: u64) -> Result<(), ForwardError> {
        let body = bytes::Bytes::from(body);
        let (mut pause, mut attempts, url) = (FIRST_PAUSE, 1, self.url.to_string());
        loop {
            match self.attempt(batch, body.clone(), rows).await {
                Ok(()) => return Ok(()),
                Err(Failure::Final(reason)) => return Err(ForwardError::Refused { url, reason }),
                Err(Failure::Passing(reason)) if attempts >= ATTEMPTS => {
                    return Err(ForwardError::Away { url, reason });
                }
                Err(Failure::Passing(reason)) => tracing::debug!(attempts, reason, "a batch is sent again"),
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
            attempts += 1;
        }
    }

    async fn attempt(&self, batch: &str, body: bytes::Bytes, rows: u64) -> Result<(), Failure> {
        let mut request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/x-ndjson")
            .header("idempotency-key", format!("\"{batch}\""))
            .body(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.as_str());
        }
        let passing = |error: reqwest::Error| Failure::Passing(error.without_url().to_string());
        let mut answer = request.send().await.map_err(passing)?;
        let (status, mut said) = (answer.status(), Vec::new());
        while let Some(chunk) = answer.chunk().await.map_err(passing)? {
            if said.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(Failure::Final("it answers as no collector does".to_owned()));
            }
            said.extend_from_slice(&chunk);
        }
        let said: Json = serde_json::from_slice(&said).unwrap_or_default();
        if status == StatusCode::OK {
            let taken = said.get("records").and_then(Json::as_u64);
            return if taken == Some(rows) {
                Ok(())
            } else {
                Err(Failure::Final(format!("of {rows} rows it says {taken:?}")))
            };
        }
        let detail = said.get("detail").and_then(Json::as_str).unwrap_or_default();
        let detail: String = detail.chars().filter(|letter| !letter.is_control()).take(MAX_REASON_CHARACTERS).collect();
        let reason = format!("{status} {detail}");
        let passes =
            status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
        Err(if passes { Failure::Passing(reason) } else { Failure::Final(reason) })
    }
}
