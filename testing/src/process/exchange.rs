//! JSON-RPC as a client sees it: a result, or an error with its code.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::Client;
use serde_json::{Value, json};

/// The longest wait for a receipt: many times what a loaded machine needs.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// How often a receipt is asked for.
const POLL: Duration = Duration::from_millis(10);

/// What a node answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A result, which may be null.
    Result(Value),
    /// An error object: `{code, message, data?}`.
    Error(Value),
}

impl Answer {
    /// The result, or null for an error.
    #[must_use]
    pub fn result(&self) -> &Value {
        match self {
            Self::Result(result) => result,
            Self::Error(_) => &Value::Null,
        }
    }

    /// The code of an error.
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        match self {
            Self::Result(_) => None,
            Self::Error(error) => error["code"].as_i64(),
        }
    }
}

/// A node that is asked over one HTTP connection.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Where it listens.
    pub url: String,
    client: Client,
}

impl Endpoint {
    /// A client of the node at `url`.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(url: &str) -> Result<Self> {
        Ok(Self { url: url.to_owned(), client: Client::builder().no_proxy().build()? })
    }

    /// Calls a method.
    ///
    /// # Errors
    /// When the node does not answer as JSON-RPC asks.
    pub async fn call(&self, method: &str, params: Value) -> Result<Answer> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let response = self.client.post(&self.url).json(&request).send().await?;
        let mut answer: Value = response.json().await.with_context(|| format!("{method} is not answered in JSON"))?;
        ensure!(answer["jsonrpc"] == "2.0" && answer["id"] == 1, "{method}: {answer}");
        match (answer.get("result").is_some(), answer.get("error").is_some()) {
            (true, false) => Ok(Answer::Result(answer["result"].take())),
            (false, true) => Ok(Answer::Error(answer["error"].take())),
            _ => bail!("{method}: neither a result nor an error alone: {answer}"),
        }
    }

    /// Calls a method that must succeed.
    ///
    /// # Errors
    /// When it fails.
    pub async fn result(&self, method: &str, params: Value) -> Result<Value> {
        match self.call(method, params).await? {
            Answer::Result(result) => Ok(result),
            Answer::Error(error) => bail!("{method}: {error}"),
        }
    }

    /// Sends a signed transaction and waits for its receipt.
    ///
    /// # Errors
    /// When it is refused, or not in a block in time.
    pub async fn include(&self, raw: &alloy_primitives::Bytes) -> Result<Value> {
        let hash = self.result("eth_sendRawTransaction", json!([raw])).await?;
        let started = Instant::now();
        loop {
            let receipt = self.result("eth_getTransactionReceipt", json!([hash])).await?;
            if !receipt.is_null() {
                return Ok(receipt);
            }
            ensure!(started.elapsed() < MAX_WAIT, "{hash} is in no block");
            tokio::time::sleep(POLL).await;
        }
    }
}
