//! What is kept of each change of the validators: the proof of it would be gone once the state of that block is pruned.

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256};
use alloy_rlp::{Decodable, RlpDecodable, RlpEncodable};
use chancery_primitives::{
    extra_data::BLS_PUBLIC_KEY_BYTES,
    validator_registry::{
        EPOCH_LENGTH_SLOT, PEER_KEYS_SLOT, SET_HASH_SLOT, VALIDATOR_REGISTRY, peer_key_slot, record_slot,
    },
};

use super::{RegisteredValidator, RegistryError, changed_epochs, read_validators, registered_validators};
use crate::{Account, AccountProof, StateView, StorageProof};

/// Slots of the members in one account proof: what a verifier takes at a time.
pub const MEMBER_SLOTS_PER_PROOF: usize = 256;
/// Slots that the registry has of one validator beside the peer key.
const SLOTS_OF_RECORD: u64 = 3;

/// The registry in the state after the last block of an epoch in which the validators changed, with proofs against that block's state root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryRecord {
    /// The epoch that ended. These validators decide in the next one.
    pub epoch: u64,
    /// The keys of those who decide next, in the order of the set.
    pub keys: Vec<FixedBytes<BLS_PUBLIC_KEY_BYTES>>,
    /// The slots of the set hash and of the epoch's length, in this order.
    pub registry: AccountProof,
    /// All slots of the set's members, at most [`MEMBER_SLOTS_PER_PROOF`] in each proof. Empty where a node began after that epoch.
    pub members: Vec<AccountProof>,
}

impl RegistryRecord {
    /// The record of an epoch, from the state after its last block. `None`: nobody changed the set in it.
    pub(crate) fn of_state(state: &StateView, epoch: u64) -> Result<Option<Self>, RegistryError> {
        if changed_epochs(state, epoch, 1)? != [epoch] {
            return Ok(None);
        }
        let Some(validators) = registered_validators(state)? else { return Ok(None) };
        let proof = |slots: &[U256]| state.proof(VALIDATOR_REGISTRY, slots);
        let members = slots_of(&validators).chunks(MEMBER_SLOTS_PER_PROOF).map(proof).collect::<Result<_, _>>()?;
        Ok(Some(Self {
            epoch,
            keys: validators.into_iter().map(|validator| validator.bls_public_key).collect(),
            registry: proof(&[SET_HASH_SLOT, EPOCH_LENGTH_SLOT])?,
            members,
        }))
    }

    /// The validators that decide in the next epoch, as the slots of [`Self::members`] name them. Whoever got the record from elsewhere verifies
    /// those proofs first.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] where the members are not kept, [`RegistryError::Contradiction`].
    pub fn validators(&self) -> Result<Vec<RegisteredValidator>, RegistryError> {
        let unknown = || RegistryError::Unknown { epoch: self.epoch + 1 };
        let proven = |slot: U256| {
            let all = [&self.registry].into_iter().chain(&self.members).flat_map(|proof| &proof.storage);
            all.into_iter().find(|proof| proof.slot == slot).map(|proof| proof.value).ok_or_else(unknown)
        };
        if self.members.is_empty() {
            return Err(unknown());
        }
        read_validators(proven)?.ok_or_else(unknown)
    }

    /// The same, without who the members are beyond their keys.
    #[must_use]
    pub fn without_members(&self) -> Self {
        Self { members: Vec::new(), ..self.clone() }
    }

    /// RLP.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let encoded = Encoded {
            epoch: self.epoch,
            keys: self.keys.clone(),
            registry: (&self.registry).into(),
            members: self.members.iter().map(EncodedProof::from).collect(),
        };
        alloy_rlp::encode(encoded).into()
    }

    /// Reads what [`Self::encode`] wrote. `None`: the bytes are damaged.
    #[must_use]
    pub fn decode(mut bytes: &[u8]) -> Option<Self> {
        let Encoded { epoch, keys, registry, members } = Encoded::decode(&mut bytes).ok()?;
        let members = members.into_iter().map(AccountProof::from).collect();
        bytes.is_empty().then(|| Self { epoch, keys, registry: registry.into(), members })
    }
}

/// Every slot that names members, once.
fn slots_of(validators: &[RegisteredValidator]) -> Vec<U256> {
    let mut slots = vec![PEER_KEYS_SLOT];
    for (index, validator) in validators.iter().enumerate() {
        slots.push(peer_key_slot(index));
        let record = record_slot(validator.peer_public_key);
        slots.extend((0..SLOTS_OF_RECORD).map(|offset| record.wrapping_add(U256::from(offset))));
    }
    slots
}

#[derive(RlpEncodable, RlpDecodable)]
struct Encoded {
    epoch: u64,
    keys: Vec<FixedBytes<BLS_PUBLIC_KEY_BYTES>>,
    registry: EncodedProof,
    members: Vec<EncodedProof>,
}

#[derive(RlpEncodable, RlpDecodable)]
struct EncodedProof {
    address: Address,
    nonce: u64,
    balance: U256,
    code_hash: B256,
    storage_root: B256,
    proof: Vec<Bytes>,
    storage: Vec<EncodedSlot>,
}

#[derive(RlpEncodable, RlpDecodable)]
struct EncodedSlot {
    slot: U256,
    value: U256,
    proof: Vec<Bytes>,
}

impl From<&AccountProof> for EncodedProof {
    fn from(proof: &AccountProof) -> Self {
        // The registry exists wherever there is a record.
        let account = proof.account.unwrap_or(Account {
            nonce: 0,
            balance: U256::ZERO,
            code_hash: B256::ZERO,
            storage_root: B256::ZERO,
        });
        let slot = |slot: &StorageProof| EncodedSlot { slot: slot.slot, value: slot.value, proof: slot.proof.clone() };
        Self {
            address: proof.address,
            nonce: account.nonce,
            balance: account.balance,
            code_hash: account.code_hash,
            storage_root: account.storage_root,
            proof: proof.proof.clone(),
            storage: proof.storage.iter().map(slot).collect(),
        }
    }
}

impl From<EncodedProof> for AccountProof {
    fn from(encoded: EncodedProof) -> Self {
        let EncodedProof { address, nonce, balance, code_hash, storage_root, proof, storage } = encoded;
        let storage =
            storage.into_iter().map(|EncodedSlot { slot, value, proof }| StorageProof { slot, value, proof }).collect();
        Self { address, account: Some(Account { nonce, balance, code_hash, storage_root }), proof, storage }
    }
}
