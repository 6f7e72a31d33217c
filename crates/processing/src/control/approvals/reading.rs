//! What `ChangeApprovals` records, and the events in which the changes themselves stand.

use alloy::sol_types::SolEvent;
use alloy_primitives::{B256, U256, keccak256};
use chancery_contracts::ChangeApprovals;
use chancery_ledger::{Chain, EventFilter, LedgerError};
use chancery_primitives::{ApprovalStatus, ChangeKind};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    change_approval::{Approvals, ChangeReview, MAX_CHANGES, ProposedChange, SignedChange},
    contract_release::ReleaseStep,
};
use futures::{StreamExt, TryStreamExt, stream};

use super::{APPROVALS, ask_approvals};
use crate::{Processing, error::door_error};

/// Changes read at once.
const MAX_PARALLEL_READS: usize = 8;

impl Processing {
    /// Which kinds need two operators, and a page of changes. A city that was founded without the contract needs one operator, and has none.
    pub(in crate::control) async fn approvals_from(&self, offset: u64) -> DoorResult<Approvals> {
        let main = self.main()?;
        let Some(requirement) = ask_approvals(main, ChangeApprovals::requirementCall {}).await? else {
            return Ok(Approvals { required: Vec::new(), changes: Vec::new() });
        };
        let is_required = |kind: &&ChangeKind| requirement & (1 << kind.code()) != 0;
        let required = ChangeKind::ALL.iter().filter(is_required).copied().collect();
        let page = ChangeApprovals::changesCall { offset: U256::from(offset), limit: U256::from(MAX_CHANGES) };
        let names = ask_approvals(main, page).await?.unwrap_or_default();
        let found: Vec<_> = stream::iter(names)
            .map(|name| self.change_of(main, name))
            .buffered(MAX_PARALLEL_READS)
            .try_collect()
            .await?;
        Ok(Approvals { required, changes: found.into_iter().flatten().collect() })
    }

    /// One change with its text, from an event that is proven and has the recorded hash.
    pub(in crate::control) async fn change_review(&self, name: B256) -> DoorResult<ChangeReview> {
        let main = self.main()?;
        let proposal = self.known_change(main, name).await?;
        let filter = EventFilter {
            contracts: vec![APPROVALS],
            topics: [vec![ChangeApprovals::ChangeProposed::SIGNATURE_HASH], vec![name], Vec::new(), Vec::new()],
            from_block: proposal.proposed_block,
            to_block: Some(proposal.proposed_block),
        };
        let events = main.events(&filter, 1).await.map_err(door_error)?;
        let event = events.first().ok_or_else(|| withheld(main))?;
        main.verify_event(event).await.map_err(door_error)?;
        let decoded = ChangeApprovals::ChangeProposed::decode_raw_log(event.topics.iter().copied(), &event.data)
            .map_err(|_| withheld(main))?;
        if keccak256(&decoded.content) != proposal.change_hash {
            return Err(withheld(main));
        }
        // Whoever sent it directly can have sent anything: a reviewer sees it, and it is never applied.
        let content = String::from_utf8_lossy(&decoded.content).into_owned();
        let signed = SignedChange {
            content,
            salt: decoded.operation.salt,
            expires_at: decoded.operation.expiresAt,
            deadline: decoded.operation.deadline,
            signature: decoded.signature,
        };
        Ok(ChangeReview { proposal, signed })
    }

    /// A change, which has to be there.
    pub(super) async fn known_change(&self, main: &Chain, name: B256) -> DoorResult<ProposedChange> {
        let unknown = || DoorError::new(Code::UnknownChange, format!("no change is named {name}"));
        self.change_of(main, name).await?.ok_or_else(unknown)
    }

    /// A change as the chain has it.
    pub(super) async fn change_of(&self, main: &Chain, name: B256) -> DoorResult<Option<ProposedChange>> {
        let found = ask_approvals(main, ChangeApprovals::proposedChangeCall { change: name }).await?;
        let Some(found) = found.filter(|found| found.status != 0) else { return Ok(None) };
        let step = |step: ChangeApprovals::ReleaseStep| {
            (!step.operator.is_zero()).then_some(ReleaseStep { operator: step.operator, time: step.time })
        };
        Ok(Some(ProposedChange {
            change: name,
            kind: ChangeKind::try_from(found.kind).map_err(DoorError::internal)?,
            status: ApprovalStatus::try_from(found.status).map_err(DoorError::internal)?,
            change_hash: found.changeHash,
            expires_at: found.expiresAt,
            proposed_block: found.proposedBlock,
            proposed: ReleaseStep { operator: found.proposal.operator, time: found.proposal.time },
            decided: step(found.decision),
            withdrawn: step(found.withdrawal),
            applied: step(found.application),
        }))
    }
}

/// The contract says that it is recorded: not to find it means that the node withholds the event.
fn withheld(chain: &Chain) -> DoorError {
    door_error(LedgerError::ProofRefused { chain: chain.name().to_owned(), check: "EventWithheld".to_owned() })
}
