//! Whose transactions these are.
//!
//! Recovering a sender from its signature takes about 40 us. Who passes transactions on knows their senders already and says whom it believes them to
//! be from (CHAIN-8); a claim is never believed, but it can be checked for many transactions together in a third of the time: the signatures of a
//! sender whose public key is known are equations about one key, and one random combination of all of them holds only if each does.

mod batch;
mod keys;
mod multiply;

#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc};

use alloy_primitives::Address;
use k256::AffinePoint;
use rayon::prelude::*;

use crate::SignedTransaction;
use batch::Equation;

/// Transactions that one rayon task recovers one by one: large enough to hide the cost of a task, small enough to balance two cores.
const RECOVERY_BATCH: usize = 16;

/// Fewer signatures than this are not faster together.
const MIN_TOGETHER: usize = 64;

/// Parts that cores share are at least so large, since each pays for every key, and at most four times as large, from where on it saves no more.
const PART: usize = 512;

/// A key costs as much as recovering one or two senders; with so many signatures each that is little beside what is saved.
const MIN_PER_KEY: usize = 8;

/// The senders of transactions, on all cores; `None` where a signature is not valid. The same answer as [`SignedTransaction::recover`] gives for each,
/// up to a chance of 2^-127 for whoever could make 2^127 attempts.
pub fn recover_senders(transactions: &[Arc<SignedTransaction>]) -> Vec<Option<Address>> {
    let mut senders: Vec<_> = transactions.iter().map(|transaction| transaction.known_sender()).collect();
    let confirmed = confirm_claims(transactions, &senders);
    for (index, sender) in confirmed {
        senders[index] = Some(sender);
    }
    let unknown: Vec<usize> = (0..transactions.len()).filter(|index| senders[*index].is_none()).collect();
    let recover = |index: &usize| transactions[*index].recover();
    let recovered: Vec<_> = if unknown.len() <= RECOVERY_BATCH {
        unknown.iter().map(recover).collect()
    } else {
        unknown.par_iter().with_min_len(RECOVERY_BATCH).map(recover).collect()
    };
    for (index, sender) in unknown.into_iter().zip(recovered) {
        senders[index] = sender;
    }
    senders
}

/// Those of the claims that were found to hold, by index. Claims that are alone, or too few to be worth it, are left out like those that are false.
fn confirm_claims(transactions: &[Arc<SignedTransaction>], known: &[Option<Address>]) -> Vec<(usize, Address)> {
    let claimed: Vec<(usize, Address)> = transactions
        .iter()
        .zip(known)
        .enumerate()
        .filter(|(_, (_, known))| known.is_none())
        .filter_map(|(index, (transaction, _))| Some((index, transaction.claimed_sender()?)))
        .collect();
    if claimed.len() < MIN_TOGETHER {
        return Vec::new();
    }
    let keys = keys_of(transactions, &claimed);
    let mut worth: Vec<_> = claimed
        .into_iter()
        .filter(|(index, sender)| keys.contains_key(sender) && transactions[*index].known_sender().is_none())
        .collect();
    if worth.len() < MIN_TOGETHER {
        return Vec::new();
    }
    // One sender's together: each part pays for its own keys.
    worth.sort_unstable_by_key(|(index, sender)| (*sender, *index));
    let size = worth.len().div_ceil(rayon::current_num_threads().max(1)).clamp(PART, 4 * PART);
    worth.par_chunks(size).filter(|part| hold(transactions, part, &keys)).flatten().copied().collect()
}

/// The public keys of those senders who sign often enough here. A key that is not known yet is recovered from the first signature, which answers the
/// claim about that one.
fn keys_of(transactions: &[Arc<SignedTransaction>], claimed: &[(usize, Address)]) -> HashMap<Address, AffinePoint> {
    let mut by_sender: HashMap<Address, (usize, usize)> = HashMap::new();
    for (index, sender) in claimed {
        by_sender.entry(*sender).or_insert((*index, 0)).1 += 1;
    }
    let often: Vec<_> = by_sender.into_iter().filter(|(_, (_, times))| *times >= MIN_PER_KEY).collect();
    let found = often.par_iter().with_min_len(RECOVERY_BATCH).filter_map(|(sender, (first, _))| {
        let key = keys::get(sender).or_else(|| keys::learn(&transactions[*first], sender))?;
        Some((*sender, key))
    });
    found.collect()
}

/// Whether every claim of a part holds; then each transaction knows its sender from now on.
fn hold(
    transactions: &[Arc<SignedTransaction>],
    part: &[(usize, Address)],
    keys: &HashMap<Address, AffinePoint>,
) -> bool {
    let equations: Option<Vec<Equation>> =
        part.iter().map(|(index, sender)| Equation::of(transactions[*index].envelope(), *keys.get(sender)?)).collect();
    if !equations.is_some_and(|equations| batch::all_hold(&equations)) {
        return false;
    }
    for (index, sender) in part {
        transactions[*index].set_sender(*sender);
    }
    true
}
