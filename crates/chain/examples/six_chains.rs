//! What six chains in one process cost: memory and processor time while idle, time to finality of a lone transaction.
//! `cargo run --release -p chancery-chain --example six_chains`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    fs,
    time::{Duration, Instant},
};

use chancery_chain::{DEFAULT_HEARTBEAT, Node, NodeConfig, P2pConfig, Role, runtime_config};
use chancery_execution::ExecutionConfig;
use chancery_rpc::RpcConfig;
use commonware_runtime::{Clock as _, Runner as _, Supervisor as _};
use support::{genesis, transfer, validator_keys};

const CHAINS: u64 = 6;
const IDLE: Duration = Duration::from_secs(30);
const LONE_TRANSACTIONS: u64 = 100;

/// Processor time of this process so far.
fn cpu() -> Duration {
    const TICKS_PER_SECOND: u64 = 100;
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

fn status(field: &str) -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    status.lines().find_map(|line| line.strip_prefix(field)).unwrap().trim().to_owned()
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let keys = validator_keys(1);
    commonware_runtime::tokio::Runner::new(runtime_config(&dir.path().join("consensus"))).start(|context| async move {
        let started = Instant::now();
        let mut nodes = vec![];
        for chain in 0..CHAINS {
            let mut genesis = genesis(&keys);
            genesis.name = format!("chain-{chain}");
            genesis.timestamp = chain;
            let config = NodeConfig {
                data_dir: dir.path().join(&genesis.name),
                votes_dir: dir.path().to_owned(),
                genesis,
                keys: keys[0].clone(),
                role: Role::Validator,
                p2p: P2pConfig::alone(),
                rpc: RpcConfig::new("127.0.0.1:0".parse().unwrap()),
                execution: ExecutionConfig::default(),
                heartbeat: DEFAULT_HEARTBEAT,
            };
            nodes.push(Node::start(context.child("node"), config).await.unwrap());
        }
        println!("started in {:?}: {}, {} threads", started.elapsed(), status("VmRSS:"), status("Threads:"));
        let before = cpu();
        context.sleep(IDLE).await;
        let share = (cpu() - before).as_secs_f64() / IDLE.as_secs_f64() * 100.0;
        println!("idle: {share:.1} % of a core, {}, {} threads", status("VmRSS:"), status("Threads:"));

        let node = &nodes[0];
        let mut finals = node.blockchain().subscribe();
        let mut times = vec![];
        for nonce in 0..LONE_TRANSACTIONS {
            let transaction = transfer(0, nonce);
            let sent = Instant::now();
            node.pool().add(vec![transaction])[0].as_ref().unwrap();
            while finals.recv().await.unwrap().block().transactions().is_empty() {}
            times.push(sent.elapsed());
        }
        times.sort();
        println!(
            "lone transaction to finality: median {:?}, p95 {:?}, blocks {}",
            times[50],
            times[95],
            node.blockchain().head().block().height()
        );

        // A burst: senders' transactions are signed before, admitted at once.
        let burst: Vec<_> = (0..4u8)
            .flat_map(|from| {
                let first = if from == 0 { LONE_TRANSACTIONS } else { 0 };
                (first..first + 2_500).map(move |nonce| transfer(from, nonce))
            })
            .collect();
        let count = burst.len();
        let height = node.blockchain().head().block().height();
        let sent = Instant::now();
        let pool = node.pool().clone();
        for batch in burst.chunks(100) {
            let (pool, batch) = (pool.clone(), batch.to_vec());
            tokio::task::spawn_blocking(move || pool.add(batch)).await.unwrap();
        }
        println!("{count} admitted in {:?}", sent.elapsed());
        while node.pool().status().pending > 0 {
            finals.recv().await.unwrap();
        }
        let blocks = node.blockchain().head().block().height() - height;
        println!(
            "{count} final in {:?} ({:.0}/s), {blocks} blocks",
            sent.elapsed(),
            count as f64 / sent.elapsed().as_secs_f64()
        );
        println!("{}, peak {}", status("VmRSS:"), status("VmHWM:"));
    });
}
