//! The shapes of results as the OpenRPC document of ethereum/execution-apis describes them, and that ours have them.

use serde_json::{Value, json};

use super::harness::*;

/// What a JSON value must look like.
#[derive(Clone, Copy)]
enum Shape {
    /// `0x` and hexadecimal digits without leading zeros.
    Quantity,
    /// `0x` and an even number of hexadecimal digits; exactly so many bytes if a number is given.
    Data(Option<usize>),
    Boolean,
    Null,
    Any(&'static [Shape]),
    Array(&'static Shape),
    /// Fields that must be there, fields that may be.
    Object(&'static [(&'static str, Shape)], &'static [(&'static str, Shape)]),
}
use Shape::*;

const HASH: Shape = Data(Some(32));
const ADDRESS: Shape = Data(Some(20));
const BYTES: Shape = Data(None);

const BLOCK_REQUIRED: &[(&str, Shape)] = &[
    ("hash", HASH),
    ("parentHash", HASH),
    ("sha3Uncles", HASH),
    ("miner", ADDRESS),
    ("stateRoot", HASH),
    ("transactionsRoot", HASH),
    ("receiptsRoot", HASH),
    ("logsBloom", Data(Some(256))),
    ("number", Quantity),
    ("gasLimit", Quantity),
    ("gasUsed", Quantity),
    ("timestamp", Quantity),
    ("extraData", Data(Some(32))),
    ("mixHash", HASH),
    ("nonce", Data(Some(8))),
    ("size", Quantity),
    ("difficulty", Quantity),
    ("baseFeePerGas", Quantity),
    ("withdrawalsRoot", HASH),
    ("withdrawals", Array(&Null)),
    ("blobGasUsed", Quantity),
    ("excessBlobGas", Quantity),
    ("parentBeaconBlockRoot", HASH),
    ("requestsHash", HASH),
    ("uncles", Array(&HASH)),
    ("transactions", Array(&Any(&[HASH, TRANSACTION]))),
];
const BLOCK: Shape = Object(BLOCK_REQUIRED, &[]);

const TRANSACTION: Shape = Object(
    &[
        ("blockHash", HASH),
        ("blockNumber", Quantity),
        ("from", ADDRESS),
        ("hash", HASH),
        ("transactionIndex", Quantity),
        ("type", Quantity),
        ("nonce", Quantity),
        ("to", Any(&[ADDRESS, Null])),
        ("gas", Quantity),
        ("value", Quantity),
        ("input", BYTES),
        ("maxPriorityFeePerGas", Quantity),
        ("maxFeePerGas", Quantity),
        ("gasPrice", Quantity),
        ("accessList", Array(&Null)),
        ("chainId", Quantity),
        ("yParity", Quantity),
        ("v", Quantity),
        ("r", Quantity),
        ("s", Quantity),
    ],
    &[("blockTimestamp", Quantity)],
);

const LOG: Shape = Object(
    &[
        ("removed", Boolean),
        ("logIndex", Quantity),
        ("transactionIndex", Quantity),
        ("transactionHash", HASH),
        ("blockHash", HASH),
        ("blockNumber", Quantity),
        ("blockTimestamp", Quantity),
        ("address", ADDRESS),
        ("data", BYTES),
        ("topics", Array(&HASH)),
    ],
    &[],
);

const RECEIPT: Shape = Object(
    &[
        ("type", Quantity),
        ("transactionHash", HASH),
        ("transactionIndex", Quantity),
        ("blockHash", HASH),
        ("blockNumber", Quantity),
        ("from", ADDRESS),
        ("to", Any(&[ADDRESS, Null])),
        ("cumulativeGasUsed", Quantity),
        ("gasUsed", Quantity),
        ("contractAddress", Any(&[ADDRESS, Null])),
        ("logs", Array(&LOG)),
        ("logsBloom", Data(Some(256))),
        ("status", Quantity),
        ("effectiveGasPrice", Quantity),
    ],
    &[],
);

const PROOF: Shape = Object(
    &[
        ("address", ADDRESS),
        ("accountProof", Array(&BYTES)),
        ("balance", Quantity),
        ("codeHash", HASH),
        ("nonce", Quantity),
        ("storageHash", HASH),
        (
            "storageProof",
            Array(&Object(&[("key", Any(&[Quantity, HASH])), ("value", Quantity), ("proof", Array(&BYTES))], &[])),
        ),
    ],
    &[],
);

fn check(at: &str, value: &Value, shape: Shape) -> Result<(), String> {
    let digits = |value: &Value| {
        let text = value.as_str()?.strip_prefix("0x")?.to_owned();
        text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)).then_some(text)
    };
    let wrong = |what: &str| Err(format!("{at} should be {what}, is {value}"));
    match shape {
        Quantity => match digits(value) {
            Some(text) if text == "0" || (!text.is_empty() && !text.starts_with('0')) => Ok(()),
            _ => wrong("a quantity"),
        },
        Data(length) => match digits(value) {
            Some(text) if text.len() % 2 == 0 && length.is_none_or(|bytes| text.len() == 2 * bytes) => Ok(()),
            _ => wrong("data"),
        },
        Boolean if value.is_boolean() => Ok(()),
        Null if value.is_null() => Ok(()),
        Boolean | Null => wrong("a boolean or null"),
        Any(shapes) if shapes.iter().any(|shape| check(at, value, *shape).is_ok()) => Ok(()),
        Any(_) => wrong("one of several shapes"),
        Array(item) => match value.as_array() {
            Some(items) => {
                items.iter().enumerate().try_for_each(|(index, value)| check(&format!("{at}[{index}]"), value, *item))
            }
            None => wrong("an array"),
        },
        Object(required, optional) => {
            let Some(fields) = value.as_object() else { return wrong("an object") };
            for (name, shape) in required {
                let value = fields.get(*name).ok_or_else(|| format!("{at}.{name} is missing"))?;
                check(&format!("{at}.{name}"), value, *shape)?;
            }
            for (name, value) in fields {
                if required.iter().any(|(known, _)| known == name) {
                    continue;
                }
                let known = optional.iter().find(|(known, _)| known == name);
                let (_, shape) = known.ok_or_else(|| format!("{at}.{name} is not in the specification"))?;
                check(&format!("{at}.{name}"), value, *shape)?;
            }
            Ok(())
        }
    }
}

#[tokio::test]
async fn results_have_the_shapes_of_execution_apis() {
    let node = Node::start().await;
    let block = node.include(vec![
        store(1, 0, 5, 6),
        transfer(2, 0),
        signed(&signer(3), 0, alloy::primitives::TxKind::Create, 0, alloy::primitives::Bytes::new()),
    ]);
    let (hash, sent) = (data(block.block().hash()), data(block.block().transactions()[0].hash()));
    let call = json!({ "to": STORE, "data": store_input(1, 2) });
    let full = Object(BLOCK_REQUIRED, &[]);
    let access_list = Object(
        &[
            ("accessList", Array(&Object(&[("address", ADDRESS), ("storageKeys", Array(&HASH))], &[]))),
            ("gasUsed", Quantity),
        ],
        &[],
    );
    let table = [
        ("eth_chainId", json!([]), Quantity),
        ("eth_blockNumber", json!([]), Quantity),
        ("eth_gasPrice", json!([]), Quantity),
        ("eth_maxPriorityFeePerGas", json!([]), Quantity),
        ("eth_blobBaseFee", json!([]), Quantity),
        ("eth_syncing", json!([]), Boolean),
        ("eth_accounts", json!([]), Array(&ADDRESS)),
        ("eth_getBalance", json!([STORE, "latest"]), Quantity),
        ("eth_getCode", json!([STORE, "latest"]), BYTES),
        ("eth_getStorageAt", json!([STORE, "0x5", "latest"]), HASH),
        ("eth_getTransactionCount", json!([STORE, "latest"]), Quantity),
        ("eth_getBlockByNumber", json!(["0x1", false]), BLOCK),
        ("eth_getBlockByNumber", json!(["0x1", true]), full),
        ("eth_getBlockByNumber", json!(["0x0", true]), full),
        ("eth_getBlockByHash", json!([hash, true]), full),
        ("eth_getBlockByNumber", json!(["0x99", true]), Null),
        ("eth_getBlockReceipts", json!(["latest"]), Array(&RECEIPT)),
        ("eth_getBlockTransactionCountByNumber", json!(["latest"]), Quantity),
        ("eth_getBlockTransactionCountByHash", json!([hash]), Quantity),
        ("eth_getUncleCountByBlockNumber", json!(["latest"]), Quantity),
        ("eth_getUncleCountByBlockHash", json!([hash]), Quantity),
        ("eth_getTransactionByHash", json!([sent]), TRANSACTION),
        ("eth_getTransactionByBlockNumberAndIndex", json!(["latest", "0x2"]), TRANSACTION),
        ("eth_getTransactionByBlockHashAndIndex", json!([hash, "0x1"]), TRANSACTION),
        ("eth_getTransactionByBlockHashAndIndex", json!([hash, "0x9"]), Null),
        ("eth_getRawTransactionByHash", json!([sent]), BYTES),
        ("eth_getTransactionReceipt", json!([sent]), RECEIPT),
        ("eth_getTransactionReceipt", json!([hash]), Null),
        ("eth_call", json!([{ "to": STORE }, "latest"]), BYTES),
        ("eth_estimateGas", json!([call]), Quantity),
        ("eth_createAccessList", json!([call, "latest"]), access_list),
        ("eth_getLogs", json!([{ "fromBlock": "0x0" }]), Array(&LOG)),
        ("eth_getProof", json!([STORE, ["0x5"], "latest"]), PROOF),
        ("eth_newBlockFilter", json!([]), Quantity),
        ("debug_getRawHeader", json!(["latest"]), BYTES),
        ("debug_getRawBlock", json!(["latest"]), BYTES),
        ("debug_getRawReceipts", json!(["latest"]), Array(&BYTES)),
        ("debug_getRawTransaction", json!([sent]), BYTES),
        ("txpool_status", json!([]), Object(&[("pending", Quantity), ("queued", Quantity)], &[])),
    ];
    for (method, params, shape) in table {
        let result = node.ok(method, params.clone()).await;
        check(method, &result, shape).unwrap_or_else(|wrong| panic!("{method} {params}: {wrong}"));
    }
}
