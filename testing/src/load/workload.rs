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
        let transactions = signers
            .par_iter()
            .zip(first_nonces)
            .map(|(signer, first)| {
                (0..per_sender as u64)
                    .map(|index| sign_one(kind, signer, first + index, chain_id, store))
                    .collect::<Result<Vec<_>>>()
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            senders: signers.iter().map(PrivateKeySigner::address).collect(),
            final_nonces: first_nonces.iter().map(|first| first + per_sender as u64).collect(),
            transactions,
        })
    }
}

fn sign_one(kind: Kind, signer: &PrivateKeySigner, nonce: u64, chain_id: u64, store: Address) -> Result<String> {
    let fresh = keccak256([signer.address().as_slice(), &nonce.to_be_bytes()].concat());
    let (to, value, input, gas_limit) = match kind {
        Kind::Transfer => (Address::from_slice(&fresh[12..]), U256::from(1), Bytes::new(), 21_000),
        Kind::StorageWrite => (
            store,
            U256::ZERO,
            Bytes::from([fresh.as_slice(), U256::from(nonce + 1).to_be_bytes::<32>().as_slice()].concat()),
            60_000,
        ),
    };
    let mut transaction = TxEip1559 {
        chain_id,
        nonce,
        gas_limit,
        max_fee_per_gas: 0,
        max_priority_fee_per_gas: 0,
        to: TxKind::Call(to),
        value,
        access_list: Default::default(),
        input,
    };
    let signature = signer.sign_transaction_sync(&mut transaction)?;
    let envelope = TxEnvelope::Eip1559(transaction.into_signed(signature));
    Ok(hex::encode_prefixed(envelope.encoded_2718()))
}
