//! The receipts that a chain has given, and whether it still gives them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, ensure};
use rand::{Rng, seq::IteratorRandom};
use reqwest::Client;
use serde_json::{Value, json};

/// Receipts asked for in one batch.
const BATCH: usize = 100;

/// Transaction hash -> block hash of the receipt that was given. Shared by all senders.
#[derive(Clone, Debug, Default)]
pub struct GivenReceipts(Arc<Mutex<HashMap<String, String>>>);

impl GivenReceipts {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// At most so many of them, chosen at random: transaction and block.
    pub fn sample(&self, most: usize, random: &mut impl Rng) -> Vec<(String, String)> {
        let given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        given.iter().map(|(hash, block)| (hash.clone(), block.clone())).sample(random, most)
    }

    /// Asks a node for the receipts of these transactions, keeps those that it gives, and leaves the others in `waiting`.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn collect(&self, client: &Client, url: &str, waiting: &mut Vec<String>) -> Result<()> {
        let answers = receipts(client, url, waiting.iter().map(String::as_str)).await?;
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for answer in &answers {
            let receipt = &answer["result"];
            if let (Some(hash), Some(block)) = (receipt["transactionHash"].as_str(), receipt["blockHash"].as_str()) {
                given.insert(hash.to_owned(), block.to_owned());
            }
        }
        waiting.retain(|hash| !given.contains_key(hash));
        Ok(())
    }
}

/// Every one of these receipts is given by a node, unchanged.
///
/// # Errors
/// The first that is not.
pub async fn check_receipts(client: &Client, url: &str, expected: &[(String, String)]) -> Result<()> {
    for chunk in expected.chunks(BATCH) {
        let answers = receipts(client, url, chunk.iter().map(|(hash, _)| hash.as_str())).await?;
        for (answer, (hash, block)) in answers.iter().zip(chunk) {
            ensure!(
                answer["result"]["blockHash"] == *block,
                "{url}: the receipt of {hash} was given for block {block} and is now {}",
                answer["result"]
            );
        }
    }
    Ok(())
}

/// Sends raw transactions in one batch; the hashes of those that were accepted.
///
/// # Errors
/// When the node does not answer.
pub async fn submit(client: &Client, url: &str, raw: &[String]) -> Result<Vec<String>> {
    let requests = raw.iter().enumerate().map(|(id, raw)| request(id, "eth_sendRawTransaction", raw)).collect();
    let answers = exchange(client, url, requests).await?;
    Ok(answers.iter().filter_map(|answer| answer["result"].as_str().map(str::to_owned)).collect())
}

async fn receipts<'a>(client: &Client, url: &str, hashes: impl Iterator<Item = &'a str>) -> Result<Vec<Value>> {
    let requests = hashes.enumerate().map(|(id, hash)| request(id, "eth_getTransactionReceipt", hash)).collect();
    exchange(client, url, requests).await
}

fn request(id: usize, method: &str, parameter: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": [parameter]})
}

/// The answers in the order of the requests.
async fn exchange(client: &Client, url: &str, requests: Vec<Value>) -> Result<Vec<Value>> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let mut answers: Vec<Value> =
        client.post(url).json(&requests).send().await?.json().await.context("an answer is no batch")?;
    ensure!(answers.len() == requests.len(), "{} answers to {} requests", answers.len(), requests.len());
    answers.sort_by_key(|answer| answer["id"].as_u64());
    Ok(answers)
}
