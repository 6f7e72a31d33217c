//! A relay that sends what others have sent: again, elsewhere, under another number, with another meaning, or with a byte changed.

use std::sync::Arc;

use alloy::{
    consensus::{SignableTransaction as _, TxEnvelope, TxLegacy},
    eips::eip2718::Encodable2718 as _,
    signers::{SignerSync as _, local::PrivateKeySigner},
};
use alloy_primitives::{Bytes, TxKind, U64, U256, hex, keccak256};
use alloy_sol_types::SolCall as _;
use chancery_contracts::StoreNode;
use serde_json::json;
use tokio::{task::JoinHandle, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::support::world::{
    World,
    chance::Chance,
    shared::{Overheard, Shared},
};

const GAS: u64 = 3_000_000;
/// What a reservation is shown with says as much for these.
const ALIKE: [[u8; 4]; 3] =
    [StoreNode::reserveCall::SELECTOR, StoreNode::applyDecisionCall::SELECTOR, StoreNode::releaseCall::SELECTOR];

pub(super) struct Forger {
    stop: CancellationToken,
    task: JoinHandle<u64>,
}

impl Forger {
    pub(super) fn begin(world: &World, mut chance: Chance) -> Self {
        let (shared, stop) = (world.shared.clone(), CancellationToken::new());
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let key = PrivateKeySigner::from_bytes(&keccak256("forger")).unwrap();
            let mut sent = 0;
            while !stopped.is_cancelled() {
                sleep(chance.between_ms(100, 900)).await;
                let Some(call) = shared.any_overheard(&mut chance) else { continue };
                sent += u64::from(send(&shared, &key, &twisted(call, &mut chance)));
            }
            sent
        });
        Self { stop, task }
    }

    /// How much it has sent.
    pub(super) async fn end(self) -> u64 {
        self.stop.cancel();
        self.task.await.unwrap()
    }
}

fn twisted(mut call: Overheard, chance: &mut Chance) -> Overheard {
    let mut input = call.input.to_vec();
    match chance.below(6) {
        // The same again.
        0 => {}
        // On another chain.
        1 => call.chain = chance.index(3),
        // About another number, which comes first in every step of a request.
        2 if input.len() >= 36 => input[35] = u8::try_from(chance.below(12)).unwrap(),
        // Another step by the same proof.
        3 if input.len() >= 4 => input[..4].copy_from_slice(&ALIKE[chance.index(ALIKE.len())]),
        4 => input.truncate(chance.index(input.len())),
        _ if !input.is_empty() => {
            let place = chance.index(input.len());
            input[place] ^= 1 << chance.below(8);
        }
        _ => {}
    }
    call.input = input.into();
    call
}

/// Whether the node took it.
fn send(shared: &Arc<Shared>, key: &PrivateKeySigner, call: &Overheard) -> bool {
    let node = &shared.nodes[call.chain];
    let Some(nonce) = node.ask("eth_getTransactionCount", json!([key.address(), "pending"])) else { return false };
    let nonce: U64 = serde_json::from_value(nonce).unwrap();
    let transaction = TxLegacy {
        chain_id: Some(node.essentials.chain_id),
        nonce: nonce.to(),
        gas_price: 0,
        gas_limit: GAS,
        to: TxKind::Call(call.to),
        value: U256::ZERO,
        input: Bytes::clone(&call.input),
    };
    let signature = key.sign_hash_sync(&transaction.signature_hash()).unwrap();
    let raw = TxEnvelope::from(transaction.into_signed(signature)).encoded_2718();
    node.ask("eth_sendRawTransaction", json!([hex::encode_prefixed(raw)])).is_some()
}
