//! What a sender costs: recovered from each signature, and confirmed for many transactions whose senders are claimed.
//!
//! `cargo run --release -p chancery-execution --example recovery -- [transactions] [senders]`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{sync::Arc, time::Instant};

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope, crypto::secp256k1::sign_message};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, U256};
use chancery_execution::{SignedTransaction, recover_senders};

/// As in the shipped binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().unwrap());
    let (count, senders) = (arguments.next().unwrap_or(4_096), arguments.next().unwrap_or(20));
    let signed: Vec<TxEnvelope> = (0..count)
        .map(|nonce| {
            let key = B256::from(U256::from(nonce % senders + 1));
            let unsigned = TxEip1559 { chain_id: 7100, nonce, gas_limit: 100_000, ..TxEip1559::default() };
            let signature = sign_message(key, unsigned.signature_hash()).unwrap();
            unsigned.into_signed(signature).into()
        })
        .collect();
    let decoded = || -> Vec<Arc<SignedTransaction>> {
        signed.iter().map(|it| Arc::new(SignedTransaction::decode(it.encoded_2718().into()).unwrap())).collect()
    };
    let expected: Vec<Option<Address>> = recover_senders(&decoded());

    println!("{count} transactions of {senders} senders, all cores");
    for _ in 0..5 {
        let (plain, claimed) = (decoded(), decoded());
        for (transaction, sender) in claimed.iter().zip(&expected) {
            transaction.claim_sender(sender.unwrap());
        }
        let each = |transactions: &[Arc<SignedTransaction>]| {
            let began = Instant::now();
            assert_eq!(recover_senders(transactions), expected);
            began.elapsed().as_secs_f64() * 1e6 / count as f64
        };
        let (recovered, confirmed) = (each(&plain), each(&claimed));
        println!(
            "recovered {recovered:5.1} us, confirmed {confirmed:5.1} us: {:.2} times as fast",
            recovered / confirmed
        );
    }
}
