//! How a change of the validators is brought about: calls of organizations to the registry, one after the other, sent again until they are final.

use alloy::{
    consensus::TxReceipt as _,
    primitives::{B256, Bytes, keccak256},
};
use chancery_chain::ValidatorKeys;
use chancery_execution::Blockchain;

use super::story::Change;
use crate::support::membership::{addition, removal, to_registry, vote};

/// A call of an organization, signed.
struct Call {
    transaction: Bytes,
    hash: B256,
}

/// The calls that are still to become final.
pub struct Plan {
    calls: Vec<Call>,
    done: usize,
    /// Height of the last call, when it is final.
    completed_at: Option<u64>,
}

/// Votes that pass among so many organizations.
const fn quorum(organizations: usize) -> usize {
    organizations * 2 / 3 + 1
}

impl Plan {
    pub fn new(change: Change, keys: &[ValidatorKeys], validators: usize) -> Self {
        let mut calls: Vec<(usize, Bytes)> = Vec::new();
        let mut proposals = 0;
        let mut decide = |proposal: Bytes, voters: &[usize]| {
            let needed = quorum(voters.len());
            calls.push((voters[0], proposal));
            calls.extend(voters[1..needed].iter().map(|voter| (*voter, vote(proposals))));
            proposals += 1;
        };
        let genesis: Vec<usize> = (0..validators).collect();
        let with_candidate: Vec<usize> = (0..=validators).rev().collect();
        match change {
            Change::None => {}
            Change::Join => decide(addition(&keys[validators], validators), &genesis),
            Change::Leave(node) | Change::LiarLeaves(node) => decide(removal(&keys[node]), &genesis),
            Change::Exchange(node) => {
                decide(addition(&keys[validators], validators), &genesis);
                decide(removal(&keys[node]), &with_candidate);
            }
        }
        let mut nonces = vec![0; validators + 1];
        let calls = calls
            .into_iter()
            .map(|(organization, input)| {
                let transaction = to_registry(organization, nonces[organization], input);
                nonces[organization] += 1;
                Call { hash: keccak256(&transaction), transaction }
            })
            .collect();
        Self { calls, done: 0, completed_at: None }
    }

    /// What is to be sent next.
    pub fn next(&self) -> Option<Bytes> {
        self.calls.get(self.done).map(|call| call.transaction.clone())
    }

    /// Notes what is final on a node.
    pub fn look(&mut self, chain: &Blockchain) {
        while let Some(call) = self.calls.get(self.done) {
            let Some(place) = chain.transaction(call.hash).unwrap() else { return };
            let receipts = chain.receipts(place.height).unwrap().unwrap();
            assert!(receipts[place.index as usize].status(), "the registry refused call {}", self.done);
            self.done += 1;
            if self.done == self.calls.len() {
                self.completed_at = Some(place.height);
            }
        }
    }

    /// The height that everybody has to reach so that the change counts, when that is known.
    pub fn counts_from(&self, chain: &Blockchain) -> Option<u64> {
        if self.calls.is_empty() {
            return Some(0);
        }
        let epochs = chain.epochs();
        self.completed_at.map(|height| epochs.last(epochs.of(height)) + 1)
    }
}
