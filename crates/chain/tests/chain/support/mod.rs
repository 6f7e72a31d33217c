//! A network of real nodes without sockets: execution, pool and store are the real ones, consensus runs on the
//! deterministic clock and the simulated network.
#![allow(dead_code, clippy::unwrap_used, missing_docs, unreachable_pub)]

pub mod faults;
pub mod membership;
mod node;
mod own_clock;
pub mod simulation;

use std::{collections::BTreeMap, time::Duration};

use alloy::{
    consensus::{SignableTransaction as _, TxEip1559, TxEnvelope},
    eips::eip2718::Encodable2718 as _,
    genesis::GenesisAccount,
    primitives::{Address, B256, Bytes, U256},
    signers::{SignerSync as _, local::PrivateKeySigner},
};
use chancery_chain::ValidatorKeys;
use chancery_execution::{Blockchain, GenesisConfig, SignedTransaction};
use chancery_light::{FinalityProof, TrustedChain};
use commonware_p2p::simulated::Link;
use commonware_runtime::{Clock as _, deterministic};
pub use node::{BuiltGenesis, Instance, TOPICS, TestNode, TestOracle, quota};

pub const CHAIN_ID: u64 = 7100;

pub fn account(index: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(index + 1)).unwrap()
}

pub fn transfer(from: u8, nonce: u64) -> Bytes {
    let to = Address::repeat_byte(0xEE).into();
    signed(from, TxEip1559 { nonce, gas_limit: 21_000, to, value: U256::from(1), ..Default::default() })
}

/// A transaction of an account on the test chain.
pub fn signed(from: u8, transaction: TxEip1559) -> Bytes {
    signed_for(CHAIN_ID, from, transaction)
}

/// A transaction of an account on some chain.
pub fn signed_for(chain_id: u64, from: u8, transaction: TxEip1559) -> Bytes {
    let transaction = TxEip1559 { chain_id, ..transaction };
    let signature = account(from).sign_hash_sync(&transaction.signature_hash()).unwrap();
    TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
}

/// Who has signed a transaction, found out anew from its bytes alone.
pub fn signer_of(transaction: &[u8]) -> Address {
    SignedTransaction::decode(transaction.to_vec().into()).unwrap().recover().unwrap()
}

/// Keys of the validators, in the order of the set.
pub fn validator_keys(count: u64) -> Vec<ValidatorKeys> {
    let mut keys: Vec<_> = (0..count).map(|index| ValidatorKeys::from_seed(100 + index)).collect();
    keys.sort_by_key(ValidatorKeys::peer_public_key);
    keys
}

pub fn genesis(keys: &[ValidatorKeys]) -> GenesisConfig {
    let funded = GenesisAccount { balance: U256::from(10).pow(U256::from(24)), ..Default::default() };
    GenesisConfig {
        name: "main".into(),
        chain_id: CHAIN_ID,
        timestamp: 0,
        gas_limit: 100_000_000,
        validators: keys.iter().enumerate().map(|(index, keys)| keys.public(&format!("validator {index}"))).collect(),
        alloc: (0..4).map(|index| (account(index).address(), funded.clone())).collect::<BTreeMap<_, _>>(),
        predeploys: vec![],
    }
}

/// Links every validator with every other.
pub async fn link_all(oracle: &TestOracle, keys: &[ValidatorKeys], link: &Link) {
    for from in keys {
        for to in keys {
            let (from, to) = (from.peer_public_key(), to.peer_public_key());
            if from != to {
                oracle.add_link(from, to, link.clone()).await.unwrap();
            }
        }
    }
}

pub async fn until(context: &deterministic::Context, mut reached: impl FnMut() -> bool) {
    while !reached() {
        context.sleep(Duration::from_millis(5)).await;
    }
}

/// What `chancery_getFinality` would answer.
pub fn finality(chain: &Blockchain, height: u64) -> Option<FinalityProof> {
    let rlp = |height| -> Bytes { alloy::rlp::encode(chain.header(height).unwrap().unwrap().inner()).into() };
    let head = chain.head().block().height();
    let certified = (height..=head).find(|height| chain.certificate(*height).unwrap().is_some())?;
    Some(FinalityProof {
        header: rlp(height),
        certificate: chain.certificate(certified).unwrap().unwrap(),
        descendants: (height + 1..=certified).map(rlp).collect(),
        handovers: vec![],
    })
}

/// The hashes of all final blocks; each must be provable to a light client that knows the essentials alone.
pub fn verified_hashes(chain: &Blockchain, trusted: &TrustedChain) -> Vec<B256> {
    let mut hashes = vec![trusted.genesis_hash()];
    for height in 1..=chain.head().block().height() {
        let Some(proof) = finality(chain, height) else { break };
        let header = trusted.verify_finality(&proof).unwrap();
        assert_eq!(header.number(), height);
        assert_eq!(header.header().parent_hash, hashes[height as usize - 1]);
        hashes.push(header.hash());
    }
    hashes
}

/// The EIP-2718 encodings of a block's receipts.
pub fn encoded_receipts(block: &chancery_execution::FinalizedBlock) -> Vec<Bytes> {
    use alloy::consensus::TxReceipt as _;
    block.receipts().iter().map(|receipt| receipt.clone().into_with_bloom().encoded_2718().into()).collect()
}

/// What the ledger makes of a node's answers.
pub fn bundle(
    essentials: &chancery_light::ChainEssentials,
    finality: FinalityProof,
    index: usize,
    transactions: &[Bytes],
    receipts: &[Bytes],
) -> chancery_light::ProofBundle {
    use chancery_light::{BUNDLE_VERSION, ChainReference, ReceiptInclusion, TransactionInclusion, prove_inclusion};
    chancery_light::ProofBundle {
        version: BUNDLE_VERSION,
        chain: ChainReference { chain_id: essentials.chain_id, genesis_hash: essentials.genesis_hash },
        finality,
        transaction: TransactionInclusion {
            index: index as u64,
            transaction: transactions[index].clone(),
            proof: prove_inclusion(transactions, index).unwrap(),
        },
        receipt: ReceiptInclusion {
            index: index as u64,
            receipt: receipts[index].clone(),
            proof: prove_inclusion(receipts, index).unwrap(),
        },
        state: None,
    }
}
