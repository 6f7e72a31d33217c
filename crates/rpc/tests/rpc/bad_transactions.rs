//! Transactions that must not get in, over HTTP and WebSocket, alone, in a batch and synchronously: each is told what is wrong with it, and
//! nothing changes.

use alloy::{
    consensus::{SignableTransaction, TxEip4844, TxEip7702, TxEnvelope},
    eips::eip2718::{Decodable2718, Encodable2718},
    primitives::{B256, Bytes, Signature, TxKind, U256},
    signers::{SignerSync, local::PrivateKeySigner},
};
use serde_json::{Value, json};

use super::{harness::*, wire::Wire};

/// The code of a refused transaction.
const REFUSED: i64 = -32000;
/// The code of a parameter that is no data.
const INVALID_PARAMS: i64 = -32602;

fn good() -> Bytes {
    transfer(3, 0)
}

/// [`good`] with another signature.
fn with_signature(signature: Signature) -> Bytes {
    let TxEnvelope::Eip1559(signed) = TxEnvelope::decode_2718(&mut good().as_ref()).unwrap() else { unreachable!() };
    TxEnvelope::from(signed.into_parts().0.into_signed(signature)).encoded_2718().into()
}

fn with_blobs() -> Bytes {
    let mut hash = B256::repeat_byte(7);
    hash[0] = 1;
    let transaction = TxEip4844 {
        chain_id: CHAIN_ID,
        gas_limit: 100_000,
        to: NOBODY,
        max_fee_per_blob_gas: 1,
        blob_versioned_hashes: vec![hash],
        ..TxEip4844::default()
    };
    let signature = signer(3).sign_hash_sync(&transaction.signature_hash()).unwrap();
    transaction.into_signed(signature).encoded_2718().into()
}

fn without_authorization() -> Bytes {
    let transaction = TxEip7702 { chain_id: CHAIN_ID, gas_limit: 100_000, to: NOBODY, ..TxEip7702::default() };
    let signature = signer(3).sign_hash_sync(&transaction.signature_hash()).unwrap();
    transaction.into_signed(signature).encoded_2718().into()
}

/// What is wrong, the parameter, the code, and what the message says.
fn table(included: &Bytes) -> Vec<(&'static str, Value, i64, &'static str)> {
    let edit = |change: fn(&mut Vec<u8>)| {
        let mut bytes = good().to_vec();
        change(&mut bytes);
        json!(Bytes::from(bytes))
    };
    let on_chain = |chain_id| json!(sign(&signer(3), alloy::consensus::TxEip1559 { chain_id, ..unpriced(0) }));
    let poor = PrivateKeySigner::from_bytes(&B256::repeat_byte(0x77)).unwrap();
    let little = sign(&signer(3), alloy::consensus::TxEip1559 { gas_limit: 20_000, ..unpriced(0) });
    let greedy = sign(&signer(3), alloy::consensus::TxEip1559 { gas_limit: 1 << 40, ..unpriced(0) });
    let long = signed(&signer(3), 0, NOBODY.into(), 0, vec![1; 1 << 20]);
    let code = signed(&signer(3), 0, TxKind::Create, 0, vec![0; 49_153]);
    let zero = Signature::new(U256::ZERO, U256::ZERO, false);
    let high = Signature::new(U256::from(1), U256::MAX >> 1, false);
    vec![
        ("replayed", json!(included), REFUSED, "nonce too low"),
        ("for another chain", on_chain(1), REFUSED, "invalid chain id"),
        ("unsigned", json!(with_signature(zero)), REFUSED, "signature"),
        ("signed so that anybody could change the hash", json!(with_signature(high)), REFUSED, "signature"),
        ("cut off", edit(|bytes| bytes.truncate(bytes.len() - 1)), REFUSED, "malformed"),
        ("followed by more", edit(|bytes| bytes.push(0)), REFUSED, "malformed"),
        ("of an unknown type", edit(|bytes| bytes[0] = 0x7e), REFUSED, "type 126 is unknown"),
        ("a list that never ends", json!("0x02ffffffffffffffffff"), REFUSED, "malformed"),
        ("one byte", json!("0x02"), REFUSED, "malformed"),
        ("empty", json!("0x"), REFUSED, "empty"),
        ("with blobs", json!(with_blobs()), REFUSED, "blob transactions"),
        ("setting no code", json!(without_authorization()), REFUSED, "authorization"),
        ("longer than a transaction may be", json!(long), REFUSED, "bytes, at most"),
        ("with too much creation code", json!(code), REFUSED, "init code"),
        ("with too little gas", json!(little), REFUSED, "intrinsic gas too low"),
        ("with more gas than there is", json!(greedy), REFUSED, "gas limit"),
        (
            "of somebody who cannot pay",
            json!(signed(&poor, 0, NOBODY.into(), 1, Bytes::new())),
            REFUSED,
            "insufficient funds",
        ),
        ("far ahead", json!(transfer(3, 1_000_000)), REFUSED, "nonce too high"),
        ("no hexadecimal digits", json!("0xzz"), INVALID_PARAMS, "invalid argument 0"),
        ("half a byte", json!("0x123"), INVALID_PARAMS, "invalid argument 0"),
        ("without 0x", json!(good().to_string().trim_start_matches("0x")), INVALID_PARAMS, "0x prefix"),
        ("a number", json!(5), INVALID_PARAMS, "invalid argument 0"),
        ("an object", json!({ "from": NOBODY, "to": STORE }), INVALID_PARAMS, "invalid argument 0"),
        ("nothing", json!(null), INVALID_PARAMS, "missing value"),
    ]
}

/// What a transaction that got in would change.
fn footprint(node: &Node) -> (u64, usize, usize) {
    let status = node.chain.pool().status();
    (node.chain.head().block().height(), status.pending, status.queued)
}

#[tokio::test]
async fn a_bad_transaction_is_told_what_is_wrong_and_changes_nothing() {
    let node = Node::start().await;
    let included = transfer(1, 0);
    node.include(vec![included.clone()]);
    let before = footprint(&node);
    for mut wire in Wire::both(&node).await {
        for method in ["eth_sendRawTransaction", "eth_sendRawTransactionSync"] {
            for (name, raw, code, text) in table(&included) {
                let failure = wire.fails(method, json!([raw])).await;
                assert_eq!(failure.code, code, "{name} over {}: {}", wire.name(), failure.message);
                assert!(failure.message.contains(text), "{name} over {}: {}", wire.name(), failure.message);
                assert!(failure.message.len() < 500, "{name}: {} bytes of message", failure.message.len());
                assert_eq!(footprint(&node), before, "{name} over {} changed something", wire.name());
            }
        }
    }
    // All of them left the good one of the same sender untouched.
    node.ok("eth_sendRawTransaction", json!([good()])).await;
}

#[tokio::test]
async fn bad_transactions_in_a_batch_do_not_harm_the_good_one() {
    let node = Node::start().await;
    let included = transfer(1, 0);
    node.include(vec![included.clone()]);
    for (place, mut wire) in (0..).zip(Wire::both(&node).await) {
        let bad = table(&included);
        let mut raws: Vec<Value> = bad.iter().map(|(_, raw, ..)| raw.clone()).collect();
        raws.insert(raws.len() / 2, json!(transfer(4, place)));
        let calls: Vec<Value> = (0..)
            .zip(&raws)
            .map(|(id, raw): (u64, _)| json!({ "jsonrpc": "2.0", "id": id, "method": "eth_sendRawTransaction", "params": [raw] }))
            .collect();
        let answers = wire.send(Value::from(calls).to_string()).await;
        let answers: Vec<Answer> = answers.as_array().unwrap().iter().cloned().map(answer).collect();
        assert_eq!(answers.len(), raws.len());
        let accepted: Vec<usize> = (0..answers.len()).filter(|index| answers[*index].is_ok()).collect();
        assert_eq!(accepted, [raws.len() / 2], "over {}", wire.name());
        let refused: Vec<i64> =
            answers.iter().filter_map(|answer| answer.as_ref().err()).map(|error| error.code).collect();
        assert_eq!(refused, bad.iter().map(|(_, _, code, _)| *code).collect::<Vec<_>>(), "over {}", wire.name());
        assert_eq!(footprint(&node).1, place as usize + 1);
    }
}
