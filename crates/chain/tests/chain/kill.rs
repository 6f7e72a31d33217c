//! A process that is killed while blocks become final: started again with the same files, it has every transaction that
//! it had called final.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::support::{account, genesis, transfer, validator_keys};
use chancery_chain::{Node, NodeConfig, P2pConfig, Role, runtime_config};
use chancery_execution::ExecutionConfig;
use chancery_rpc::RpcConfig;
use commonware_runtime::{Runner as _, Supervisor as _};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

const VICTIM_DIR: &str = "CHANCERY_TEST_VICTIM_DIR";
const KILLS: u32 = 12;
/// Transactions that wait or are being decided at any moment.
const IN_FLIGHT: u64 = 32;

/// The process that is killed: sends transfers without end and says which are final.
#[test]
#[ignore = "runs in a process of its own, see the other test"]
fn victim() {
    let Some(dir) = env::var_os(VICTIM_DIR) else { return };
    let dir = Path::new(&dir).to_path_buf();
    let keys = validator_keys(1);
    let config = NodeConfig {
        genesis: genesis(&keys),
        data_dir: dir.join("main"),
        votes_dir: dir.to_owned(),
        keys: keys[0].clone(),
        role: Role::Validator,
        p2p: P2pConfig::alone(),
        rpc: RpcConfig::new("127.0.0.1:0".parse().unwrap()),
        execution: ExecutionConfig::default(),
        heartbeat: Duration::from_secs(1),
    };
    commonware_runtime::tokio::Runner::new(runtime_config(&dir.join("consensus"))).start(|context| async move {
        let node = Node::start(context.child("main"), config).await.unwrap();
        let mut finals = node.blockchain().subscribe();
        let state = node.blockchain().head_state();
        let first = state.account(account(0).address()).unwrap().map_or(0, |account| account.nonce);
        say(&format!("start {first}"));
        let (mut sent, mut done) = (first, first);
        loop {
            while sent < done + IN_FLIGHT {
                node.pool().add(vec![transfer(0, sent)])[0].as_ref().unwrap();
                sent += 1;
            }
            done += finals.recv().await.unwrap().block().transactions().len() as u64;
            say(&format!("final {done}"));
        }
    });
}

/// One line past the test harness, at once.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{line}").unwrap();
    out.flush().unwrap();
}

fn spawn(dir: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "victim", "--ignored", "--nocapture", "--test-threads=1"])
        .env(VICTIM_DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

// CHAIN-2, CHAIN-5
#[test]
fn a_process_killed_at_random_moments_keeps_what_it_called_final() {
    let seed = 7;
    let mut rng = StdRng::seed_from_u64(seed);
    let dir = tempfile::tempdir().unwrap();
    let mut promised = 0;
    for kill in 0..KILLS {
        let mut victim = spawn(dir.path());
        let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines().map(Result::unwrap);
        let started = lines.find_map(|line| line.strip_prefix("start ").map(|nonce| nonce.parse::<u64>().unwrap()));
        let started = started.unwrap_or_else(|| panic!("kill {kill}: the node did not start again"));
        assert!(started >= promised, "kill {kill}: {promised} were final, {started} are left");
        let blocks = rng.random_range(0..12);
        // The pipe stays open until the kill: a closed one would end the victim in an orderly way.
        let mut finals =
            lines.by_ref().filter_map(|line| line.strip_prefix("final ").map(|nonce| nonce.parse::<u64>().unwrap()));
        promised = finals.by_ref().take(blocks).last().unwrap_or(started);
        for _ in 0..rng.random_range(0..2_000_000u32) {
            std::hint::spin_loop();
        }
        victim.kill().unwrap();
        victim.wait().unwrap();
        drop(lines);
    }
    assert!(promised > 0, "nothing became final between the kills");
}
