//! What is done about transactions that are not mined: sent again, missing nonces before them filled, or found to be replaced.

use alloy_primitives::{B256, Bytes};
use tokio::time::Instant;

use super::{
    Call, Pipeline,
    signed::Signed,
    watch::{Mined, receipt},
};
use crate::{LedgerError, RevertReason, connection::Failure};

/// What became of a transaction that was sent a while ago.
pub(super) enum State {
    /// Not mined yet; sent again.
    Waiting,
    /// Mined, and overlooked.
    Mined(Mined),
    /// Its nonce is spent on another transaction.
    Lost,
}

/// A transfer of nothing to oneself.
const FILLER_GAS: u64 = 21_000;

impl Pipeline {
    /// Looks after a transaction that is not mined.
    pub(super) async fn revive(&self, signed: &Signed, give_up: Instant) -> Result<State, LedgerError> {
        let mined_count = self.transaction_count("latest").await?;
        if mined_count > signed.nonce {
            return Ok(match self.settle_lost(signed).await? {
                Some(mined) => State::Mined(mined),
                None => State::Lost,
            });
        }
        self.fill_gaps_before(mined_count, give_up).await;
        // "Already known" is the expected answer; any other shows at the next look.
        match self.broadcast(signed).await {
            Ok(()) | Err(Failure::Refused(_)) => Ok(State::Waiting),
            Err(Failure::Other(error)) => Err(error),
        }
    }

    /// The nonce is spent: on this transaction after all, or on another.
    pub(super) async fn settle_lost(&self, signed: &Signed) -> Result<Option<Mined>, LedgerError> {
        let mined = receipt(&self.reader.connection, signed.hash).await?;
        self.nonces.lock().spent(signed.nonce);
        if mined.is_none() {
            self.synchronize().await?;
        }
        Ok(mined)
    }

    pub(super) async fn fill_gaps(&self, give_up: Instant) {
        if let Ok(mined_count) = self.transaction_count("latest").await {
            self.fill_gaps_before(mined_count, give_up).await;
        }
    }

    /// Spends, on transfers of nothing, the nonces that nobody uses and that keep ours from being mined.
    async fn fill_gaps_before(&self, mined_count: u64, give_up: Instant) {
        let limit = self.reader.connection.limits.max_gap_fill;
        let gaps = self.nonces.lock().claim_gaps(mined_count, limit);
        for nonce in gaps {
            if let Err(error) = self.fill(nonce, give_up).await {
                tracing::warn!(chain = self.reader.connection.name(), nonce, %error, "a missing nonce cannot be filled");
            }
            // Mined or not, it is no submission of ours: if it is missing still, it is claimed again.
            self.nonces.lock().spent(nonce);
        }
    }

    async fn fill(&self, nonce: u64, give_up: Instant) -> Result<(), LedgerError> {
        let nothing = Call { to: Some(self.key.address()), data: Bytes::new() };
        let signed = self.sign(nonce, FILLER_GAS, &nothing, give_up).await?;
        match self.broadcast(&signed).await {
            Ok(()) => Ok(()),
            Err(failure) => Err(self.reader.connection.refusal("eth_sendRawTransaction", failure)),
        }
    }

    /// Whether transactions of ours with lower nonces are under way.
    pub(super) fn has_transactions_before(&self, nonce: u64) -> bool {
        self.nonces.lock().lowest_in_use().is_some_and(|lowest| lowest < nonce)
    }

    /// Why a transaction failed in its block: executed once more on the state of that block, which is mostly the same.
    pub(super) async fn explain(&self, call: &Call, tx_hash: B256, block: u64) -> LedgerError {
        let chain = self.reader.name();
        let reason = match self.reader.call(&self.request(call), block).await {
            Err(LedgerError::Reverted { reason, .. }) => reason,
            _ => Box::new(RevertReason { name: "Unknown".to_owned(), arguments: Vec::new(), data: Bytes::new() }),
        };
        LedgerError::Reverted { chain, reason, tx_hash: Some(tx_hash) }
    }
}
