//! Transactions, as clients and peers send them (EIP-2718), and peers' messages of them.

use std::{cell::RefCell, collections::BTreeMap};

use alloy::{
    consensus::{
        EthereumTypedTransaction, SignableTransaction as _, TxEip1559, TxEip2930, TxEip7702, TxEnvelope, TxLegacy,
        transaction::SignerRecoverable as _,
    },
    eips::{Decodable2718 as _, Encodable2718 as _, eip2930::AccessList},
    genesis::GenesisAccount,
    primitives::{Address, Bytes, Signature, U256, keccak256},
    signers::{SignerSync as _, local::PrivateKeySigner},
};
use chancery_chain::wire::decode_transactions;
use chancery_execution::{Blockchain, ExecutionConfig, SignedTransaction};
use commonware_codec::Encode as _;

use crate::genesis;

/// A transaction has one encoding, alloy reads the same, and the pool never admits what nobody signed.
pub fn check(data: &[u8]) {
    if let Ok(transaction) = SignedTransaction::decode(Bytes::copy_from_slice(data)) {
        assert_eq!(transaction.encoded().as_ref(), data);
        assert_eq!(transaction.envelope().encoded_2718(), data, "a transaction has two encodings");
        assert_eq!(transaction.hash(), keccak256(data));
        assert_eq!(transaction.recover(), transaction.envelope().recover_signer().ok());
        admit(&transaction);
    } else if let Ok(theirs) = TxEnvelope::decode_2718_exact(data) {
        assert!(theirs.is_eip4844(), "alloy reads what is refused here");
    }
    if let Ok(message) = decode_transactions(bytes::Bytes::copy_from_slice(data)) {
        assert_eq!(message.encode().as_ref(), data);
    }
}

thread_local! {
    static CHAIN: RefCell<(Blockchain, tempfile::TempDir)> = RefCell::new(chain());
}

fn chain() -> (Blockchain, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let mut config = genesis::small();
    config.alloc = BTreeMap::from([(key().address(), GenesisAccount::default().with_balance(U256::MAX >> 1))]);
    let chain = Blockchain::open(directory.path(), &config.build().unwrap(), ExecutionConfig::default()).unwrap();
    (chain, directory)
}

fn admit(transaction: &SignedTransaction) {
    CHAIN.with_borrow_mut(|(chain, _)| {
        let admitted = chain.pool().add(vec![transaction.encoded().clone()]).remove(0);
        assert!(admitted.is_err() || transaction.recover().is_some(), "the pool took what nobody signed");
    });
}

fn key() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&U256::from(7).into()).unwrap()
}

/// One transaction of each type, signed.
pub(crate) fn samples() -> Vec<SignedTransaction> {
    let (chain_id, gas_limit, to) = (genesis::CHAIN_ID, 100_000, Address::repeat_byte(5));
    let unsigned: [EthereumTypedTransaction<alloy::consensus::TxEip4844>; 4] = [
        TxLegacy { chain_id: Some(chain_id), gas_limit, to: to.into(), ..TxLegacy::default() }.into(),
        TxEip2930 { chain_id, gas_limit, to: to.into(), access_list: AccessList::default(), ..TxEip2930::default() }
            .into(),
        TxEip1559 { chain_id, gas_limit, to: to.into(), input: vec![1; 9].into(), ..TxEip1559::default() }.into(),
        TxEip7702 { chain_id, gas_limit, to, authorization_list: vec![authorization()], ..TxEip7702::default() }.into(),
    ];
    unsigned
        .into_iter()
        .map(|transaction| {
            let signature: Signature = key().sign_hash_sync(&transaction.signature_hash()).unwrap();
            let envelope = match transaction {
                EthereumTypedTransaction::Legacy(inner) => TxEnvelope::from(inner.into_signed(signature)),
                EthereumTypedTransaction::Eip2930(inner) => inner.into_signed(signature).into(),
                EthereumTypedTransaction::Eip1559(inner) => inner.into_signed(signature).into(),
                EthereumTypedTransaction::Eip7702(inner) => inner.into_signed(signature).into(),
                EthereumTypedTransaction::Eip4844(_) => unreachable!("none of the four"),
            };
            SignedTransaction::decode(envelope.encoded_2718().into()).unwrap()
        })
        .collect()
}

fn authorization() -> alloy::eips::eip7702::SignedAuthorization {
    let authorization =
        alloy::eips::eip7702::Authorization { chain_id: U256::ZERO, address: Address::repeat_byte(6), nonce: 0 };
    let signature = key().sign_hash_sync(&authorization.signature_hash()).unwrap();
    authorization.into_signed(signature)
}

/// A transaction with whom a peer says that it is from.
type Announced = (bytes::Bytes, [u8; 20]);

/// One of each type, and a message of them.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let each: Vec<Vec<u8>> = samples().iter().map(|transaction| transaction.encoded().to_vec()).collect();
    let message: Vec<Announced> = each.iter().map(|bytes| (bytes.clone().into(), [1; 20])).collect();
    each.into_iter().chain([message.encode().to_vec(), Vec::<Announced>::new().encode().to_vec()]).collect()
}
