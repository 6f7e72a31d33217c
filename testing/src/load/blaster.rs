//! Sends a workload as fast as the endpoint takes it, and waits until all of it is in.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures::future::try_join_all;
use reqwest::Client;
use serde_json::{Value, json};

use super::Workload;

/// The longest wait for the last transaction.
const MAX_WAIT: Duration = Duration::from_secs(120);
/// How often the senders' nonces are asked for once everything is sent.
const POLL: Duration = Duration::from_millis(10);

/// What a run gave.
#[derive(Clone, Copy, Debug)]
pub struct LoadReport {
    /// Transactions that are in.
    pub transactions: usize,
    /// From the first batch sent until all were accepted.
    pub sent_after: Duration,
    /// From the first batch sent until all were in blocks.
    pub included_after: Duration,
}

impl LoadReport {
    /// Transactions a second, from the first batch sent until all were in blocks.
    #[must_use]
    pub fn throughput(&self) -> f64 {
        self.transactions as f64 / self.included_after.as_secs_f64()
    }
}

/// Sends all transactions in batches of `batch`, each sender's in order over a connection of its own, and waits until every sender's nonce says that all are in blocks.
///
/// # Errors
/// When a transaction is refused (with the node's words), or the last is not in after two minutes.
pub async fn send_all(url: &str, workload: &Workload, batch: usize) -> Result<LoadReport> {
    let bodies: Vec<Vec<String>> =
        workload.transactions.iter().map(|transactions| transactions.chunks(batch).map(body).collect()).collect();
    let started = Instant::now();
    try_join_all(bodies.into_iter().map(|bodies| tokio::spawn(send_in_order(url.to_owned(), bodies))))
        .await?
        .into_iter()
        .collect::<Result<Vec<()>>>()?;
    let sent_after = started.elapsed();

    let client = Client::builder().no_proxy().build()?;
    let nonces = json!(
        workload.senders.iter().enumerate().map(|(id, sender)| json!({"jsonrpc": "2.0", "id": id, "method": "eth_getTransactionCount", "params": [sender, "latest"]})).collect::<Vec<_>>()
    );
    loop {
        let answers: Vec<Value> = client.post(url).json(&nonces).send().await?.json().await?;
        let done = answers.iter().filter(|answer| {
            let sender = answer["id"].as_u64().unwrap_or(u64::MAX) as usize;
            let nonce = answer["result"]
                .as_str()
                .and_then(|nonce| u64::from_str_radix(nonce.trim_start_matches("0x"), 16).ok());
            nonce.is_some_and(|nonce| Some(&nonce) == workload.final_nonces.get(sender))
        });
        if done.count() == workload.senders.len() {
            break;
        }
        ensure!(started.elapsed() < MAX_WAIT, "after {MAX_WAIT:?} not all transactions are in");
        tokio::time::sleep(POLL).await;
    }
    Ok(LoadReport {
        transactions: workload.transactions.iter().map(Vec::len).sum(),
        sent_after,
        included_after: started.elapsed(),
    })
}

fn body(transactions: &[String]) -> String {
    let mut body = String::with_capacity(transactions.iter().map(|transaction| transaction.len() + 80).sum());
    body.push('[');
    for (id, transaction) in transactions.iter().enumerate() {
        if id > 0 {
            body.push(',');
        }
        body.push_str(&format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"eth_sendRawTransaction","params":["{transaction}"]}}"#
        ));
    }
    body.push(']');
    body
}

async fn send_in_order(url: String, bodies: Vec<String>) -> Result<()> {
    let client = Client::builder().no_proxy().build()?;
    for body in bodies {
        let answer = client
            .post(&url)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await?
            .text()
            .await
            .context("an answer was cut off")?;
        if let Some(place) = answer.find("\"error\"") {
            bail!("a transaction was refused: {}", answer[place..].chars().take(200).collect::<String>());
        }
    }
    Ok(())
}
