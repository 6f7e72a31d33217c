use alloy_primitives::{B256, Bytes, U256};
use chancery_primitives::{
    extra_data::validator_set_hash,
    validator_registry::{EPOCH_LENGTH_SLOT, SET_HASH_SLOT, VALIDATOR_REGISTRY},
};
use serde::{Deserialize, Serialize};

use crate::{
    AccountProof, FinalHeader, FinalityProof, MAX_VALIDATORS, TrustedChain, ValidatorKey, VerifyError,
    header::ParsedHeader,
};

/// Most handovers in one proof: changes of the validator set, not epochs.
pub const MAX_HANDOVERS: usize = 256;
/// Most handovers that a node shows in one answer; whoever got so many asks again from [`Handover::next_epoch`] of the last one.
pub const HANDOVERS_PER_ANSWER: usize = 64;

/// The evidence that other validators decide from an epoch on: the last block of the epoch before is final, and the validator registry in its state
/// names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Handover {
    /// RLP of the header of the last block of the epoch before.
    pub header: Bytes,
    /// Its finality certificate, by the validators of that epoch.
    pub certificate: Bytes,
    /// The registry in the state after that block, with the slots of the set hash and of the epoch's length, in this order.
    pub registry: AccountProof,
    /// The keys of those who decide next, in the order of the set.
    pub validators: Vec<ValidatorKey>,
}

impl Handover {
    /// The epoch from which on the new validators decide, as the header says. It is not checked here.
    ///
    /// # Errors
    /// [`VerifyError::HeaderMalformed`].
    pub fn next_epoch(&self) -> Result<u64, VerifyError> {
        Ok(u64::from(ParsedHeader::decode(&self.header)?.extra()?.epoch) + 1)
    }
}

impl TrustedChain {
    /// The chain under the next validators, if the evidence for them holds (FINALITY-10).
    ///
    /// # Errors
    /// The check that failed: those of [`Self::verify_finality`] and [`FinalHeader::verify_account`], [`VerifyError::HandoverMalformed`],
    /// [`VerifyError::HandoverValidatorsMismatch`].
    pub fn follow(&self, handover: &Handover) -> Result<Self, VerifyError> {
        let finality = FinalityProof {
            header: handover.header.clone(),
            certificate: handover.certificate.clone(),
            descendants: Vec::new(),
            handovers: Vec::new(),
        };
        let next = handover.next_epoch()?;
        let header = self.verify_finality(&finality)?;
        let (registered, length) = registered_set(&header, &handover.registry)?;
        if U256::from(next).checked_mul(length) != Some(U256::from(header.number()) + U256::ONE) {
            return Err(malformed("the block is not the last one of its epoch"));
        }
        if !(1..=MAX_VALIDATORS).contains(&handover.validators.len()) {
            return Err(malformed("a set has 1 to 256 validators"));
        }
        let keys: Vec<_> = handover.validators.iter().map(|key| key.0).collect();
        let found = validator_set_hash(&keys);
        if found != registered {
            return Err(VerifyError::HandoverValidatorsMismatch { registry: registered, keys: found });
        }
        // The registry takes no key that is none, and none twice.
        Self::at_epoch(self.essentials().clone(), next, handover.validators.clone())
            .map_err(|_| malformed("the registry holds keys that make no set"))
    }

    /// The chain under the validators that the last of these handovers names. Those that led to where this chain is already are left out.
    ///
    /// # Errors
    /// As [`Self::follow`]; [`VerifyError::ProofTooLarge`].
    pub fn follow_all(&self, handovers: &[Handover]) -> Result<Self, VerifyError> {
        let found = handovers.len();
        if found > MAX_HANDOVERS {
            return Err(VerifyError::ProofTooLarge { found, limit: MAX_HANDOVERS });
        }
        let mut chain = self.clone();
        for handover in handovers {
            if handover.next_epoch()? > chain.epoch() {
                chain = chain.follow(handover)?;
            }
        }
        Ok(chain)
    }
}

/// The hash of the set and the length of an epoch that the registry names in the state of a final block.
fn registered_set(header: &FinalHeader, registry: &AccountProof) -> Result<(B256, U256), VerifyError> {
    let account = header.verify_account(registry)?;
    if account.address != VALIDATOR_REGISTRY {
        return Err(malformed("the account is not the validator registry"));
    }
    match account.storage[..] {
        [(SET_HASH_SLOT, set), (EPOCH_LENGTH_SLOT, length)] => Ok((B256::from(set), length)),
        _ => Err(malformed("the slots are not those of the set's hash and the epoch's length")),
    }
}

const fn malformed(reason: &'static str) -> VerifyError {
    VerifyError::HandoverMalformed { reason }
}
