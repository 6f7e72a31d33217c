//! What the main chain's registry holds, one fact each, and the call that shows it.

use alloy_primitives::{Address, B256, Bytes};
use chancery_contracts::TrustRegistry;

use super::{super::encoded, slots};

/// A fact of the main chain's `OrganizationRegistry`, as one of its nodes says it stands. Nothing is believed for it: it says what to prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Whether an organization is suspended.
    Organization {
        /// Its code.
        code: B256,
        /// By the operator.
        is_suspended: bool,
    },
    /// The last period in which an organization had a right.
    Right {
        /// The organization's code.
        code: B256,
        /// The right.
        right: B256,
        /// Which period, in the order of granting.
        index: u64,
        /// First second after it; zero when it has no end.
        until: u64,
    },
    /// The last record of a key for a right.
    Key {
        /// The organization's code.
        code: B256,
        /// The right.
        right: B256,
        /// Which record, in the order of authorization.
        index: u64,
        /// The key's address.
        key: Address,
        /// Last second at which it counts; zero is without end.
        not_after: u64,
        /// First second at which it no longer counts; zero is not revoked.
        revoked_at: u64,
    },
}

impl Entry {
    /// Whether it can never count again: what counts after it has another index. An organization's suspension can be undone.
    pub(super) const fn is_final(&self, now_s: u64) -> bool {
        match self {
            Self::Organization { .. } => false,
            Self::Right { until, .. } => *until != 0,
            Self::Key { not_after, revoked_at, .. } => {
                (*revoked_at != 0 && *revoked_at <= now_s) || (*not_after != 0 && *not_after < now_s)
            }
        }
    }

    /// Whether it says that something ends or has ended.
    pub(super) const fn is_loss(&self) -> bool {
        match self {
            Self::Organization { is_suspended, .. } => *is_suspended,
            Self::Right { until, .. } => *until != 0,
            Self::Key { revoked_at, .. } => *revoked_at != 0,
        }
    }

    /// Slots of the registry that prove it, in the order in which [`Self::call`] takes their paths.
    pub(super) fn slots(&self) -> Vec<B256> {
        match *self {
            Self::Organization { code, .. } => vec![slots::organization(code)],
            Self::Right { code, right, index, .. } => vec![slots::right_period(code, right, index)],
            Self::Key { code, index, .. } => slots::key_record(code, index).to_vec(),
        }
    }

    /// The call that shows it from an anchored block. A path that is missing is left empty, and refused by the anchor.
    pub(super) fn call(&self, number: u64, paths: &mut impl Iterator<Item = Vec<Bytes>>) -> Bytes {
        let mut path = || paths.next().unwrap_or_default();
        match *self {
            Self::Organization { code, .. } => {
                encoded(&TrustRegistry::showOrganizationCall { number, code, proof: path() })
            }
            Self::Right { code, right, index, .. } => {
                encoded(&TrustRegistry::showRightCall { number, code, right, index, proof: path() })
            }
            Self::Key { code, index, .. } => {
                let proofs = [path(), path(), path()];
                encoded(&TrustRegistry::showKeyCall { number, code, index, proofs })
            }
        }
    }
}
