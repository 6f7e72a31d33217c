//! Measures the whole way of a transaction through this crate, phase by phase, while the state grows.
//!
//! `cargo run --release -p chancery-execution --example state_growth -- [blocks] [transactions a block] [kind] [slots]`
//!
//! `kind`: `new` writes a slot that was never written, `random` one of `slots` random ones (first all are written), `transfer`
//! moves wei between accounts. Everything is as in a node: admission with signature recovery, building, decoding and executing the
//! block on a second chain (as another validator would), durable commits.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope, crypto::secp256k1::sign_message};
use alloy_eips::Encodable2718;
use alloy_genesis::GenesisAccount;
use alloy_primitives::{Address, B256, Bytes, FixedBytes, TxKind, U256, address, keccak256};
use chancery_execution::{
    Block, Blockchain, BuildAttributes, BuildBudget, ExecutionConfig, Finalization, GenesisConfig, MAX_BLOCK_BYTES,
    ValidatorConfig,
};
use rayon::prelude::*;

const CHAIN_ID: u64 = 7100;
const SENDERS: u64 = 20;
const WRITER: Address = address!("0x00000000000000000000000000000000000000a1");

struct Sender {
    secret: B256,
    address: Address,
}

impl Sender {
    fn new(number: u64) -> Self {
        let secret = keccak256(number.to_be_bytes());
        let hash = B256::repeat_byte(1);
        let address = sign_message(secret, hash).unwrap().recover_address_from_prehash(&hash).unwrap();
        Self { secret, address }
    }

    fn sign(&self, transaction: TxEip1559) -> Bytes {
        let signature = sign_message(self.secret, transaction.signature_hash()).unwrap();
        TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
    }
}

#[derive(Default)]
struct Times {
    admit: Duration,
    build: Duration,
    finalize: Duration,
    execute: Duration,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = |default: &str| arguments.next().unwrap_or_else(|| default.into());
    let blocks: u64 = next("50").parse().unwrap();
    let per_block: u64 = next("4000").parse().unwrap();
    let kind = next("new");
    let slots: u64 = next("1000000").parse().unwrap();

    let senders: Vec<Sender> = (0..SENDERS).map(Sender::new).collect();
    let mut alloc: BTreeMap<Address, GenesisAccount> = senders
        .iter()
        .map(|sender| (sender.address, GenesisAccount::default().with_balance(U256::from(1u128 << 100))))
        .collect();
    let code = Bytes::from_static(&[0x60, 0x20, 0x35, 0x5f, 0x35, 0x55, 0x00]);
    alloc.insert(WRITER, GenesisAccount::default().with_nonce(Some(1)).with_code(Some(code)));
    let validator = ValidatorConfig {
        name: "one".into(),
        bls_public_key: FixedBytes::ZERO,
        peer_public_key: FixedBytes::ZERO,
        proof_of_possession: FixedBytes::ZERO,
        voting_account: None,
    };
    let config = GenesisConfig {
        name: "main".into(),
        chain_id: CHAIN_ID,
        timestamp: 1_700_000_000,
        gas_limit: 1_000_000_000,
        validators: vec![validator],
        alloc,
        predeploys: Vec::new(),
    };
    let genesis = config.build().unwrap();
    let directories = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [proposer, verifier] = [0, 1]
        .map(|index: usize| Blockchain::open(directories[index].path(), &genesis, ExecutionConfig::default()).unwrap());

    let filling = if kind == "random" { slots / per_block } else { 0 };
    let mut times = Times::default();
    let mut counter = 0u64;
    for block_number in 0..filling + blocks {
        let jobs: Vec<(u64, u64)> =
            (0..per_block).map(|index| (counter + index, (counter + index) / SENDERS)).collect();
        let raw: Vec<Bytes> = jobs
            .par_iter()
            .map(|(number, nonce)| {
                let sender = &senders[(number % SENDERS) as usize];
                let slot = if kind == "random" && block_number >= filling {
                    u64::from_be_bytes(keccak256(number.to_be_bytes())[..8].try_into().unwrap()) % slots
                } else {
                    *number
                };
                let (to, value, input) = if kind == "transfer" {
                    (Address::from_word(keccak256((number % 1_000).to_be_bytes())), U256::from(1), Bytes::new())
                } else {
                    let words = [U256::from(slot), U256::from(number + 1)];
                    (
                        WRITER,
                        U256::ZERO,
                        words.iter().flat_map(|word| word.to_be_bytes::<32>()).collect::<Vec<_>>().into(),
                    )
                };
                let transaction = TxEip1559 {
                    chain_id: CHAIN_ID,
                    nonce: *nonce,
                    gas_limit: 100_000,
                    to: TxKind::Call(to),
                    value,
                    input,
                    ..TxEip1559::default()
                };
                sender.sign(transaction)
            })
            .collect();
        counter += per_block;

        let start = Instant::now();
        assert!(proposer.pool().add(raw).iter().all(Result::is_ok));
        times.admit += start.elapsed();

        let parent = proposer.head();
        let attributes = BuildAttributes {
            time_ms: parent.block().time_ms() + 100,
            epoch: 0,
            view: block_number + 1,
            parent_view: block_number,
            beneficiary: Address::ZERO,
        };
        let budget =
            BuildBudget { max_time: Duration::from_secs(10), max_bytes: MAX_BLOCK_BYTES, max_transactions: usize::MAX };
        let start = Instant::now();
        let built = proposer.tree().build(parent.block().hash(), attributes, budget).unwrap();
        times.build += start.elapsed();
        assert_eq!(built.block().transactions().len() as u64, per_block);

        let finalize = |chain: &Blockchain, block: Block| {
            chain.tree().finalize(vec![Finalization { block, certificate: None }]).unwrap()
        };
        let start = Instant::now();
        finalize(&proposer, built.block().clone());
        times.finalize += start.elapsed();

        let start = Instant::now();
        let received = Block::decode(&built.block().encode()).unwrap();
        verifier.tree().execute(&received).unwrap();
        times.execute += start.elapsed();
        finalize(&verifier, received);

        if (block_number + 1) % 25 == 0 {
            let each = |time: Duration| time.as_micros() as f64 / (25 * per_block) as f64;
            println!(
                "{:>9} transactions{}: admit {:5.1}, build {:5.1}, finalize {:5.1}, decode+recover+execute {:5.1} us each; {}; {} cpu-s; {} MB on disk",
                counter,
                if block_number < filling { " (filling)" } else { "" },
                each(times.admit),
                each(times.build),
                each(times.finalize),
                each(times.execute),
                resident(),
                cpu_seconds(),
                disk_bytes(directories[0].path()) >> 20,
            );
            times = Times::default();
        }
    }
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or("VmRSS unknown")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn cpu_seconds() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: u64 = stat.split_whitespace().skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    ticks / 100
}

fn disk_bytes(path: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => disk_bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
