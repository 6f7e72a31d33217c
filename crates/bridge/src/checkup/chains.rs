//! Whether a chain answers, is the one that is meant, and shows new blocks.

use std::time::Duration;

use chancery_ledger::Chain;
use tokio::time::timeout;

use super::Finding;

/// Longest wait for its newest block.
const PATIENCE: Duration = Duration::from_secs(10);
/// A chain with heartbeats of ten seconds shows several blocks in so many seconds.
pub const MAX_SILENT_S: u64 = 60;

/// What is wrong with a chain, by the clock of whoever asks (Unix seconds).
pub async fn look(chain: &Chain, now_s: u64) -> Option<Finding> {
    let name = chain.name().to_owned();
    match timeout(PATIENCE, chain.head()).await {
        Ok(Ok(head)) => {
            let silent_s = now_s.saturating_sub(head.time_ms / 1000);
            let is_still = silent_s > MAX_SILENT_S;
            is_still.then_some(Finding::ChainStill { chain: name, number: head.number, silent_s })
        }
        Ok(Err(error)) => Some(Finding::ChainSilent { chain: name, reason: error.to_string() }),
        Err(_) => Some(Finding::ChainSilent { chain: name, reason: "it does not answer in time".to_owned() }),
    }
}
