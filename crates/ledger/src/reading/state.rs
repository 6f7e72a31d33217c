use alloy_primitives::{Address, B256, U64};
use chancery_light::{AccountProof, MAX_STORAGE_SLOTS, StateProof};

use super::{ChainHead, Finality, Reader, StateEvidence};
use crate::LedgerError;

impl Reader {
    /// Storage slots of a contract at the newest final block, proven; `None` on a chain without certificates, whose proof would prove nothing.
    pub(crate) async fn state(&self, contract: Address, slots: &[B256]) -> Result<Option<StateEvidence>, LedgerError> {
        let limit = MAX_STORAGE_SLOTS;
        if slots.len() > limit {
            return Err(LedgerError::TooManySlots { limit });
        }
        let block = self.head().await?;
        let Finality::Certified { proof, header } = &block.finality else { return Ok(None) };
        let account: AccountProof =
            self.connection.request("eth_getProof", (contract, slots, U64::from(block.number))).await?;
        let state = header.verify_account(&account).map_err(|error| self.refused(error.check()))?;
        // A proof of something else verifies too.
        let answered = state.storage.iter().map(|(slot, _)| B256::from(*slot));
        if state.address != contract || !answered.eq(slots.iter().copied()) {
            return Err(self.refused("StorageNotProven"));
        }
        Ok(Some(StateEvidence {
            block: ChainHead::from(block.as_ref()),
            state,
            proof: StateProof { finality: Some(proof.as_ref().clone()), account },
        }))
    }
}
