//! Accounts, as readers see them and as they stand on disk.

use alloy_primitives::{B256, KECCAK256_EMPTY, U256};
use alloy_trie::TrieAccount;
use revm::state::AccountInfo;

use crate::trie::{Child, root_hash};

/// An account without its storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Transactions sent, or contracts made.
    pub nonce: u64,
    /// In wei.
    pub balance: U256,
    /// keccak256 of the code; of nothing for an account without.
    pub code_hash: B256,
    /// Root of its storage trie.
    pub storage_root: B256,
}

/// An account with the top of its storage trie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccountRecord {
    pub(crate) nonce: u64,
    pub(crate) balance: U256,
    pub(crate) code_hash: B256,
    pub(crate) storage_root: B256,
    pub(crate) storage_top: Option<Box<Child>>,
}

const HAS_CODE: u8 = 1;
const HAS_STORAGE: u8 = 2;

impl AccountRecord {
    pub(crate) fn account(&self) -> Account {
        Account { nonce: self.nonce, balance: self.balance, code_hash: self.code_hash, storage_root: self.storage_root }
    }

    pub(crate) fn info(&self) -> AccountInfo {
        AccountInfo {
            nonce: self.nonce,
            balance: self.balance,
            code_hash: self.code_hash,
            account_id: None,
            code: None,
        }
    }

    /// What the leaf of the account trie holds.
    pub(crate) fn leaf_rlp(&self) -> Vec<u8> {
        alloy_rlp::encode(TrieAccount::new(self.nonce, self.balance, self.storage_root, self.code_hash))
    }

    /// The disk form: flags, nonce, balance, code hash, top of the storage trie.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let has_code = self.code_hash != KECCAK256_EMPTY;
        let mut out = Vec::with_capacity(80);
        out.push(if has_code { HAS_CODE } else { 0 } | if self.storage_top.is_some() { HAS_STORAGE } else { 0 });
        push_trimmed(&self.nonce.to_be_bytes(), &mut out);
        push_trimmed(&self.balance.to_be_bytes::<32>(), &mut out);
        if has_code {
            out.extend_from_slice(self.code_hash.as_slice());
        }
        if let Some(top) = &self.storage_top {
            top.encode(&mut out);
        }
        out
    }

    /// Reads what [`Self::encode`] wrote. `None`: the bytes are damaged.
    pub(crate) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        let (flags, rest) = bytes.split_first()?;
        *bytes = rest;
        let nonce = U256::try_from_be_slice(take_trimmed(bytes)?)?.try_into().ok()?;
        let balance = U256::try_from_be_slice(take_trimmed(bytes)?)?;
        let mut code_hash = KECCAK256_EMPTY;
        if flags & HAS_CODE != 0 {
            let (hash, rest) = bytes.split_at_checked(32)?;
            code_hash = B256::from_slice(hash);
            *bytes = rest;
        }
        let storage_top = if flags & HAS_STORAGE != 0 { Some(Box::new(Child::decode(bytes)?)) } else { None };
        let storage_root = root_hash(storage_top.as_deref());
        bytes.is_empty().then_some(Self { nonce, balance, code_hash, storage_root, storage_top })
    }
}

/// A big-endian number without leading zeros, after its length.
pub(crate) fn push_trimmed(be_bytes: &[u8], out: &mut Vec<u8>) {
    let start = be_bytes.iter().position(|byte| *byte != 0).unwrap_or(be_bytes.len());
    // At most 32.
    out.push((be_bytes.len() - start) as u8);
    out.extend_from_slice(&be_bytes[start..]);
}

pub(crate) fn take_trimmed<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first()?;
    let (number, rest) = rest.split_at_checked(usize::from(*length))?;
    *bytes = rest;
    Some(number)
}
