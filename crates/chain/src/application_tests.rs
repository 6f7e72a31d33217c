#![allow(clippy::unwrap_used)]

use alloy::{consensus::Header, genesis::GenesisAccount, primitives::U256};
use chancery_execution::{ExecutionConfig, GenesisConfig};
use commonware_consensus::{
    Application as _,
    marshal::ancestry,
    types::{Epoch, Round, View},
};
use commonware_runtime::{Runner as _, Supervisor as _, deterministic};

use super::*;
use crate::{ValidatorKeys, block::digest};

/// Two nodes' executions of one chain: one makes blocks, the other judges them.
struct Fixture {
    leader: Blockchain,
    judge: Blockchain,
    keys: ValidatorKeys,
    _dirs: [tempfile::TempDir; 2],
}

impl Fixture {
    fn new() -> Self {
        let keys = ValidatorKeys::from_seed(1);
        let genesis = GenesisConfig {
            name: "main".into(),
            chain_id: 7100,
            timestamp: 0,
            gas_limit: 30_000_000,
            validators: vec![keys.public("one")],
            alloc: [(Address::repeat_byte(1), GenesisAccount { balance: U256::from(1), ..Default::default() })].into(),
            predeploys: vec![],
        };
        let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let open = |dir: &tempfile::TempDir| {
            Blockchain::open(dir.path(), &genesis.build().unwrap(), ExecutionConfig::default()).unwrap()
        };
        Self { leader: open(&dirs[0]), judge: open(&dirs[1]), keys, _dirs: dirs }
    }

    fn genesis(&self) -> Block {
        self.leader.block(0).unwrap().unwrap().block().clone()
    }

    fn build(&self, parent: &Block, view: u64, parent_view: u64, time_ms: u64) -> Block {
        let attributes = BuildAttributes { time_ms, epoch: 0, view, parent_view, beneficiary: Address::ZERO };
        let budget = BuildBudget { max_time: MAX_BUILD_TIME, max_bytes: MAX_BLOCK_BYTES, max_transactions: 1 };
        self.leader.tree().build(parent.hash(), attributes, budget).unwrap().block().clone()
    }

    fn context(&self, view: u64, parent_view: u64, parent: &Block) -> ProposalContext {
        Context {
            round: Round::new(Epoch::new(0), View::new(view)),
            leader: self.keys.peer_public_key(),
            parent: (View::new(parent_view), digest(parent.hash())),
        }
    }

    /// The judge's verdict, `None` if it has not said anything after a minute.
    async fn judge(
        &self,
        runtime: &deterministic::Context,
        round: ProposalContext,
        newest_first: &[&Block],
    ) -> Option<bool> {
        let blocks: Vec<_> = newest_first.iter().map(|block| ConsensusBlock::digested((*block).clone())).collect();
        let mut application = Application::new(self.judge.clone(), "main".into(), Duration::from_secs(1));
        let verdict = application.verify((runtime.child("verify"), round), ancestry::from_iter(blocks));
        select! {
            verdict = verdict => Some(verdict),
            _ = runtime.sleep(Duration::from_secs(60)) => None,
        }
    }
}

fn run<Fut: Future<Output = ()>>(scenario: impl FnOnce(deterministic::Context, Fixture) -> Fut) {
    deterministic::Runner::default().start(|context| scenario(context, Fixture::new()));
}

fn altered(block: &Block, change: impl FnOnce(&mut Header)) -> Block {
    let mut header = block.header().inner().clone();
    change(&mut header);
    Block::new(header, block.transactions().to_vec())
}

// CHAIN-3
#[test]
fn a_block_is_voted_for_in_the_round_that_it_names_and_no_other() {
    run(|runtime, fixture| async move {
        let genesis = fixture.genesis();
        let block = fixture.build(&genesis, 3, 0, 0);
        let blocks = [&block, &genesis];
        for (view, parent_view) in [(4, 0), (3, 1), (2, 0)] {
            let round = fixture.context(view, parent_view, &genesis);
            assert_eq!(fixture.judge(&runtime, round, &blocks).await, Some(false), "view {view}");
        }
        let mut other_epoch = fixture.context(3, 0, &genesis);
        other_epoch.round = Round::new(Epoch::new(1), View::new(3));
        assert_eq!(fixture.judge(&runtime, other_epoch, &blocks).await, Some(false));
        assert!(!fixture.judge.tree().contains(block.hash()), "refused without executing it");
        assert_eq!(fixture.judge(&runtime, fixture.context(3, 0, &genesis), &blocks).await, Some(true));
        assert!(fixture.judge.tree().contains(block.hash()));
    });
}

// CHAIN-3
#[test]
fn a_block_that_claims_another_outcome_is_refused() {
    run(|runtime, fixture| async move {
        let genesis = fixture.genesis();
        let block = fixture.build(&genesis, 1, 0, 0);
        let lies = [
            altered(&block, |header| header.state_root = B256::ZERO),
            altered(&block, |header| header.gas_used += 1),
            altered(&block, |header| header.receipts_root = B256::ZERO),
            altered(&block, |header| header.gas_limit += 1),
        ];
        for lie in lies {
            let round = fixture.context(1, 0, &genesis);
            assert_eq!(fixture.judge(&runtime, round, &[&lie, &genesis]).await, Some(false));
        }
    });
}

// CHAIN-4
#[test]
fn a_validator_without_the_parent_abstains() {
    run(|runtime, fixture| async move {
        let first = fixture.build(&fixture.genesis(), 1, 0, 0);
        let second = fixture.build(&first, 2, 1, 0);
        let round = fixture.context(2, 1, &first);
        assert_eq!(fixture.judge(&runtime, round, &[&second]).await, None);
    });
}

// CHAIN-5: after a restart the parent may be certified and not executed here.
#[test]
fn ancestors_that_were_not_executed_are_executed_first() {
    run(|runtime, fixture| async move {
        let genesis = fixture.genesis();
        let first = fixture.build(&genesis, 1, 0, 0);
        let second = fixture.build(&first, 2, 1, 0);
        let third = fixture.build(&second, 3, 2, 0);
        let round = fixture.context(3, 2, &second);
        let verdict = fixture.judge(&runtime, round, &[&third, &second, &first, &genesis]).await;
        assert_eq!(verdict, Some(true));
    });
}

// CHAIN-4: a clock that is behind is no reason to refuse.
#[test]
fn a_block_from_the_future_is_waited_for() {
    run(|runtime, fixture| async move {
        let genesis = fixture.genesis();
        let ahead = Duration::from_secs(5);
        let time = unix_ms(runtime.current() + ahead);
        let block = fixture.build(&genesis, 1, 0, time);
        let began = runtime.current();
        let round = fixture.context(1, 0, &genesis);
        assert_eq!(fixture.judge(&runtime, round, &[&block, &genesis]).await, Some(true));
        let waited = runtime.current().duration_since(began).unwrap();
        // Simulated time, so this is exact but for the rounding to milliseconds.
        assert!(waited + MAX_CLOCK_DRIFT >= ahead - Duration::from_millis(1), "{waited:?}");
    });
}

#[test]
fn an_idle_leader_proposes_an_empty_block_after_the_heartbeat() {
    run(|runtime, fixture| async move {
        let genesis = fixture.genesis();
        let heartbeat = Duration::from_secs(7);
        let mut application = Application::new(fixture.leader.clone(), "main".into(), heartbeat);
        let began = runtime.current();
        let round = fixture.context(1, 0, &genesis);
        let ancestry = ancestry::from_iter([ConsensusBlock::digested(genesis.clone())]);
        let proposed = application.propose((runtime.child("propose"), round), ancestry, ()).await.unwrap();
        let waited = runtime.current().duration_since(began).unwrap();
        assert!((heartbeat..heartbeat + Duration::from_millis(100)).contains(&waited), "{waited:?}");
        let block = proposed.inner().block();
        assert_eq!((block.transactions().len(), block.context().unwrap().view), (0, 1));
    });
}
