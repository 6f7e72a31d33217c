//! What a transaction costs while the state grows: the same blocks at several numbers of storage slots, phase by phase.
//!
//! `cargo run --release -p chancery-execution --example state_growth -- [sizes] [blocks] [transactions a block] [cache MiB] [options]`
//!
//! `sizes` are numbers of slots, separated by commas (`100000,1000000,5000000`). At each size two kinds of blocks are measured: `random` writes
//! slots that exist, chosen at random, `new` writes slots that were never written. Everything is as in a node: admission with signature
//! recovery, building, durable commits. In between, one contract fills slots many a transaction, which is the fast way to a large state.
//!
//! To compare (docs/decisions/0051): `--one-volume` keeps the history in one heap, `--large-tables` merges with tables of 64 MiB,
//! `--parts-together` leaves the long parts of blocks in `chain`, `--no-run-ahead` reads what transactions need only when they need it.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod process;
mod tables;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope, crypto::secp256k1::sign_message};
use alloy_eips::Encodable2718;
use alloy_genesis::GenesisAccount;
use alloy_primitives::{Address, B256, Bytes, FixedBytes, TxKind, U256, address, keccak256};
use chancery_execution::{
    Blockchain, BuildAttributes, BuildBudget, ExecutionConfig, Finalization, GenesisConfig, MAX_BLOCK_BYTES,
    StoreConfig, ValidatorConfig,
};
use rayon::prelude::*;

use process::{cpu_seconds, disk_bytes, resident, wait_until_idle, written_bytes};
use tables::Tables;

/// As in the shipped binary. The system's allocator takes longer the more there is, which is no cost of ours.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CHAIN_ID: u64 = 7100;
const SENDERS: usize = 20;
const WRITER: Address = address!("0x00000000000000000000000000000000000000a1");
/// Writes the third word of its input into all slots from the first word to the second, at least into the first.
const WRITER_CODE: [u8; 22] = [
    0x5f, 0x35, 0x60, 0x20, 0x35, 0x90, 0x5b, 0x60, 0x40, 0x35, 0x81, 0x55, 0x60, 0x01, 0x01, 0x81, 0x81, 0x10, 0x60,
    0x06, 0x57, 0x00,
];
/// Slots that a transaction of the filling writes: below the gas cap of a transaction (EIP-7825).
const SLOTS_PER_FILL: u64 = 700;
/// Transactions in a block of the filling.
const FILLS_PER_BLOCK: u64 = 100;
const BLOCK_GAS: u64 = 2_000_000_000;
const TRANSACTION_GAS: u64 = 16_500_000;
const WRITE_GAS: u64 = 100_000;
/// New slots have numbers from here on.
const FIRST_NEW_SLOT: u64 = 1 << 40;

struct Sender {
    secret: B256,
    address: Address,
    nonce: u64,
}

impl Sender {
    fn new(number: u64) -> Self {
        let secret = keccak256(number.to_be_bytes());
        let hash = B256::repeat_byte(1);
        let address = sign_message(secret, hash).unwrap().recover_address_from_prehash(&hash).unwrap();
        Self { secret, address, nonce: 0 }
    }
}

/// One call of the writer.
#[derive(Clone, Copy)]
struct Write {
    first: u64,
    end: u64,
    value: u64,
    gas: u64,
}

struct Bench {
    chain: Blockchain,
    directory: tempfile::TempDir,
    tables: Tables,
    senders: Vec<Sender>,
    height: u64,
    random: u64,
    next_new: u64,
}

#[derive(Clone, Copy, Default)]
struct Times {
    admit: Duration,
    build: Duration,
    finalize: Duration,
}

impl Bench {
    fn open(config: StoreConfig) -> Self {
        let senders: Vec<Sender> = (0..SENDERS as u64).map(Sender::new).collect();
        let mut alloc: BTreeMap<Address, GenesisAccount> = senders
            .iter()
            .map(|sender| (sender.address, GenesisAccount::default().with_balance(U256::from(1u128 << 100))))
            .collect();
        let code = Some(Bytes::from_static(&WRITER_CODE));
        alloc.insert(WRITER, GenesisAccount::default().with_nonce(Some(1)).with_code(code));
        let validator = ValidatorConfig {
            name: "one".into(),
            bls_public_key: FixedBytes::ZERO,
            peer_public_key: FixedBytes::ZERO,
            proof_of_possession: FixedBytes::ZERO,
            voting_account: None,
        };
        let config_of_chain = GenesisConfig {
            name: "main".into(),
            chain_id: CHAIN_ID,
            timestamp: 1_700_000_000,
            gas_limit: BLOCK_GAS,
            validators: vec![validator],
            alloc,
            predeploys: Vec::new(),
        };
        let directory = tempfile::tempdir().unwrap();
        let config = ExecutionConfig { store: config, ..ExecutionConfig::default() };
        let chain = Blockchain::open(directory.path(), &config_of_chain.build().unwrap(), config).unwrap();
        let tables = Tables::new(directory.path());
        Self { chain, directory, tables, senders, height: 0, random: 0, next_new: FIRST_NEW_SLOT }
    }

    fn sign(&mut self, writes: &[Write]) -> Vec<Bytes> {
        let jobs: Vec<(usize, u64, Write)> = writes
            .iter()
            .enumerate()
            .map(|(index, write)| {
                let sender = index % SENDERS;
                self.senders[sender].nonce += 1;
                (sender, self.senders[sender].nonce - 1, *write)
            })
            .collect();
        jobs.par_iter()
            .map(|(sender, nonce, write)| {
                let words = [write.first, write.end, write.value].map(U256::from);
                let transaction = TxEip1559 {
                    chain_id: CHAIN_ID,
                    nonce: *nonce,
                    gas_limit: write.gas,
                    to: TxKind::Call(WRITER),
                    input: words.iter().flat_map(|word| word.to_be_bytes::<32>()).collect::<Vec<_>>().into(),
                    ..TxEip1559::default()
                };
                let signature = sign_message(self.senders[*sender].secret, transaction.signature_hash()).unwrap();
                TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
            })
            .collect()
    }

    /// One block with these calls, final and durable.
    fn block(&mut self, writes: &[Write]) -> Times {
        let raw = self.sign(writes);
        let mut times = Times::default();
        let start = Instant::now();
        assert!(self.chain.pool().add(raw).iter().all(Result::is_ok));
        times.admit = start.elapsed();
        let parent = self.chain.head();
        self.height += 1;
        let attributes = BuildAttributes {
            time_ms: parent.block().time_ms() + 100,
            epoch: 0,
            view: self.height,
            parent_view: self.height - 1,
            beneficiary: Address::ZERO,
        };
        let max_time = Duration::from_secs(60);
        let budget = BuildBudget { max_time, max_bytes: MAX_BLOCK_BYTES, max_transactions: usize::MAX };
        let start = Instant::now();
        let built = self.chain.tree().build(parent.block().hash(), attributes, budget).unwrap();
        times.build = start.elapsed();
        assert_eq!(built.block().transactions().len(), writes.len());
        assert!(built.receipts().iter().all(|receipt| receipt.success));
        let start = Instant::now();
        let finalization = Finalization { block: built.block().clone(), certificate: None };
        self.chain.tree().finalize(vec![finalization]).unwrap();
        times.finalize = start.elapsed();
        self.tables.look();
        times
    }

    /// Writes the slots from `from` to `to`.
    fn fill(&mut self, from: u64, to: u64) {
        let value = self.height + 1;
        let fills: Vec<Write> = (from..to)
            .step_by(SLOTS_PER_FILL as usize)
            .map(|first| Write { first, end: to.min(first + SLOTS_PER_FILL), value, gas: TRANSACTION_GAS })
            .collect();
        for block in fills.chunks(FILLS_PER_BLOCK as usize) {
            self.block(block);
        }
    }

    fn writes(&mut self, kind: &str, count: u64, slots: u64) -> Vec<Write> {
        (0..count)
            .map(|_| {
                let slot = if kind == "new" {
                    self.next_new += 1;
                    self.next_new
                } else {
                    self.random += 1;
                    let hash = keccak256(self.random.to_be_bytes());
                    u64::from_be_bytes(hash[..8].try_into().unwrap()) % slots
                };
                Write { first: slot, end: slot, value: self.height + 1 + (1 << 32), gas: WRITE_GAS }
            })
            .collect()
    }

    fn measure(&mut self, kind: &str, slots: u64, blocks: u64, per_block: u64) {
        // The caches are those of this kind of block, as they are in a chain that has done nothing else.
        for _ in 0..blocks / 2 {
            let writes = self.writes(kind, per_block, slots);
            self.block(&writes);
        }
        self.tables.begin();
        let (mut sum, cpu, written) = (Times::default(), cpu_seconds(), written_bytes());
        let mut signing = 0.0;
        for _ in 0..blocks {
            let writes = self.writes(kind, per_block, slots);
            let before = cpu_seconds();
            let nonces: Vec<u64> = self.senders.iter().map(|sender| sender.nonce).collect();
            drop(self.sign(&writes));
            signing += cpu_seconds() - before;
            self.senders.iter_mut().zip(nonces).for_each(|(sender, nonce)| sender.nonce = nonce);
            let times = self.block(&writes);
            sum.admit += times.admit;
            sum.build += times.build;
            sum.finalize += times.finalize;
        }
        // Signing was done twice, and is no part of what a node does.
        let cpu = cpu_seconds() - cpu - 2.0 * signing;
        let written = written_bytes() - written;
        let count = (blocks * per_block) as f64;
        let each = |time: Duration| time.as_secs_f64() * 1e6 / count;
        let total = each(sum.admit) + each(sum.build) + each(sum.finalize);
        println!(
            "{slots:>9} slots, {kind:<6}: {:>6.0} tx/s; admit {:5.1}, build {:5.1}, finalize {:5.1} us each; cpu {:5.1} us each; written {:5.2} kB each; {}; {} MB on disk",
            1e6 / total,
            each(sum.admit),
            each(sum.build),
            each(sum.finalize),
            cpu * 1e6 / count,
            written as f64 / count / 1e3,
            resident(),
            disk_bytes(self.directory.path()) >> 20,
        );
        println!("{:>9}  tables, kB written each (tables now): {}", "", self.tables.report(count));
    }
}

fn main() {
    let (flags, positions): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let mut arguments = positions.into_iter();
    let mut next = |default: &str| arguments.next().unwrap_or_else(|| default.into());
    let sizes: Vec<u64> =
        next("100000,1000000,5000000").split(',').map(|size| size.replace('_', "").parse().unwrap()).collect();
    let blocks: u64 = next("16").parse().unwrap();
    let per_block: u64 = next("4000").parse().unwrap();
    let mut bench = Bench::open(store_config(&next(""), &flags));
    let mut filled = 0;
    for slots in sizes {
        let start = Instant::now();
        bench.fill(filled, slots);
        let fill = start.elapsed();
        wait_until_idle();
        println!(
            "{slots:>9} slots after {:.0} s ({:.1} us a slot) and {:.0} s of work behind",
            fill.as_secs_f64(),
            fill.as_secs_f64() * 1e6 / (slots - filled) as f64,
            (start.elapsed() - fill).as_secs_f64()
        );
        filled = slots;
        for kind in ["random", "new"] {
            bench.measure(kind, slots, blocks, per_block);
        }
    }
}

fn store_config(cache_mib: &str, flags: &[String]) -> StoreConfig {
    let mut config =
        cache_mib.parse().map_or_else(|_| StoreConfig::default(), |mib: usize| StoreConfig::with_cache(mib << 20));
    for flag in flags {
        match flag.as_str() {
            "--one-volume" => config.volume_entries = u64::MAX,
            "--large-tables" => config.table_bytes = 64 << 20,
            "--no-run-ahead" => config.run_ahead = false,
            "--parts-together" => config.parts_apart = false,
            other => panic!("{other} is no option: --one-volume, --large-tables, --no-run-ahead, --parts-together"),
        }
    }
    config
}
