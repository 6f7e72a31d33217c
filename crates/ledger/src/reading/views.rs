use std::sync::Arc;

use alloy_primitives::{Address, Bytes, U64};
use parking_lot::Mutex;
use schnellru::{ByLength, LruMap};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{ChainHead, Reader, View};
use crate::{LedgerError, connection::Failure};

/// Longest answer that is kept, in bytes.
const MAX_KEPT_BYTES: usize = 4096;

/// Block, contract, call.
type Question = (u64, Address, Bytes);
type Slot = Arc<OnceCell<Bytes>>;

/// Answers of view functions. In a block with a certificate they do not change, so whoever asks the same of the same block is answered by one request.
#[derive(Debug)]
pub(super) struct ViewCache(Mutex<LruMap<Question, Slot>>);

impl ViewCache {
    pub(super) fn new(length: u32) -> Self {
        Self(Mutex::new(LruMap::new(ByLength::new(length))))
    }

    fn slot(&self, question: Question) -> Slot {
        self.0.lock().get_or_insert(question, Slot::default).cloned().unwrap_or_default()
    }

    fn forget(&self, question: &Question) {
        self.0.lock().remove(question);
    }

    pub(super) fn forget_all(&self) {
        self.0.lock().clear();
    }
}

impl Reader {
    /// Calls a view function at the newest final block.
    pub(crate) async fn view(&self, contract: Address, call: &Bytes) -> Result<View, LedgerError> {
        let head = self.head().await?;
        let request = json!({ "to": contract, "input": call });
        let data = if self.trusted.is_some() {
            let question = (head.number, contract, call.clone());
            let slot = self.views.slot(question.clone());
            let data = slot.get_or_try_init(|| self.call(&request, head.number)).await?.clone();
            if data.len() > MAX_KEPT_BYTES {
                self.views.forget(&question);
            }
            data
        } else {
            self.call(&request, head.number).await?
        };
        Ok(View { block: ChainHead::from(head.as_ref()), data })
    }

    /// `eth_call` at a block, with the contract's reason when it reverts.
    pub(crate) async fn call(&self, request: &Value, number: u64) -> Result<Bytes, LedgerError> {
        const METHOD: &str = "eth_call";
        match self.connection.attempt(METHOD, (request, U64::from(number))).await {
            Ok(data) => Ok(data),
            Err(failure) => Err(self.reverted(METHOD, failure)),
        }
    }

    /// The contract's refusal if that is what the failure is.
    pub(crate) fn reverted(&self, method: &'static str, failure: Failure) -> LedgerError {
        if let Failure::Refused(payload) = &failure
            && let Some(reason) = self.reasons.read(payload)
        {
            return LedgerError::Reverted { chain: self.name(), reason: Box::new(reason), tx_hash: None };
        }
        self.connection.refusal(method, failure)
    }
}
