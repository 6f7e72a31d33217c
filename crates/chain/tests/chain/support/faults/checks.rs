//! What must hold in every run.
//!
//! | name | invariant |
//! |---|---|
//! | SIM-1 | no fork: whatever an honest node calls final at a height, no honest node calls another block final there |
//! | SIM-2 | nothing final is lost: a node that starts again has what it had called final, and every transaction stays in its block |
//! | SIM-3 | progress: when the faults end and the liars go on, everybody catches up and the chain takes transactions and votes, in bounded time |
//! | SIM-4 | nobody honest leaves evidence of having voted twice; whoever votes twice in the hearing of all is named by all |
//! | SIM-5 | no honest node shuts out another |
//! | SIM-6 | every certificate and handover convinces a light client that knows the genesis alone |
//! | SIM-8 | every final transaction is from who signed it, whatever was claimed of it (CHAIN-8) |

use std::collections::{BTreeMap, BTreeSet, HashMap};

use alloy::primitives::{Address, B256, Bytes};
use chancery_execution::Blockchain;

use crate::support::{
    finality,
    membership::{handovers, trusted_by_epoch, verified_across_epochs},
    signer_of,
    simulation::Simulation,
};

/// What honest nodes have called final.
#[derive(Default)]
pub struct Ledger {
    /// Height -> hash.
    blocks: BTreeMap<u64, B256>,
    /// Transaction -> height.
    transactions: HashMap<B256, u64>,
    /// Transaction -> who signed it.
    signers: HashMap<B256, Address>,
    /// How far each node has been looked at since its start, and how far it had come in all.
    looked: BTreeMap<usize, u64>,
    reached: BTreeMap<usize, u64>,
}

impl Ledger {
    /// Looks at what is final on a node since the last look (SIM-1, SIM-2, SIM-8).
    pub fn look(&mut self, node: usize, chain: &Blockchain) {
        let head = chain.head().block().height();
        let from = self.looked.insert(node, head).unwrap_or_default();
        for height in from + 1..=head {
            let block = chain.block(height).unwrap().unwrap();
            let hash = block.block().hash();
            let before = *self.blocks.entry(height).or_insert(hash);
            assert_eq!(before, hash, "fork at {height}, seen by node {node}");
            for transaction in block.block().transactions() {
                let before = *self.transactions.entry(transaction.hash()).or_insert(height);
                assert_eq!(before, height, "transaction {} is in two blocks, seen by node {node}", transaction.hash());
            }
            assert_eq!(block.senders().len(), block.block().transactions().len());
            for (transaction, sender) in block.block().transactions().iter().zip(block.senders().iter()) {
                let hash = transaction.hash();
                let signer = *self.signers.entry(hash).or_insert_with(|| signer_of(transaction.encoded()));
                assert_eq!(*sender, signer, "sender of transaction {hash}, seen by node {node}");
            }
        }
        let reached = self.reached.entry(node).or_default();
        *reached = head.max(*reached);
    }

    /// Looks at a node that has started again: from the first block on.
    pub fn look_again(&mut self, node: usize, chain: &Blockchain) {
        self.looked.remove(&node);
        let reached = self.reached.get(&node).copied().unwrap_or_default();
        let head = chain.head().block().height();
        assert!(head >= reached, "node {node} had called block {reached} final and starts at {head}");
        self.look(node, chain);
    }

    /// Everybody has every block and every transaction where anybody has ever had it (SIM-1, SIM-2).
    fn check(&self, node: usize, chain: &Blockchain) {
        for (height, hash) in &self.blocks {
            assert_eq!(chain.hash_at(*height).unwrap(), Some(*hash), "block {height} on node {node}");
        }
        for (transaction, height) in &self.transactions {
            let place = chain.transaction(*transaction).unwrap().map(|place| place.height);
            assert_eq!(place, Some(*height), "transaction {transaction} on node {node}");
            assert!(chain.receipts(*height).unwrap().is_some(), "receipts of block {height} on node {node}");
        }
    }

    /// The highest block that anybody has called final.
    pub fn top(&self) -> u64 {
        self.blocks.keys().next_back().copied().unwrap_or_default()
    }

    pub fn transactions(&self) -> u64 {
        self.transactions.len() as u64
    }
}

/// All that holds at the end; gives the final chain of the node that is furthest.
pub async fn check(simulation: &Simulation, honest: &[usize], liars: &BTreeSet<usize>, ledger: &Ledger) -> Vec<B256> {
    let mut verified: BTreeSet<Bytes> = BTreeSet::new();
    let furthest = *honest.iter().max_by_key(|node| simulation.nodes[**node].height()).unwrap();
    let chain = simulation.nodes[furthest].chain();
    let hashes = verified_across_epochs(chain, &simulation.trusted);
    let trusted = trusted_by_epoch(chain, &simulation.trusted);
    for node in honest {
        let chain = simulation.nodes[*node].chain();
        ledger.check(*node, chain);
        check_head(chain, &trusted, &mut verified);
    }
    check_handovers(chain, simulation);
    check_evidence(simulation, honest, liars);
    check_blocks(simulation, liars).await;
    hashes
}

/// The newest certificate of a node; the furthest node's were verified one and all.
fn check_head(
    chain: &Blockchain,
    trusted: &BTreeMap<u64, chancery_light::TrustedChain>,
    verified: &mut BTreeSet<Bytes>,
) {
    for height in (1..=chain.head().block().height()).rev() {
        let Some(certificate) = chain.certificate(height).unwrap() else { continue };
        if verified.insert(certificate) {
            let proof = finality(chain, height).unwrap();
            trusted[&chain.epochs().of(height)].verify_finality(&proof).unwrap();
        }
        return;
    }
}

/// A light client that knows the genesis follows the changes to the newest block (SIM-6).
fn check_handovers(chain: &Blockchain, simulation: &Simulation) {
    let trusted = simulation.trusted.follow_all(&handovers(chain)).unwrap();
    for height in (1..=chain.head().block().height()).rev() {
        if chain.certificate(height).unwrap().is_some() && chain.epochs().of(height) >= trusted.epoch() {
            trusted.verify_finality(&finality(chain, height).unwrap()).unwrap();
            return;
        }
    }
}

/// Nobody honest is accused (SIM-4).
fn check_evidence(simulation: &Simulation, honest: &[usize], liars: &BTreeSet<usize>) {
    for node in honest {
        for record in simulation.nodes[*node].witness.as_ref().unwrap().evidence() {
            let accused = accused(simulation, &record.evidence.validator);
            assert!(
                accused.is_some_and(|accused| liars.contains(&accused)),
                "node {node} accuses {accused:?}: {record:?}"
            );
        }
    }
}

fn accused(simulation: &Simulation, key: &chancery_light::ValidatorKey) -> Option<usize> {
    simulation.nodes.iter().position(|node| node.keys.bls_public_key() == *key)
}

/// Whether a node names another in its evidence.
pub fn names(simulation: &Simulation, node: usize, liar: usize) -> bool {
    let evidence = simulation.nodes[node].witness.as_ref().unwrap().evidence();
    evidence.iter().any(|record| accused(simulation, &record.evidence.validator) == Some(liar))
}

/// Only liars are shut out (SIM-5).
async fn check_blocks(simulation: &Simulation, liars: &BTreeSet<usize>) {
    let position = |peer| simulation.nodes.iter().position(|node| node.keys.peer_public_key() == peer).unwrap();
    for (by, whom) in simulation.oracle.blocked().await.unwrap() {
        let (by, whom) = (position(by), position(whom));
        assert!(liars.contains(&by) || liars.contains(&whom), "honest node {by} has shut out honest node {whom}");
    }
}
