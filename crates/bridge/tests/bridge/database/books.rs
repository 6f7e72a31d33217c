//! A node contract on a chain of its own, whose owner writes entries.

use std::path::Path;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use chancery_bridge::{
    contracts::NodeContract,
    database::{Applier, Book, Followed},
};
use chancery_contracts::{RuleNode, StoreNode};

use crate::support::{chain::TestChain, partnership::name};

pub(crate) struct Books {
    pub(crate) chain: TestChain,
    pub(crate) contract: Address,
    /// The first block that can have an entry.
    pub(crate) from: u64,
}

impl Books {
    /// With a contract without rules, or with rules. Nobody reserves anything here: who follows and who decides is nobody's concern.
    pub(crate) async fn start(dir: &Path, has_rules: bool) -> Self {
        let chain = TestChain::start(dir, "marriage").await;
        let owner = chain.operator();
        Self::on(chain, has_rules, owner).await
    }

    /// The same on a chain that runs, for an owner.
    pub(crate) async fn on(chain: TestChain, has_rules: bool, owner: Address) -> Self {
        let (anchor, alliance, member) = (Address::repeat_byte(1), Address::repeat_byte(2), name("land registry"));
        let contract = if has_rules {
            chain.deploy(&RuleNode::BYTECODE, &RuleNode::constructorCall { anchor, alliance, member, owner }).await
        } else {
            chain.deploy(&StoreNode::BYTECODE, &StoreNode::constructorCall { anchor, alliance, member, owner }).await
        };
        let from = chain.height().await;
        Self { chain, contract, from }
    }

    pub(crate) async fn call(&self, call: &impl SolCall) {
        self.chain.call(self.contract, call).await;
    }

    /// Each in a block of its own, or in one that follows.
    pub(crate) async fn set(&self, key: &str, value: &str) {
        self.call(&StoreNode::setCall { key: name(key), value: name(value) }).await;
    }

    pub(crate) fn node_contract(&self) -> NodeContract {
        NodeContract { chain: self.chain.chain.clone(), address: self.contract }
    }

    pub(crate) fn followed(&self) -> Followed {
        Followed { contract: self.node_contract() }
    }

    pub(crate) fn applier(&self, book: Book) -> Applier {
        Applier::new(self.followed(), book)
    }

    /// Version and value of a key on chain.
    pub(crate) async fn entry(&self, key: B256) -> (u64, B256) {
        let entry = self.chain.view(self.contract, &StoreNode::entryCall { key }).await;
        (entry.version, entry.value)
    }
}
