//! Changes that two operators make together: proposed by one, approved on the main chain by another, then applied, once (`docs/specs/access.md`).

use std::sync::OnceLock;

use alloy_primitives::{Address, B256, keccak256};
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult,
    c2p::C2p,
    change_approval::{
        ApprovalStatus, ChangeKind, ChangeReview, SignedChange, SignedDecision, check_author, read_text, text_of,
    },
    mandate::{Mandate, rights},
    o2c::{Change, ChangeResult, Mode},
};

use crate::Controlling;

/// Which kinds of changes need two operators. It stands in the genesis and does not change: read once.
#[derive(Default)]
pub(crate) struct Requirement(OnceLock<Vec<ChangeKind>>);

impl Requirement {
    /// Whether a change needs a second operator.
    ///
    /// # Errors
    /// `ChainUnreachable`: as long as that is not known, nothing is changed by one.
    pub(crate) async fn covers(&self, change: &Change, c2p: &dyn C2p) -> DoorResult<Option<ChangeKind>> {
        let Some(kind) = change.kind() else { return Ok(None) };
        if let Some(required) = self.0.get() {
            return Ok(required.contains(&kind).then_some(kind));
        }
        // An offset behind all of them: the requirement alone.
        let required = c2p.approvals(u64::MAX).await?.required;
        let required = self.0.get_or_init(|| required);
        Ok(required.contains(&kind).then_some(kind))
    }
}

/// What an operator signs instead.
pub(crate) fn approval_required(kind: ChangeKind, change: &Change) -> DoorResult<DoorError> {
    let content = text_of(change)?;
    let detail = format!("a change of {kind} takes effect when a second operator has approved it");
    Ok(DoorError::new(Code::ApprovalRequired, detail)
        .with("kind", kind.as_str())
        .with("changeHash", keccak256(&content).to_string())
        .with("change", content))
}

impl Controlling {
    /// Proposes a change, which has to be one that could be applied now.
    pub(crate) async fn propose(
        &self,
        actor: &Actor,
        signed: SignedChange,
        by: Address,
        mode: Mode,
    ) -> DoorResult<ChangeResult> {
        let (_, change) = read_text(&signed.content)?;
        check_author(&change, by)?;
        let foreseen = self.all(actor, &change, Mode::Check).await?;
        let mut result =
            self.c2p.control(&configuring(actor), &Change::ProposeChange { proposal: signed, by }, mode).await?;
        result.effects.extend(foreseen.effects.into_iter().map(|effect| format!("once approved: {effect}")));
        Ok(result)
    }

    /// Records a decision; what it approves is applied at once.
    pub(crate) async fn decide(
        &self,
        actor: &Actor,
        signed: SignedDecision,
        by: Address,
        mode: Mode,
    ) -> DoorResult<ChangeResult> {
        let name = signed.change;
        let is_approval = signed.status == ApprovalStatus::Approved;
        let review = self.c2p.change(name).await?;
        let decision = Change::DecideChange { decision: signed, by };
        if !is_approval {
            return self.c2p.control(&configuring(actor), &decision, mode).await;
        }
        // What cannot be applied is not approved.
        let (change, foreseen) = self.applicable(actor, &review).await?;
        let mut result = self.c2p.control(&configuring(actor), &decision, mode).await?;
        if mode == Mode::Check {
            result.effects.extend(foreseen.effects);
            return Ok(result);
        }
        let applied = self.carry_out(actor, name, &change, by).await;
        let applied = applied.map_err(|error| error.with("approved", name.to_string()))?;
        result.effects.extend(applied.effects);
        result.recorded.extend(applied.recorded);
        Ok(result)
    }

    /// Applies what is approved already: when that failed after the approval.
    pub(crate) async fn apply_approved(
        &self,
        actor: &Actor,
        name: B256,
        by: Address,
        mode: Mode,
    ) -> DoorResult<ChangeResult> {
        let review = self.c2p.change(name).await?;
        let (change, foreseen) = self.applicable(actor, &review).await?;
        if mode == Mode::Check {
            let mut result =
                self.c2p.control(&configuring(actor), &Change::ApplyChange { proposed: name, by }, mode).await?;
            result.effects.extend(foreseen.effects);
            return Ok(result);
        }
        self.carry_out(actor, name, &change, by).await
    }

    /// The change of a proposal, if it says what it is about, and what it would do now.
    async fn applicable(&self, actor: &Actor, review: &ChangeReview) -> DoorResult<(Change, ChangeResult)> {
        let (kind, change) = read_text(&review.signed.content)?;
        if kind != review.proposal.kind {
            let detail =
                format!("it was proposed as a change of {}, and is one of {kind}: reject it", review.proposal.kind);
            return Err(DoorError::new(Code::ConfigurationInvalid, detail));
        }
        check_author(&change, review.proposal.proposed.operator)?;
        let foreseen = self.all(actor, &change, Mode::Check).await?;
        Ok((change, foreseen))
    }

    /// First the chain says that the approval is used, then the change is made: never twice. What fails in between is proposed again.
    async fn carry_out(&self, actor: &Actor, name: B256, change: &Change, by: Address) -> DoorResult<ChangeResult> {
        let mut result =
            self.c2p.control(&configuring(actor), &Change::ApplyChange { proposed: name, by }, Mode::Apply).await?;
        let applied = self.all(actor, change, Mode::Apply).await?;
        result.effects.extend(applied.effects);
        result.recorded.extend(applied.recorded);
        Ok(result)
    }
}

/// What processing is asked with.
fn configuring(actor: &Actor) -> Mandate {
    Mandate::of(actor, rights::CONFIGURATION)
}

#[cfg(test)]
mod tests;
