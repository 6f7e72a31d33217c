//! What is asked, and what kind of answer there must be.

use alloy_primitives::{Address, B256, Bytes, U256, address};
use anyhow::{Context, Result, ensure};
use chancery_testing::{
    process::Endpoint,
    scenario::{Draft, Scenario, words},
};
use serde_json::{Value, json};

const NOBODY: Address = address!("000000000000000000000000000000000000bbbb");
/// The code of wrong parameters.
pub(crate) const INVALID_PARAMS: i64 = -32602;
/// The code of a transaction or execution that is refused.
const REFUSED: i64 = -32000;
/// The code of an execution that reverted.
const REVERTED: i64 = 3;

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) params: Value,
    pub(crate) expected: Expected,
}

/// The kind of answer.
#[derive(Debug)]
pub(crate) enum Expected {
    /// A result that is not null and has its shape.
    Result,
    /// Null, for what there is not.
    Null,
    /// An error with this code.
    Error(i64),
}

/// A node on which the story has been told, and what is known of it.
pub(crate) struct Facts {
    pub(crate) node: Endpoint,
    story: Scenario,
    /// Receipts in the order of the story.
    receipts: Vec<Value>,
    block_filter: Value,
    log_filter: Value,
    pending_filter: Value,
    /// A transaction that waits for one before it.
    waiting: B256,
}

impl Facts {
    /// Tells the story to a node.
    pub(crate) async fn gather(node: Endpoint, mut story: Scenario) -> Result<Self> {
        let block_filter = node.result("eth_newBlockFilter", json!([])).await?;
        let log_filter = node.result("eth_newFilter", json!([{ "address": story.writer, "fromBlock": "0x0" }])).await?;
        let pending_filter = node.result("eth_newPendingTransactionFilter", json!([])).await?;
        let mut receipts = Vec::new();
        for step in &story.steps {
            let receipt = node.include(&step.raw).await.with_context(|| step.name)?;
            let succeeded = receipt["status"] == "0x1";
            ensure!(succeeded == step.succeeds, "{}: {receipt}", step.name);
            receipts.push(receipt);
        }
        let ahead = story.author.next_nonce() + 5;
        let early = story.author.dynamic_at(Draft::call(story.writer, words(&[1, 1])), ahead, 7100)?;
        let raw = Bytes::from(alloy::eips::eip2718::Encodable2718::encoded_2718(&early));
        let waiting = serde_json::from_value(node.result("eth_sendRawTransaction", json!([raw])).await?)?;
        // Who is asked last would find the nonces taken.
        story.author.legacy(Draft::call(NOBODY, vec![]))?;
        Ok(Self { node, story, receipts, block_filter, log_filter, pending_filter, waiting })
    }

    fn receipt(&self, name: &str) -> &Value {
        let index = self.story.steps.iter().position(|step| step.name == name).unwrap_or(usize::MAX);
        self.receipts.get(index).unwrap_or(&Value::Null)
    }

    /// Every call, in the order in which they are to be made.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let mut calls = Vec::new();
        let mut of = |group: Vec<(&'static str, Value)>, expected: fn() -> Expected| {
            calls.extend(group.into_iter().map(|(method, params)| Call { method, params, expected: expected() }));
        };
        of(constants(), || Expected::Result);
        of(self.blocks(), || Expected::Result);
        of(self.transactions(), || Expected::Result);
        of(self.state(), || Expected::Result);
        of(self.executions(), || Expected::Result);
        of(self.traces(), || Expected::Result);
        of(self.logs(), || Expected::Result);
        of(self.submissions(), || Expected::Result);
        of(self.unknown(), || Expected::Null);
        of(self.refused(), || Expected::Error(REFUSED));
        of(self.reverted(), || Expected::Error(REVERTED));
        of(self.wrong(), || Expected::Error(INVALID_PARAMS));
        calls
    }

    fn blocks(&self) -> Vec<(&'static str, Value)> {
        let mut calls = Vec::new();
        // The genesis block and the block of every transaction: of every type, with logs and without, failed ones too.
        let genesis = json!("0x0");
        for number in self.receipts.iter().map(|receipt| &receipt["blockNumber"]).chain([&genesis]) {
            calls.push(("eth_getBlockByNumber", json!([number, true])));
            calls.push(("eth_getBlockByNumber", json!([number, false])));
            calls.push(("eth_getBlockReceipts", json!([number])));
            calls.push(("debug_getRawBlock", json!([number])));
            calls.push(("debug_getRawReceipts", json!([number])));
        }
        for receipt in &self.receipts {
            calls.push(("eth_getBlockByHash", json!([receipt["blockHash"], true])));
            calls.push(("eth_getBlockReceipts", json!([receipt["blockHash"]])));
        }
        for tag in ["earliest", "latest", "safe", "finalized", "pending"] {
            calls.push(("eth_getBlockByNumber", json!([tag, true])));
            calls.push(("eth_getBlockReceipts", json!([tag])));
            calls.push(("eth_getBlockTransactionCountByNumber", json!([tag])));
            calls.push(("eth_getUncleCountByBlockNumber", json!([tag])));
            calls.push(("eth_getHeaderByNumber", json!([tag])));
            calls.push(("debug_getRawHeader", json!([tag])));
        }
        let hash = &self.receipts[0]["blockHash"];
        calls.push(("eth_getHeaderByHash", json!([hash])));
        calls.push(("eth_getBlockTransactionCountByHash", json!([hash])));
        calls.push(("eth_getUncleCountByBlockHash", json!([hash])));
        calls.push(("eth_feeHistory", json!(["0x5", "latest", [0, 25.5, 100]])));
        calls.push(("eth_feeHistory", json!(["0x1", "0x2"])));
        calls
    }

    fn transactions(&self) -> Vec<(&'static str, Value)> {
        let mut calls = Vec::new();
        for receipt in &self.receipts {
            let (hash, index) = (&receipt["transactionHash"], &receipt["transactionIndex"]);
            let (block, number) = (&receipt["blockHash"], &receipt["blockNumber"]);
            calls.push(("eth_getTransactionByHash", json!([hash])));
            calls.push(("eth_getTransactionReceipt", json!([hash])));
            calls.push(("debug_getRawTransaction", json!([hash])));
            calls.push(("eth_getTransactionByBlockHashAndIndex", json!([block, index])));
            calls.push(("eth_getTransactionByBlockNumberAndIndex", json!([number, index])));
            calls.push(("eth_getRawTransactionByBlockHashAndIndex", json!([block, index])));
            calls.push(("eth_getRawTransactionByBlockNumberAndIndex", json!([number, index])));
            calls.push(("eth_getRawTransactionByHash", json!([hash])));
        }
        calls.push(("debug_getRawTransaction", json!([self.waiting])));
        calls.push(("txpool_status", json!([])));
        calls.push(("txpool_content", json!([])));
        calls.push(("txpool_inspect", json!([])));
        calls.push(("txpool_contentFrom", json!([self.story.author.address()])));
        calls.push(("txpool_contentFrom", json!([NOBODY])));
        calls
    }

    fn state(&self) -> Vec<(&'static str, Value)> {
        let story = &self.story;
        let mut calls = Vec::new();
        let block = &self.receipt("write, type 1")["blockHash"];
        for place in [json!("latest"), json!("earliest"), json!("0x3"), json!({ "blockHash": block })] {
            for account in [story.writer, story.delegating, story.author.address(), NOBODY] {
                calls.push(("eth_getBalance", json!([account, place])));
                calls.push(("eth_getCode", json!([account, place])));
                calls.push(("eth_getTransactionCount", json!([account, place])));
                calls.push(("eth_getStorageAt", json!([account, "0x7", place])));
                calls.push(("eth_getProof", json!([account, ["0x7", B256::ZERO], place])));
            }
        }
        calls.push(("eth_getTransactionCount", json!([story.author.address(), "pending"])));
        calls
    }

    fn executions(&self) -> Vec<(&'static str, Value)> {
        let story = &self.story;
        let write = json!({ "from": story.author.address(), "to": story.writer, "input": words(&[1, 2]) });
        let environment = json!({ "from": NOBODY, "to": story.environment });
        let two_blocks = json!({ "blockStateCalls": [
            { "calls": [write, { "to": story.reverter }, { "to": story.looper, "gas": "0x10000" }] },
            { "blockOverrides": { "time": "0xffffffff" }, "calls": [environment, { "to": story.emitter }] },
        ], "traceTransfers": true, "returnFullTransactions": true });
        vec![
            ("eth_call", json!([environment])),
            ("eth_call", json!([environment, "earliest"])),
            (
                "eth_call",
                json!([environment, { "blockHash": self.receipts[9]["blockHash"], "requireCanonical": true }]),
            ),
            (
                "eth_call",
                json!([{ "to": NOBODY, "data": "0x" }, "latest", { NOBODY.to_string(): { "code": "0x5f5ff3" } }]),
            ),
            ("eth_estimateGas", json!([write])),
            ("eth_estimateGas", json!([{ "to": NOBODY, "value": "0x0" }, "latest"])),
            ("eth_createAccessList", json!([write, "latest"])),
            ("eth_createAccessList", json!([{ "to": story.reverter }])),
            ("eth_simulateV1", json!([two_blocks, "latest"])),
            ("eth_simulateV1", json!([{ "blockStateCalls": [{}] }])),
        ]
    }

    fn traces(&self) -> Vec<(&'static str, Value)> {
        let mut calls = Vec::new();
        let tracers = [
            json!({}),
            json!({ "enableMemory": true, "enableReturnData": true }),
            json!({ "disableStack": true, "disableStorage": true }),
            json!({ "tracer": "callTracer" }),
            json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } }),
            json!({ "tracer": "callTracer", "tracerConfig": { "onlyTopCall": true } }),
            json!({ "tracer": "prestateTracer" }),
            json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } }),
            json!({ "tracer": "4byteTracer" }),
            json!({ "tracer": "flatCallTracer" }),
            json!({ "tracer": "noopTracer" }),
        ];
        for tracer in &tracers {
            for receipt in &self.receipts {
                calls.push(("debug_traceTransaction", json!([receipt["transactionHash"], tracer])));
            }
            let receipt = self.receipt("call, delegate, call statically");
            calls.push(("debug_traceBlockByNumber", json!([receipt["blockNumber"], tracer])));
            calls.push(("debug_traceBlockByHash", json!([receipt["blockHash"], tracer])));
            calls.push(("debug_traceCall", json!([{ "to": self.story.emitter }, "latest", tracer])));
        }
        calls
    }

    fn logs(&self) -> Vec<(&'static str, Value)> {
        let story = &self.story;
        let block = &self.receipt("log everything")["blockHash"];
        vec![
            ("eth_getLogs", json!([{ "fromBlock": "earliest", "toBlock": "latest" }])),
            ("eth_getLogs", json!([{ "blockHash": block }])),
            ("eth_getLogs", json!([{ "fromBlock": "0x0", "address": [story.emitter], "topics": [null, words(&[2])] }])),
            ("eth_getFilterLogs", json!([self.log_filter])),
            ("eth_getFilterChanges", json!([self.log_filter])),
            ("eth_getFilterChanges", json!([self.block_filter])),
            ("eth_getFilterChanges", json!([self.pending_filter])),
            ("eth_newFilter", json!([{ "fromBlock": "0x1", "topics": [] }])),
            ("eth_newBlockFilter", json!([])),
            ("eth_newPendingTransactionFilter", json!([])),
            ("eth_uninstallFilter", json!([self.block_filter])),
            ("eth_uninstallFilter", json!([self.block_filter])),
        ]
    }

    fn submissions(&self) -> Vec<(&'static str, Value)> {
        let mut fresh = Vec::new();
        let next = self.story.author.next_nonce() - 1;
        for (offset, method) in (0..).zip(["eth_sendRawTransaction", "eth_sendRawTransactionSync"]) {
            let draft = Draft::call(self.story.writer, words(&[20, offset]));
            if let Ok(transaction) = self.story.author.dynamic_at(draft, next + offset, 7100) {
                let raw = Bytes::from(alloy::eips::eip2718::Encodable2718::encoded_2718(&transaction));
                fresh.push((method, json!([raw])));
            }
        }
        fresh
    }

    fn unknown(&self) -> Vec<(&'static str, Value)> {
        let (hash, far) = (B256::repeat_byte(0xee), "0xffffff");
        vec![
            ("eth_getBlockByNumber", json!([far, true])),
            ("eth_getBlockByHash", json!([hash, false])),
            ("eth_getBlockReceipts", json!([far])),
            ("eth_getBlockReceipts", json!([hash])),
            ("eth_getBlockTransactionCountByNumber", json!([far])),
            ("eth_getBlockTransactionCountByHash", json!([hash])),
            ("eth_getTransactionByHash", json!([hash])),
            ("eth_getTransactionReceipt", json!([hash])),
            ("eth_getTransactionReceipt", json!([self.waiting])),
            ("eth_getTransactionByBlockHashAndIndex", json!([hash, "0x0"])),
            ("eth_getTransactionByBlockHashAndIndex", json!([self.receipts[0]["blockHash"], "0x9"])),
            ("eth_getTransactionByBlockNumberAndIndex", json!([far, "0x0"])),
            ("eth_getTransactionByBlockNumberAndIndex", json!(["latest", "0x9"])),
            ("eth_getHeaderByNumber", json!([far])),
            ("eth_getHeaderByHash", json!([hash])),
            ("eth_getUncleByBlockNumberAndIndex", json!(["latest", "0x0"])),
            ("eth_getUncleByBlockHashAndIndex", json!([self.receipts[0]["blockHash"], "0x0"])),
        ]
    }

    fn refused(&self) -> Vec<(&'static str, Value)> {
        let story = &self.story;
        let poor = json!({ "from": NOBODY, "to": story.writer, "value": "0x1" });
        vec![
            ("eth_call", json!([{ "to": story.looper }])),
            ("eth_call", json!([{ "to": story.invalid }])),
            ("eth_call", json!([poor])),
            ("eth_estimateGas", json!([poor])),
            ("eth_estimateGas", json!([{ "to": story.looper }])),
            ("eth_sendRawTransaction", json!([story.steps[0].raw])),
            ("eth_sendRawTransaction", json!(["0x02"])),
            ("debug_traceTransaction", json!([B256::repeat_byte(0xee)])),
            ("debug_traceBlockByNumber", json!(["0x0"])),
            ("eth_getFilterChanges", json!(["0xdead"])),
        ]
    }

    fn reverted(&self) -> Vec<(&'static str, Value)> {
        let (plain, own) = (json!({ "to": self.story.reverter }), json!({ "to": self.story.custom_reverter }));
        vec![("eth_call", json!([plain])), ("eth_call", json!([own])), ("eth_estimateGas", json!([plain]))]
    }

    fn wrong(&self) -> Vec<(&'static str, Value)> {
        let writer = self.story.writer;
        let long = format!("0x{}", "0".repeat(65));
        vec![
            ("eth_getBlockByNumber", json!(["newest", false])),
            ("eth_getBlockByNumber", json!([2, false])),
            ("eth_getBlockByHash", json!(["0x00", false])),
            ("eth_getBalance", json!(["0x00", "latest"])),
            ("eth_getBalance", json!([writer, "0xzz"])),
            ("eth_getStorageAt", json!([writer, long, "latest"])),
            ("eth_getStorageAt", json!([writer, "0xasdf", "latest"])),
            ("eth_getProof", json!([writer, [long], "latest"])),
            ("eth_getTransactionByHash", json!(["0x1234"])),
            ("eth_getTransactionByHash", json!(["10".repeat(32)])),
            ("debug_getRawTransaction", json!(["10".repeat(32)])),
            ("debug_getRawBlock", json!(["2"])),
            ("debug_traceBlockByNumber", json!(["3"])),
            ("eth_getBalance", json!(["10".repeat(20), "latest"])),
            ("eth_getLogs", json!([{ "blockHash": B256::ZERO, "fromBlock": "0x0" }])),
            ("eth_getLogs", json!([{ "fromBlock": "0x3", "toBlock": "0x2" }])),
            ("eth_getLogs", json!([{ "fromBlock": "0x1", "toBlock": "0xffffff" }])),
            ("eth_getLogs", json!([{ "address": "0x1" }])),
            ("eth_feeHistory", json!(["0x2", "latest", [50, 20]])),
            ("eth_call", json!([{ "to": writer, "data": "0x01", "input": "0x02" }])),
            ("eth_sendRawTransaction", json!(["rubbish"])),
            ("debug_traceTransaction", json!([U256::from(3), {}])),
            ("debug_traceTransaction", json!([self.receipts[0]["transactionHash"], { "tracer": "noSuchTracer" }])),
        ]
    }
}

fn constants() -> Vec<(&'static str, Value)> {
    let without = [
        "web3_clientVersion",
        "net_version",
        "net_listening",
        "net_peerCount",
        "rpc_modules",
        "eth_chainId",
        "eth_syncing",
        "eth_accounts",
        "eth_protocolVersion",
        "eth_config",
        "eth_gasPrice",
        "eth_maxPriorityFeePerGas",
        "eth_blobBaseFee",
        "eth_baseFee",
        "eth_blockNumber",
    ];
    let mut calls: Vec<_> = without.into_iter().map(|method| (method, json!([]))).collect();
    calls.push(("web3_sha3", json!(["0x68656c6c6f"])));
    calls
}
