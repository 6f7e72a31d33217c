//! Blocks, as peers propose, send and backfill them.

use alloy::{
    consensus::{Block as AlloyBlock, Header, TxEnvelope},
    eips::Decodable2718 as _,
};
use alloy_rlp::Decodable as _;
use bytes::Bytes;
use chancery_chain::{ConsensusBlock, wire::decode_last_proposal};
use chancery_execution::Block;
use commonware_codec::{Decode as _, Encode as _, EncodeSize as _};

use crate::transactions;

/// A block has one encoding on the wire, alloy reads the same block, and the file of the last proposal holds what was written.
pub fn check(data: &[u8]) {
    if let Ok(block) = Block::decode(data) {
        let encoded = block.encode();
        assert_eq!(encoded.len(), block.encoded_length());
        let again = Block::decode(&encoded).unwrap();
        assert_eq!((again.hash(), again.encode()), (block.hash(), encoded.clone()));
        let theirs = AlloyBlock::<TxEnvelope>::decode(&mut &encoded[..]).unwrap();
        assert_eq!(theirs, block.to_alloy());
        assert_eq!(theirs.header.hash_slow(), block.hash());
        for transaction in block.transactions() {
            let theirs = TxEnvelope::decode_2718_exact(transaction.encoded()).unwrap();
            assert_eq!(*theirs.tx_hash(), transaction.hash());
        }
        let _ = (block.context(), block.time_ms());
    }
    if let Ok(block) = ConsensusBlock::decode_cfg(Bytes::copy_from_slice(data), &()) {
        assert_eq!((block.encode().as_ref(), block.encode_size()), (data, data.len()));
        let block = block.block();
        assert_eq!(
            block.header().transactions_root,
            block.transactions_root(),
            "the hash does not stand for the block"
        );
    }
    if let Ok(proposal) = decode_last_proposal(Bytes::copy_from_slice(data)) {
        assert_eq!(proposal.encode().as_ref(), data);
    }
}

/// Blocks with and without transactions, plain and as consensus frames them.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let header = Header {
        number: 1,
        extra_data: [1u8; 32].into(),
        base_fee_per_gas: Some(0),
        withdrawals_root: Some(alloy::consensus::EMPTY_ROOT_HASH),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(alloy_primitives::B256::ZERO),
        requests_hash: Some(alloy_primitives::B256::ZERO),
        ..Header::default()
    };
    let sent: Vec<_> = transactions::samples().into_iter().map(std::sync::Arc::new).collect();
    let root = Block::new(header.clone(), sent.clone()).transactions_root();
    let full = Block::new(Header { transactions_root: root, ..header.clone() }, sent.clone());
    let blocks = [Block::new(header.clone(), vec![]), full.clone(), Block::new(header, sent)];
    let framed = |block: &Block| ConsensusBlock::from(block.clone()).encode().to_vec();
    let proposed = |block: &Block| [&[0, 3][..], &framed(block)].concat();
    let mut seeds: Vec<_> =
        blocks.iter().flat_map(|block| [block.encode().to_vec(), framed(block), proposed(block)]).collect();
    // With claims about its senders, two of whom are the same.
    for (number, transaction) in full.transactions().iter().enumerate() {
        transaction.claim_sender(alloy_primitives::Address::repeat_byte((number % 2) as u8));
    }
    seeds.push(framed(&full));
    seeds
}
