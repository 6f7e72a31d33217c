//! Whose word counts for a member, and when it is enough (ALLIANCE-10).

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::B256;

/// Most endorsers of a member.
pub const MAX_ENDORSERS: usize = 64;

/// Why there is no such policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// None, or more than [`MAX_ENDORSERS`].
    #[error("a member has 1 to {MAX_ENDORSERS} endorsers, not {0}")]
    EndorserCount(usize),
    /// An endorser without weight.
    #[error("endorser {0} has no weight")]
    WeightZero(B256),
    /// An endorser twice.
    #[error("endorser {0} is named twice")]
    Duplicate(B256),
}

/// The endorsers of a member, by the names of their nodes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    weights: BTreeMap<B256, u64>,
}

impl Policy {
    /// # Errors
    /// Nobody, too many, no weight, or a name twice.
    pub fn new(endorsers: impl IntoIterator<Item = (B256, u64)>) -> Result<Self, PolicyFault> {
        let mut weights = BTreeMap::new();
        let mut count = 0;
        for (node, weight) in endorsers {
            count += 1;
            if count > MAX_ENDORSERS {
                return Err(PolicyFault::EndorserCount(count));
            }
            if weight == 0 {
                return Err(PolicyFault::WeightZero(node));
            }
            if weights.insert(node, weight).is_some() {
                return Err(PolicyFault::Duplicate(node));
            }
        }
        if weights.is_empty() {
            return Err(PolicyFault::EndorserCount(0));
        }
        Ok(Self { weights })
    }

    /// Whether the node endorses for this member.
    #[must_use]
    pub fn names(&self, node: B256) -> bool {
        self.weights.contains_key(&node)
    }

    /// The sum of all weights.
    #[must_use]
    pub fn total(&self) -> u128 {
        self.weights.values().map(|weight| u128::from(*weight)).sum()
    }

    /// What these nodes weigh together: each counts once, strangers do not.
    #[must_use]
    pub fn weight_of(&self, nodes: impl IntoIterator<Item = B256>) -> u128 {
        let distinct: BTreeSet<_> = nodes.into_iter().collect();
        distinct.iter().filter_map(|node| self.weights.get(node)).map(|weight| u128::from(*weight)).sum()
    }

    /// Whether these nodes are more than half: exactly half is not enough.
    #[must_use]
    pub fn passes(&self, nodes: impl IntoIterator<Item = B256>) -> bool {
        // 64 weights of 64 bits have 70 bits.
        2 * self.weight_of(nodes) > self.total()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn node(name: u8) -> B256 {
        B256::repeat_byte(name)
    }

    #[test]
    fn exactly_half_does_not_pass_and_one_more_does() {
        let policy = Policy::new([(node(1), 50), (node(2), 49), (node(3), 1)]).unwrap();
        assert!(!policy.passes([node(1)]));
        assert!(!policy.passes([node(2), node(3)]));
        assert!(policy.passes([node(1), node(3)]));
    }

    #[test]
    fn an_endorser_counts_once() {
        let policy = Policy::new([(node(1), 1), (node(2), 1), (node(3), 1)]).unwrap();
        assert!(!policy.passes([node(1), node(1), node(1)]));
        assert!(policy.passes([node(1), node(2)]));
    }

    #[test]
    fn strangers_weigh_nothing() {
        let policy = Policy::new([(node(1), 1), (node(2), 1)]).unwrap();
        assert!(!policy.passes([node(1), node(7), node(8)]));
    }

    #[test]
    fn a_policy_without_meaning_is_refused() {
        assert_eq!(Policy::new([]), Err(PolicyFault::EndorserCount(0)));
        assert_eq!(Policy::new([(node(1), 0)]), Err(PolicyFault::WeightZero(node(1))));
        assert_eq!(Policy::new([(node(1), 1), (node(1), 1)]), Err(PolicyFault::Duplicate(node(1))));
        let many =
            (0..=u64::try_from(MAX_ENDORSERS).unwrap()).map(|i| (B256::from(alloy_primitives::U256::from(i)), 1));
        assert_eq!(Policy::new(many), Err(PolicyFault::EndorserCount(MAX_ENDORSERS + 1)));
    }

    proptest! {
        /// Of a set and its complement at most one passes: two contradicting results cannot both be endorsed by honest endorsers.
        #[test]
        fn not_both_a_set_and_its_complement_pass(weights in prop::collection::vec(1_u64.., 1..16), chosen in any::<u16>()) {
            let policy = Policy::new(weights.iter().enumerate().map(|(i, weight)| (node(u8::try_from(i).unwrap()), *weight))).unwrap();
            let of = |wanted: bool| (0..weights.len()).filter(move |i| (chosen >> i & 1 == 1) == wanted).map(|i| node(u8::try_from(i).unwrap()));
            prop_assert!(!(policy.passes(of(true)) && policy.passes(of(false))));
        }
    }
}
