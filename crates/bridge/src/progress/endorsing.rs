//! Who has endorsed a part, who badly, and who has not.

use std::collections::BTreeSet;

use alloy_primitives::B256;

use super::{
    told::{Asked, Place},
    window::{Fault, ProgressWindow, Record},
};
use crate::alliance::certificate::SignatureFault;

/// The endorsers of a member's part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endorsing {
    /// Whether the submission could be read; if not, all is known that is bad, and nothing of who has signed well.
    pub is_seen: bool,
    /// Nodes whose signature counts, ascending, each once.
    pub endorsed: Vec<B256>,
    /// Signatures that do not count.
    pub faulty: Vec<Faulty>,
    /// Nodes of the member's policy of whom there is no signature.
    pub missing: Vec<B256>,
    /// What those who have endorsed weigh.
    pub weight: u128,
    /// What all endorsers of the member weigh; 0: its policy is not known.
    pub total: u128,
}

/// A signature that does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faulty {
    /// Serial number of the certificate that it names.
    pub certificate: u64,
    /// Whose certificate that is; `None`: not known.
    pub node: Option<B256>,
    /// What is wrong; `None`: a fault that this program does not know.
    pub fault: Option<SignatureFault>,
}

impl ProgressWindow {
    /// The endorsers of a member's part of a request that was asked at a place.
    pub(super) fn endorsing(&self, record: &Record, place: &Place, asked: &Asked, member: B256) -> Endorsing {
        // Within the transaction that gives the number nobody changes a policy, so that the newest before it is in force.
        let policy = self.policies.get(&member).and_then(|known| known.range(..place.order()).next_back());
        let policy: &[(B256, u64)] = policy.map_or(&[], |(_, endorsers)| endorsers);
        let signed = asked.signed.iter().flatten().filter(|signed| signed.member == member);
        let is_bad = |certificate: u64| {
            record.faults.iter().any(|fault| fault.member == member && fault.certificate == certificate)
        };
        let node_of = |certificate: u64| signed.clone().find(|it| it.certificate == certificate).and_then(|it| it.node);
        let endorsed: BTreeSet<B256> =
            signed.clone().filter(|it| !is_bad(it.certificate)).filter_map(|it| it.node).collect();
        let faulty =
            record.faults.iter().filter(|fault| fault.member == member).map(|Fault { certificate, fault, .. }| {
                Faulty { certificate: *certificate, node: node_of(*certificate), fault: *fault }
            });
        let faulty: Vec<_> = faulty.collect();
        let has_signed = |node: B256| endorsed.contains(&node) || faulty.iter().any(|it| it.node == Some(node));
        let missing = policy.iter().map(|(node, _)| *node).filter(|node| asked.signed.is_some() && !has_signed(*node));
        let weigh = |counts: &dyn Fn(B256) -> bool| -> u128 {
            policy.iter().filter(|(node, _)| counts(*node)).map(|(_, weight)| u128::from(*weight)).sum()
        };
        Endorsing {
            is_seen: asked.signed.is_some(),
            missing: missing.collect(),
            weight: weigh(&|node| endorsed.contains(&node)),
            total: weigh(&|_| true),
            endorsed: endorsed.into_iter().collect(),
            faulty,
        }
    }
}
