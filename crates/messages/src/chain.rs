//! What a client's side learns from the main chain, knowing its genesis alone: whose key is an organization's, and which encryption key that key has published. Neither the
//! gateway nor the node is believed (MSG-2): every answer is a storage proof against a final header, or an event of a block whose receipts were all read.

mod keys;
mod members;
mod publishing;
mod standing;

use alloy_primitives::{Address, B256, U256};
use chancery_ledger::{Chain, ChainHead, LedgerError};

use crate::limits::MAX_CLOCK_SKEW_S;

pub use keys::{MAX_CHANGES, PublishedKey, encryption_key};
pub use members::{member, receivers};
pub use publishing::publish;
#[cfg(test)]
pub(crate) use standing::slots;
pub use standing::{Standing, StandingAt, StandingError, standing};

/// Oldest final block that is believed, in seconds: within so long a revoked key is noticed, also when a node hides what came later.
pub const MAX_BLOCK_AGE_S: u64 = 60;

/// Why the chain does not show it.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// The chain did not answer, or its proof was refused.
    #[error(transparent)]
    Chain(#[from] LedgerError),
    /// The chain has no finality certificates.
    #[error("the chain proves nothing, so no key is believed: name the receiver's key with --to-encryption-key")]
    Unproven,
    /// The node shows no final block that is young enough.
    #[error("the newest final block is {age_s} s old, more than {MAX_BLOCK_AGE_S} s: try again, or ask another node")]
    Stale {
        /// Age by this side's clock.
        age_s: u64,
    },
    /// The node stays behind what is final.
    #[error("the node does not show block {block} yet, which is final: try again, or ask another node")]
    Behind {
        /// The block.
        block: u64,
    },
    /// The clock is behind, or the validators' clocks are ahead.
    #[error("the newest final block is {ahead_s} s ahead of this clock, more than {MAX_CLOCK_SKEW_S} s: set the clock")]
    Ahead {
        /// By how much.
        ahead_s: u64,
    },
    /// The address has published no encryption key that is in force.
    #[error(
        "{address} has published no encryption key that is in force: its owner runs `chancery message publish-key`"
    )]
    NoKey {
        /// The address.
        address: Address,
    },
    /// The key is of small order.
    #[error("{address} has published a key that protects nothing: its owner publishes another")]
    WeakKey {
        /// The address.
        address: Address,
    },
    /// Too many changes of an identity.
    #[error(
        "{address} has changed its identity more than {MAX_CHANGES} times since it published a key: it publishes it again"
    )]
    TooManyChanges {
        /// The address.
        address: Address,
    },
    /// Too many key records to prove each.
    #[error("{organization} has too many key records to prove each: name the receiver's address with --to-key")]
    TooManyRecords {
        /// The organization.
        organization: String,
    },
    /// Nothing proven says that it ever was a key of that organization.
    #[error("{address} never was a key of {organization} with the right `{right}`, as far as the chain shows: {why}")]
    NeverAMember {
        /// The address.
        address: Address,
        /// The organization.
        organization: String,
        /// The right.
        right: String,
        /// What is missing.
        why: &'static str,
    },
    /// It was a key of that organization, and counts no longer.
    #[error("{address} is no key of {organization} with the right `{right}` in force: {why}")]
    NotAMember {
        /// The address.
        address: Address,
        /// The organization.
        organization: String,
        /// The right.
        right: String,
        /// What is missing.
        why: &'static str,
    },
    /// The contract answered with something else.
    #[error("a contract of the main chain answered with something else than its interface says")]
    Answer,
}

/// Slots of a contract, proven, at a block that is young enough; and the time at which they are judged, Unix seconds: the later one of this side's clock and the block's.
async fn proven(
    chain: &Chain,
    contract: Address,
    slots: &[B256],
    now_s: u64,
) -> Result<(ChainHead, u64, Vec<U256>), LookupError> {
    let evidence = chain.state(contract, slots).await?.ok_or(LookupError::Unproven)?;
    let judged_at_s = judged_at(evidence.block.time_ms / 1000, now_s)?;
    Ok((evidence.block, judged_at_s, evidence.state.storage.into_iter().map(|(_, value)| value).collect()))
}

const fn judged_at(block_s: u64, now_s: u64) -> Result<u64, LookupError> {
    let age_s = now_s.saturating_sub(block_s);
    if age_s > MAX_BLOCK_AGE_S {
        return Err(LookupError::Stale { age_s });
    }
    let ahead_s = block_s.saturating_sub(now_s);
    if ahead_s > MAX_CLOCK_SKEW_S {
        return Err(LookupError::Ahead { ahead_s });
    }
    Ok(if block_s > now_s { block_s } else { now_s })
}

#[cfg(test)]
mod tests {
    use super::*;

    // MSG-2
    #[test]
    fn a_block_is_neither_old_nor_ahead_and_the_later_clock_counts() {
        let at = |block_s| judged_at(block_s, 1_000).ok();
        assert_eq!([939, 940, 1_000, 1_030, 1_031].map(at), [None, Some(1_000), Some(1_000), Some(1_030), None]);
    }
}
