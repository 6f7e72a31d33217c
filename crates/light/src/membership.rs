use alloy_primitives::{B256, U256};
use chancery_primitives::validator_registry::{EPOCH_LENGTH_SLOT, VALIDATOR_REGISTRY, record_slot};
use serde::{Deserialize, Serialize};

use crate::{AccountProof, FinalityProof, TrustedChain, ValidatorKey, VerifyError};

/// The evidence that an organization runs a validator in an epoch, for one that was voted in after the genesis: the last block of the epoch before is
/// final, and the validator registry in its state has the validator (MEMBER-3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Membership {
    /// The last block of the epoch before, with the handovers to those who made it final.
    pub finality: FinalityProof,
    /// The validator's Ed25519 key, under which the registry has it.
    pub peer_public_key: B256,
    /// The registry in the state after that block, with the slots of the epoch's length and the three of the validator's record, in this order.
    pub registry: AccountProof,
}

/// A validator whose membership was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The organization that runs it: 1 to 32 bytes, padded right with zeros.
    pub organization: B256,
    /// Its BLS key.
    pub key: ValidatorKey,
    /// The epoch of which this is proven.
    pub epoch: u64,
}

impl TrustedChain {
    /// Verifies whose a validator's key is in an epoch.
    ///
    /// # Errors
    /// The check that failed: those of [`Self::verify_finality`] and of an account's proof, [`VerifyError::MembershipMalformed`].
    pub fn verify_membership(&self, membership: &Membership) -> Result<Member, VerifyError> {
        let header = self.verify_finality(&membership.finality)?;
        let account = header.verify_account(&membership.registry)?;
        if account.address != VALIDATOR_REGISTRY {
            return Err(malformed("the account is not the validator registry"));
        }
        let record = record_slot(membership.peer_public_key);
        let wanted = [EPOCH_LENGTH_SLOT, record, record.wrapping_add(U256::ONE), record.wrapping_add(U256::from(2))];
        let [length, organization, start, end] = account.storage[..] else {
            return Err(malformed("four slots belong to it"));
        };
        if [length, organization, start, end].map(|(slot, _)| slot) != wanted {
            return Err(malformed("the slots are not those of the epoch's length and of the validator"));
        }
        let next = U256::from(header.number()) + U256::ONE;
        let epoch = next.checked_div(length.1).filter(|epoch| epoch.checked_mul(length.1) == Some(next));
        let epoch = epoch.ok_or_else(|| malformed("the block is not the last one of an epoch"))?;
        if organization.1.is_zero() {
            return Err(malformed("the registry has no such validator"));
        }
        let mut key = ValidatorKey::ZERO;
        key[..32].copy_from_slice(&start.1.to_be_bytes::<32>());
        // The last 16 bytes stand in the lower half of their slot.
        key[32..].copy_from_slice(&end.1.to_be_bytes::<32>()[16..]);
        Ok(Member { organization: B256::from(organization.1), key, epoch: epoch.saturating_to() })
    }
}

const fn malformed(reason: &'static str) -> VerifyError {
    VerifyError::MembershipMalformed { reason }
}
