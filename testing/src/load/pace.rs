//! Sends a workload at a steady rate, and takes the time until each transaction's receipt is final.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::sleep_until;

use super::Workload;

/// The longest that a node is asked to wait with a receipt, in milliseconds.
const MAX_WAIT_MS: u64 = 30_000;

/// How long transactions took, from the moment that each was due to be sent until its final receipt was here.
///
/// From when it was due, not from when it was sent: a node that answers slowly must not make its own load lighter.
#[derive(Clone, Debug)]
pub struct Latencies(Vec<Duration>);

impl FromIterator<Duration> for Latencies {
    fn from_iter<T: IntoIterator<Item = Duration>>(latencies: T) -> Self {
        let mut latencies: Vec<_> = latencies.into_iter().collect();
        latencies.sort_unstable();
        Self(latencies)
    }
}

impl Latencies {
    /// The time that so many of a thousand took at most.
    #[must_use]
    pub fn per_mille(&self, rank: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        self.0.get((self.0.len() * rank / 1000).min(last)).copied().unwrap_or_default()
    }

    /// How many transactions were measured.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// Sends `per_second` transactions a second, those of one sender to one of the endpoints, by `eth_sendRawTransactionSync` (EIP-7966).
///
/// # Errors
/// When one is refused, or has no receipt in half a minute.
pub async fn send_at_pace(urls: &[String], workload: &Workload, per_second: u32) -> Result<Latencies> {
    ensure!(!urls.is_empty() && per_second > 0, "nobody to send to, or nothing");
    let client = Client::builder().no_proxy().pool_max_idle_per_host(256).build()?;
    let senders = workload.transactions.len();
    let longest = workload.transactions.iter().map(Vec::len).max().unwrap_or_default();
    let start = tokio::time::Instant::now() + Duration::from_millis(100);
    let mut sent = Vec::new();
    let mut position = 0u32;
    for round in 0..longest {
        for sender in 0..senders {
            let Some(raw) = workload.transactions.get(sender).and_then(|transactions| transactions.get(round)) else {
                continue;
            };
            let due = start + Duration::from_secs(1) * position / per_second;
            position += 1;
            sleep_until(due).await;
            let url = urls.get(sender % urls.len()).cloned().unwrap_or_default();
            sent.push(tokio::spawn(send(client.clone(), url, raw.clone(), due.into_std())));
        }
    }
    try_join_all(sent).await?.into_iter().collect()
}

async fn send(client: Client, url: String, raw: String, due: Instant) -> Result<Duration> {
    let request =
        json!({"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransactionSync", "params": [raw, MAX_WAIT_MS]});
    let answer: Value = client.post(url).json(&request).send().await?.json().await?;
    ensure!(answer["result"]["status"] == "0x1", "a transaction has no receipt: {answer}");
    Ok(due.elapsed())
}
