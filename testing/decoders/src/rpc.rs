//! JSON-RPC: bodies of HTTP requests, through the whole server but its socket, to a chain that has some blocks.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use alloy::{
    consensus::{SignableTransaction as _, TxEip1559, TxEnvelope},
    eips::Encodable2718 as _,
    genesis::GenesisAccount,
    primitives::{Address, B256, Bytes, U256, hex},
    signers::{SignerSync as _, local::PrivateKeySigner},
};
use chancery_execution::{Blockchain, BuildAttributes, BuildBudget, ExecutionConfig, Finalization};
use chancery_rpc::{INTERNAL_ERROR, LocalRpc, RpcConfig, RpcLimits, method_names};
use serde_json::{Value, json};

use crate::genesis;

/// Gas of one call: enough for every method, little enough that a loop ends at once.
const MAX_CALL_GAS: u64 = 1_000_000;
/// Deeper JSON than this is refused by the reader itself.
const MAX_RESPONSE_BYTES: u32 = 4 << 20;

/// Stores its second word of calldata under its first and logs it; without calldata it returns slot 0.
const STORE: Address = Address::repeat_byte(0x51);
const STORE_CODE: &[u8] = &hex!("3615601b576020356000355560203560005260003560206000a1005b60005460005260206000f3");

struct Server {
    runtime: tokio::runtime::Runtime,
    rpc: LocalRpc,
    /// Kept for as long as the chain is open.
    _directory: tempfile::TempDir,
}

thread_local! {
    static SERVER: RefCell<Server> = RefCell::new(server());
}

fn key() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&U256::from(7).into()).unwrap()
}

fn sent(nonce: u64) -> Bytes {
    let input = [U256::from(nonce).to_be_bytes::<32>(), U256::from(9).to_be_bytes::<32>()].concat();
    let transaction = TxEip1559 {
        chain_id: genesis::CHAIN_ID,
        nonce,
        gas_limit: 100_000,
        to: STORE.into(),
        input: input.into(),
        ..TxEip1559::default()
    };
    let signature = key().sign_hash_sync(&transaction.signature_hash()).unwrap();
    TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
}

fn server() -> Server {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut config = genesis::small();
    config.alloc = BTreeMap::from([
        (key().address(), GenesisAccount::default().with_balance(U256::MAX >> 1)),
        (STORE, GenesisAccount::default().with_code(Some(STORE_CODE.into()))),
    ]);
    let chain = Blockchain::open(directory.path(), &config.build().unwrap(), ExecutionConfig::default()).unwrap();
    for view in 1..=3 {
        chain.pool().add(vec![sent(view - 1)]).remove(0).unwrap();
        let head = chain.head();
        let attributes = BuildAttributes {
            time_ms: head.block().time_ms() + 1_000,
            epoch: 0,
            view,
            parent_view: view - 1,
            beneficiary: Address::ZERO,
        };
        let budget = BuildBudget { max_time: Duration::from_secs(60), max_bytes: 1 << 20, max_transactions: 10 };
        let block = chain.tree().build(head.block().hash(), attributes, budget).unwrap().block().clone();
        chain.tree().finalize(vec![Finalization { block, certificate: Some(vec![1].into()) }]).unwrap();
    }
    let limits = RpcLimits {
        max_call_gas: MAX_CALL_GAS,
        max_response_bytes: MAX_RESPONSE_BYTES,
        max_simulated_blocks: 8,
        max_sync_wait_ms: 0,
        default_sync_wait_ms: 0,
        ..RpcLimits::default()
    };
    let config = RpcConfig { limits, ..RpcConfig::new("127.0.0.1:0".parse().unwrap()) };
    let rpc = runtime.block_on(async { LocalRpc::new(config, chain, None) }).unwrap();
    Server { runtime, rpc, _directory: directory }
}

/// Every body is answered with one JSON-RPC response a call, and none with a fault of the node.
pub fn check(data: &[u8]) {
    let (status, body) = SERVER.with_borrow(|server| {
        server.runtime.block_on(server.rpc.answer(data.to_vec())).expect("the server breaks off")
    });
    // What has no id is a notification (JSON-RPC 2.0, 4.1): nobody waits for an answer, and jsonrpsee writes none or `null`.
    if body.is_empty() || body == b"null" {
        return;
    }
    let response: Value = match serde_json::from_slice(&body) {
        Ok(response) => response,
        Err(_) => {
            assert_ne!(status, 200, "an answer is no JSON: {}", String::from_utf8_lossy(&body));
            return;
        }
    };
    let answers = response.as_array().cloned().unwrap_or_else(|| vec![response]);
    for answer in answers {
        let code = answer["error"]["code"].as_i64();
        assert!(code.is_some() != answer.get("result").is_some(), "{answer}");
        assert_ne!(code, Some(INTERNAL_ERROR.into()), "a fault of the node: {answer}");
    }
}

/// A call of each method with parameters that it takes, where they are known, and bodies that are none.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let call = |method: &str, params: Value| {
        json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string().into_bytes()
    };
    let plain = method_names().map(|method| call(method, json!([])));
    let (from, hash) = (key().address(), B256::repeat_byte(1));
    let request = json!({ "from": from, "to": STORE, "input": format!("0x{}", "01".repeat(64)) });
    let overrides =
        json!({ STORE.to_string(): { "code": "0x6000", "balance": "0x1", "stateDiff": { hash.to_string(): hash } } });
    let simulated = json!({ "blockStateCalls": [{ "blockOverrides": { "number": "0x5", "time": "0x70000000" }, "stateOverrides":
        overrides, "calls": [request] }], "traceTransfers": true, "validation": false });
    let filter = json!({ "fromBlock": "0x0", "toBlock": "latest", "address": STORE, "topics": [[hash], null] });
    let asked = [
        ("eth_call", json!([request, "latest", overrides, { "number": "0x9" }])),
        ("eth_call", json!([{ "data": "0x5b600056" }, { "blockHash": hash }])),
        ("eth_estimateGas", json!([request])),
        ("eth_createAccessList", json!([request, "0x2"])),
        ("eth_simulateV1", json!([simulated, "latest"])),
        (
            "debug_traceCall",
            json!([request, "latest", { "tracer": "callTracer", "tracerConfig": { "withLog": true } }]),
        ),
        (
            "debug_traceCall",
            json!([request, "latest", { "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } }]),
        ),
        ("debug_traceBlockByNumber", json!(["0x2", { "tracer": "callTracer" }])),
        ("eth_getBlockByNumber", json!(["0x1", true])),
        ("eth_getBlockReceipts", json!(["0x1"])),
        ("eth_getTransactionByBlockNumberAndIndex", json!(["0x1", "0x0"])),
        ("eth_getProof", json!([STORE, ["0x0", hash], "0x3"])),
        ("eth_getStorageAt", json!([STORE, "0x0", "latest"])),
        ("eth_getBalance", json!([from, "earliest"])),
        ("eth_getLogs", json!([filter])),
        ("eth_newFilter", json!([filter])),
        ("eth_getFilterChanges", json!(["0x1"])),
        ("eth_feeHistory", json!(["0x3", "latest", [1, 50.5, 99]])),
        ("eth_sendRawTransaction", json!([sent(3)])),
        ("eth_sendRawTransactionSync", json!([sent(9), "0x0"])),
        ("chancery_getFinality", json!(["0x2", "0x0"])),
        ("chancery_validators", json!(["0x0"])),
        ("chancery_getHandovers", json!(["0x0"])),
        ("txpool_contentFrom", json!([from])),
        ("web3_sha3", json!(["0x1234"])),
    ];
    let asked: Vec<_> = asked.into_iter().map(|(method, params)| call(method, params)).collect();
    let batch = [b"[".as_slice(), &asked[0], b",", &asked[7], b",", &asked[18], b",", &asked[18], b",{}]"].concat();
    let others = [
        batch,
        b"[]".to_vec(),
        b"{}".to_vec(),
        b"null".to_vec(),
        br#"{"jsonrpc":"2.0","method":"eth_chainId"}"#.to_vec(),
    ];
    plain.chain(asked).chain(others).collect()
}
