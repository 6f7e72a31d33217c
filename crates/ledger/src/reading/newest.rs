//! Who asks for the newest block at the same time is answered by one request.

use std::sync::atomic::{AtomicU64, Ordering};

use alloy_primitives::U64;
use tokio::sync::Mutex;

use super::Reader;
use crate::LedgerError;

/// The number of the newest block, as the node said last.
#[derive(Debug, Default)]
pub(super) struct Newest {
    /// Questions begun so far.
    begun: AtomicU64,
    /// Held while one is under way.
    turn: Mutex<Answer>,
}

#[derive(Debug, Default)]
struct Answer {
    /// Which question it answers, from 1 on.
    question: u64,
    number: u64,
}

impl Reader {
    /// Never what the node said to a question that was begun before this call.
    pub(super) async fn newest(&self) -> Result<u64, LedgerError> {
        let known = self.newest.begun.load(Ordering::Acquire);
        let mut last = self.newest.turn.lock().await;
        if last.question > known {
            return Ok(last.number);
        }
        let question = self.newest.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let number: U64 = self.connection.request("eth_blockNumber", ()).await?;
        *last = Answer { question, number: number.to() };
        Ok(last.number)
    }
}
