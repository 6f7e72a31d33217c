#![allow(clippy::unwrap_used)]

mod claims;

use std::{path::Path, time::Duration};

use alloy_consensus::{Header, SignableTransaction, TxEip4844, TxEip4844Variant, TxEip7702, TxEnvelope, TxLegacy};
use alloy_eips::{Encodable2718, eip7702::Authorization};
use alloy_primitives::{Address, B256, Bloom, TxKind, U256, keccak256};
use alloy_rpc_types_eth::Filter;
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};

use super::*;
use crate::{
    AccountProof, Blockchain, ExecutionConfig, InvalidReason, MAX_BLOCK_BYTES, OpenError, SignedTransaction,
    testing::{
        CHAIN_ID, GENESIS_TIME, LOGGER, ONE_ETHER, TestChain, WRITER, Wallet, attributes, budget, finalization,
        genesis_config, words,
    },
};

/// The block with a changed header.
fn altered(block: &Block, change: impl FnOnce(&mut Header)) -> Block {
    let mut header = block.header().inner().clone();
    change(&mut header);
    Block::new(header, block.transactions().to_vec())
}

/// The rule that `block` breaks.
fn refusal(chain: &TestChain, block: &Block) -> InvalidReason {
    match chain.chain.tree().execute(block) {
        Err(ExecuteError::Invalid(invalid)) => {
            assert_eq!((invalid.hash, invalid.height), (block.hash(), block.height()));
            assert!(chain.chain.tree().get(block.hash()).is_none(), "an invalid block is not kept");
            invalid.reason
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// A chain, and a block on its head that another chain built.
fn with_foreign_block() -> (TestChain, Block) {
    let (proposer, verifier) = (TestChain::new(), TestChain::new());
    let (alice, bob) = (Wallet::new(0), Wallet::new(1));
    proposer.add(vec![alice.write(0, 1, 2), bob.log(0, 7), alice.transfer(1, bob.address(), 5)]);
    let block = proposer.build_on(&proposer.head()).block().clone();
    (verifier, block)
}

#[test]
fn a_block_means_the_same_to_who_builds_and_who_executes_it() {
    let (verifier, block) = with_foreign_block();
    // Through the wire form, as a proposal comes.
    let received = Block::decode(&block.encode()).unwrap();
    assert_eq!(received.hash(), block.hash());
    assert_eq!(received.encode().len(), received.encoded_length());
    let executed = verifier.chain.tree().execute(&received).unwrap();
    assert_eq!(executed.block().hash(), block.hash());
    assert_eq!(executed.receipts().len(), 3);
    assert!(executed.receipts().iter().all(|receipt| receipt.success));
    assert_eq!(executed.senders()[1], Wallet::new(1).address());
    assert_eq!(received.context().unwrap().view, 1);
    assert_eq!(received.time_ms(), GENESIS_TIME * 1_000 + 250);
}

#[test]
fn nothing_is_visible_before_it_is_final() {
    let chain = TestChain::new();
    let alice = Wallet::new(0);
    chain.add(vec![alice.write(0, 1, 2)]);
    let mut finalized = chain.chain.subscribe();
    let block = chain.build_on(&chain.head()).block().clone();
    assert_eq!(chain.head().height(), 0);
    assert_eq!(chain.chain.block(1).unwrap().map(|block| block.block().hash()), None);
    assert_eq!(chain.chain.height_of(block.hash()).unwrap(), None);
    assert!(finalized.try_recv().is_err());
    assert_eq!(chain.chain.tree().state(block.hash()).unwrap().storage(WRITER, U256::from(1)).unwrap(), U256::from(2));
    assert_eq!(chain.chain.head_state().storage(WRITER, U256::from(1)).unwrap(), U256::ZERO);

    chain.finalize(std::slice::from_ref(&block));
    assert_eq!(finalized.try_recv().unwrap().block().hash(), block.hash());
    assert_eq!(chain.head().hash(), block.hash());
    assert_eq!(chain.chain.head_state().storage(WRITER, U256::from(1)).unwrap(), U256::from(2));
    assert_eq!(chain.chain.certificate(1).unwrap().unwrap(), block.hash().to_vec());
    assert_eq!(chain.chain.transaction(block.transactions()[0].hash()).unwrap().unwrap().height, 1);
    assert_eq!(chain.chain.pool().status().pending, 0);
}

#[test]
fn what_is_final_survives_and_what_is_not_is_lost() {
    let chain = TestChain::new();
    let alice = Wallet::new(0);
    let first = chain.advance(vec![alice.write(0, 1, 2), alice.log(1, 9)]);
    chain.add(vec![alice.write(2, 1, 3)]);
    let lost = chain.build_on(&first).block().clone();

    let chain = chain.reopen();
    assert_eq!(chain.head().hash(), first.hash());
    let restored = chain.chain.block(first.hash()).unwrap().unwrap();
    assert_eq!(restored.block().encode(), first.encode());
    assert_eq!(restored.senders()[0], alice.address());
    assert_eq!(restored.receipts()[1].logs.len(), 1);
    assert_eq!(chain.chain.head_state().storage(WRITER, U256::from(1)).unwrap(), U256::from(2));
    assert!(!chain.chain.tree().contains(lost.hash()));

    // Consensus delivers again what it had delivered, and the block that was lost: the first is skipped, the second executed.
    let finalized = chain.finalize(&[first, lost.clone()]);
    assert_eq!(finalized.len(), 1);
    assert_eq!(chain.head().hash(), lost.hash());
    assert_eq!(chain.chain.head_state().storage(WRITER, U256::from(1)).unwrap(), U256::from(3));
}

#[test]
fn blocks_become_final_in_order_and_without_contradiction() {
    let chain = TestChain::new();
    let first = chain.build_on(&chain.head()).block().clone();
    let second = chain.build_on(&first).block().clone();
    let third = chain.build_on(&second).block().clone();
    let rival = chain.chain.tree().build(first.hash(), attributes(&second), budget()).unwrap().block().clone();
    let tree = chain.chain.tree();
    let finalize = |block: &Block| tree.finalize(vec![finalization(block.clone())]);
    assert!(matches!(finalize(&second), Err(FinalizeError::Gap { height: 2, head: 0 })));
    chain.finalize(&[first, second.clone()]);
    assert!(tree.get(third.hash()).is_some(), "descendants stay");
    assert!(tree.get(rival.hash()).is_none(), "losers go");
    assert!(
        matches!(finalize(&rival), Err(FinalizeError::Conflict { height: 2, expected, .. }) if expected == second.hash())
    );
    let orphan = altered(&third, |header| header.parent_hash = rival.hash());
    assert!(
        matches!(finalize(&orphan), Err(FinalizeError::Conflict { height: 3, expected, .. }) if expected == second.hash())
    );
    assert!(matches!(tree.execute(&orphan), Err(ExecuteError::UnknownParent { parent, .. }) if parent == rival.hash()));
    assert!(tree.finalize(vec![finalization(second)]).unwrap().is_empty(), "twice is once");
    chain.finalize(&[third]);
    assert_eq!(chain.head().height(), 3);
}

/// Blocks that another chain made, each of some transactions of another wallet, and a chain that knows none of them.
fn with_foreign_chain(blocks: u64) -> (TestChain, Vec<Block>) {
    let (proposer, follower) = (TestChain::new(), TestChain::new());
    let blocks = (0..blocks)
        .map(|number| {
            let wallet = Wallet::new(number % 8);
            proposer.advance((0..20).map(|index| wallet.write(number / 8 * 20 + index, index, number + 1)).collect())
        })
        .collect();
    (follower, blocks)
}

#[test]
fn blocks_executed_ahead_become_final_as_they_are() {
    let (follower, blocks) = with_foreign_chain(12);
    let tree = follower.chain.tree();
    tree.execute_ahead(&blocks[..8]);
    assert!(blocks[..8].iter().all(|block| tree.get(block.hash()).is_some()));
    assert_eq!(follower.head().height(), 0);
    follower.finalize(&blocks[..3]);
    // Final ones, executed ones and new ones.
    tree.execute_ahead(&blocks);
    assert!(blocks[3..].iter().all(|block| tree.get(block.hash()).is_some()));
    follower.finalize(&blocks);
    assert_eq!(follower.head().hash(), blocks[11].hash());
}

#[test]
fn executing_ahead_stops_at_a_bad_block_and_making_it_final_says_why() {
    let (follower, mut blocks) = with_foreign_chain(6);
    blocks[3] = altered(&blocks[3], |header| header.state_root = B256::repeat_byte(9));
    let tree = follower.chain.tree();
    tree.execute_ahead(&blocks);
    assert!(blocks[..3].iter().all(|block| tree.get(block.hash()).is_some()));
    assert!(blocks[3..].iter().all(|block| tree.get(block.hash()).is_none()));
    let error = tree.finalize(blocks.iter().cloned().map(finalization).collect()).unwrap_err();
    assert!(error.to_string().contains("state"), "{error}");
    assert_eq!(follower.head().height(), 0);
}

#[test]
fn a_block_on_a_pending_parent_does_not_repeat_its_transactions() {
    let chain = TestChain::new();
    let alice = Wallet::new(0);
    chain.add(vec![alice.write(0, 1, 2)]);
    let first = chain.build_on(&chain.head()).block().clone();
    assert!(!chain.chain.tree().has_work(first.hash()).unwrap());
    assert!(chain.chain.tree().has_work(chain.head().hash()).unwrap());
    assert_eq!(chain.build_on(&first).block().transactions().len(), 0);
    chain.add(vec![alice.write(1, 1, 3)]);
    assert!(chain.chain.tree().has_work(first.hash()).unwrap());
    let second = chain.build_on(&first);
    assert_eq!(second.block().transactions().len(), 1);
    chain.finalize(&[first, second.block().clone()]);
    assert_eq!(chain.chain.head_state().storage(WRITER, U256::from(1)).unwrap(), U256::from(3));
    assert_eq!(chain.chain.pool().status().pending, 0);
}

#[tokio::test]
async fn waiting_for_work_ends_with_the_first_transaction() {
    let chain = TestChain::new();
    let parent = chain.head().hash();
    let tree = chain.chain.tree().clone();
    let waiting = tokio::spawn(async move { tree.wait_for_work(parent).await });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    chain.add(vec![Wallet::new(0).write(0, 1, 2)]);
    waiting.await.unwrap().unwrap();
}

#[test]
fn a_block_keeps_within_its_budget() {
    let chain = TestChain::new();
    let alice = Wallet::new(0);
    chain.add((0..20).map(|nonce| alice.write(nonce, nonce, 1)).collect());
    let parent = chain.head();
    let build = |budget| chain.chain.tree().build(parent.hash(), attributes(&parent), budget);
    let few = build(BuildBudget { max_transactions: 3, ..budget() }).unwrap();
    assert_eq!(few.block().transactions().len(), 3);
    let small = build(BuildBudget { max_bytes: 1_500, ..budget() }).unwrap();
    assert!(small.block().encoded_length() <= 1_500 && !small.block().transactions().is_empty());
    assert!(small.block().transactions().len() < 20);
    let hurried = build(BuildBudget { max_time: Duration::ZERO, ..budget() }).unwrap();
    assert_eq!(hurried.block().transactions().len(), 0);
    assert!(matches!(build(BuildBudget { max_bytes: 100, ..budget() }), Err(BuildError::Budget { max_bytes: 100 })));
    assert!(matches!(
        chain.chain.tree().build(B256::ZERO, attributes(&parent), budget()),
        Err(BuildError::UnknownParent(B256::ZERO))
    ));
}

#[test]
fn time_never_runs_backwards() {
    let chain = TestChain::new();
    let parent = chain.head();
    let early = BuildAttributes { time_ms: 1, ..attributes(&parent) };
    let block = chain.chain.tree().build(parent.hash(), early, budget()).unwrap().block().clone();
    assert_eq!(block.time_ms(), parent.time_ms());
}

#[test]
fn every_broken_rule_has_its_own_error() {
    let (chain, good) = with_foreign_block();
    type Case = (&'static str, Box<dyn FnOnce(&mut Header)>, fn(&InvalidReason) -> bool);
    let cases: Vec<Case> = vec![
        ("number", Box::new(|header| header.number = 5), |reason| {
            matches!(reason, InvalidReason::Height { parent: 0 })
        }),
        ("time", Box::new(|header| header.timestamp -= 1), |reason| {
            matches!(reason, InvalidReason::TimeBackwards { .. })
        }),
        ("gas limit", Box::new(|header| header.gas_limit += 1), |reason| {
            matches!(reason, InvalidReason::GasLimit { .. })
        }),
        ("extra data", Box::new(|header| header.extra_data = vec![1; 31].into()), |reason| {
            matches!(reason, InvalidReason::ExtraData(_))
        }),
        ("transactions root", Box::new(|header| header.transactions_root = B256::ZERO), |reason| {
            matches!(reason, InvalidReason::TransactionsRoot { .. })
        }),
        ("gas used", Box::new(|header| header.gas_used += 1), |reason| matches!(reason, InvalidReason::GasUsed { .. })),
        ("receipts root", Box::new(|header| header.receipts_root = B256::ZERO), |reason| {
            matches!(reason, InvalidReason::ReceiptsRoot { .. })
        }),
        ("bloom", Box::new(|header| header.logs_bloom = Bloom::ZERO), |reason| {
            matches!(reason, InvalidReason::LogsBloom)
        }),
        ("state root", Box::new(|header| header.state_root = B256::ZERO), |reason| {
            matches!(reason, InvalidReason::StateRoot { .. })
        }),
    ];
    for (name, change, expected) in cases {
        let reason = refusal(&chain, &altered(&good, change));
        assert!(expected(&reason), "{name}: {reason}");
    }
    type Field = (&'static str, fn(&mut Header));
    let fields: Vec<Field> = vec![
        ("mixHash", |header| header.mix_hash = B256::ZERO),
        ("difficulty", |header| header.difficulty = U256::from(1)),
        ("baseFeePerGas", |header| header.base_fee_per_gas = Some(1)),
        ("blobGasUsed", |header| header.blob_gas_used = Some(1)),
        ("requestsHash", |header| header.requests_hash = None),
        ("withdrawalsRoot", |header| header.withdrawals_root = Some(B256::ZERO)),
    ];
    for (name, change) in fields {
        assert!(
            matches!(refusal(&chain, &altered(&good, change)), InvalidReason::HeaderField { field } if field == name)
        );
    }
    chain.chain.tree().execute(&good).unwrap();
}

/// A block like another, with one transaction.
fn with_transaction(good: &Block, encoded: alloy_primitives::Bytes) -> Block {
    let transactions = vec![Arc::new(SignedTransaction::decode(encoded).unwrap())];
    let root = alloy_trie::root::ordered_trie_root_encoded(&[transactions[0].encoded().to_vec()]);
    let mut header = good.header().inner().clone();
    header.transactions_root = root;
    Block::new(header, transactions)
}

/// A transaction with a signature that belongs to no key.
fn forged() -> alloy_primitives::Bytes {
    let mut forged = Wallet::new(0).write(0, 1, 1).to_vec();
    let end = forged.len();
    forged[end - 65..end - 33].fill(0xff);
    forged.into()
}

#[test]
fn senders_are_recovered_only_where_the_gas_can_pay_for_the_transactions() {
    let (chain, good) = with_foreign_block();
    let block = altered(&with_transaction(&good, forged()), |header| header.gas_used = 20_999);
    let reason = refusal(&chain, &block);
    assert!(matches!(reason, InvalidReason::GasUsed { expected: 20_999, actual: 21_000 }), "{reason}");
}

#[test]
fn unexecutable_transactions_make_a_block_invalid() {
    let (chain, good) = with_foreign_block();
    let with = |encoded| with_transaction(&good, encoded);
    let alice = Wallet::new(0);
    let gap = refusal(&chain, &with(alice.write(4, 1, 1)));
    assert!(matches!(gap, InvalidReason::Transaction { index: 0, .. }), "{gap}");
    let poor = refusal(&chain, &with(Wallet::new(99).transfer(0, alice.address(), 1)));
    assert!(matches!(poor, InvalidReason::Transaction { index: 0, .. }), "{poor}");
    let forged = refusal(&chain, &with(forged()));
    assert!(matches!(forged, InvalidReason::Signature { index: 0 }), "{forged}");
}

#[test]
fn blob_transactions_are_refused_in_blocks() {
    let (_, good) = with_foreign_block();
    let blob = TxEip4844 {
        chain_id: CHAIN_ID,
        gas_limit: 21_000,
        blob_versioned_hashes: vec![B256::repeat_byte(1)],
        ..TxEip4844::default()
    };
    let signature = Wallet::new(0).sign_hash(blob.signature_hash());
    let envelope = TxEnvelope::Eip4844(TxEip4844Variant::TxEip4844(blob).into_signed(signature));
    // Into the wire form of an otherwise good block, in place of its transactions.
    let mut list = Vec::new();
    alloy_rlp::Encodable::encode(envelope.encoded_2718().as_slice(), &mut list);
    let mut payload = alloy_rlp::encode(good.header().inner());
    alloy_rlp::Header { list: true, payload_length: list.len() }.encode(&mut payload);
    payload.extend_from_slice(&list);
    payload.extend_from_slice(&[0xc0, 0xc0]);
    let mut bytes = Vec::new();
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut bytes);
    bytes.extend_from_slice(&payload);
    let error = Block::decode(&bytes).unwrap_err();
    assert_eq!(error, crate::BlockDecodeError::Transaction { index: 0, error: crate::TransactionDecodeError::Blob });
    assert!(Block::decode(&vec![0; MAX_BLOCK_BYTES + 1]).is_err());
}

#[test]
fn legacy_access_list_and_set_code_transactions_run_and_pay_tips() {
    let chain = TestChain::new();
    let (alice, bob) = (Wallet::new(0), Wallet::new(1));
    let legacy = TxLegacy {
        chain_id: Some(CHAIN_ID),
        nonce: 0,
        gas_price: 3,
        gas_limit: 21_000,
        to: TxKind::Call(bob.address()),
        value: U256::from(1),
        ..TxLegacy::default()
    };
    let authorization = Authorization { chain_id: U256::from(CHAIN_ID), address: WRITER, nonce: 0 };
    let authorized = authorization.clone().into_signed(bob.sign_hash(authorization.signature_hash()));
    let set_code = TxEip7702 {
        chain_id: CHAIN_ID,
        nonce: 1,
        gas_limit: 200_000,
        to: bob.address(),
        input: words(&[4, 5]),
        authorization_list: vec![authorized],
        ..TxEip7702::default()
    };
    let block = chain.advance(vec![alice.sign(legacy), alice.sign(set_code)]);
    let state = chain.chain.head_state();
    assert_eq!(chain.chain.head().receipts().iter().filter(|receipt| receipt.success).count(), 2);
    // Bob's account runs the writer's code on its own storage.
    assert_eq!(state.storage(bob.address(), U256::from(4)).unwrap(), U256::from(5));
    assert_eq!(state.account(block.header().beneficiary).unwrap().unwrap().balance, U256::from(3 * 21_000));
    drop(state);
    // A delegated account still sends.
    chain.advance(vec![bob.transfer(1, alice.address(), 1)]);
    assert_eq!(chain.reopen().head().height(), 2);
}

fn check_proof(root: B256, proof: &AccountProof) {
    let leaf = proof.account.map(|account| {
        alloy_rlp::encode(TrieAccount::new(account.nonce, account.balance, account.storage_root, account.code_hash))
    });
    verify_proof(root, Nibbles::unpack(keccak256(proof.address)), leaf, &proof.proof).unwrap();
    for slot in &proof.storage {
        let value = (!slot.value.is_zero()).then(|| alloy_rlp::encode(slot.value));
        let Some(account) = proof.account else { return assert!(slot.proof.is_empty()) };
        verify_proof(
            account.storage_root,
            Nibbles::unpack(keccak256(slot.slot.to_be_bytes::<32>())),
            value,
            &slot.proof,
        )
        .unwrap();
    }
}

#[test]
fn state_and_proofs_of_every_height_can_be_read_until_they_are_pruned() {
    let chain = TestChain::new();
    let alice = Wallet::new(0);
    let mut nonce = 0;
    for height in 1..=30u64 {
        let writes = (0..5).map(|index| {
            nonce += 1;
            // Every third height takes slots away again.
            alice.write(nonce - 1, (height * 3 + index) % 40, if height % 3 == 0 { 0 } else { height })
        });
        chain.advance(writes.collect());
    }
    let check = |chain: &TestChain, heights: std::ops::RangeInclusive<u64>| {
        for height in heights {
            let header = chain.chain.header(height).unwrap().unwrap();
            let slots: Vec<U256> = (0..41).map(U256::from).collect();
            for address in [WRITER, alice.address(), Address::repeat_byte(0x77)] {
                let proof = chain.chain.proof(address, &slots, height).unwrap();
                check_proof(header.state_root, &proof);
            }
            let view = chain.chain.state_at(height).unwrap();
            assert_eq!(view.account(alice.address()).unwrap().unwrap().nonce, height * 5);
            assert_eq!(view.block_hash(height).unwrap(), Some(header.hash()));
            assert_eq!(view.block_hash(height + 1).unwrap(), None);
        }
    };
    check(&chain, 0..=30);
    let chain = chain.reopen();
    check(&chain, 0..=30);
    assert!(matches!(chain.chain.state_at(31), Err(StateError::Future { height: 31, head: 30 })));
    let report = chain.chain.prune(20).unwrap();
    assert!(report.state_versions > 0 && report.node_versions > 0);
    assert!(matches!(chain.chain.state_at(19), Err(StateError::Pruned { height: 19, earliest: 20 })));
    check(&chain, 20..=30);
    chain.advance(vec![alice.write(150, 1, 1)]);
    let chain = chain.reopen();
    check(&chain, 20..=30);
    assert_eq!(chain.chain.prune(20).unwrap(), crate::PruneReport::default());
    assert!(chain.chain.block(3).unwrap().is_some(), "blocks stay");
}

#[test]
fn logs_are_found_by_address_and_topic_within_the_limit() {
    let chain = TestChain::new();
    let (alice, bob) = (Wallet::new(0), Wallet::new(1));
    for height in 0..12 {
        chain.advance(vec![alice.log(height, height % 3), bob.write(height, 1, height)]);
    }
    let topic = |number: u64| B256::from(U256::from(number));
    let all = chain.chain.logs(&Filter::new().address(LOGGER), 0..=100, 100).unwrap();
    assert_eq!(all.len(), 12);
    assert_eq!(all.iter().map(|log| log.height).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    let some = chain.chain.logs(&Filter::new().event_signature(topic(2)), 4..=12, 100).unwrap();
    assert_eq!(some.iter().map(|log| log.height).collect::<Vec<_>>(), vec![6, 9, 12]);
    let block = chain.chain.block(some[0].height).unwrap().unwrap();
    assert_eq!(block.block().transactions()[some[0].transaction_index as usize].hash(), some[0].transaction_hash);
    let refused = chain.chain.logs(&Filter::new().address(LOGGER), 0..=100, 5);
    assert!(matches!(refused, Err(crate::LogsError::TooMany { limit: 5, complete_to: Some(5) })));
    assert!(chain.chain.logs(&Filter::new().address(WRITER), 0..=100, 5).unwrap().is_empty());
}

#[test]
fn a_directory_is_opened_by_its_own_chain_alone() {
    let chain = TestChain::new();
    fn open(path: &Path, genesis: &crate::Genesis) -> Result<Blockchain, OpenError> {
        Blockchain::open(path, genesis, ExecutionConfig::default())
    }
    assert!(matches!(open(chain.directory.path(), &chain.genesis), Err(OpenError::Locked { .. })));
    let mut config = genesis_config();
    config.timestamp += 1;
    let other = config.build().unwrap();
    let TestChain { genesis, chain, directory } = chain;
    drop(chain);
    match open(directory.path(), &other) {
        Err(OpenError::OtherGenesis { found, expected, .. }) => {
            assert_eq!((found, expected), (genesis.header().hash(), other.header().hash()));
        }
        other => panic!("expected another genesis, got {:?}", other.err()),
    }
    open(directory.path(), &genesis).unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, b"").unwrap();
    assert!(matches!(open(&file, &genesis), Err(OpenError::Io { .. })));
}

#[test]
fn fees_reach_the_beneficiary_and_balances_add_up() {
    let chain = TestChain::new();
    let (alice, bob) = (Wallet::new(0), Wallet::new(1));
    chain.advance(vec![alice.transfer(0, bob.address(), ONE_ETHER)]);
    let balance = |wallet: Wallet| chain.chain.head_state().account(wallet.address()).unwrap().unwrap().balance;
    assert_eq!(balance(alice), U256::from(99 * ONE_ETHER));
    assert_eq!(balance(bob), U256::from(101 * ONE_ETHER));
}
