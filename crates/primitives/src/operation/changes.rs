//! The operations on changes of the configuration that two operators make together (`docs/specs/access.md`). Checked by `ChangeApprovals`.

use super::{SignedOperation, typed};
use crate::{UnixSeconds, status::coded};
use alloy_primitives::B256;
use alloy_sol_types::SolStruct;
use serde::{Deserialize, Serialize};

coded! {
    /// What a change is about. Its bit in a city's requirement is `1 << code`.
    ChangeKind("kind of change") {
        /// Organizations: registered, suspended, resumed.
        Organizations = 0 => "organizations",
        /// Rights of keys: authorized, retired, revoked.
        Keys = 1 => "keys",
        /// Data formats, and what a holder needs to get a certificate of a kind.
        Formats = 2 => "formats",
        /// Services: offered, withdrawn; what inspections cost.
        Services = 3 => "services",
        /// Access rules.
        Access = 4 => "access",
        /// Quotas.
        Quotas = 5 => "quotas",
    }
}

coded! {
    /// How far a change is.
    ApprovalStatus("approval status") {
        /// Waits for a second operator.
        Proposed = 1 => "proposed",
        /// May be applied, once.
        Approved = 2 => "approved",
        /// A second operator said no; for ever.
        Rejected = 3 => "rejected",
        /// Taken back; for ever.
        Withdrawn = 4 => "withdrawn",
        /// Has taken effect; set by whoever applies it, never signed for.
        Applied = 5 => "applied",
    }
}

/// An operator proposes a change. The digest names the change from then on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProposeChange {
    /// What it is about.
    pub kind: ChangeKind,
    /// `keccak256` of the change's text: exactly this is approved.
    pub change_hash: B256,
    /// So that the same change can be proposed again.
    pub salt: B256,
    /// Last second at which it may be approved and applied.
    pub expires_at: UnixSeconds,
    /// Last second at which the chain records the proposal.
    pub deadline: UnixSeconds,
}

impl SignedOperation for ProposeChange {
    fn struct_hash(&self) -> B256 {
        typed::ProposeChange {
            kind: self.kind.code(),
            changeHash: self.change_hash,
            salt: self.salt,
            expiresAt: self.expires_at.get(),
            deadline: self.deadline.get(),
        }
        .eip712_hash_struct()
    }
}

/// An operator decides on a change. No step can be taken twice, so a signature cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecideChange {
    /// Digest of the proposal.
    pub change: B256,
    /// What it becomes: approved, rejected or withdrawn.
    pub status: ApprovalStatus,
    /// Why; needed for a rejection and a withdrawal.
    pub reason: String,
    /// Last second at which the chain records it.
    pub deadline: UnixSeconds,
}

impl SignedOperation for DecideChange {
    fn struct_hash(&self) -> B256 {
        typed::DecideChange {
            change: self.change,
            status: self.status.code(),
            reason: self.reason.clone(),
            deadline: self.deadline.get(),
        }
        .eip712_hash_struct()
    }
}
