//! Transactions that no node takes.

use alloy::{
    consensus::{SignableTransaction, TxEip4844, TxEnvelope},
    eips::{Encodable2718, eip2718::Decodable2718},
    network::TxSignerSync,
    signers::local::PrivateKeySigner,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use chancery_testing::{
    load::funded_signers,
    scenario::{Draft, Scenario, Wallet, words},
};

fn raw(transaction: &TxEnvelope) -> Bytes {
    transaction.encoded_2718().into()
}

/// Each with what is wrong with it.
pub(crate) fn refused(story: &Scenario) -> Vec<(&'static str, Bytes)> {
    let author = &story.author;
    let (next, chain) = (author.next_nonce(), super::CHAIN_ID);
    let write = || Draft::call(story.writer, words(&[30, 1]));
    let sign = |draft: Draft, nonce: u64, chain_id: u64| raw(&author.dynamic_at(draft, nonce, chain_id).unwrap());
    let stranger = Wallet::new(PrivateKeySigner::from_bytes(&B256::repeat_byte(0x51)).unwrap(), chain);

    let good = sign(write(), next, chain);
    let cut = Bytes::copy_from_slice(&good[..good.len() - 3]);
    let longer = Bytes::from([good.as_ref(), &[0]].concat());
    let mut unknown_type = good.to_vec();
    unknown_type[0] = 0x7e;

    vec![
        ("replayed", story.steps[0].raw.clone()),
        ("nonce too low", sign(write(), 0, chain)),
        ("for another chain", sign(write(), next, chain + 1)),
        ("cannot pay", raw(&stranger.dynamic_at(write().value(1), 0, chain).unwrap())),
        ("too little gas", sign(write().gas(21_000), next, chain)),
        ("more gas than a transaction may have", sign(write().gas(30_000_000), next, chain)),
        ("too much creation code", sign(Draft::create(vec![0; 49_153]).gas(16_000_000), next, chain)),
        ("empty", Bytes::new()),
        ("no transaction", Bytes::from_static(b"rubbish")),
        ("cut off", cut),
        ("followed by more", longer),
        ("of an unknown type", unknown_type.into()),
        ("unsigned", unsigned(&good)),
        ("with blobs, without their proofs", blob(story.writer, next)),
    ]
}

/// The same transaction with a signature of zeros.
fn unsigned(good: &Bytes) -> Bytes {
    let TxEnvelope::Eip1559(signed) = TxEnvelope::decode_2718(&mut good.as_ref()).unwrap() else { return Bytes::new() };
    let nothing = alloy_primitives::Signature::new(U256::ZERO, U256::ZERO, false);
    raw(&signed.into_parts().0.into_signed(nothing).into())
}

fn blob(to: Address, nonce: u64) -> Bytes {
    let signer = &funded_signers(1).unwrap()[0];
    let mut transaction = TxEip4844 {
        chain_id: super::CHAIN_ID,
        nonce,
        gas_limit: 100_000,
        to,
        max_fee_per_blob_gas: 10,
        blob_versioned_hashes: vec![B256::with_last_byte(1) | B256::left_padding_from(&[1; 32])],
        ..TxEip4844::default()
    };
    let signature = signer.sign_transaction_sync(&mut transaction).unwrap();
    transaction.into_signed(signature).encoded_2718().into()
}
