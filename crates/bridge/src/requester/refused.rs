//! Why a member did not reserve a part: what its node contract says, and of a key that was held the versions, which that leaves to be looked up.

use alloy_primitives::{B256, U256};
use alloy_sol_types::{SolCall as _, SolEvent as _};
use chancery_contracts::StoreNode;
use chancery_ledger::EventFilter;

use crate::{
    alliance::{message::Part, store::Refusal},
    contracts::{AllianceContract, NodeContract, ViewError},
};

impl NodeContract {
    /// Why a number was refused here; `None`: it was not.
    ///
    /// # Errors
    /// [`ViewError`].
    pub async fn refusal(&self, number: u64) -> Result<Option<Refusal>, ViewError> {
        self.refusal_of(number, None).await
    }

    /// The same, with the part that was sent, if it is at hand.
    pub(super) async fn refusal_of(
        &self,
        number: u64,
        sent: Option<(&AllianceContract, &Part)>,
    ) -> Result<Option<Refusal>, ViewError> {
        let Some((reason, expected, actual)) = self.refused(number).await? else { return Ok(None) };
        let key = self.refused_key(number).await?;
        Ok(Some(match reason {
            1 => Refusal::Stale { key, expected, actual },
            2 => {
                // Under an idempotency key an earlier part may have been sequenced.
                let part = match sent {
                    Some((alliance, part)) => {
                        (alliance.part_hash(number, part.member).await? == part.hash()).then_some(part)
                    }
                    None => None,
                };
                let expected = match part {
                    Some(part) => part.version_read(key),
                    None => self.version_shown(number, key).await?,
                };
                Refusal::Conflict { key, holder: actual, expected, actual: Some(self.version(key).await?) }
            }
            3 => Refusal::Malformed,
            _ => Refusal::Rejected,
        }))
    }

    /// The version of a key that a refused part had read, out of the transaction by which it was refused; `None` if that cannot be read from there.
    async fn version_shown(&self, number: u64, key: B256) -> Result<Option<u64>, ViewError> {
        let filter = EventFilter {
            contracts: vec![self.address],
            topics: [vec![StoreNode::Refused::SIGNATURE_HASH], vec![U256::from(number).into()], Vec::new(), Vec::new()],
            ..EventFilter::default()
        };
        let events = self.chain.latest_events(&filter, 1).await?;
        let Some(event) = events.first() else { return Ok(None) };
        let transaction = self.chain.transaction(event.tx_hash, Some(event.block_number)).await?;
        // Whatever else has called the contract.
        let Ok(call) = StoreNode::reserveCall::abi_decode(&transaction.input) else { return Ok(None) };
        let read = call.part.reads.iter().find(|read| read.key == key);
        Ok(read.filter(|_| call.number == number).map(|read| read.version))
    }
}
