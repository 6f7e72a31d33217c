//! Transactions as this crate hands them around: decoded once, hashed once, recovered once, shared afterwards.

use std::sync::{Arc, OnceLock};

use alloy_consensus::{Transaction as _, TxEnvelope, TxType, transaction::SignerRecoverable};
use alloy_eips::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, keccak256};

/// Largest transaction that the pool or a block may carry, in bytes of its EIP-2718 encoding.
/// Osaka's calldata floor (EIP-7623) and gas cap (EIP-7825) allow at most about 420 kB of zero bytes.
pub const MAX_TRANSACTION_BYTES: usize = 512 * 1024;

/// The first byte of the RLP of a list, and so of a legacy transaction; below are EIP-2718 types.
const FIRST_LIST_CODE: u8 = 0xc0;

/// A decoded transaction, its hash and its EIP-2718 bytes. Immutable; shared by `Arc` between pool, blocks and store.
#[derive(Debug)]
pub struct SignedTransaction {
    envelope: TxEnvelope,
    encoded: Bytes,
    hash: B256,
    /// Who signed it, once that is known.
    sender: OnceLock<Address>,
    /// Who signed it as somebody says who is not believed.
    claimed: OnceLock<Address>,
}

/// Why bytes are not a transaction that this chain knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransactionDecodeError {
    /// No bytes at all.
    #[error("the transaction is empty")]
    Empty,
    /// More than [`MAX_TRANSACTION_BYTES`].
    #[error("the transaction has {actual} bytes, at most {MAX_TRANSACTION_BYTES} are accepted")]
    TooLarge {
        /// The number of bytes.
        actual: usize,
    },
    /// A blob transaction (EIP-4844), which this chain does not carry.
    #[error("blob transactions (type 3) are not accepted: send the data as calldata, or its hash")]
    Blob,
    /// Not a type that Osaka knows.
    #[error("transaction type {ty} is unknown")]
    UnknownType {
        /// The EIP-2718 type byte.
        ty: u8,
    },
    /// The fields are not what the type demands, or bytes follow the transaction.
    #[error("the transaction is malformed: {0}")]
    Malformed(String),
}

impl SignedTransaction {
    /// Decodes the EIP-2718 encoding, as `eth_sendRawTransaction` takes it.
    ///
    /// # Errors
    /// [`TransactionDecodeError`]; the signature is not looked at here.
    pub fn decode(encoded: Bytes) -> Result<Self, TransactionDecodeError> {
        if encoded.len() > MAX_TRANSACTION_BYTES {
            return Err(TransactionDecodeError::TooLarge { actual: encoded.len() });
        }
        let first = *encoded.first().ok_or(TransactionDecodeError::Empty)?;
        if first == TxType::Eip4844 as u8 {
            return Err(TransactionDecodeError::Blob);
        }
        let known = [TxType::Eip2930, TxType::Eip1559, TxType::Eip7702].map(|ty| ty as u8);
        if first < FIRST_LIST_CODE && !known.contains(&first) {
            return Err(TransactionDecodeError::UnknownType { ty: first });
        }
        let envelope = TxEnvelope::decode_2718_exact(&encoded)
            .map_err(|error| TransactionDecodeError::Malformed(error.to_string()))?;
        let hash = keccak256(&encoded);
        Ok(Self { envelope, encoded, hash, sender: OnceLock::new(), claimed: OnceLock::new() })
    }

    /// The decoded transaction.
    pub fn envelope(&self) -> &TxEnvelope {
        &self.envelope
    }

    /// The EIP-2718 bytes it was decoded from.
    pub fn encoded(&self) -> &Bytes {
        &self.encoded
    }

    /// keccak256 of the encoding.
    pub fn hash(&self) -> B256 {
        self.hash
    }

    /// The address whose key signed it; costs about 40 us at the first time. EIP-2 (low `s`) is enforced. `None`: the signature is not valid.
    pub fn recover(&self) -> Option<Address> {
        if let Some(sender) = self.known_sender() {
            return Some(sender);
        }
        let sender = self.envelope.recover_signer().ok()?;
        self.set_sender(sender);
        Some(sender)
    }

    /// The address whose key signed it, if that has been found out.
    pub fn known_sender(&self) -> Option<Address> {
        self.sender.get().copied()
    }

    /// Notes whose key signed it: only what was recovered or verified.
    pub(crate) fn set_sender(&self, sender: Address) {
        // Whoever was first found out the same.
        let _ = self.sender.set(sender);
    }

    /// Notes whom somebody says that it is from. That makes [`crate::recover_senders`] faster if it is true, and changes nothing if it is not. The
    /// first claim stays.
    pub fn claim_sender(&self, claimed: Address) {
        let _ = self.claimed.set(claimed);
    }

    pub(crate) fn claimed_sender(&self) -> Option<Address> {
        self.claimed.get().copied()
    }

    /// Whom this node says that it is from, to whoever does not believe it: who signed it, or who is claimed to have.
    pub fn said_sender(&self) -> Option<Address> {
        self.known_sender().or_else(|| self.claimed_sender())
    }

    /// What counts against block and pool limits, in bytes.
    pub fn size(&self) -> usize {
        self.encoded.len()
    }
}

/// A transaction whose sender is known to be the one who signed it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RecoveredTransaction {
    signed: Arc<SignedTransaction>,
    sender: Address,
}

impl RecoveredTransaction {
    /// Recovers the sender of one transaction. `None`: the signature is not valid.
    pub fn recover(signed: Arc<SignedTransaction>) -> Option<Self> {
        let sender = signed.recover()?;
        Some(Self { signed, sender })
    }

    /// Joins a transaction with a sender that was recovered from it before; the caller vouches for it.
    pub(crate) fn new_unchecked(signed: Arc<SignedTransaction>, sender: Address) -> Self {
        signed.set_sender(sender);
        Self { signed, sender }
    }

    /// The address that signed the transaction.
    pub fn sender(&self) -> Address {
        self.sender
    }

    /// The transaction itself.
    pub fn signed(&self) -> &Arc<SignedTransaction> {
        &self.signed
    }

    /// The sender's nonce.
    pub fn nonce(&self) -> u64 {
        self.signed.envelope.nonce()
    }
}

impl std::ops::Deref for RecoveredTransaction {
    type Target = SignedTransaction;

    fn deref(&self) -> &SignedTransaction {
        &self.signed
    }
}
