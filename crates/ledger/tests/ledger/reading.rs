//! Reading against a real anvil, and against a node that lies (LEDGER-1, LEDGER-2, LEDGER-4).
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::support::{Setting, config, connect, limits, record, root};
use alloy::sol_types::{SolCall, SolEvent};
use alloy_primitives::B256;
use chancery_contracts::{DataBlockRegistry, OrganizationRegistry, predeploys};
use chancery_ledger::{EventFilter, LedgerError, LedgerLimits};
use chancery_testing::process::{FIRST_ACCOUNT, Fault, rpc};
use serde_json::{Value, json};

fn recorded() -> EventFilter {
    EventFilter {
        contracts: vec![predeploys::DATA_BLOCK_REGISTRY],
        topics: [vec![DataBlockRegistry::DataBlockRecorded::SIGNATURE_HASH], Vec::new(), Vec::new(), Vec::new()],
        ..EventFilter::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_read_with_what_it_did() {
    let setting = Setting::new().await;
    let done = setting.chain().submit(&setting.key, record(1)).await.unwrap();
    let found = setting.chain().transaction(done.tx_hash, Some(done.block.number)).await.unwrap();
    assert!(found.succeeded);
    assert_eq!((found.from, found.to), (FIRST_ACCOUNT, Some(predeploys::DATA_BLOCK_REGISTRY)));
    assert_eq!(found.input, record(1).data);
    assert_eq!(found.events.len(), 1);
    assert_eq!(found.events[0].topics[1], root(1));
    assert!(found.bundle.is_none(), "anvil has no finality certificates");
    setting.chain().verify_event(&found.events[0]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_not_in_another_block() {
    let setting = Setting::new().await;
    let first = setting.chain().submit(&setting.key, record(1)).await.unwrap();
    let second = setting.chain().submit(&setting.key, record(2)).await.unwrap();
    for block in [second.block.number, second.block.number + 1000] {
        let error = setting.chain().transaction(first.tx_hash, Some(block)).await.unwrap_err();
        assert!(matches!(error, LedgerError::UnknownTransaction { .. }), "{error}");
    }
    let error = setting.chain().transaction(B256::repeat_byte(1), None).await.unwrap_err();
    assert!(matches!(error, LedgerError::UnknownTransaction { .. }), "{error}");
}

/// Reads a transaction through a node that changes its answers, with a ledger that has seen nothing before.
async fn read_through_lies(lie: impl Fn(&str, &mut Value) + Send + Sync + 'static) -> LedgerError {
    let setting = Setting::new().await;
    let done = setting.chain().submit(&setting.key, record(1)).await.unwrap();
    setting.wire.set(Fault::lie(lie));
    let fresh = connect(vec![config(&setting.wire.url)], limits()).await.unwrap();
    fresh.chain("main").unwrap().transaction(done.tx_hash, Some(done.block.number)).await.unwrap_err()
}

fn check_of(error: LedgerError) -> String {
    match error {
        LedgerError::ProofRefused { check, .. } => check,
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_alters_a_receipt_is_refused() {
    let error = read_through_lies(|method, result| {
        if method == "eth_getBlockReceipts" {
            result[0]["status"] = json!("0x0");
        }
    });
    assert_eq!(check_of(error.await), "ReceiptNotIncluded");
    let error = read_through_lies(|method, result| {
        if method == "eth_getBlockReceipts" {
            result[0]["logs"][0]["topics"][1] = json!(root(2));
        }
    });
    assert_eq!(check_of(error.await), "ReceiptNotIncluded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_alters_or_hides_a_transaction_is_refused() {
    let error = read_through_lies(|method, result| {
        if method == "eth_getBlockByNumber" && result["transactions"][0].is_object() {
            result["transactions"][0]["input"] = json!(record(2).data);
        }
    });
    assert_eq!(check_of(error.await), "TransactionNotIncluded");
    let error = read_through_lies(|method, result| {
        if method == "eth_getBlockByNumber" && result["transactions"][0].is_object() {
            result["transactions"] = json!([]);
        }
    });
    assert_eq!(check_of(error.await), "TransactionNotIncluded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_alters_a_header_is_refused() {
    let error = read_through_lies(|method, result| {
        if method == "eth_getBlockByNumber" {
            result["receiptsRoot"] = json!(B256::repeat_byte(9));
        }
    });
    assert_eq!(check_of(error.await), "HeaderHashMismatch");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invented_event_does_not_verify() {
    let setting = Setting::new().await;
    setting.chain().submit(&setting.key, record(1)).await.unwrap();
    setting.wire.set(Fault::lie(|method, result| {
        if method == "eth_getLogs" {
            result[0]["topics"][1] = json!(root(2));
        }
    }));
    let events = setting.chain().events(&recorded(), 10).await.unwrap();
    let error = setting.chain().verify_event(&events[0]).await.unwrap_err();
    assert_eq!(check_of(error), "ReceiptNotIncluded");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_not_asked_for_is_noticed() {
    let setting = Setting::new().await;
    setting.chain().submit(&setting.key, record(1)).await.unwrap();
    setting.wire.set(Fault::lie(|method, result| {
        if method == "eth_getLogs" {
            result[0]["address"] = json!(predeploys::CERTIFICATE_REGISTRY);
        }
    }));
    let error = setting.chain().events(&recorded(), 10).await.unwrap_err();
    assert!(matches!(error, LedgerError::MalformedAnswer { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_found_in_order_by_a_node_that_bounds_ranges() {
    let setting = Setting::new().await;
    for number in 0..12 {
        setting.chain().submit(&setting.key, record(number)).await.unwrap();
    }
    setting.wire.set(Fault::refuse(|method, params| {
        let number = |name: &str| u64::from_str_radix(params[0][name].as_str()?.trim_start_matches("0x"), 16).ok();
        let wide = method == "eth_getLogs" && number("toBlock")? - number("fromBlock")? >= 3;
        wide.then(|| "query returned more than 3 blocks".to_owned())
    }));
    let events = setting.chain().events(&recorded(), 100).await.unwrap();
    let roots: Vec<B256> = events.iter().map(|event| event.topics[1]).collect();
    assert_eq!(roots, (0..12).map(root).collect::<Vec<_>>());
    let newest = setting.chain().latest_events(&recorded(), 3).await.unwrap();
    let roots: Vec<B256> = newest.iter().map(|event| event.topics[1]).collect();
    assert_eq!(roots, [11, 10, 9].map(root));
    let error = setting.chain().events(&recorded(), 11).await.unwrap_err();
    assert!(matches!(error, LedgerError::TooManyEvents { limit: 11, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_node_that_has_forgotten_its_first_blocks_the_events_of_the_others_are_told_where_that_is_asked_for() {
    let setting = Setting::new().await;
    for number in 0..6 {
        setting.chain().submit(&setting.key, record(number)).await.unwrap();
    }
    let all = setting.chain().latest_kept_events(&recorded(), 100).await.unwrap();
    assert_eq!((all.events.len(), all.first_block), (6, 0));
    let earliest = all.events[2].block_number;
    setting.wire.set(Fault::fail(move |method, params| {
        let from = u64::from_str_radix(params[0]["fromBlock"].as_str()?.trim_start_matches("0x"), 16).ok()?;
        let data = json!({ "earliestBlock": format!("{earliest:#x}") });
        (method == "eth_getLogs" && from < earliest)
            .then(|| json!({ "code": 4444, "message": "pruned history unavailable", "data": data }))
    }));
    let kept = setting.chain().latest_kept_events(&recorded(), 100).await.unwrap();
    assert_eq!((kept.events.as_slice(), kept.first_block), (&all.events[..3], earliest));
    // Whoever needs all is told that they are not there.
    let error = setting.chain().latest_events(&recorded(), 100).await.unwrap_err();
    assert!(matches!(error, LedgerError::RequestRefused { code: 4444, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_up_to_a_block_that_is_not_final_yet_are_not_said_to_be_none() {
    let setting = Setting::new().await;
    setting.chain().submit(&setting.key, record(1)).await.unwrap();
    let head = setting.chain().head().await.unwrap().number;
    let up_to = |block: u64| EventFilter { to_block: Some(block), ..recorded() };
    assert_eq!(setting.chain().events(&up_to(head), 10).await.unwrap().len(), 1);
    let error = setting.chain().events(&up_to(head + 1_000), 10).await.unwrap_err();
    assert!(matches!(error, LedgerError::ChainUnreachable { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_found_by_time() {
    let setting = Setting::new().await;
    let url = &setting.anvil.url;
    let start = setting.chain().head().await.unwrap();
    for seconds in [10, 20, 30] {
        let time = start.time_ms / 1000 + seconds;
        rpc(url, "evm_setNextBlockTimestamp", json!([time])).await.unwrap();
        setting.mine().await;
    }
    let at = |seconds: u64| setting.chain().first_block_at(start.time_ms + seconds * 1000);
    assert_eq!(at(10).await.unwrap(), start.number + 1);
    assert_eq!(at(11).await.unwrap(), start.number + 2);
    assert_eq!(at(31).await.unwrap(), start.number + 4);
    assert_eq!(setting.chain().first_block_at(0).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_reverts_says_why() {
    let setting = Setting::new().await;
    let call = OrganizationRegistry::authorizeKeyCall {
        code: crate::support::code("NOBODY"),
        key: FIRST_ACCOUNT,
        right: crate::support::code("degree"),
        notBefore: 0,
        notAfter: 0,
    };
    let error = setting.chain().view(predeploys::ORGANIZATION_REGISTRY, &call.abi_encode().into()).await.unwrap_err();
    let LedgerError::Reverted { reason, .. } = error else { panic!("{error}") };
    assert_eq!(reason.name, "OrganizationUnknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_another_chain_is_named_at_once() {
    let setting = Setting::new().await;
    let mut other = config(&setting.wire.url);
    other.chain_id = 7100;
    let error = connect(vec![other], limits()).await.unwrap_err();
    assert_eq!(
        error,
        LedgerError::WrongChainId { chain: "main".to_owned(), expected: 7100, found: crate::support::CHAIN_ID }
    );

    let mut other = config(&setting.wire.url);
    other.genesis_hash = Some(B256::repeat_byte(1));
    let error = connect(vec![other], limits()).await.unwrap_err();
    assert!(matches!(error, LedgerError::WrongGenesis { .. }), "{error}");
}

// M-SEC
#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_another_machine_is_not_asked_in_clear() {
    for url in ["http://192.0.2.1:8545", "ws://192.0.2.1:8546", "http://node.example", "http://[2001:db8::1]:8545"] {
        let refused = connect(vec![config(url)], limits()).await.unwrap_err();
        assert_eq!(refused, LedgerError::InClear { chain: "main".to_owned() }, "{url}");
        assert!(!refused.is_temporary());
    }
}

// The endpoint is another one after an outage: what it says is not believed (LEDGER-1).
#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_changes_its_chain_is_noticed() {
    let setting = Setting::new().await;
    let genesis = setting.chain().block(0).await.unwrap().hash;
    let mut pinned = config(&setting.wire.url);
    pinned.genesis_hash = Some(genesis);
    let ledger = connect(vec![pinned], limits()).await.unwrap();
    let chain = ledger.chain("main").unwrap();
    chain.head().await.unwrap();
    setting.wire.set(Fault::Outage);
    assert!(matches!(chain.head().await.unwrap_err(), LedgerError::ChainUnreachable { .. }));
    let other = chancery_testing::process::Anvil::start(&["--timestamp", "1000000000"]).unwrap();
    setting.wire.redirect(&other.url);
    setting.wire.set(Fault::None);
    crate::support::eventually("the change is noticed", || {
        let head = Box::pin(chain.head());
        async { !matches!(head.await, Err(LedgerError::ChainUnreachable { .. })) }
    })
    .await;
    let error = chain.head().await.unwrap_err();
    assert!(matches!(error, LedgerError::WrongGenesis { .. }), "{error}");
}

// LEDGER-4: a dead chain costs little after a while, and its neighbour nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_chain_is_unreachable_and_not_asked_for_a_while() {
    let limits = LedgerLimits {
        request_timeout: std::time::Duration::from_millis(200),
        breaker_open_min: std::time::Duration::from_secs(60),
        breaker_open_max: std::time::Duration::from_secs(60),
        ..limits()
    };
    let setting = Setting::new().await;
    let mut other = config(&setting.anvil.url);
    other.name = "other".to_owned();
    let ledger = connect(vec![config(&setting.wire.url), other], limits).await.unwrap();
    setting.wire.set(Fault::Silence);
    let silent = ledger.chain("main").unwrap();
    for _ in 0..limits.breaker_failures {
        assert!(matches!(silent.head().await.unwrap_err(), LedgerError::ChainUnreachable { .. }));
    }
    let asked = setting.wire.requests();
    for _ in 0..100 {
        assert!(matches!(silent.head().await.unwrap_err(), LedgerError::ChainUnreachable { .. }));
    }
    let error = silent.submit(&setting.key, record(1)).await.unwrap_err();
    assert!(matches!(error, LedgerError::ChainUnreachable { .. }), "{error}");
    assert_eq!(setting.wire.requests(), asked, "nobody asks while the breaker is open");
    ledger.chain("other").unwrap().head().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_beyond_the_bound_is_refused() {
    let setting = Setting::new().await;
    let limits = LedgerLimits { max_response_bytes: 2000, ..limits() };
    let ledger = connect(vec![config(&setting.wire.url)], limits).await.unwrap();
    let padding = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&padding);
    setting.wire.set(Fault::lie(move |method, result| {
        if method == "eth_blockNumber" {
            seen.fetch_add(1, Ordering::SeqCst);
            *result = json!("0x".to_owned() + &"0".repeat(5000));
        }
    }));
    let error = ledger.chain("main").unwrap().head().await.unwrap_err();
    assert!(matches!(error, LedgerError::MalformedAnswer { .. }), "{error}");
    assert_eq!(padding.load(Ordering::SeqCst), 1);
}
