//! What stands in chunks of state: slots account by account, then accounts with the code that they are the first to need.

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256};

use crate::state::{AccountRecord, push_trimmed, take_trimmed};

/// The owner of the slots that follow. Each chunk of slots begins with one.
const OWNER: u8 = 1;
/// A slot.
const SLOT: u8 = 2;
/// Code; the account that follows has it.
const CODE: u8 = 3;
/// An account without code.
const ACCOUNT: u8 = 4;
/// An account with code.
const CONTRACT: u8 = 5;

/// Longest code: far above what EIP-170 and EIP-7907 allow, for code in a genesis has no bound.
const MAX_CODE_BYTES: usize = 8 << 20;

/// An entry of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Owner(Address),
    /// Hash of the slot's number, value.
    Slot(B256, U256),
    Code(Vec<u8>),
    Account(AccountEntry),
}

/// An account without its storage, which stands in the slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AccountEntry {
    /// Hash of the address.
    pub(super) key: B256,
    pub(super) nonce: u64,
    pub(super) balance: U256,
    pub(super) code_hash: B256,
}

impl AccountEntry {
    pub(super) fn of(key: B256, record: &AccountRecord) -> Self {
        Self { key, nonce: record.nonce, balance: record.balance, code_hash: record.code_hash }
    }
}

impl Entry {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Owner(address) => {
                out.push(OWNER);
                out.extend_from_slice(address.as_slice());
            }
            Self::Slot(key, value) => {
                out.push(SLOT);
                out.extend_from_slice(key.as_slice());
                push_trimmed(&value.to_be_bytes::<32>(), out);
            }
            Self::Code(code) => {
                out.push(CODE);
                // Far below 2^32.
                out.extend_from_slice(&(code.len() as u32).to_be_bytes());
                out.extend_from_slice(code);
            }
            Self::Account(AccountEntry { key, nonce, balance, code_hash }) => {
                let has_code = *code_hash != KECCAK256_EMPTY;
                out.push(if has_code { CONTRACT } else { ACCOUNT });
                out.extend_from_slice(key.as_slice());
                push_trimmed(&nonce.to_be_bytes(), out);
                push_trimmed(&balance.to_be_bytes::<32>(), out);
                if has_code {
                    out.extend_from_slice(code_hash.as_slice());
                }
            }
        }
    }

    /// Takes the next entry. `None`: the bytes are none, or not in the one form that an entry has.
    pub(super) fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let tag = *take(bytes, 1)?.first()?;
        match tag {
            OWNER => Some(Self::Owner(Address::from_slice(take(bytes, 20)?))),
            SLOT => {
                let key = B256::from_slice(take(bytes, 32)?);
                let value = number(bytes)?;
                (!value.is_zero()).then_some(Self::Slot(key, value))
            }
            CODE => {
                let length = u32::from_be_bytes(take(bytes, 4)?.try_into().ok()?) as usize;
                (1..=MAX_CODE_BYTES).contains(&length).then_some(())?;
                Some(Self::Code(take(bytes, length)?.to_vec()))
            }
            ACCOUNT | CONTRACT => {
                let key = B256::from_slice(take(bytes, 32)?);
                let (nonce, balance) = (number(bytes)?.try_into().ok()?, number(bytes)?);
                let code_hash = if tag == CONTRACT { B256::from_slice(take(bytes, 32)?) } else { KECCAK256_EMPTY };
                (tag == ACCOUNT || code_hash != KECCAK256_EMPTY).then_some(())?;
                Some(Self::Account(AccountEntry { key, nonce, balance, code_hash }))
            }
            _ => None,
        }
    }
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(head)
}

/// A number without leading zeros.
fn number(bytes: &mut &[u8]) -> Option<U256> {
    let digits = take_trimmed(bytes)?;
    if digits.first() == Some(&0) {
        return None;
    }
    U256::try_from_be_slice(digits)
}
