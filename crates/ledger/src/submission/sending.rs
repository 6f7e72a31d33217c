//! Giving a transaction to the node, and what the node says to it.

use alloy_primitives::B256;
use tokio::time::{Instant, sleep};

use super::{Pipeline, refusal::Refusal, signed::Signed, turn::Turn};
use crate::{LedgerError, connection::Failure};

/// How often a transaction on which something in the node fails is given to it.
const MAX_FAULTS: u32 = 8;

/// How giving a transaction to the node ended.
pub(super) enum Sent {
    /// The node has it.
    Taken,
    /// Another transaction has its nonce, or will.
    NonceLost,
    /// The fees were too low.
    Underpriced,
}

impl Pipeline {
    /// Gives the transaction to the node, again and again while the node does not answer: whether it arrived is not known then.
    pub(super) async fn send(&self, signed: &Signed, give_up: Instant, turn: &mut Turn) -> Result<Sent, LedgerError> {
        let limits = self.reader.connection.limits;
        let (mut pause, mut faults) = (limits.poll_min, 0);
        loop {
            let answer = self.broadcast(signed).await;
            turn.pass();
            match answer {
                Ok(()) => return Ok(Sent::Taken),
                Err(Failure::Refused(payload)) => match Refusal::of(&payload) {
                    Refusal::AlreadyKnown => return Ok(Sent::Taken),
                    Refusal::NonceSpent | Refusal::NonceTaken => return Ok(Sent::NonceLost),
                    Refusal::Underpriced => return Ok(Sent::Underpriced),
                    // It comes into reach when those before it are mined; if they are missing, they are filled.
                    Refusal::NonceAhead => {
                        self.fill_gaps(give_up).await;
                        if !self.has_transactions_before(signed.nonce) {
                            self.nonces.lock().give_back(signed.nonce);
                            self.nonces.lock().doubt();
                            self.synchronize().await?;
                            return Ok(Sent::Underpriced);
                        }
                    }
                    Refusal::PoolFull => {}
                    // It may have it or not. One that always fails on it must not keep those behind it waiting: its nonce is looked after as that of one that was sent.
                    Refusal::Fault => {
                        faults += 1;
                        if faults >= MAX_FAULTS {
                            self.give_up_after(signed, Instant::now())?;
                        }
                    }
                    Refusal::NotPermitted => {
                        self.nonces.lock().give_back(signed.nonce);
                        return Err(LedgerError::NotPermitted {
                            chain: self.reader.name(),
                            account: self.key.address(),
                            reason: crate::connection::bounded(&payload.message),
                        });
                    }
                    refusal @ (Refusal::OfCall | Refusal::OfAccount) => {
                        self.nonces.lock().give_back(signed.nonce);
                        return Err(LedgerError::SubmissionRefused {
                            chain: self.reader.name(),
                            reason: crate::connection::bounded(&payload.message),
                            is_for_call: refusal == Refusal::OfCall,
                        });
                    }
                },
                Err(Failure::Other(error @ LedgerError::ChainUnreachable { .. })) => {
                    tracing::debug!(chain = self.reader.connection.name(), %error, "sending again");
                }
                Err(Failure::Other(error)) => {
                    self.nonces.lock().give_back(signed.nonce);
                    return Err(error);
                }
            }
            self.give_up_after(signed, give_up.checked_sub(pause).unwrap_or(give_up))?;
            sleep(pause).await;
            pause = (pause * 2).min(limits.rebroadcast_after);
        }
    }

    pub(super) async fn broadcast(&self, signed: &Signed) -> Result<(), Failure> {
        let _hash: B256 = self.reader.connection.attempt("eth_sendRawTransaction", (&signed.raw,)).await?;
        Ok(())
    }
}
