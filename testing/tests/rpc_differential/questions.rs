//! What both are asked. Blocks are named as each of the two has them.

use alloy::signers::SignerSync;
use alloy_primitives::{Address, B256, Bytes, U256, address};
use anyhow::{Context, Result, ensure};
use chancery_testing::{
    load::funded_signers,
    process::Endpoint,
    scenario::{Scenario, contracts, words},
};
use serde_json::{Value, json};

const NOBODY: Address = address!("000000000000000000000000000000000000bbbb");

type Questions = Vec<(&'static str, Value)>;

/// A node to which the story was told.
pub(crate) struct Side {
    pub(crate) node: Endpoint,
    /// Receipts in the order of the story.
    receipts: Vec<Value>,
}

impl Side {
    /// Tells the story, a block a transaction.
    pub(crate) async fn tell(node: Endpoint, story: &Scenario) -> Result<Self> {
        let mut receipts = Vec::new();
        for step in &story.steps {
            let receipt = node.include(&step.raw).await.with_context(|| format!("{}: {}", node.url, step.name))?;
            ensure!((receipt["status"] == "0x1") == step.succeeds, "{}: {}: {receipt}", node.url, step.name);
            receipts.push(receipt);
        }
        Ok(Self { node, receipts })
    }

    /// Everything, in the same order for every side.
    pub(crate) fn questions(&self, story: &Scenario) -> Questions {
        let mut questions = constants();
        questions.extend(self.blocks_and_transactions());
        questions.extend(self.state(story));
        questions.extend(calls(story));
        questions.extend(precompiles());
        questions.extend(self.traces(story));
        questions.extend(self.logs(story));
        questions
    }

    fn number(&self, index: usize) -> &Value {
        &self.receipts[index]["blockNumber"]
    }

    fn blocks_and_transactions(&self) -> Questions {
        let mut questions = Vec::new();
        for receipt in &self.receipts {
            let (hash, number, block) = (&receipt["transactionHash"], &receipt["blockNumber"], &receipt["blockHash"]);
            questions.push(("eth_getTransactionByHash", json!([hash])));
            questions.push(("eth_getTransactionReceipt", json!([hash])));
            questions.push(("eth_getRawTransactionByHash", json!([hash])));
            questions.push(("eth_getTransactionByBlockHashAndIndex", json!([block, "0x0"])));
            questions.push(("eth_getBlockByNumber", json!([number, false])));
            questions.push(("eth_getBlockReceipts", json!([number])));
            questions.push(("eth_getBlockTransactionCountByHash", json!([block])));
            questions.push(("eth_getUncleCountByBlockNumber", json!([number])));
        }
        let (far, unknown) = ("0xffffff", B256::repeat_byte(0xee));
        for (method, params) in [
            ("eth_getBlockByNumber", json!([far, false])),
            ("eth_getBlockByHash", json!([unknown, true])),
            ("eth_getTransactionByHash", json!([unknown])),
            ("eth_getTransactionReceipt", json!([unknown])),
            ("eth_getTransactionByBlockHashAndIndex", json!([unknown, "0x0"])),
            ("eth_getTransactionByBlockNumberAndIndex", json!(["latest", "0x5"])),
            ("eth_getBlockTransactionCountByHash", json!([unknown])),
            ("eth_getBlockReceipts", json!([unknown])),
            ("eth_getBlockByNumber", json!(["rubbish", false])),
            ("eth_getBalance", json!(["0x12", "latest"])),
            ("eth_getBalance", json!([NOBODY, far])),
        ] {
            questions.push((method, params));
        }
        questions
    }

    fn state(&self, story: &Scenario) -> Questions {
        let mut questions = Vec::new();
        let accounts = [
            story.writer,
            story.delegating,
            story.author.address(),
            story.stranger,
            story.factory,
            story.caller,
            story.hasher,
            story.child,
            story.looper,
            NOBODY,
        ];
        for place in [json!("latest"), self.number(13).clone(), self.number(17).clone()] {
            for account in accounts {
                questions.push(("eth_getBalance", json!([account, place])));
                questions.push(("eth_getTransactionCount", json!([account, place])));
                questions.push(("eth_getCode", json!([account, place])));
                for slot in ["0x0", "0x7", "0x9", "0xa", "0xb"] {
                    questions.push(("eth_getStorageAt", json!([account, slot, place])));
                }
                questions.push(("eth_getProof", json!([account, [words(&[7]), words(&[11])], place])));
            }
        }
        questions
    }

    fn traces(&self, story: &Scenario) -> Questions {
        let mut questions = Vec::new();
        let tracers = [
            json!({ "tracer": "callTracer" }),
            json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } }),
            json!({ "tracer": "callTracer", "tracerConfig": { "onlyTopCall": true } }),
            json!({ "tracer": "prestateTracer" }),
            json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } }),
            json!({ "tracer": "4byteTracer" }),
        ];
        for tracer in &tracers {
            for receipt in &self.receipts {
                questions.push(("debug_traceTransaction", json!([receipt["transactionHash"], tracer])));
            }
            for call in [
                json!({ "from": NOBODY, "to": story.emitter, "data": "0x1234" }),
                json!({ "from": NOBODY, "to": story.reverter }),
            ] {
                questions.push(("debug_traceCall", json!([call, "latest", tracer])));
            }
        }
        // The steps of a transaction of each outcome.
        for index in [11, 13, 17, 18, 20, 21, 26, 29] {
            questions.push(("debug_traceTransaction", json!([self.receipts[index]["transactionHash"], {}])));
        }
        let memory = json!({ "enableMemory": true, "enableReturnData": true, "disableStorage": true });
        questions.push(("debug_traceTransaction", json!([self.receipts[20]["transactionHash"], memory])));
        questions.push(("debug_traceBlockByNumber", json!([self.number(20), tracers[1]])));
        questions.push(("debug_traceBlockByHash", json!([self.receipts[20]["blockHash"], tracers[3]])));
        questions
    }

    fn logs(&self, story: &Scenario) -> Questions {
        let two = words(&[2]);
        let (from, to) = (self.number(11), self.number(25));
        [
            json!({ "fromBlock": "earliest", "toBlock": "latest" }),
            json!({ "fromBlock": from, "toBlock": to, "address": story.emitter }),
            json!({ "fromBlock": from, "topics": [null, two] }),
            json!({ "fromBlock": from, "topics": [[words(&[7]), words(&[1])]] }),
            json!({ "blockHash": self.receipts[17]["blockHash"] }),
            json!({ "blockHash": B256::repeat_byte(0xee) }),
            json!({ "fromBlock": to, "toBlock": from }),
            json!({ "address": NOBODY, "fromBlock": "0x0" }),
        ]
        .into_iter()
        .map(|filter| ("eth_getLogs", json!([filter])))
        .collect()
    }
}

fn constants() -> Questions {
    [
        "eth_chainId",
        "net_version",
        "net_listening",
        "eth_gasPrice",
        "eth_maxPriorityFeePerGas",
        "eth_blobBaseFee",
        "eth_syncing",
    ]
    .into_iter()
    .map(|method| (method, json!([])))
    .chain([("web3_sha3", json!(["0x68656c6c6f"]))])
    .collect()
}

fn calls(story: &Scenario) -> Questions {
    let author = story.author.address();
    let nested = Bytes::from([story.writer.into_word().as_slice(), &words(&[11, 12])].concat());
    let requests = [
        json!({ "from": author, "to": story.writer, "input": words(&[1, 2]) }),
        json!({ "from": author, "to": story.environment, "value": "0x5", "gas": "0x100000" }),
        json!({ "from": author, "to": story.environment, "gasPrice": "0x7", "gas": "0x100000" }),
        json!({ "to": story.reverter }),
        json!({ "to": story.custom_reverter }),
        json!({ "to": story.looper, "gas": "0x20000" }),
        json!({ "to": story.invalid, "gas": "0x20000" }),
        json!({ "to": story.emitter, "data": "0x12" }),
        json!({ "from": author, "to": story.caller, "data": nested }),
        json!({ "to": story.leading_zeros, "data": words(&[1]) }),
        json!({ "from": author, "data": contracts::creation(contracts::WRITER) }),
        json!({ "from": author, "data": contracts::creation(&[0xef]) }),
        json!({ "from": NOBODY, "to": story.stranger, "value": "0x1" }),
        json!({ "from": author, "to": story.stranger, "value": "0x1" }),
        json!({ "to": story.delegating, "data": words(&[3, 4]) }),
        json!({ "from": author, "to": story.writer, "gas": "0x5000" }),
        json!({ "to": NOBODY, "data": "0x1234" }),
    ];
    let mut questions = Vec::new();
    for request in requests {
        questions.push(("eth_call", json!([request, "latest"])));
        questions.push(("eth_estimateGas", json!([request, "latest"])));
        questions.push(("eth_createAccessList", json!([request, "latest"])));
    }
    let code = json!({ NOBODY.to_string(): { "code": "0x5f545f5260205ff3", "stateDiff": { B256::ZERO.to_string(): words(&[77]) } } });
    questions.push(("eth_call", json!([{ "to": NOBODY }, "latest", code])));
    let rich = json!({ NOBODY.to_string(): { "balance": "0x64" } });
    questions.push(("eth_call", json!([{ "from": NOBODY, "to": story.environment, "value": "0x64" }, "latest", rich])));
    let simulated = json!({ "blockStateCalls": [{ "calls": [
        { "from": author, "to": story.writer, "input": words(&[1, 2]) },
        { "to": story.reverter },
    ] }] });
    questions.push(("eth_simulateV1", json!([simulated, "latest"])));
    questions
}

/// Every precompiled contract of Osaka with inputs of lengths that some of them take, and a few with real work.
fn precompiles() -> Questions {
    let mut questions = Vec::new();
    let mut call = |number: u64, input: Bytes| {
        let to = Address::from_word(U256::from(number).into());
        questions.push(("eth_call", json!([{ "to": to, "data": input, "gas": "0x200000" }, "latest"])));
    };
    for number in (1..=0x12).chain([0x100]) {
        for length in [0, 32, 64, 96, 128, 160, 192, 213, 256, 288, 384] {
            call(number, vec![0; length].into());
        }
    }
    let hash = B256::repeat_byte(0x24);
    let signature = funded_signers(1).unwrap()[0].sign_hash_sync(&hash).unwrap();
    let v = U256::from(27 + u64::from(signature.v())).to_be_bytes::<32>();
    let (r, s) = (signature.r().to_be_bytes::<32>(), signature.s().to_be_bytes::<32>());
    call(1, [hash.as_slice(), &v, &r, &s].concat().into());
    call(2, Bytes::from_static(b"abc"));
    call(3, Bytes::from_static(b"abc"));
    call(4, Bytes::from_static(b"abc"));
    // 3 to the power of 5 modulo 7, and the generator of the curve of EIP-196 twice.
    call(5, [words(&[1, 1, 1]).as_ref(), &[3, 5, 7]].concat().into());
    call(6, words(&[1, 2, 1, 2]));
    call(7, words(&[1, 2, 9]));
    questions
}
