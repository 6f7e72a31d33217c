//! Submission against a real anvil, with faults on the wire (LEDGER-3, LEDGER-5, LEDGER-6).
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::support::{Setting, eventually, limits, record, root, suspend_unknown};
use alloy::sol_types::SolCall;
use alloy_primitives::B256;
use chancery_contracts::{DataBlockRegistry, predeploys};
use chancery_ledger::{Call, Finality, LedgerError, LedgerLimits};
use chancery_testing::process::{FIRST_ACCOUNT, Fault, rpc};
use futures::future::join_all;
use serde_json::json;

pub(crate) async fn is_recorded(setting: &Setting, number: u64) -> bool {
    let call = DataBlockRegistry::dataBlockCall { root: root(number) }.abi_encode().into();
    let view = setting.chain().view(predeploys::DATA_BLOCK_REGISTRY, &call).await.unwrap();
    DataBlockRegistry::dataBlockCall::abi_decode_returns(&view.data).unwrap().recordedAt != 0
}

#[tokio::test(flavor = "multi_thread")]
async fn many_submissions_at_once_use_each_nonce_once() {
    let setting = Setting::new().await;
    let before = setting.mined().await;
    let submissions = (0..200).map(|number| setting.chain().submit(&setting.key, record(number)));
    let mut hashes: Vec<B256> = join_all(submissions).await.into_iter().map(|done| done.unwrap().tx_hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 200);
    let most = setting.wire.most_under_way();
    assert!(most <= limits().max_requests_in_flight, "{most} requests at once: a busy node answers the last late");
    assert_eq!(setting.mined().await - before, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_without_certificate_says_what_is_missing() {
    let setting = Setting::new().await;
    let done = setting.chain().submit(&setting.key, record(1)).await.unwrap();
    let Finality::Assumed { missing } = &done.block.finality else { panic!("{:?}", done.block.finality) };
    assert!(missing.contains("no finality certificates"), "{missing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_s_refusal_is_named_and_costs_no_nonce() {
    let setting = Setting::new().await;
    let before = setting.mined().await;
    let error = setting.chain().submit(&setting.key, suspend_unknown()).await.unwrap_err();
    let LedgerError::Reverted { reason, tx_hash, .. } = error else { panic!("{error}") };
    assert_eq!((reason.name.as_str(), tx_hash), ("OrganizationUnknown", None));
    assert!(reason.argument("code").unwrap().starts_with("0x4e4f424f4459"), "{reason}");
    setting.chain().submit(&setting.key, record(1)).await.unwrap();
    assert_eq!(setting.mined().await - before, 1);
}

// What looked possible when it was tried out, and is not any more in its block.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_in_the_block_itself_is_explained() {
    let setting = Setting::new().await;
    setting.chain().submit(&setting.key, record(7)).await.unwrap();
    let before = setting.mined().await;
    setting.wire.set(Fault::Pretend("eth_estimateGas", json!("0x30d40")));
    let refused = setting.chain().submit(&setting.key, record(7)).await.unwrap_err();
    let LedgerError::Reverted { reason, tx_hash: Some(_), .. } = &refused else { panic!("{refused:?}") };
    assert_eq!(reason.name, "RootAlreadyRecorded");
    assert_eq!(setting.mined().await - before, 1, "it is in a block");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_restarted_node_forgot_is_sent_again() {
    let setting = Setting::new().await;
    setting.mining(false).await;
    let submission = join_all((0..5).map(|number| setting.chain().submit(&setting.key, record(number))));
    let restart = async {
        eventually("all are sent", || async { setting.pooled().await == 5 }).await;
        setting.wire.set(Fault::Outage);
        rpc(&setting.anvil.url, "anvil_dropAllTransactions", json!([])).await.unwrap();
        assert_eq!(setting.pooled().await, 0);
        setting.wire.set(Fault::None);
        eventually("all are there again", || async { setting.pooled().await == 5 }).await;
        setting.mine().await;
    };
    let (results, ()) = futures::future::join(submission, restart).await;
    for result in results {
        result.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_whose_answer_was_lost_is_mined_once() {
    let setting = Setting::new().await;
    setting.chain().submit(&setting.key, record(1)).await.unwrap();
    let before = setting.mined().await;
    setting.wire.set(Fault::LostAnswer("eth_sendRawTransaction"));
    let submission = setting.chain().submit(&setting.key, record(2));
    let repair = async {
        eventually("the node has it", || async { setting.mined().await > before }).await;
        setting.wire.set(Fault::None);
    };
    let (result, ()) = futures::future::join(submission, repair).await;
    result.unwrap();
    assert_eq!(setting.mined().await - before, 1);
    assert!(is_recorded(&setting, 2).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_that_somebody_else_spent_is_replaced() {
    let setting = Setting::new().await;
    setting.chain().submit(&setting.key, record(1)).await.unwrap();
    // The same key used behind our back.
    for _ in 0..3 {
        let elsewhere = json!({ "from": FIRST_ACCOUNT, "to": FIRST_ACCOUNT, "gasPrice": "0x0" });
        rpc(&setting.anvil.url, "eth_sendTransaction", json!([elsewhere])).await.unwrap();
    }
    let before = setting.mined().await;
    setting.chain().submit(&setting.key, record(2)).await.unwrap();
    assert!(is_recorded(&setting, 2).await);
    assert_eq!(setting.mined().await - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_gap_is_filled() {
    let setting = Setting::new().await;
    for number in 0..3 {
        setting.chain().submit(&setting.key, record(number)).await.unwrap();
    }
    // The node lost what it had mined: our next nonce is three ahead of it now.
    let count = setting.mined().await;
    rpc(&setting.anvil.url, "anvil_setNonce", json!([FIRST_ACCOUNT, format!("{:#x}", count - 3)])).await.unwrap();
    setting.chain().submit(&setting.key, record(9)).await.unwrap();
    assert!(is_recorded(&setting, 9).await);
    assert_eq!(setting.mined().await, count + 1, "three fillers and the submission");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overdue_submission_says_so_and_may_still_become_final() {
    let limits = LedgerLimits { submission_deadline: Duration::from_millis(400), ..limits() };
    let setting = Setting::with(limits).await;
    setting.mining(false).await;
    let error = setting.chain().submit(&setting.key, record(1)).await.unwrap_err();
    let LedgerError::NotFinalYet { tx_hash, .. } = error else { panic!("{error}") };
    setting.mine().await;
    let found = setting.chain().transaction(tx_hash, None).await.unwrap();
    assert!(found.succeeded);
    assert_eq!(found.from, FIRST_ACCOUNT);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_submissions_than_may_wait_are_turned_away() {
    let limits = LedgerLimits { max_in_flight: 2, max_waiting: 3, ..limits() };
    let setting = Setting::with(limits).await;
    setting.mining(false).await;
    let all = join_all((0..20).map(|number| setting.chain().submit(&setting.key, record(number))));
    let mine = async {
        eventually("the window is full", || async { setting.pooled().await == 2 }).await;
        setting.mining(true).await;
        setting.mine().await;
    };
    let (results, ()) = futures::future::join(all, mine).await;
    let busy = results.iter().filter(|result| matches!(result, Err(LedgerError::Busy { .. }))).count();
    let done = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!((busy, done), (15, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_leaves_no_nonce_behind() {
    let setting = Setting::new().await;
    setting.mining(false).await;
    {
        let submission = setting.chain().submit(&setting.key, record(1));
        let sent = eventually("it is sent", || async { setting.pooled().await == 1 });
        tokio::select! {
            _ = submission => panic!("nothing is mined"),
            () = sent => {}
        }
    }
    setting.mining(true).await;
    setting.mine().await;
    setting.chain().submit(&setting.key, record(2)).await.unwrap();
    assert!(is_recorded(&setting, 1).await);
}

// LEDGER-6: what a node says of fees has a bound where the caller pays for it.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_cost_more_than_is_accepted_is_not_signed() {
    let setting = Setting::with(LedgerLimits { max_cost_wei: Some(1_000_000), ..limits() }).await;
    rpc(&setting.anvil.url, "anvil_setNextBlockBaseFeePerGas", json!(["0x3b9aca00"])).await.unwrap();
    setting.mine().await;
    let count = setting.mined().await;
    let error = setting.chain().submit(&setting.key, record(1)).await.unwrap_err();
    assert!(
        matches!(&error, LedgerError::NotSigned { .. }) && error.to_string().contains("at most 1000000"),
        "{error}"
    );
    assert_eq!(setting.mined().await, count, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_node_refuses_for_good_blocks_nobody_after_it() {
    let setting = Setting::new().await;
    setting.wire.set(Fault::refuse(|method, _| {
        (method == "eth_sendRawTransaction").then(|| "insufficient funds for gas * price + value".to_owned())
    }));
    let error = setting.chain().submit(&setting.key, record(1)).await.unwrap_err();
    assert!(matches!(error, LedgerError::SubmissionRefused { is_for_call: false, .. }), "{error}");
    setting.wire.set(Fault::None);
    setting.chain().submit(&setting.key, record(2)).await.unwrap();
}

// LEDGER-3: a node in which something fails is given the transaction again.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_fails_is_asked_again() {
    let setting = Setting::new().await;
    let failures = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&failures);
    setting.wire.set(Fault::fail(move |method, _| {
        let fails = method == "eth_sendRawTransaction" && seen.fetch_add(1, Ordering::SeqCst) < 3;
        fails.then(|| json!({ "code": -32603, "message": "the store does not answer" }))
    }));
    setting.chain().submit(&setting.key, record(1)).await.unwrap();
    assert!(failures.load(Ordering::SeqCst) >= 4);
    assert!(is_recorded(&setting, 1).await);
}

// LEDGER-3: somebody else who sends with our key ends no submission for good.
#[tokio::test(flavor = "multi_thread")]
async fn nonces_that_somebody_else_spends_again_and_again_are_said_to_be_lost_for_now() {
    let setting = Setting::new().await;
    setting.wire.set(Fault::refuse(|method, _| {
        (method == "eth_sendRawTransaction").then(|| "nonce too low: next nonce 5, tx nonce 4".to_owned())
    }));
    let error = setting.chain().submit(&setting.key, record(1)).await.unwrap_err();
    assert!(matches!(error, LedgerError::NoncesLost { .. }) && error.is_temporary(), "{error}");
    setting.wire.set(Fault::None);
    setting.chain().submit(&setting.key, record(1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_code_takes_any_call() {
    let setting = Setting::new().await;
    let call = Call { to: Some(crate::support::nobody()), data: vec![1, 2, 3].into() };
    let done = setting.chain().submit(&setting.key, call).await.unwrap();
    let proven = setting.chain().transaction(done.tx_hash, Some(done.block.number)).await.unwrap();
    assert_eq!(proven.to, Some(crate::support::nobody()));
}
