//! Changes of the configuration that two operators make together (M-CON-3, `docs/specs/access.md`): one proposes, another approves on the chain, then it takes effect.

use alloy_primitives::{Address, B256, Bytes, keccak256};
pub use chancery_primitives::{ApprovalStatus, ChangeKind};
use chancery_primitives::{ProposeChange, UnixSeconds};
use serde::{Deserialize, Serialize};

use crate::{Code, DoorError, DoorResult, contract_release::ReleaseStep, o2c::Change};

/// Longest text of a change, in bytes; also the contract's.
pub const MAX_CHANGE_BYTES: usize = 131_072;
/// Longest time from a proposal to its end, in seconds; also the contract's.
pub const MAX_CHANGE_LIFE_S: u64 = 30 * 86_400;
/// Most changes of one page.
pub const MAX_CHANGES: u64 = 100;

/// A change as its operator has signed that it be proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedChange {
    /// The change, as [`text_of`] writes it: exactly this is approved and applied.
    pub content: String,
    /// So that the same change can be proposed again.
    pub salt: B256,
    /// Last second at which it may be approved and applied, Unix seconds.
    pub expires_at: u64,
    /// Last second at which the chain records the proposal, Unix seconds.
    pub deadline: u64,
    /// 65 bytes, of the EIP-712 message `ProposeChange`; to have it checked only, it may be empty.
    pub signature: Bytes,
}

impl SignedChange {
    /// What was signed.
    #[must_use]
    pub fn operation(&self, kind: ChangeKind) -> ProposeChange {
        ProposeChange {
            kind,
            change_hash: keccak256(&self.content),
            salt: self.salt,
            expires_at: UnixSeconds(self.expires_at),
            deadline: UnixSeconds(self.deadline),
        }
    }
}

/// A decision as its operator has signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedDecision {
    /// Digest of the proposal.
    pub change: B256,
    /// Approved, rejected or withdrawn.
    pub status: ApprovalStatus,
    /// Why; needed for a rejection and a withdrawal.
    pub reason: String,
    /// Last second at which the chain records it, Unix seconds.
    pub deadline: u64,
    /// 65 bytes, of the EIP-712 message `DecideChange`; to have it checked only, it may be empty.
    pub signature: Bytes,
}

/// A change as the main chain records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProposedChange {
    /// Digest of the proposal: its name.
    pub change: B256,
    /// What it is about.
    pub kind: ChangeKind,
    /// How far it is.
    pub status: ApprovalStatus,
    /// keccak256 of its text.
    pub change_hash: B256,
    /// Last second at which it may be approved and applied, Unix seconds.
    pub expires_at: u64,
    /// The block that recorded the proposal.
    pub proposed_block: u64,
    /// Who proposed it.
    pub proposed: ReleaseStep,
    /// Who approved or rejected it.
    pub decided: Option<ReleaseStep>,
    /// Who withdrew it.
    pub withdrawn: Option<ReleaseStep>,
    /// Whose key applied it.
    pub applied: Option<ReleaseStep>,
}

/// A change with all that a second operator has to see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeReview {
    /// What the chain records.
    pub proposal: ProposedChange,
    /// As it was proposed, from the event, whose hash is the recorded one.
    pub signed: SignedChange,
}

/// Which kinds need two operators, and a page of what was proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approvals {
    /// From the genesis on. None: one operator is enough.
    pub required: Vec<ChangeKind>,
    /// In the order of their proposals.
    pub changes: Vec<ProposedChange>,
}

/// The one text of a change.
///
/// # Errors
/// `ConfigurationInvalid` when it is longer than [`MAX_CHANGE_BYTES`].
pub fn text_of(change: &Change) -> DoorResult<String> {
    let text = serde_json::to_string(change).map_err(DoorError::internal)?;
    if text.len() > MAX_CHANGE_BYTES {
        let detail = format!("a change is proposed in at most {MAX_CHANGE_BYTES} bytes, not {}", text.len());
        return Err(DoorError::new(Code::ConfigurationInvalid, detail));
    }
    Ok(text)
}

/// Reads the text of a change, which has to be the one that [`text_of`] writes: what a person approves has no second reading.
///
/// # Errors
/// `ConfigurationInvalid`.
pub fn read_text(content: &str) -> DoorResult<(ChangeKind, Change)> {
    let invalid = |detail: String| DoorError::new(Code::ConfigurationInvalid, detail);
    if content.len() > MAX_CHANGE_BYTES {
        return Err(invalid(format!("content: at most {MAX_CHANGE_BYTES} bytes")));
    }
    let change: Change = serde_json::from_str(content).map_err(|error| invalid(format!("content: {error}")))?;
    if text_of(&change)? != content {
        return Err(invalid("content: write it as the refusal `approval-required` gives it in `change`".to_owned()));
    }
    let kind = change.kind().ok_or_else(|| invalid("content: this change is not made by approval".to_owned()))?;
    Ok((kind, change))
}

/// That a change is made in the name of whoever proposes it.
///
/// # Errors
/// `ConfigurationInvalid`.
pub fn check_author(change: &Change, proposer: Address) -> DoorResult<()> {
    if change.by().is_some_and(|by| by != proposer) {
        return Err(DoorError::new(Code::ConfigurationInvalid, "content: `by` names another than who proposes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::source_data::SourceChange;

    fn change() -> Change {
        Change::OfferService { service: "certificates.query".into(), offered: false, by: Address::repeat_byte(1) }
    }

    // CHANGE-3: one change has one text.
    #[test]
    fn a_change_is_read_from_its_own_text_alone() {
        let text = text_of(&change()).unwrap();
        assert_eq!(read_text(&text).unwrap(), (ChangeKind::Services, change()));
        let spaced = text.replace(":", ": ");
        let doubled = text.replacen('{', r#"{"offered":true,"#, 1);
        for other in [spaced.as_str(), doubled.as_str(), "{}", "", &"x".repeat(MAX_CHANGE_BYTES + 1)] {
            assert_eq!(read_text(other).unwrap_err().code(), Code::ConfigurationInvalid);
        }
        check_author(&change(), Address::repeat_byte(1)).unwrap();
        check_author(&change(), Address::repeat_byte(2)).unwrap_err();
    }

    // CHANGE-3, M-CON-3: an operator's word about a source or an account is proposed and approved as any other change.
    #[test]
    fn changes_of_sources_and_accounts_have_a_kind_and_one_text() {
        let (of, by) = (Address::repeat_byte(7), Address::repeat_byte(1));
        let source = SourceChange::Restore { source: of, reason: "found".into() };
        for (change, kind) in [
            (Change::ChangeSource { source, by }, ChangeKind::Keys),
            (Change::SuspendUser { address: of, suspended: true, by }, ChangeKind::Access),
        ] {
            let text = text_of(&change).unwrap();
            assert_eq!(read_text(&text).unwrap(), (kind, change.clone()), "{text}");
            check_author(&change, of).unwrap_err();
        }
    }
}
