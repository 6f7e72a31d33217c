#![allow(clippy::unwrap_used)]

use alloy_consensus::{TxEip1559, TxEip2930, TxEip7702, TxLegacy};
use alloy_primitives::{TxKind, hex};
use proptest::prelude::*;

use super::*;
use crate::{
    ExecutionConfig, TransactionDecodeError,
    testing::{CHAIN_ID, ONE_ETHER, TestChain, WRITER, Wallet, call, recovered},
};

fn with_limits(limits: PoolLimits) -> TestChain {
    TestChain::with_config(ExecutionConfig { pool: limits, ..ExecutionConfig::default() })
}

/// The refusal of one transaction, which leaves the pool as it was.
fn refusal(pool: &Pool, encoded: Bytes) -> PoolErrorKind {
    let before = pool.status();
    let refused = pool.add(vec![encoded]).pop().unwrap().unwrap_err();
    assert_eq!(pool.status(), before);
    refused.kind
}

fn best_nonces(pool: &Pool, wallet: Wallet) -> Vec<u64> {
    pool.best()
        .filter(|transaction| transaction.sender() == wallet.address())
        .map(|transaction| transaction.nonce())
        .collect()
}

#[test]
fn each_broken_rule_has_its_own_error() {
    let chain = TestChain::new();
    let pool = chain.chain.pool();
    let alice = Wallet::new(0);
    let plain = || call(0, WRITER, Bytes::new());
    assert_eq!(refusal(pool, Bytes::new()), PoolErrorKind::Decode(TransactionDecodeError::Empty));
    assert_eq!(refusal(pool, hex!("03c0").into()), PoolErrorKind::Decode(TransactionDecodeError::Blob));
    assert!(matches!(
        refusal(pool, hex!("7fc0").into()),
        PoolErrorKind::Decode(TransactionDecodeError::UnknownType { ty: 0x7f })
    ));
    assert!(matches!(refusal(pool, hex!("02c0").into()), PoolErrorKind::Decode(TransactionDecodeError::Malformed(_))));
    let large = vec![2; crate::MAX_TRANSACTION_BYTES + 1];
    assert!(matches!(refusal(pool, large.into()), PoolErrorKind::Decode(TransactionDecodeError::TooLarge { .. })));
    let mut forged = alice.sign(plain()).to_vec();
    let end = forged.len();
    forged[end - 65..end - 33].fill(0xff);
    assert_eq!(refusal(pool, forged.into()), PoolErrorKind::Signature);
    let foreign = alice.sign(TxEip1559 { chain_id: 1, ..plain() });
    assert_eq!(refusal(pool, foreign), PoolErrorKind::ChainId { expected: CHAIN_ID, actual: Some(1) });
    let unprotected = alice.sign(TxLegacy { gas_limit: 30_000, to: TxKind::Call(WRITER), ..TxLegacy::default() });
    assert_eq!(refusal(pool, unprotected), PoolErrorKind::ChainId { expected: CHAIN_ID, actual: None });
    let hungry = alice.sign(TxEip1559 { gas_limit: 16_777_217, ..plain() });
    assert_eq!(refusal(pool, hungry), PoolErrorKind::GasLimit { gas_limit: 16_777_217, cap: 16_777_216 });
    let starved = alice.sign(TxEip1559 { gas_limit: 20_999, ..plain() });
    assert_eq!(refusal(pool, starved), PoolErrorKind::IntrinsicGas { gas_limit: 20_999, intrinsic: 21_000 });
    // EIP-7623: calldata has a floor above the plain intrinsic gas.
    let floor = alice.sign(TxEip1559 { gas_limit: 21_000 + 16 * 1_000, input: vec![1; 1_000].into(), ..plain() });
    assert_eq!(refusal(pool, floor), PoolErrorKind::IntrinsicGas { gas_limit: 37_000, intrinsic: 21_000 + 40 * 1_000 });
    let tip = alice.sign(TxEip1559 { max_priority_fee_per_gas: 2, max_fee_per_gas: 1, ..plain() });
    assert_eq!(refusal(pool, tip), PoolErrorKind::TipAboveFeeCap);
    let long =
        alice.sign(TxEip1559 { to: TxKind::Create, gas_limit: 16_000_000, input: vec![0; 49_153].into(), ..plain() });
    assert_eq!(refusal(pool, long), PoolErrorKind::InitCodeSize { actual: 49_153, max: 49_152 });
    let none = alice.sign(TxEip7702 { chain_id: CHAIN_ID, gas_limit: 100_000, ..TxEip7702::default() });
    assert_eq!(refusal(pool, none), PoolErrorKind::EmptyAuthorizationList);
    let poor = refusal(pool, Wallet::new(99).transfer(0, WRITER, 1));
    assert!(matches!(poor, PoolErrorKind::InsufficientFunds(_)), "{poor}");
    let expensive = alice.sign(TxEip1559 { max_fee_per_gas: ONE_ETHER, ..plain() });
    assert!(matches!(refusal(pool, expensive), PoolErrorKind::InsufficientFunds(_)));
    let far = alice.write(16_385, 0, 0);
    assert_eq!(refusal(pool, far), PoolErrorKind::NonceTooHigh { max: 16_384, actual: 16_385 });
    chain.advance(vec![alice.write(0, 1, 1)]);
    assert_eq!(refusal(pool, alice.write(0, 2, 2)), PoolErrorKind::NonceTooLow { expected: 1, actual: 0 });
}

#[test]
fn all_types_but_blobs_are_admitted_with_and_without_fees() {
    let chain = TestChain::new();
    let pool = chain.chain.pool();
    let alice = Wallet::new(0);
    let legacy =
        TxLegacy { chain_id: Some(CHAIN_ID), gas_limit: 21_000, to: TxKind::Call(WRITER), ..TxLegacy::default() };
    let listed = TxEip2930 {
        chain_id: CHAIN_ID,
        nonce: 1,
        gas_price: 1_000_000_000,
        gas_limit: 30_000,
        to: TxKind::Call(WRITER),
        ..TxEip2930::default()
    };
    let tipped = TxEip1559 {
        max_fee_per_gas: 2_000_000_000,
        max_priority_fee_per_gas: 1_000_000_000,
        ..call(2, WRITER, Bytes::new())
    };
    let admitted = pool.add(vec![alice.sign(legacy), alice.sign(listed), alice.sign(tipped)]);
    assert!(admitted.iter().all(Result::is_ok), "{admitted:?}");
    assert_eq!(best_nonces(pool, alice), [0, 1, 2]);
}

#[test]
fn a_gap_is_waited_for_and_order_is_arrival() {
    let chain = TestChain::new();
    let pool = chain.chain.pool();
    let (alice, bob) = (Wallet::new(0), Wallet::new(1));
    chain.add(vec![alice.write(1, 0, 0), alice.write(3, 0, 0)]);
    assert_eq!(pool.status(), PoolStatus { pending: 0, queued: 2, bytes: pool.status().bytes });
    assert!(!pool.has_pending());
    assert_eq!(pool.next_nonce(alice.address()), None);
    chain.add(vec![bob.write(0, 0, 0), alice.write(0, 0, 0)]);
    let order: Vec<_> = pool.best().map(|transaction| (transaction.sender(), transaction.nonce())).collect();
    assert_eq!(order, [(bob.address(), 0), (alice.address(), 0), (alice.address(), 1)]);
    assert_eq!(pool.next_nonce(alice.address()), Some(2));
    let contents = pool.contents();
    assert_eq!(contents.pending[&alice.address()].keys().copied().collect::<Vec<_>>(), [0, 1]);
    assert_eq!(contents.queued[&alice.address()].keys().copied().collect::<Vec<_>>(), [3]);
}

#[test]
fn a_replacement_raises_the_fees_or_both_pay_nothing() {
    let chain = TestChain::new();
    let pool = chain.chain.pool();
    let alice = Wallet::new(0);
    let with_fee = |fee: u128, input: u8| {
        alice.sign(TxEip1559 {
            max_fee_per_gas: fee,
            max_priority_fee_per_gas: fee,
            ..call(0, WRITER, vec![input].into())
        })
    };
    chain.add(vec![with_fee(0, 0)]);
    let first = pool.best().next().unwrap().hash();
    assert_eq!(refusal(pool, with_fee(0, 0)), PoolErrorKind::AlreadyKnown);
    chain.add(vec![with_fee(0, 1)]);
    assert!(pool.get(first).is_none());
    chain.add(vec![with_fee(100, 2)]);
    assert_eq!(refusal(pool, with_fee(109, 3)), PoolErrorKind::Underpriced { min_bump_percent: 10 });
    assert_eq!(refusal(pool, with_fee(0, 3)), PoolErrorKind::Underpriced { min_bump_percent: 10 });
    chain.add(vec![with_fee(110, 4)]);
    assert_eq!(pool.status().pending, 1);
    assert_eq!(pool.best().next().unwrap().encoded(), &with_fee(110, 4));
}

#[test]
fn the_pool_stays_within_its_bounds() {
    let chain =
        with_limits(PoolLimits { max_transactions: 5, max_per_sender: 3, max_nonce_gap: 100, ..PoolLimits::default() });
    let pool = chain.chain.pool();
    let (alice, bob, carol) = (Wallet::new(0), Wallet::new(1), Wallet::new(2));
    chain.add((0..3).map(|nonce| alice.write(nonce, 0, 0)).collect());
    assert_eq!(refusal(pool, alice.write(3, 0, 0)), PoolErrorKind::SenderFull { limit: 3 });
    chain.add(vec![bob.write(0, 0, 0), bob.write(1, 0, 0)]);
    assert_eq!(refusal(pool, carol.write(0, 0, 0)), PoolErrorKind::Full { limit: 5, unit: "transactions" });
    chain.add(vec![alice.write(2, 9, 9)]);

    let size = alice.write(0, 0, 0).len();
    let chain = with_limits(PoolLimits { max_bytes: 2 * size + 10, ..PoolLimits::default() });
    chain.add(vec![alice.write(0, 0, 0), alice.write(1, 0, 0)]);
    assert_eq!(
        refusal(chain.chain.pool(), alice.write(2, 0, 0)),
        PoolErrorKind::Full { limit: 2 * size + 10, unit: "bytes" }
    );
}

#[test]
fn what_is_final_elsewhere_leaves_the_pool() {
    let (chain, other) = (TestChain::new(), TestChain::new());
    let alice = Wallet::new(0);
    chain.add((0..4).map(|nonce| alice.write(nonce, 0, 1)).collect());
    // The block carries another transaction with nonce 0, and the one with nonce 1 that is known here.
    other.add(vec![alice.write(0, 7, 7), alice.write(1, 0, 1)]);
    let block = other.build_on(&other.head()).block().clone();
    chain.finalize(&[block]);
    assert_eq!(best_nonces(chain.chain.pool(), alice), [2, 3]);
    assert_eq!(
        chain.chain.pool().status(),
        PoolStatus { pending: 2, queued: 0, bytes: 2 * alice.write(2, 0, 1).len() }
    );
}

#[test]
fn an_unusable_transaction_is_dropped_and_those_behind_it_wait() {
    let chain = TestChain::new();
    let alice = Wallet::new(0);
    let bob = Wallet::new(1).address();
    // Each is affordable alone, the second is not after the first.
    chain.add(vec![
        alice.transfer(0, bob, 60 * ONE_ETHER),
        alice.transfer(1, bob, 60 * ONE_ETHER),
        alice.write(2, 0, 1),
    ]);
    let block = chain.build_on(&chain.head());
    assert_eq!(block.block().transactions().len(), 1);
    assert_eq!(chain.chain.pool().status().pending, 1);
    assert_eq!(chain.chain.pool().status().queued, 1);
    chain.finalize(&[block.block().clone()]);
    chain.add(vec![alice.write(1, 0, 1)]);
    assert_eq!(best_nonces(chain.chain.pool(), alice), [1, 2]);
}

#[tokio::test]
async fn subscribers_hear_of_what_is_admitted() {
    let chain = TestChain::new();
    let mut admitted = chain.chain.pool().subscribe();
    let alice = Wallet::new(0);
    let results = chain.chain.pool().add(vec![alice.write(0, 0, 1), alice.write(0, 0, 1)]);
    assert!(results[0].is_ok());
    assert_eq!(results[1].as_ref().unwrap_err().kind, PoolErrorKind::AlreadyKnown);
    assert_eq!(admitted.recv().await.unwrap().hash(), results[0].clone().unwrap());
    assert!(admitted.try_recv().is_err());
    chain.chain.pool().wait_nonempty().await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// POOL-1 to POOL-3: whatever is inserted, removed and overtaken, the ready part is gapless, in order and counted.
    #[test]
    fn the_line_is_always_gapless(steps in proptest::collection::vec((0u8..10, 0u64..3, 0u64..8), 1..60)) {
        let limits = PoolLimits { max_transactions: 12, max_per_sender: 6, ..PoolLimits::default() };
        let mut line = Line::default();
        let mut nonces = [0u64; 3];
        for (action, sender, nonce) in steps {
            let wallet = Wallet::new(sender);
            let account = |nonce| check::Spendable { nonce, balance: alloy_primitives::U256::ZERO };
            match action {
                0..7 => { let _ = line.insert(recovered(wallet.write(nonce, 0, u64::from(action))), account(nonces[sender as usize]), &limits); }
                7..9 => {
                    let hash = line.contents().pending.get(&wallet.address()).and_then(|all| all.values().next()).map(|first| first.hash());
                    if let Some(hash) = hash { line.remove(&hash); }
                }
                _ => {
                    nonces[sender as usize] = nonces[sender as usize].max(nonce);
                    line.follow(&wallet.address(), account(nonces[sender as usize]));
                }
            }
            let contents = line.contents();
            let status = line.status();
            let all = || contents.pending.values().chain(contents.queued.values()).flat_map(BTreeMap::values);
            prop_assert_eq!(status.pending, contents.pending.values().map(BTreeMap::len).sum::<usize>());
            prop_assert_eq!(status.pending + status.queued, all().count());
            prop_assert_eq!(status.bytes, all().map(|transaction| transaction.size()).sum::<usize>());
            prop_assert!(status.pending + status.queued <= 12);
            for number in 0..3u64 {
                let address = Wallet::new(number).address();
                let first = nonces[number as usize];
                let ready: Vec<u64> = contents.pending.get(&address).into_iter().flat_map(BTreeMap::keys).copied().collect();
                prop_assert_eq!(&ready, &(first..first + ready.len() as u64).collect::<Vec<_>>());
                prop_assert!(!contents.queued.get(&address).is_some_and(|queued| queued.contains_key(&(first + ready.len() as u64))));
                let mut chunk = VecDeque::new();
                line.take_ready(None, usize::MAX, &mut chunk);
                let in_line: Vec<u64> = chunk.iter().filter(|transaction| transaction.sender() == address).map(|transaction| transaction.nonce()).collect();
                prop_assert_eq!(in_line, ready);
            }
        }
    }
}
