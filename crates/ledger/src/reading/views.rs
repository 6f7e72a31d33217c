use alloy_primitives::{Address, Bytes, U64};
use serde_json::{Value, json};

use super::{ChainHead, Reader, View};
use crate::{LedgerError, connection::Failure};

impl Reader {
    /// Calls a view function at the newest final block.
    pub(crate) async fn view(&self, contract: Address, call: &Bytes) -> Result<View, LedgerError> {
        let head = self.head().await?;
        let request = json!({ "to": contract, "input": call });
        let data = self.call(&request, head.number).await?;
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
