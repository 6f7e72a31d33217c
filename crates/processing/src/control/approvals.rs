//! Plans for changes that two operators make together: `ChangeApprovals` of the main chain counts their signatures (`docs/specs/access.md`).

mod reading;

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, B256, Bytes};
use chancery_contracts::{ChangeApprovals, predeploys};
use chancery_ledger::Chain;
use chancery_primitives::{ApprovalStatus, DecideChange, SignedOperation, SigningDomain, UnixSeconds};
use chancery_reference_points::{
    Code, DoorError, DoorResult, Role,
    change_approval::{MAX_CHANGE_LIFE_S, ProposedChange, SignedChange, SignedDecision, check_author, read_text},
    contract_release::{MAX_REASON_BYTES, MAX_VALIDITY_S},
    o2c::Mode,
};
use serde_json::json;

use super::{organizations::invalid, plan::Plan, releases::is_contract_operator};
use crate::{Processing, error::door_error, processing::name_of};

const APPROVALS: Address = predeploys::CHANGE_APPROVALS;

impl Processing {
    pub(super) async fn plan_change_proposal(
        &self,
        signed: &SignedChange,
        by: Address,
        mode: Mode,
    ) -> DoorResult<Plan> {
        let main = self.main()?;
        let (kind, change) = read_text(&signed.content)?;
        check_author(&change, by)?;
        let now = self.now();
        if signed.expires_at <= now || signed.expires_at > now.saturating_add(MAX_CHANGE_LIFE_S) {
            return Err(invalid(format!("expiresAt: later than now, and at most {MAX_CHANGE_LIFE_S} seconds ahead")));
        }
        let operation = signed.operation(kind);
        self.check_step(main, &operation, signed.deadline, &signed.signature, by, mode).await?;
        let name = operation.digest(&domain(main));
        let mut plan = Plan::default();
        if let Some(known) = self.change_of(main, name).await? {
            plan.remark(&name_of(main), format!("change {name} is {} already", known.status));
            return Ok(plan);
        }
        let call = ChangeApprovals::proposeCall {
            operation: (&operation).into(),
            proposer: by,
            signature: signed.signature.clone(),
            content: signed.content.clone().into_bytes().into(),
        };
        let effect = format!("a change of {kind} is proposed as {name}, for another operator to approve");
        plan.step(&name_of(main), APPROVALS, &call, effect);
        Ok(plan)
    }

    pub(super) async fn plan_decision(&self, signed: &SignedDecision, by: Address, mode: Mode) -> DoorResult<Plan> {
        let main = self.main()?;
        let known = self.known_change(main, signed.change).await?;
        let operation = DecideChange {
            change: signed.change,
            status: signed.status,
            reason: signed.reason.clone(),
            deadline: UnixSeconds(signed.deadline),
        };
        self.check_step(main, &operation, signed.deadline, &signed.signature, by, mode).await?;
        let mut plan = Plan::default();
        if known.status == signed.status && decided_by(&known) == Some(by) {
            plan.remark(&name_of(main), format!("change {} is {} already", signed.change, known.status));
            return Ok(plan);
        }
        if !follows(known.status, signed.status) {
            return Err(conflict(&known, format!("what is {} does not become {}", known.status, signed.status)));
        }
        if signed.reason.len() > MAX_REASON_BYTES {
            return Err(invalid(format!("a reason has at most {MAX_REASON_BYTES} bytes")));
        }
        if signed.status != ApprovalStatus::Approved && signed.reason.is_empty() {
            return Err(invalid(format!("say why it becomes {}", signed.status)));
        }
        if signed.status != ApprovalStatus::Withdrawn && by == known.proposed.operator {
            let detail = format!("{by} has proposed it: another operator makes it {}", signed.status);
            return Err(DoorError::new(Code::SecondOperatorRequired, detail).with("proposer", json!(by)));
        }
        if signed.status == ApprovalStatus::Approved {
            self.check_in_time(&known)?;
            self.check_still_operator(main, &known, known.proposed.operator).await?;
        }
        let call = ChangeApprovals::decideCall {
            operation: (&operation).into(),
            operator: by,
            signature: signed.signature.clone(),
        };
        plan.step(&name_of(main), APPROVALS, &call, format!("change {} becomes {}", signed.change, signed.status));
        Ok(plan)
    }

    /// An approval counts once: the chain says so before anything is applied.
    pub(super) async fn plan_application(&self, change: B256) -> DoorResult<Plan> {
        let main = self.main()?;
        let known = self.known_change(main, change).await?;
        let approver = known.decided.as_ref().filter(|_| known.status == ApprovalStatus::Approved);
        let Some(approver) = approver else {
            return Err(conflict(&known, format!("it is {}: what is approved is applied, once", known.status)));
        };
        self.check_in_time(&known)?;
        self.check_still_operator(main, &known, approver.operator).await?;
        self.check_still_operator(main, &known, known.proposed.operator).await?;
        let mut plan = Plan::default();
        plan.step(
            &name_of(main),
            APPROVALS,
            &ChangeApprovals::markAppliedCall { change },
            format!("change {change} is applied"),
        );
        Ok(plan)
    }

    fn check_in_time(&self, known: &ProposedChange) -> DoorResult<()> {
        if self.now() <= known.expires_at {
            return Ok(());
        }
        Err(conflict(known, "its time has ended: propose it again".to_owned()).with("expiresAt", known.expires_at))
    }

    /// What a dismissed operator has proposed or approved does not take effect afterwards.
    async fn check_still_operator(&self, main: &Chain, known: &ProposedChange, account: Address) -> DoorResult<()> {
        if is_contract_operator(main, account).await? {
            return Ok(());
        }
        Err(conflict(known, format!("{account} is no operator any more: propose it again")))
    }

    /// That `by` signed it for this chain (or, to have it checked, nobody yet), that it is in time, and that the chain counts `by` among those who decide by two.
    async fn check_step(
        &self,
        main: &Chain,
        operation: &(impl SignedOperation + Sync),
        deadline: u64,
        signature: &Bytes,
        by: Address,
        mode: Mode,
    ) -> DoorResult<()> {
        let now = self.now();
        if deadline < now {
            return Err(DoorError::new(Code::OperationExpired, "the operation is past its deadline"));
        }
        if deadline > now.saturating_add(MAX_VALIDITY_S) {
            return Err(invalid(format!("a deadline is at most {MAX_VALIDITY_S} seconds ahead")));
        }
        let is_question = mode == Mode::Check && signature.is_empty();
        if !is_question && let Err(error) = operation.verify(&domain(main), signature, by) {
            return Err(DoorError::new(Code::SignatureInvalid, error.to_string()));
        }
        if is_contract_operator(main, by).await? {
            return Ok(());
        }
        let detail = format!("{by} has not the role 3 of the access manager of {}", main.name());
        Err(DoorError::new(Code::RoleRequired, detail).with("required", vec![Role::Operator.name()]))
    }
}

fn domain(main: &Chain) -> SigningDomain {
    SigningDomain::new(main.config().chain_id, APPROVALS)
}

fn conflict(known: &ProposedChange, detail: String) -> DoorError {
    DoorError::new(Code::ChangeConflict, detail).with("status", known.status.as_str())
}

const fn follows(from: ApprovalStatus, to: ApprovalStatus) -> bool {
    use ApprovalStatus::{Approved, Proposed, Rejected, Withdrawn};
    matches!((from, to), (Proposed, Approved | Rejected | Withdrawn) | (Approved, Withdrawn))
}

/// Who made a change what it is, by a signature.
fn decided_by(known: &ProposedChange) -> Option<Address> {
    let step = match known.status {
        ApprovalStatus::Approved | ApprovalStatus::Rejected => known.decided.as_ref(),
        ApprovalStatus::Withdrawn => known.withdrawn.as_ref(),
        ApprovalStatus::Proposed | ApprovalStatus::Applied => None,
    };
    step.map(|step| step.operator)
}

/// Asks `ChangeApprovals`; `None`: the chain was founded without one.
async fn ask_approvals<C: SolCall>(chain: &Chain, call: C) -> DoorResult<Option<C::Return>> {
    let view = chain.view(APPROVALS, &call.abi_encode().into()).await.map_err(door_error)?;
    if view.data.is_empty() {
        return Ok(None);
    }
    C::abi_decode_returns(&view.data).map(Some).map_err(|error| {
        let detail = format!("chain {}: its contracts do not answer as they should", chain.name());
        DoorError::new(Code::ChainUnreachable, detail).with("chain", chain.name()).caused_by(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // CHANGE-5: the table of docs/specs/access.md.
    #[test]
    fn steps_follow_one_another_as_the_specification_says() {
        let table = [
            (ApprovalStatus::Proposed, "approved rejected withdrawn"),
            (ApprovalStatus::Approved, "withdrawn"),
            (ApprovalStatus::Rejected, ""),
            (ApprovalStatus::Withdrawn, ""),
            (ApprovalStatus::Applied, ""),
        ];
        for (from, expected) in table {
            let next = ApprovalStatus::ALL.iter().filter(|to| follows(from, **to)).map(|to| to.as_str());
            assert_eq!(next.collect::<Vec<_>>().join(" "), expected, "{from}");
        }
    }
}
