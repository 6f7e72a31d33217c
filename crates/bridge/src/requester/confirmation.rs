//! Whether a refusal ends an attempt: the alliance says so, not whoever carries (A-MORE-2).

use alloy_primitives::Address;
use alloy_sol_types::SolCall;
use chancery_ledger::{Call, LedgerError};

use super::Requester;
use crate::{
    alliance::submission::Submission,
    relay::{CarryRefusal, request::submit_call},
};

impl Requester {
    /// Whether nothing is left to wait for. A carrier that refuses what the alliance would take may have it sequenced all the same: then the chain is watched until
    /// it cannot be any more.
    pub(super) async fn is_final(&self, refusal: &CarryRefusal, submission: &Submission) -> bool {
        if refusal.is_temporary() {
            return false;
        }
        match refusal {
            // Nothing was sent.
            CarryRefusal::Channel { .. } => true,
            // Which number that is, and how it ended, the chain says.
            CarryRefusal::IdempotencyKeyUsed { .. } => false,
            CarryRefusal::Malformed { .. } => submission.check().is_err(),
            _ => {
                let data = submit_call(submission).abi_encode().into();
                let call = Call { to: Some(self.alliance.address), data };
                let answer = self.alliance.chain.simulate(Address::ZERO, &call).await;
                // That it is too late, the wait for its number finds out by itself.
                let is_confirmed =
                    matches!(answer, Err(LedgerError::Reverted { reason, .. }) if reason.name != "RequestLapsed");
                if !is_confirmed {
                    tracing::warn!(%refusal, "a carrier refuses what the alliance has not refused");
                }
                is_confirmed
            }
        }
    }
}
