//! Calls that rest on one another, sent in a row, against a real anvil (LEDGER-3, LEDGER-5).
use crate::support::{Setting, eventually, record};
use chancery_ledger::{Call, LedgerError, MeasuredCall};
use futures::future::join_all;

const GAS: u64 = 300_000;

fn measured(call: Call) -> MeasuredCall {
    MeasuredCall { call, gas_limit: GAS }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_executed_in_its_order_and_one_that_fails_keeps_no_other() {
    let setting = Setting::new().await;
    setting.mining(false).await;
    // The same root twice: whichever comes second fails.
    let calls = [record(1), record(1), record(2)].map(measured);
    let row = setting.chain().begin_row(&setting.key, calls.to_vec()).await.unwrap();
    eventually("all are sent", || async { setting.pooled().await == 3 }).await;
    setting.mine().await;
    let [first, second, third] = join_all(row.into_iter().map(|one| one.finalized())).await.try_into().unwrap();
    let (first, third) = (first.unwrap(), third.unwrap());
    let Err(LedgerError::Reverted { reason, tx_hash: Some(_), .. }) = &second else { panic!("{second:?}") };
    assert_eq!(reason.name, "RootAlreadyRecorded");
    assert_eq!(first.block.number, third.block.number);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_stands_in_one_block_of_a_chain_that_makes_one_for_each_transaction() {
    let setting = Setting::new().await;
    let calls = (0..5).map(|number| measured(record(number))).collect();
    let row = setting.chain().begin_row(&setting.key, calls).await.unwrap();
    let done = join_all(row.into_iter().map(|one| one.finalized())).await;
    let blocks: Vec<u64> = done.into_iter().map(|one| one.unwrap().block.number).collect();
    assert!(blocks.iter().all(|number| number == &blocks[0]), "{blocks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_wait_for_a_row_leaves_no_nonce_behind() {
    let setting = Setting::new().await;
    let before = setting.mined().await;
    let calls = (0..3).map(|number| measured(record(number))).collect();
    drop(setting.chain().begin_row(&setting.key, calls).await.unwrap());
    setting.chain().submit(&setting.key, record(7)).await.unwrap();
    assert_eq!(setting.mined().await - before, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_longer_than_the_window_is_refused() {
    let setting = Setting::new().await;
    let longest = crate::support::limits().max_in_flight;
    let calls = vec![measured(record(1)); longest + 1];
    let refused = setting.chain().begin_row(&setting.key, calls).await.unwrap_err();
    assert!(matches!(refused, LedgerError::RowTooLong { .. }), "{refused:?}");
    setting.chain().submit(&setting.key, record(1)).await.unwrap();
}
