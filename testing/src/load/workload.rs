//! What is sent: transfers to fresh addresses, or writes to fresh storage slots.

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::eip2718::Encodable2718,
    network::TxSignerSync,
    signers::local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English},
};
use alloy_primitives::{Address, Bytes, TxKind, U256, hex, keccak256};
use anyhow::Result;
use rayon::prelude::*;

/// The public development phrase that the development genesis and anvil fund.
const DEVELOPMENT_PHRASE: &str = "test test test test test test test test test test test junk";

/// Deploys a contract that stores word 1 of its call data at the slot in word 0: `sstore(calldataload(0), calldataload(32))`.
/// Twelve bytes of init code, which return the eight that follow.
pub const STORE_INIT_CODE: [u8; 20] = hex!("6008600c60003960086000f3 6020356000355500");

/// Which work a transaction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 1 wei to an address that did not exist.
    Transfer,
    /// One `SSTORE` to a slot that was empty.
    StorageWrite,
}

/// What a transaction asks for. Gas is free.
#[derive(Clone, Debug)]
pub struct Call {
    /// To whom.
    pub to: Address,
    /// In wei.
    pub value: U256,
    /// Input.
    pub input: Bytes,
    /// The most gas that it may take.
    pub gas_limit: u64,
}

/// Signed transactions, by sender, in nonce order.
#[derive(Debug)]
pub struct Workload {
    /// Who sends.
    pub senders: Vec<Address>,
    /// EIP-2718 encodings as `0x` hex, for each sender.
    pub transactions: Vec<Vec<String>>,
    /// Nonce of each sender when all are in.
    pub final_nonces: Vec<u64>,
}

/// The first accounts of the development phrase.
///
/// # Errors
/// Never for the known phrase.
pub fn funded_signers(count: u32) -> Result<Vec<PrivateKeySigner>> {
    (0..count)
        .map(|index| Ok(MnemonicBuilder::<English>::default().phrase(DEVELOPMENT_PHRASE).index(index)?.build()?))
        .collect()
}

impl Workload {
    /// Signs `total` transactions, spread evenly over the signers, from each signer's `first_nonces`.
    ///
    /// # Errors
    /// When signing fails.
    pub fn sign(
        kind: Kind,
        signers: &[PrivateKeySigner],
        first_nonces: &[u64],
        total: usize,
        chain_id: u64,
        store: Address,
    ) -> Result<Self> {
        let per_sender = total / signers.len();
        Self::sign_calls(signers, first_nonces, &vec![per_sender; signers.len()], chain_id, |sender, _, nonce| {
            call(kind, sender, nonce, store)
        })
    }

    /// Signs, for each signer, as many calls as `counts` says, from its `first_nonces`: `call` of the sender, the call's index with this sender and
    /// its nonce.
    ///
    /// # Errors
    /// When signing fails.
    pub fn sign_calls(
        signers: &[PrivateKeySigner],
        first_nonces: &[u64],
        counts: &[usize],
        chain_id: u64,
        call: impl Fn(Address, usize, u64) -> Call + Sync,
    ) -> Result<Self> {
        let transactions = signers
            .par_iter()
            .zip(first_nonces)
            .zip(counts)
            .map(|((signer, first), count)| {
                (0..*count)
                    .map(|index| {
                        let nonce = first + index as u64;
                        sign_one(signer, nonce, chain_id, call(signer.address(), index, nonce))
                    })
                    .collect::<Result<Vec<_>>>()
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            senders: signers.iter().map(PrivateKeySigner::address).collect(),
            final_nonces: first_nonces.iter().zip(counts).map(|(first, count)| first + *count as u64).collect(),
            transactions,
        })
    }
}

fn call(kind: Kind, sender: Address, nonce: u64, store: Address) -> Call {
    let fresh = keccak256([sender.as_slice(), &nonce.to_be_bytes()].concat());
    match kind {
        Kind::Transfer => {
            Call { to: Address::from_slice(&fresh[12..]), value: U256::from(1), input: Bytes::new(), gas_limit: 21_000 }
        }
        Kind::StorageWrite => Call {
            to: store,
            value: U256::ZERO,
            input: Bytes::from([fresh.as_slice(), U256::from(nonce + 1).to_be_bytes::<32>().as_slice()].concat()),
            gas_limit: 60_000,
        },
    }
}

fn sign_one(signer: &PrivateKeySigner, nonce: u64, chain_id: u64, call: Call) -> Result<String> {
    let mut transaction = TxEip1559 {
        chain_id,
        nonce,
        gas_limit: call.gas_limit,
        max_fee_per_gas: 0,
        max_priority_fee_per_gas: 0,
        to: TxKind::Call(call.to),
        value: call.value,
        access_list: Default::default(),
        input: call.input,
    };
    let signature = signer.sign_transaction_sync(&mut transaction)?;
    let envelope = TxEnvelope::Eip1559(transaction.into_signed(signature));
    Ok(hex::encode_prefixed(envelope.encoded_2718()))
}
