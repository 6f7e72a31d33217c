//! Lists of who may take part, and what is told to those who may not.

use alloy_genesis::GenesisAccount;
use alloy_primitives::{B256, Bytes, U256};
use chancery_primitives::permissions::{MODES_SLOT, PERMISSIONS, PermissionList, account_subject};
use chancery_rpc::{RpcAccess, RpcLimits, TRANSACTION_NOT_PERMITTED};
use serde_json::json;

use super::harness::{Node, data, genesis, signer, transfer};

/// A chain on which signer 1 alone may send.
async fn closed() -> Node {
    let mut config = genesis();
    let listed = account_subject(signer(1).address());
    let slots = [
        (MODES_SLOT, U256::from(0b010) << 64 | U256::from(3)),
        (PermissionList::Send.count_slot(), U256::from(1)),
        (PermissionList::Send.subject_slot(0), U256::from_be_bytes(listed.0)),
        (
            PermissionList::Send.organization_slot(listed),
            U256::from_be_bytes(B256::right_padding_from("Tax Office".as_bytes()).0),
        ),
    ];
    let storage = slots.into_iter().map(|(slot, value)| (B256::from(slot), B256::from(value))).collect();
    let contract = GenesisAccount::default().with_nonce(Some(1)).with_code(Some(Bytes::from_static(&[0])));
    config.alloc.insert(PERMISSIONS, contract.with_storage(Some(storage)));
    Node::over(&config, RpcLimits::default(), RpcAccess::default()).await
}

// PERMIT-2
#[tokio::test]
async fn who_may_not_send_gets_a_code_of_its_own_and_who_may_not_do_what() {
    let node = closed().await;
    let stranger = signer(2).address();
    for (method, params) in
        [("eth_sendRawTransaction", json!([transfer(2, 0)])), ("eth_sendRawTransactionSync", json!([transfer(2, 0)]))]
    {
        let failure = node.fails(method, params).await;
        assert_eq!(failure.code, i64::from(TRANSACTION_NOT_PERMITTED), "{method}");
        assert_eq!(
            failure.data,
            json!({ "permission": "send", "account": data(stranger), "contract": data(PERMISSIONS) })
        );
        assert!(failure.message.contains("propose-permit send"), "{}", failure.message);
    }
    node.ok("eth_sendRawTransaction", json!([transfer(1, 0)])).await;
    // A question is no transaction.
    node.ok("eth_call", json!([{ "from": stranger, "to": signer(1).address() }])).await;
}

#[tokio::test]
async fn the_lists_are_shown_with_their_modes_and_whose_the_entries_are() {
    let node = closed().await;
    let open = json!({ "closed": false, "listed": [] });
    let listed = json!([{ "account": data(signer(1).address()), "organization": "Tax Office" }]);
    let expected =
        json!({ "revision": 3, "connect": open, "send": { "closed": true, "listed": listed }, "deploy": open });
    assert_eq!(node.ok("chancery_permissions", json!([])).await, expected);
    let without = Node::start().await;
    let expected = json!({ "revision": 0, "connect": open, "send": open, "deploy": open });
    assert_eq!(without.ok("chancery_permissions", json!([])).await, expected);
}
