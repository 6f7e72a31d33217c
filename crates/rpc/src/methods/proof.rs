//! `eth_getProof` (EIP-1186).

use alloy_consensus::EMPTY_ROOT_HASH;
use alloy_eips::BlockId;
use alloy_primitives::{Address, KECCAK256_EMPTY, U256};
use alloy_rpc_types_eth::{EIP1186AccountProofResponse, EIP1186StorageProof};

use chancery_execution::AccountProof;

use super::{Reply, state::StorageKey};
use crate::{api::Api, error::RpcError, params::Args};

/// `eth_getProof(address, slots, block)`: what the account and its slots are, provable against the block's state root.
pub(crate) fn proof(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let address: Address = args.hex(0, "address")?;
    let keys: Vec<StorageKey> = args.required(1, "storageKeys")?;
    let block: BlockId = args.optional(2, "block")?.unwrap_or_default();
    let most = api.limits().max_proof_keys;
    if keys.len() > most as usize {
        let message = format!("{} storage keys", keys.len());
        return Err(RpcError::TooMuch { limit: "max_proof_keys", value: most.into(), message });
    }

    let height = api.height_of(block)?;
    api.reply(&proven_account(api, address, keys, height)?)
}

/// An account and some of its slots as `eth_getProof` shows them.
pub(crate) type ProvenAccount = EIP1186AccountProofResponse;

/// The account after the block at a height, with its proofs.
pub(super) fn proven_account(
    api: &Api,
    address: Address,
    keys: Vec<StorageKey>,
    height: u64,
) -> Result<ProvenAccount, RpcError> {
    let slots: Vec<U256> = keys.iter().map(|key| key.slot()).collect();
    Ok(proven(api.chain().proof(address, &slots, height)?, keys))
}

/// A proof as `eth_getProof` shows it; `keys` are its slots as they were asked for.
pub(super) fn proven(proof: AccountProof, keys: Vec<StorageKey>) -> ProvenAccount {
    let storage_proof = keys
        .into_iter()
        .zip(proof.storage)
        .map(|(key, slot)| EIP1186StorageProof { key: key.0, value: slot.value, proof: slot.proof })
        .collect();
    let account = proof.account;
    EIP1186AccountProofResponse {
        address: proof.address,
        balance: account.map_or(U256::ZERO, |account| account.balance),
        // An account that does not exist is shown as an empty one, as geth does; the proof shows that it does not exist.
        code_hash: account.map_or(KECCAK256_EMPTY, |account| account.code_hash),
        nonce: account.map_or(0, |account| account.nonce),
        storage_hash: account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root),
        account_proof: proof.proof,
        storage_proof,
    }
}
