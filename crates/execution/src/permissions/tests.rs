//! PERMIT-1 to PERMIT-4, on chains whose permissions contract lets anybody write its slots.

#![allow(clippy::unwrap_used)]

use alloy_consensus::TxEip1559;
use alloy_genesis::GenesisAccount;
use alloy_primitives::{Bytes, TxKind};
use chancery_primitives::validator_registry::{SET_HASH_SLOT, peer_key_slot, record_slot};

use super::*;
use crate::{
    Block, ExecuteError, ExecutionConfig, GenesisConfig, InvalidReason, PoolErrorKind,
    testing::{TestChain, WRITER, WRITER_CODE, Wallet, attributes, budget, call, genesis_config, recovered},
};

const CONNECT: u8 = 0b001;
const SEND: u8 = 0b010;
const DEPLOY: u8 = 0b100;
/// On both lists of accounts.
const LISTED: u64 = 0;
/// May send, and nothing more.
const SENDER: u64 = 1;
/// Votes for an organization, and is on no list.
const VOTER: u64 = 2;
/// A number that is on no list.
const STRANGER: u64 = 3;

fn subject(number: u64) -> B256 {
    account_subject(Wallet::new(number).address())
}

fn modes(closed: u8) -> U256 {
    U256::from(closed) << 64
}

/// A list as the contract stores it.
fn entries(list: PermissionList, subjects: &[B256]) -> Vec<(U256, U256)> {
    let name = U256::from_be_bytes(B256::right_padding_from(b"archive").0);
    let each = subjects.iter().enumerate().flat_map(|(index, subject)| {
        [(list.subject_slot(index), U256::from_be_bytes(subject.0)), (list.organization_slot(*subject), name)]
    });
    std::iter::once((list.count_slot(), U256::from(subjects.len()))).chain(each).collect()
}

fn genesis(closed: u8) -> GenesisConfig {
    let mut config = genesis_config();
    let mut put = |address, slots: Vec<(U256, U256)>| {
        let stored = slots.into_iter().filter(|(_, value)| !value.is_zero());
        let storage = stored.map(|(slot, value)| (B256::from(slot), B256::from(value))).collect();
        let contract = GenesisAccount::default().with_nonce(Some(1)).with_code(Some(Bytes::from_static(&WRITER_CODE)));
        config.alloc.insert(address, contract.with_storage(Some(storage)));
    };
    let mut slots = vec![(MODES_SLOT, modes(closed))];
    slots.extend(entries(PermissionList::Connect, &[B256::repeat_byte(9)]));
    slots.extend(entries(PermissionList::Send, &[subject(LISTED), subject(SENDER)]));
    slots.extend(entries(PermissionList::Deploy, &[subject(LISTED)]));
    put(PERMISSIONS, slots);
    put(VALIDATOR_REGISTRY, vec![(voter_slot(Wallet::new(VOTER).address()), U256::from(1))]);
    config
}

fn chain(closed: u8) -> TestChain {
    TestChain::of(&genesis(closed), ExecutionConfig::default())
}

fn create(from: u64, nonce: u64) -> Bytes {
    let code = Bytes::from_static(&[0]);
    Wallet::new(from).sign(TxEip1559 { to: TxKind::Create, ..call(nonce, WRITER, code) })
}

/// Writes a slot of the permissions contract.
fn change(from: u64, nonce: u64, slot: U256, value: U256) -> Bytes {
    let words = [slot, value].iter().flat_map(|word| word.to_be_bytes::<32>()).collect::<Vec<u8>>();
    Wallet::new(from).call(nonce, PERMISSIONS, words.into())
}

fn admitted(chain: &TestChain, transaction: Bytes) -> Result<B256, PoolErrorKind> {
    chain.chain.pool().add(vec![transaction]).remove(0).map_err(|error| error.kind)
}

fn refused(list: PermissionList, number: u64) -> PoolErrorKind {
    let account = Wallet::new(number).address();
    PoolErrorKind::NotPermitted(NotPermitted { permission: list, account })
}

/// A block with these transactions as a leader would build it for whom nothing is closed.
fn lawless_block(chain: &TestChain, transactions: &[Bytes]) -> Block {
    let head = chain.head();
    let open = self::chain(0);
    let built = crate::executor::build(
        &open.chain.head_state(),
        chain.chain.chain_id(),
        head.header(),
        head.hash(),
        &attributes(&head),
        &budget(),
        transactions.iter().map(|raw| recovered(raw.clone())),
    );
    built.unwrap_or_else(|_| panic!("not built")).executed.block
}

// PERMIT-1
#[test]
fn on_an_open_chain_anybody_sends_and_creates_contracts() {
    for chain in [TestChain::new(), chain(0)] {
        admitted(&chain, Wallet::new(STRANGER).write(0, 1, 1)).unwrap();
        admitted(&chain, create(STRANGER, 1)).unwrap();
        let block = chain.build_on(&chain.head()).block().clone();
        assert_eq!(block.transactions().len(), 2);
        chain.finalize(&[block]);
    }
}

// PERMIT-2
#[test]
fn a_stranger_is_refused_at_admission_and_told_who_may_and_what_to_do() {
    let chain = chain(SEND);
    let refusal = admitted(&chain, Wallet::new(STRANGER).write(0, 1, 1)).unwrap_err();
    assert_eq!(refusal, refused(PermissionList::Send, STRANGER));
    let account = Wallet::new(STRANGER).address();
    let text = refusal.to_string();
    assert!(text.starts_with("not permitted to send"), "{text}");
    assert!(text.contains(&format!("chancery network propose-permit send {account}")), "{text}");
    admitted(&chain, Wallet::new(SENDER).write(0, 1, 1)).unwrap();
    admitted(&chain, create(SENDER, 1)).unwrap();
}

// PERMIT-2
#[test]
fn creating_contracts_needs_its_own_permission_and_calls_do_not() {
    let chain = chain(SEND | DEPLOY);
    assert_eq!(admitted(&chain, create(SENDER, 0)).unwrap_err(), refused(PermissionList::Deploy, SENDER));
    admitted(&chain, Wallet::new(SENDER).write(0, 1, 1)).unwrap();
    admitted(&chain, create(LISTED, 0)).unwrap();
    let alone = self::chain(DEPLOY);
    admitted(&alone, Wallet::new(STRANGER).write(0, 1, 1)).unwrap();
    assert_eq!(admitted(&alone, create(STRANGER, 1)).unwrap_err(), refused(PermissionList::Deploy, STRANGER));
}

// PERMIT-3
#[test]
fn whoever_votes_may_always_send_to_the_contracts_that_are_voted_in_and_nowhere_else() {
    let chain = chain(CONNECT | SEND | DEPLOY);
    let voter = Wallet::new(VOTER);
    admitted(&chain, voter.call(0, PERMISSIONS, Bytes::new())).unwrap();
    admitted(&chain, voter.call(1, VALIDATOR_REGISTRY, Bytes::new())).unwrap();
    assert_eq!(admitted(&chain, voter.write(2, 1, 1)).unwrap_err(), refused(PermissionList::Send, VOTER));
    assert_eq!(admitted(&chain, create(VOTER, 2)).unwrap_err(), refused(PermissionList::Send, VOTER));
    let stranger = Wallet::new(STRANGER).call(0, PERMISSIONS, Bytes::new());
    assert_eq!(admitted(&chain, stranger).unwrap_err(), refused(PermissionList::Send, STRANGER));
    assert_eq!(chain.advance(vec![]).transactions().len(), 2);
}

// PERMIT-2: a Byzantine leader.
#[test]
fn a_block_with_a_transaction_that_its_parent_forbids_is_invalid() {
    let chain = chain(SEND | DEPLOY);
    let cases = [
        (vec![Wallet::new(STRANGER).write(0, 1, 1)], 0, PermissionList::Send, STRANGER),
        (vec![Wallet::new(SENDER).write(0, 1, 1), create(SENDER, 1)], 1, PermissionList::Deploy, SENDER),
    ];
    for (transactions, at, permission, number) in cases {
        let block = lawless_block(&chain, &transactions);
        assert_eq!(block.transactions().len(), transactions.len());
        let Err(ExecuteError::Invalid(invalid)) = chain.chain.tree().execute(&block) else { panic!("executed") };
        let InvalidReason::NotPermitted { index, refusal } = invalid.reason else { panic!("{invalid}") };
        assert_eq!((index, refusal), (at, NotPermitted { permission, account: Wallet::new(number).address() }));
    }
    // What is permitted fails for the state alone, which is another one here.
    let permitted = lawless_block(&chain, &[Wallet::new(SENDER).write(0, 1, 1), create(LISTED, 0)]);
    let Err(ExecuteError::Invalid(invalid)) = chain.chain.tree().execute(&permitted) else { panic!("executed") };
    assert!(matches!(invalid.reason, InvalidReason::StateRoot { .. }), "{invalid}");
}

// PERMIT-2: what the parent's state says counts for the whole block.
#[test]
fn a_change_counts_from_the_block_after_it_on() {
    let chain = chain(0);
    let close = change(LISTED, 0, MODES_SLOT, modes(SEND));
    let stranger = Wallet::new(STRANGER);
    chain.add(vec![close, stranger.write(0, 1, 1), stranger.write(1, 1, 2)]);
    let first = chain.build_on(&chain.head());
    assert_eq!(first.block().transactions().len(), 3, "the block that closes is not yet closed");
    chain.add(vec![stranger.write(2, 1, 3)]);
    let second = chain.build_on(first.block());
    assert_eq!(second.block().transactions().len(), 0, "the next one is, though the first is not final yet");
    assert_eq!(chain.chain.pool().status().pending, 3, "and what can never be carried has left the pool");
}

// POOL-2
#[test]
fn what_waits_and_is_no_longer_permitted_leaves_the_pool_when_the_change_is_final() {
    let chain = chain(SEND);
    let forbid = change(LISTED, 0, PermissionList::Send.organization_slot(subject(SENDER)), U256::ZERO);
    chain.add(vec![forbid, Wallet::new(SENDER).write(1, 1, 1), Wallet::new(LISTED).write(2, 1, 1)]);
    let block = chain.build_on(&chain.head()).block().clone();
    assert_eq!(block.transactions().len(), 1, "the others wait for a nonce");
    chain.finalize(&[block]);
    assert_eq!(chain.chain.pool().status().queued, 1, "the listed one's");
    assert_eq!(
        admitted(&chain, Wallet::new(SENDER).write(0, 1, 1)).unwrap_err(),
        refused(PermissionList::Send, SENDER)
    );
    chain.advance(vec![change(LISTED, 1, MODES_SLOT, modes(0))]);
    admitted(&chain, Wallet::new(SENDER).write(0, 1, 1)).unwrap();
}

// PERMIT-5: nothing is asked of anybody.
#[test]
fn permissions_are_those_of_the_store_after_a_restart_and_of_the_genesis_when_it_is_new() {
    let chain = chain(SEND);
    admitted(&chain, Wallet::new(STRANGER).write(0, 1, 1)).unwrap_err();
    chain.advance(vec![change(LISTED, 0, MODES_SLOT, modes(CONNECT))]);
    let chain = chain.reopen();
    admitted(&chain, Wallet::new(STRANGER).write(0, 1, 1)).unwrap();
    let permitted = permitted_nodes(&chain.chain.head_state()).unwrap().unwrap();
    assert_eq!(permitted, BTreeSet::from([B256::repeat_byte(9)]));
    assert_eq!(permitted_nodes(&self::chain(0).chain.head_state()).unwrap(), None);
}

// PERMIT-4
#[test]
fn validators_may_connect_whatever_the_list_says() {
    let peer = B256::repeat_byte(5);
    let key = chancery_primitives::extra_data::validator_set_hash(&[[0; 48]]);
    let mut config = genesis(CONNECT);
    let word = |value: U256| B256::from(value);
    let registry = config.alloc.get_mut(&VALIDATOR_REGISTRY).unwrap();
    registry.storage.as_mut().unwrap().extend([
        (word(SET_HASH_SLOT), key),
        (word(U256::from(2)), B256::with_last_byte(1)),
        (word(peer_key_slot(0)), peer),
        (word(record_slot(peer)), B256::repeat_byte(1)),
    ]);
    config.validators[0].bls_public_key = alloy_primitives::FixedBytes::ZERO;
    config.validators[0].peer_public_key = peer;
    let chain = TestChain::of(&config, ExecutionConfig::default());
    let permitted = permitted_nodes(&chain.chain.head_state()).unwrap().unwrap();
    assert_eq!(permitted, BTreeSet::from([peer, B256::repeat_byte(9)]));
}

#[test]
fn lists_are_read_with_whose_the_entries_are() {
    let chain = chain(0);
    let listed = permission_entries(&chain.chain.head_state(), PermissionList::Send).unwrap();
    assert_eq!(listed.iter().map(|entry| entry.subject).collect::<Vec<_>>(), [subject(LISTED), subject(SENDER)]);
    assert_eq!(listed[0].organization, B256::right_padding_from(b"archive"));
    assert_eq!(permission_entries(&TestChain::new().chain.head_state(), PermissionList::Send).unwrap(), []);
}
