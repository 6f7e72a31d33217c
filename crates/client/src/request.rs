//! One request: made, signed, sent, and its answer read.

use std::{net::IpAddr, time::Duration};

use alloy_primitives::Address;
use bytes::Bytes;
use chancery_keys::AccountKey;
use chancery_rest::{Problem, problem::MEDIA_TYPE};
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use reqwest::{
    Certificate, Method, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use crate::{
    ClientError, error,
    signing::{Key, header, sign},
};

/// The largest answer that is read, in bytes.
pub const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// The largest problem document that is read, in bytes.
pub const MAX_PROBLEM_BYTES: usize = 1024 * 1024;
/// The longest that an answer is waited for; the gateway itself gives up after half of it.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
const JSON: &str = "application/json";
/// A submission a line.
const NDJSON: &str = "application/x-ndjson";

/// The bytes of a file, as they come.
pub type FileStream = BoxStream<'static, Result<Bytes, ClientError>>;

/// A client of one gateway. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    gateway: Url,
    key: Option<Key>,
    idempotency_key: Option<String>,
    asking_source: Option<String>,
    timeout: Duration,
}

impl std::fmt::Debug for Client {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("gateway", &self.gateway.as_str())
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}

/// What a request sends.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Parts of the path; they are percent-encoded.
    pub(crate) path: &'a [&'a str],
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Vec<u8>>,
}

impl Call<'_> {
    pub(crate) const fn get<'a>(path: &'a [&'a str], query: Vec<(&'static str, String)>) -> Call<'a> {
        Call { method: Method::GET, path, query, body: None }
    }
}

impl Client {
    /// A client of the gateway at a URL, beyond this machine over `https`; it asks what is open to anybody.
    ///
    /// # Errors
    /// [`ClientError::BadUrl`], [`ClientError::PlainText`].
    pub fn new(gateway: &str) -> Result<Self, ClientError> {
        let http = builder().build().map_err(|error| ClientError::Signing(error.to_string()))?;
        Self::over(http, gateway)
    }

    /// As [`Client::new`], over `https` alone beyond this machine: servers are trusted whose certificates are of these authorities (PEM, one or more), and no others, not even those that the system trusts.
    ///
    /// # Errors
    /// [`ClientError::BadUrl`], [`ClientError::BadAuthorities`], [`ClientError::PlainText`].
    pub fn trusting(gateway: &str, authorities: &[u8]) -> Result<Self, ClientError> {
        let unusable = |error: reqwest::Error| ClientError::BadAuthorities(reason(&error));
        let authorities = Certificate::from_pem_bundle(authorities).map_err(unusable)?;
        if authorities.is_empty() {
            return Err(ClientError::BadAuthorities("there is none".to_owned()));
        }
        Self::over(builder().tls_certs_only(authorities).build().map_err(unusable)?, gateway)
    }

    /// The same client of another server, such as the service of whoever shares a resource: with the same key, patience and trust, and no idempotency key. Somebody else has chosen the
    /// address, so beyond this machine it is `https`. What is signed for it names it, and is worth nothing anywhere else.
    ///
    /// # Errors
    /// [`ClientError::BadUrl`], [`ClientError::PlainText`].
    pub fn at(&self, server: &str) -> Result<Self, ClientError> {
        let gateway = address(server)?;
        not_in_clear(&gateway)?;
        // What a source has signed to ask this gateway is not for the other.
        Ok(Self { gateway, idempotency_key: None, asking_source: None, ..self.clone() })
    }

    fn over(http: reqwest::Client, gateway: &str) -> Result<Self, ClientError> {
        let gateway = address(gateway)?;
        not_in_clear(&gateway)?;
        Ok(Self { http, gateway, key: None, idempotency_key: None, asking_source: None, timeout: REQUEST_TIMEOUT })
    }

    /// The same client, signing each request with a key. `main_chain_id` is the one of the chain `main` in [`Client::chains`].
    #[must_use]
    pub fn signing_with(self, key: impl Into<AccountKey>, main_chain_id: u64) -> Self {
        Self { key: Some(Key { account: key.into(), main_chain_id }), ..self }
    }

    /// The same client, sending an idempotency key with what it submits: the same key twice is the same submission.
    #[must_use]
    pub fn with_idempotency_key(self, key: impl Into<String>) -> Self {
        Self { idempotency_key: Some(key.into()), ..self }
    }

    /// The same client, asking as a source for proofs of its own data: the statement is a signed `chancery_data::ask::Ask`.
    #[must_use]
    pub fn asking_as_source(self, statement: impl Into<String>) -> Self {
        Self { asking_source: Some(statement.into()), ..self }
    }

    /// The same client, waiting for a signature, and then for an answer, so long instead of [`REQUEST_TIMEOUT`].
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Whose key signs.
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        self.key.as_ref().map(|key| key.account.address())
    }

    /// The gateway's URL.
    #[must_use]
    pub const fn gateway(&self) -> &Url {
        &self.gateway
    }

    /// Sends JSON and reads JSON.
    pub(crate) async fn send<A: DeserializeOwned>(&self, call: Call<'_>) -> Result<A, ClientError> {
        let (status, bytes) = self.exchange(call).await?;
        serde_json::from_slice(&bytes).map_err(|error| self.not_a_gateway(status, error.to_string()))
    }

    /// Sends JSON and reads text.
    pub(crate) async fn send_for_text(&self, call: Call<'_>) -> Result<String, ClientError> {
        let (status, bytes) = self.exchange(call).await?;
        String::from_utf8(bytes).map_err(|error| self.not_a_gateway(status, error.to_string()))
    }

    /// A call with a JSON body.
    pub(crate) fn with_body<'a>(
        method: Method,
        path: &'a [&'a str],
        body: &impl Serialize,
    ) -> Result<Call<'a>, ClientError> {
        let body = serde_json::to_vec(body).map_err(|error| ClientError::Signing(error.to_string()))?;
        Ok(Call { method, path, query: Vec::new(), body: Some(body) })
    }

    /// Refuses before sending what only a signed request may ask.
    pub(crate) fn needs_key(&self) -> Result<&Self, ClientError> {
        if self.key.is_some() { Ok(self) } else { Err(ClientError::NoSigner) }
    }

    /// Sends a request; statuses below 400 and answers that are no problem document come back.
    pub(crate) async fn exchange(&self, call: Call<'_>) -> Result<(StatusCode, Vec<u8>), ClientError> {
        let response = self.begin(call).await?;
        self.read(response).await
    }

    /// Sends a request whose answer is read as it comes; one that is no success is an error.
    pub(crate) async fn open(&self, call: Call<'_>) -> Result<FileStream, ClientError> {
        Ok(self.open_with_head(call).await?.1)
    }

    /// Sends lines and reads the answer's lines as they come.
    pub(crate) async fn open_lines(&self, call: Call<'_>) -> Result<FileStream, ClientError> {
        let response = self.begin_as(call, NDJSON).await?;
        Ok(self.streamed(response).await?.1)
    }

    /// The same as [`Self::open`], with the headers of the answer.
    pub(crate) async fn open_with_head(&self, call: Call<'_>) -> Result<(HeaderMap, FileStream), ClientError> {
        let response = self.begin(call).await?;
        self.streamed(response).await
    }

    async fn streamed(&self, mut response: Response) -> Result<(HeaderMap, FileStream), ClientError> {
        if response.status() != StatusCode::OK {
            let (status, _) = self.read(response).await?;
            return Err(self.not_a_gateway(status, "the answer is no file".to_owned()));
        }
        let headers = std::mem::take(response.headers_mut());
        let client = self.clone();
        Ok((headers, response.bytes_stream().map_err(move |error| client.unreachable(&error)).boxed()))
    }

    /// The same file, an error where it is longer than [`MAX_ANSWER_BYTES`].
    pub(crate) fn bounded(&self, file: FileStream) -> FileStream {
        let (client, mut bytes) = (self.clone(), 0_usize);
        file.map(move |chunk| {
            let chunk = chunk?;
            bytes = bytes.saturating_add(chunk.len());
            if bytes > MAX_ANSWER_BYTES {
                return Err(client.too_long(StatusCode::OK, MAX_ANSWER_BYTES));
            }
            Ok(chunk)
        })
        .boxed()
    }

    async fn begin(&self, call: Call<'_>) -> Result<Response, ClientError> {
        self.begin_as(call, JSON).await
    }

    async fn begin_as(&self, call: Call<'_>, media_type: &'static str) -> Result<Response, ClientError> {
        let url = self.url(&call)?;
        let mut headers = HeaderMap::new();
        let submits = call.method == Method::POST;
        if let Some(key) = self.idempotency_key.as_ref().filter(|_| submits) {
            headers.insert(HeaderName::from_static("idempotency-key"), header(key)?);
        }
        if let Some(statement) = &self.asking_source {
            headers.insert(HeaderName::from_static("chancery-source"), header(statement)?);
        }
        if call.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        if let Some(key) = &self.key {
            let signing = sign(key, &call.method, &url, call.body.as_deref(), &mut headers);
            let signed = tokio::time::timeout(self.timeout, signing).await;
            signed.map_err(|_| ClientError::Signing("whoever keeps the key did not sign in time".to_owned()))??;
        }
        let mut request = self.http.request(call.method, url).headers(headers).timeout(self.timeout);
        if let Some(body) = call.body {
            request = request.body(body);
        }
        request.send().await.map_err(|error| self.unreachable(&error))
    }

    async fn read(&self, mut response: Response) -> Result<(StatusCode, Vec<u8>), ClientError> {
        let status = response.status();
        let is_problem = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with(MEDIA_TYPE));
        let told_s = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let most = if is_problem { MAX_PROBLEM_BYTES } else { MAX_ANSWER_BYTES };
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            if bytes.len() + chunk.len() > most {
                return Err(self.too_long(status, most));
            }
            bytes.extend_from_slice(&chunk);
        }
        if is_problem {
            let mut problem: Problem =
                serde_json::from_slice(&bytes).map_err(|error| self.not_a_gateway(status, error.to_string()))?;
            if let Some(seconds) = told_s {
                let told_ms = seconds.saturating_mul(1000);
                problem.members.entry(error::RETRY_AFTER).or_insert_with(|| told_ms.into());
            }
            return Err(ClientError::Problem(Box::new(problem)));
        }
        // `GET /health` of a degraded city is 503 with a body of its own.
        if status.is_success() || status == StatusCode::SERVICE_UNAVAILABLE {
            Ok((status, bytes))
        } else {
            Err(self.not_a_gateway(status, "the error is no problem document".to_owned()))
        }
    }

    fn url(&self, call: &Call<'_>) -> Result<Url, ClientError> {
        // A URL leaves out, or goes up by, what is written so: another endpoint would be asked.
        let is_no_name = |part: &&&str| matches!(**part, "" | "." | "..") || part.contains(char::is_control);
        if let Some(part) = call.path.iter().find(is_no_name) {
            return Err(ClientError::BadName(part.escape_debug().to_string()));
        }
        let mut url = self.gateway.clone();
        url.path_segments_mut()
            .map_err(|()| ClientError::BadUrl(self.gateway.to_string()))?
            .pop_if_empty()
            .extend(call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        Ok(url)
    }

    /// Something answered, and not as it should.
    pub(crate) fn answered_otherwise(&self, reason: &str) -> ClientError {
        self.not_a_gateway(StatusCode::OK, reason.to_owned())
    }

    /// Something answered, and not to the end.
    pub(crate) fn broke_off(&self, reason: &str) -> ClientError {
        ClientError::Unreachable { gateway: self.gateway.to_string(), reason: reason.to_owned() }
    }

    fn unreachable(&self, error: &reqwest::Error) -> ClientError {
        ClientError::Unreachable { gateway: self.gateway.to_string(), reason: reason(error) }
    }

    fn too_long(&self, status: StatusCode, most_bytes: usize) -> ClientError {
        self.not_a_gateway(status, format!("the answer is larger than {most_bytes} bytes"))
    }

    pub(crate) fn not_a_gateway(&self, status: StatusCode, reason: String) -> ClientError {
        ClientError::NotAGateway { gateway: self.gateway.to_string(), status: status.as_u16(), reason }
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("chancery/", env!("CARGO_PKG_VERSION")))
}

fn address(server: &str) -> Result<Url, ClientError> {
    let refuse = || ClientError::BadUrl(server.to_owned());
    let url = Url::parse(server).map_err(|_| refuse())?;
    if !url.username().is_empty() || url.password().is_some() {
        // A name and a password would be sent along, and stand in every message about the gateway.
        return Err(ClientError::BadUrl(format!("{}://...@{}", url.scheme(), url.host_str().unwrap_or_default())));
    }
    let is_server = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    if is_server && url.query().is_none() && url.fragment().is_none() { Ok(url) } else { Err(refuse()) }
}

/// Refuses plain HTTP to another machine: whoever is on the way would read names and documents, and answer what is not proven. A signature hides nothing.
fn not_in_clear(server: &Url) -> Result<(), ClientError> {
    let host = server.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    if server.scheme() == "https" || is_here { Ok(()) } else { Err(ClientError::PlainText(server.to_string())) }
}

/// The innermost cause, which says what happened.
fn reason(error: &reqwest::Error) -> String {
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        reason = cause.to_string();
        source = cause.source();
    }
    reason
}
