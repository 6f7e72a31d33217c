//! From a party to a node without a socket: an alloy transport on which questions and answers are late, lost or doubled, and end with whoever asks.

use std::{sync::Arc, task};

use alloy::{
    consensus::Transaction as _,
    rpc::json_rpc::{RequestPacket, ResponsePacket},
    transports::{TransportError, TransportErrorKind, TransportFut, TransportResult},
};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall as _;
use chancery_contracts::StoreNode;
use chancery_execution::SignedTransaction;
use serde_json::Value;
use tokio::time::sleep;
use tower::Service;

use super::{
    shared::{Life, Shared},
    step::{HOME, Moment, Party, Step},
};

/// A party's connection to a chain's node.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) shared: Arc<Shared>,
    pub(super) chain: usize,
    pub(super) life: Life,
}

impl Wire {
    async fn exchange(self, packet: RequestPacket) -> TransportResult<ResponsePacket> {
        let fate = self.shared.fate();
        sleep(fate.there).await;
        let body = serde_json::to_vec(&packet).map_err(|error| TransportErrorKind::custom_str(&error.to_string()))?;
        let step = self.step_of(&body);
        if let Some(step) = step {
            self.shared.pass(step).await;
            self.shared.note(step, Moment::Before);
        }
        if self.life.end.is_cancelled() {
            return Err(TransportErrorKind::custom_str("whoever asked is dead"));
        }
        if fate.question_is_lost {
            return std::future::pending().await;
        }
        let node = &self.shared.nodes[self.chain];
        let mut answer = node.answer(body.clone());
        if fate.is_doubled {
            answer = node.answer(body);
        }
        if let Some(step @ Step::Suggest(_)) = step {
            self.shared.note(step, Moment::After);
        }
        sleep(fate.back).await;
        if self.life.end.is_cancelled() {
            return Err(TransportErrorKind::custom_str("whoever asked is dead"));
        }
        if fate.answer_is_lost {
            return std::future::pending().await;
        }
        let answer = answer.ok_or_else(|| TransportErrorKind::custom_str("connection refused"))?;
        serde_json::from_slice(&answer).map_err(|error| TransportError::deser_err(error, ""))
    }

    fn step_of(&self, body: &[u8]) -> Option<Step> {
        let request: Value = serde_json::from_slice(body).ok()?;
        let parameter = &request["params"][0];
        match request["method"].as_str()? {
            "eth_sendRawTransaction" => {
                let raw: Bytes = serde_json::from_value(parameter.clone()).ok()?;
                let transaction = SignedTransaction::decode(raw).ok()?;
                Step::of_call(self.chain, transaction.envelope().input())
            }
            "eth_call" if self.life.party == Party::Requester && self.chain != HOME => {
                let input: Bytes = serde_json::from_value(parameter["input"].clone()).ok()?;
                let suggests = input.get(..4) == Some(StoreNode::suggestCall::SELECTOR.as_slice());
                suggests.then_some(Step::Suggest(self.chain - 1))
            }
            _ => None,
        }
    }
}

impl Service<RequestPacket> for Wire {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _context: &mut task::Context<'_>) -> task::Poll<Result<(), Self::Error>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        Box::pin(self.clone().exchange(packet))
    }
}
