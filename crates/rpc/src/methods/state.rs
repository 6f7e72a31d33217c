//! Accounts and storage.

use alloy::rpc::types::serde_helpers::JsonStorageKey;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use serde::Deserialize;

use super::Reply;
use crate::{api::Api, error::RpcError, params::Args};

/// The block that a call names, the latest if it names none.
fn block_id(args: &Args<'_>, index: usize) -> Result<BlockId, RpcError> {
    Ok(args.optional(index, "block")?.unwrap_or_default())
}

/// `eth_getBalance(address, block)`, in wei.
pub(crate) fn balance(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let address: Address = args.hex(0, "address")?;
    let account = api.state(block_id(args, 1)?)?.account(address)?;
    api.reply(&account.map(|account| account.balance).unwrap_or_default())
}

/// `eth_getCode(address, block)`
pub(crate) fn code(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let address: Address = args.hex(0, "address")?;
    let state = api.state(block_id(args, 1)?)?;
    let code = match state.account(address)? {
        Some(account) => state.code(account.code_hash)?,
        None => Bytes::new(),
    };
    api.reply(&code)
}

/// `eth_getStorageAt(address, slot, block)`: 32 bytes.
pub(crate) fn storage(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let address: Address = args.hex(0, "address")?;
    let slot: StorageKey = args.required(1, "slot")?;
    let value = api.state(block_id(args, 2)?)?.storage(address, slot.slot())?;
    api.reply(&B256::from(value))
}

/// `eth_getTransactionCount(address, block)`: the next nonce, with `pending` behind the transactions that wait in the pool.
pub(crate) fn transaction_count(api: &Api, args: &Args<'_>) -> Result<Reply, RpcError> {
    let address: Address = args.hex(0, "address")?;
    let block = block_id(args, 1)?;
    let waiting = match block {
        BlockId::Number(BlockNumberOrTag::Pending) => api.pool().next_nonce(address),
        _ => None,
    };
    let nonce = match waiting {
        Some(nonce) => nonce,
        None => api.state(block)?.account(address)?.map_or(0, |account| account.nonce),
    };
    api.reply(&U64::from(nonce))
}

/// A slot as clients name it: a quantity or up to 32 bytes, with leading zeros or without.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct StorageKey(pub(super) JsonStorageKey);

impl StorageKey {
    /// The number of the slot.
    pub(super) fn slot(self) -> U256 {
        self.0.as_b256().into()
    }
}

impl TryFrom<String> for StorageKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.strip_prefix("0x").ok_or("a storage key begins with 0x")?;
        if digits.len() > 2 * size_of::<B256>() {
            return Err("storage key too long (want at most 32 bytes)".to_owned());
        }
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err("invalid hex in storage key".to_owned());
        }
        text.parse().map(Self).map_err(|error| format!("invalid storage key: {error}"))
    }
}
