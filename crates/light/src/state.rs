use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, KECCAK_EMPTY, Nibbles, TrieAccount, proof::verify_proof};
use serde::{Deserialize, Serialize};

use crate::{FinalHeader, VerifyError, inclusion::check_bounds};

/// Most storage slots in one account proof.
pub const MAX_STORAGE_SLOTS: usize = 256;

/// An account as `eth_getProof` (EIP-1186) shows it; its JSON is that method's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccountProof {
    /// Account.
    pub address: Address,
    /// Balance in wei.
    pub balance: U256,
    /// Hash of the code.
    pub code_hash: B256,
    /// Nonce.
    #[serde(with = "quantity")]
    pub nonce: u64,
    /// Root of the account's storage trie.
    pub storage_hash: B256,
    /// Nodes of the state trie, root first.
    pub account_proof: Vec<Bytes>,
    /// Slots asked for.
    #[serde(default)]
    pub storage_proof: Vec<StorageProof>,
}

/// One storage slot with its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageProof {
    /// Slot.
    pub key: U256,
    /// Value; zero is proven by absence.
    pub value: U256,
    /// Nodes of the storage trie, root first.
    pub proof: Vec<Bytes>,
}

/// An account and slots that were proven to be in the state of a final block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountState {
    /// Account.
    pub address: Address,
    /// Balance in wei.
    pub balance: U256,
    /// Nonce.
    pub nonce: u64,
    /// Hash of the code.
    pub code_hash: B256,
    /// Slots and their values, in the order of the proof.
    pub storage: Vec<(U256, U256)>,
}

impl FinalHeader {
    /// Verifies an account, and the slots given with it, against this block's state root. An account that does not exist
    /// is proven by absence, with zeros and the empty hashes.
    ///
    /// # Errors
    /// [`VerifyError::AccountNotProven`], [`VerifyError::StorageNotProven`], [`VerifyError::ProofTooLarge`].
    pub fn verify_account(&self, proof: &AccountProof) -> Result<AccountState, VerifyError> {
        check_bounds(&proof.account_proof)?;
        let slots = proof.storage_proof.len();
        if slots > MAX_STORAGE_SLOTS {
            return Err(VerifyError::ProofTooLarge { found: slots, limit: MAX_STORAGE_SLOTS });
        }
        verify_proof(
            self.header().state_root,
            Nibbles::unpack(keccak256(proof.address)),
            account_value(proof),
            &proof.account_proof,
        )
        .map_err(|_| VerifyError::AccountNotProven { address: proof.address, block: self.hash() })?;
        let storage = proof.storage_proof.iter().map(|slot| verify_slot(proof, slot)).collect::<Result<_, _>>()?;
        Ok(AccountState {
            address: proof.address,
            balance: proof.balance,
            nonce: proof.nonce,
            code_hash: proof.code_hash,
            storage,
        })
    }
}

/// The trie's value for the account, `None` if the proof claims that there is no such account.
fn account_value(proof: &AccountProof) -> Option<Vec<u8>> {
    // Some nodes write the absent account's hashes as zeros, EIP-1186 leaves it open.
    let no_code = proof.code_hash == KECCAK_EMPTY || proof.code_hash.is_zero();
    let no_storage = proof.storage_hash == EMPTY_ROOT_HASH || proof.storage_hash.is_zero();
    if no_code && no_storage && proof.nonce == 0 && proof.balance.is_zero() {
        return None;
    }
    let account = TrieAccount {
        nonce: proof.nonce,
        balance: proof.balance,
        storage_root: proof.storage_hash,
        code_hash: proof.code_hash,
    };
    Some(alloy_rlp::encode(account))
}

fn verify_slot(account: &AccountProof, slot: &StorageProof) -> Result<(U256, U256), VerifyError> {
    check_bounds(&slot.proof)?;
    let refusal = VerifyError::StorageNotProven { address: account.address, slot: slot.key };
    let value = (!slot.value.is_zero()).then(|| alloy_rlp::encode(slot.value));
    // An account without storage has no trie to prove absence in.
    let root = if account.storage_hash.is_zero() { EMPTY_ROOT_HASH } else { account.storage_hash };
    verify_proof(root, Nibbles::unpack(keccak256(slot.key.to_be_bytes::<32>())), value, &slot.proof)
        .map_err(|_| refusal)?;
    Ok((slot.key, slot.value))
}

/// JSON-RPC quantities: `0x` and hex digits.
mod quantity {
    use alloy_primitives::U64;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        U64::from(*value).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        U64::deserialize(deserializer).map(|value| value.to())
    }
}
