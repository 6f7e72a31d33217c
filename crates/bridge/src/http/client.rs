use std::time::Duration;

use axum::http::StatusCode;
use chancery_traces::pass_on;
use reqwest::redirect::Policy;
use serde::{Serialize, de::DeserializeOwned};
use url::{Host, Url};

use super::{MAX_BODY_BYTES, PeerRefusal, Problem, mutual::MutualClient};
use crate::tls::{ChannelFault, Expectation, Mutual};

/// Longest wait for a connection.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nobody answers there in time.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The answer is none, or is too large.
    #[error("the answer cannot be read: {0}")]
    Malformed(String),
    /// The two do not speak to each other.
    #[error(transparent)]
    Channel(#[from] ChannelFault),
    /// They ceased to when the request had been sent: whether it had its effect is not known.
    #[error("the request was under way: {0}")]
    Interrupted(ChannelFault),
}

impl CallError {
    /// The same of a request that had been sent.
    pub(super) fn of_sent(self) -> Self {
        match self {
            Self::Channel(fault) => Self::Interrupted(fault),
            other => other,
        }
    }
}

/// Asks with JSON, and reads JSON. Follows no redirection and uses no proxy: what is sent is meant for that address alone. Plain HTTP reaches this machine alone.
#[derive(Clone, Debug)]
pub struct JsonClient {
    client: reqwest::Client,
    mutual: Option<MutualClient>,
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
        Ok(Self { client, mutual: None })
    }

    /// As [`Self::new`]; behind `https` it speaks to nodes of the alliance alone, and to those that it wants.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn mutual(timeout: Duration, tls: Mutual, wanted: Expectation) -> Result<Self, CallError> {
        let mutual = Some(MutualClient { tls, wanted, patience: timeout });
        Ok(Self { mutual, ..Self::new(timeout)? })
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
        let malformed = |error: serde_json::Error| CallError::Malformed(error.to_string());
        let body = serde_json::to_vec(body).map_err(malformed)?;
        let (status, bytes) = match &self.mutual {
            Some(mutual) if url.scheme() == "https" => mutual.post(&url, body).await?,
            _ => self.plainly(url, body).await?,
        };
        if status.is_success() {
            return serde_json::from_slice(&bytes).map(Ok).map_err(malformed);
        }
        match serde_json::from_slice::<Problem<R>>(&bytes) {
            Ok(problem) => Ok(Err(problem.refusal)),
            Err(error) => match serde_json::from_slice::<Problem<PeerRefusal>>(&bytes) {
                Ok(Problem { refusal: PeerRefusal::PeerRefused { fault, under_way }, .. }) => {
                    let error = CallError::Channel(ChannelFault::Ours { fault });
                    Err(if under_way { error.of_sent() } else { error })
                }
                Err(_) => Err(malformed(error)),
            },
        }
    }

    async fn plainly(&self, url: Url, body: Vec<u8>) -> Result<(StatusCode, Vec<u8>), CallError> {
        check_destination(&url, false)?;
        let unreachable = |error: reqwest::Error| CallError::Unreachable(error.without_url().to_string());
        let mut headers = reqwest::header::HeaderMap::new();
        pass_on(&mut headers);
        let request = self.client.post(url).headers(headers);
        let request = request.header(reqwest::header::CONTENT_TYPE, "application/json").body(body);
        let mut answer = request.send().await.map_err(unreachable)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            if bytes.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(CallError::Malformed(format!("it is longer than {MAX_BODY_BYTES} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok((answer.status(), bytes))
    }
}

/// Checks that a service can be asked there: over https with a certificate of the alliance, which the Web's authorities are no substitute for, or on this
/// machine.
///
/// # Errors
/// `Uncertified`, `Plain`.
pub fn check_destination(url: &Url, has_certificate: bool) -> Result<(), ChannelFault> {
    let host = || url.host_str().unwrap_or_default().to_owned();
    match url.scheme() {
        "https" if has_certificate => Ok(()),
        "https" => Err(ChannelFault::Uncertified { host: host() }),
        _ if is_this_machine(url) => Ok(()),
        _ => Err(ChannelFault::Plain { host: host() }),
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
