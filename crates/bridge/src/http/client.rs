use std::time::Duration;

use reqwest::redirect::Policy;
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use super::{MAX_BODY_BYTES, Problem};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nobody answers there in time.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The answer is none, or is too large.
    #[error("the answer cannot be read: {0}")]
    Malformed(String),
}

/// Asks with JSON, and reads JSON. Follows no redirection and uses no proxy: what is sent is meant for that address alone.
#[derive(Clone, Debug)]
pub struct JsonClient {
    client: reqwest::Client,
}

impl JsonClient {
    /// # Errors
    /// When the machine gives no client (no file descriptors, no randomness).
    pub fn new(timeout: Duration) -> Result<Self, CallError> {
        let client = reqwest::Client::builder()
            .timeout(timeout)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| CallError::Unreachable(error.to_string()))?;
        Ok(Self { client })
    }

    /// The answer, or the refusal that came instead.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn post<A: DeserializeOwned, R: DeserializeOwned>(
        &self,
        url: Url,
        body: &(impl Serialize + Sync),
    ) -> Result<Result<A, R>, CallError> {
        let unreachable = |error: reqwest::Error| CallError::Unreachable(error.without_url().to_string());
        let malformed = |error: serde_json::Error| CallError::Malformed(error.to_string());
        let mut answer = self.client.post(url).json(body).send().await.map_err(unreachable)?;
        let is_success = answer.status().is_success();
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            if bytes.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(CallError::Malformed(format!("it is longer than {MAX_BODY_BYTES} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        if is_success {
            return serde_json::from_slice(&bytes).map(Ok).map_err(malformed);
        }
        let problem: Problem<R> = serde_json::from_slice(&bytes).map_err(malformed)?;
        Ok(Err(problem.refusal))
    }
}
