//! Transactions under way all the time.

use rand::{RngExt as _, rngs::StdRng, seq::IteratorRandom as _};

use super::plan::Plan;
use crate::support::{simulation::Simulation, transfer};

/// Accounts that send.
pub const SENDERS: u8 = 3;
/// Most transfers that an account sends at a time.
const BATCH: u64 = 4;

/// The nonce that an account has reached on the furthest of these nodes.
pub fn nonce(simulation: &Simulation, nodes: &[usize], from: u8) -> u64 {
    nodes.iter().map(|index| simulation.nonce(*index, from)).max().unwrap_or_default()
}

/// Gives some node some transfers, and what the plan has to send next. They may be known already, or wait for predecessors.
pub fn send(simulation: &Simulation, running: &[usize], plan: &Plan, random: &mut StdRng) {
    let Some(node) = running.iter().choose(random).copied() else { return };
    let from = random.random_range(0..SENDERS);
    let next = nonce(simulation, running, from);
    let count = random.random_range(1..=BATCH);
    let mut transactions: Vec<_> = (next..next + count).map(|nonce| transfer(from, nonce)).collect();
    transactions.extend(plan.next());
    let _ = simulation.nodes[node].chain().pool().add(transactions);
}
