#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use alloy::{
    consensus::{Header, SignableTransaction as _, TxEip1559, TxEnvelope, TxLegacy},
    eips::eip2718::Encodable2718 as _,
    primitives::{Bytes, Signature},
};
use chancery_execution::SignedTransaction;
use commonware_codec::{DecodeExt as _, Encode as _};
use proptest::prelude::*;

use super::*;

fn block(number: u64, transactions: u64) -> ConsensusBlock {
    let transactions = signed(transactions);
    let transactions_root = Block::new(Header::default(), transactions.clone()).transactions_root();
    let header = Header { number, extra_data: Bytes::from(vec![1; 32]), transactions_root, ..Default::default() };
    ConsensusBlock::from(Block::new(header, transactions))
}

fn signed(count: u64) -> Vec<Arc<SignedTransaction>> {
    (0..count)
        .map(|nonce| {
            let signature = Signature::test_signature();
            let envelope: TxEnvelope = match nonce % 2 {
                0 => TxEip1559 { nonce, input: Bytes::from(vec![1; 100]), ..Default::default() }
                    .into_signed(signature)
                    .into(),
                _ => TxLegacy { nonce, chain_id: Some(7100), ..Default::default() }.into_signed(signature).into(),
            };
            Arc::new(SignedTransaction::decode(envelope.encoded_2718().into()).unwrap())
        })
        .collect()
}

proptest! {
    // CHAIN-1
    #[test]
    fn a_block_survives_its_encoding(number: u64, transactions in 0..20u64) {
        let block = block(number, transactions);
        let bytes = block.encode();
        prop_assert_eq!(bytes.len(), block.encode_size());
        let decoded = ConsensusBlock::decode(bytes.clone()).unwrap();
        prop_assert_eq!(decoded.digest(), block.digest());
        prop_assert_eq!(decoded.digest().0, block.block().hash().0);
        prop_assert_eq!(decoded.encode(), bytes);
        prop_assert_eq!((decoded.height(), commonware_consensus::Block::parent(&decoded)), (block.height(), commonware_consensus::Block::parent(&block)));
    }

    #[test]
    fn whatever_decodes_has_one_encoding(at: prop::sample::Index, mask in 1..=255u8, transactions in 0..4u64) {
        let mut bytes = block(1, transactions).encode().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= mask;
        if let Ok(decoded) = ConsensusBlock::decode(bytes.clone()) {
            prop_assert_eq!(decoded.encode().to_vec(), bytes);
        }
    }

    // CHAIN-8: whatever is claimed, the block is the same.
    #[test]
    fn claims_travel_with_a_block_and_are_none_of_its_digest(number: u64, senders in prop::collection::vec(0..5u8, 1..20)) {
        let plain = block(number, senders.len() as u64);
        prop_assert!(plain.claims.is_empty());
        for (transaction, sender) in plain.block().transactions().iter().zip(&senders) {
            transaction.claim_sender([*sender; 20].into());
        }
        let claimed = ConsensusBlock::from(plain.block().clone());
        let decoded = ConsensusBlock::decode(claimed.encode()).unwrap();
        prop_assert_eq!(decoded.digest(), plain.digest());
        let said: Vec<_> = decoded.block().transactions().iter().map(|transaction| transaction.said_sender()).collect();
        let expected: Vec<_> = senders.iter().map(|sender| Some([*sender; 20].into())).collect();
        prop_assert_eq!(said, expected);
        prop_assert_eq!(decoded.encode_size(), claimed.encode().len());
        prop_assert_eq!(decoded.encode(), claimed.encode());
    }

    #[test]
    fn garbage_is_refused_without_panicking(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = ConsensusBlock::decode(bytes);
    }
}

// CHAIN-1: the hash is the header's alone.
#[test]
fn a_header_with_the_transactions_of_another_block_is_refused() {
    let block = block(1, 3);
    let header = block.block().header().inner().clone();
    for others in [signed(2), signed(4), vec![]] {
        let forged = ConsensusBlock::from(Block::new(header.clone(), others));
        assert_eq!(forged.digest(), block.digest());
        assert!(
            matches!(ConsensusBlock::decode(forged.encode()), Err(CodecError::Invalid(_, reason)) if reason.contains("header"))
        );
    }
}

// CHAIN-8
#[test]
fn claims_have_one_encoding_and_one_for_each_transaction() {
    let block = block(1, 2);
    let encoded = block.block().encode();
    let with = |claims: &[u8]| {
        let mut bytes = Vec::new();
        (encoded.len() + claims.len()).write(&mut bytes);
        ConsensusBlock::decode([&bytes[..], &encoded, claims].concat()).map(|_| ())
    };
    let (one, other) = ([1; 20], [2; 20]);
    with(&[]).unwrap();
    with(&[&[1][..], &one, &[0, 0]].concat()).unwrap();
    with(&[&[2][..], &one, &other, &[0, 1]].concat()).unwrap();
    for wrong in [
        // Of one transaction, of three, of a sender that is not listed, of none.
        [&[1][..], &one, &[0]].concat(),
        [&[1][..], &one, &[0, 0, 0]].concat(),
        [&[1][..], &one, &[0, 1]].concat(),
        vec![0, 0, 0],
        // Not in the order in which they appear, one twice, one for nothing.
        [&[2][..], &one, &other, &[1, 0]].concat(),
        [&[2][..], &one, &one, &[0, 1]].concat(),
        [&[2][..], &one, &other, &[0, 0]].concat(),
        // More senders than transactions.
        [&[3][..], &one, &other, &[3; 20], &[0, 1]].concat(),
    ] {
        assert!(matches!(with(&wrong), Err(CodecError::Invalid(_, reason)) if reason.contains("claims")), "{wrong:?}");
    }
}

#[test]
fn a_block_that_claims_to_be_too_long_is_refused_at_once() {
    let mut bytes = Vec::new();
    (MAX_BLOCK_BYTES + claims::MAX_BYTES + 1).write(&mut bytes);
    assert!(matches!(ConsensusBlock::decode(bytes), Err(CodecError::InvalidLength(_))));
}

#[test]
fn the_size_bound_holds_for_the_longest_block() {
    let longest = MAX_BLOCK_BYTES + claims::MAX_BYTES;
    assert_eq!(ConsensusBlock::max_encode_size(&()), longest.encode_size().max(5) + longest);
}
