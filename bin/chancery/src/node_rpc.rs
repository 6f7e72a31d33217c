//! One question to a node's JSON-RPC.

use std::time::Duration;

use alloy::transports::http::reqwest;
use anyhow::{Context, Result, anyhow, bail, ensure};
use chancery_ledger::Endpoint;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::own_machine::encrypted_elsewhere;

/// A node that is well answers at once.
const MAX_WAIT: Duration = Duration::from_secs(10);
/// Far more than a node has to say.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// Asks a node a question without parameters.
///
/// # Errors
/// When nobody listens, nobody answers in time, the answer is an error or something else, or it would come in clear from another machine.
pub(crate) async fn ask<T: DeserializeOwned>(url: &str, method: &str) -> Result<T> {
    ask_with(url, method, &json!([])).await
}

/// The same with parameters.
///
/// # Errors
/// As [`ask`].
pub(crate) async fn ask_with<T: DeserializeOwned>(url: &str, method: &str, params: &Value) -> Result<T> {
    let endpoint = Endpoint::read(&encrypted_elsewhere(url, "JSON-RPC")?)?;
    ask_by(&client(&endpoint)?, endpoint.url().as_str(), method, params).await
}

/// What asks a node, showing its token where the address names one. No proxy of the environment comes between.
///
/// # Errors
/// When the system gives no authorities of TLS.
pub(crate) fn client(endpoint: &Endpoint) -> Result<reqwest::Client> {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(MAX_WAIT);
    Ok(client.default_headers(endpoint.headers()).build()?)
}

/// The same by a client that is there, for whoever asks often.
///
/// # Errors
/// As [`ask`].
pub(crate) async fn ask_by<T: DeserializeOwned>(
    client: &reqwest::Client,
    url: &str,
    method: &str,
    params: &Value,
) -> Result<T> {
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let sent = client.post(url).header("content-type", "application/json").body(request.to_string()).send().await;
    let mut response = sent.map_err(|error| {
        if error.is_connect() {
            anyhow!("nobody listens on {url}: the node does not run, or listens elsewhere (`rpc.listen` in its node.toml); if it does not start, `chancery doctor --config node.toml` looks at its files")
        } else if error.is_timeout() {
            anyhow!("the node on {url} does not answer within {} s: it is overloaded or hangs; look at its log and its machine", MAX_WAIT.as_secs())
        } else {
            anyhow!(error).context(format!("cannot ask {url}"))
        }
    })?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.with_context(|| format!("{url} broke off its answer"))? {
        ensure!(
            body.len() + chunk.len() <= MAX_ANSWER_BYTES,
            "{url} answers {method} with more than {MAX_ANSWER_BYTES} bytes"
        );
        body.extend_from_slice(&chunk);
    }
    let mut answer: Value = serde_json::from_slice(&body).with_context(|| format!("{url} is no JSON-RPC endpoint"))?;
    if let Some(error) = answer.get("error") {
        let message = error["message"].as_str().unwrap_or("an error without a message");
        bail!("{url} refuses {method}: {message}");
    }
    let result = answer.get_mut("result").map(Value::take).with_context(|| format!("{url} is no JSON-RPC endpoint"))?;
    serde_json::from_value(result).with_context(|| format!("{url} answers {method} with something else"))
}
