use std::sync::Arc;

use alloy_primitives::B256;
use bytes::BufMut;
use chancery_execution::{Block, MAX_BLOCK_BYTES};
use commonware_codec::{Buf, EncodeSize, Error as CodecError, Read, Write};
use commonware_consensus::{BoundedBlock, Heightable, types::Height};
use commonware_cryptography::{Digested, Digestible, keccak256};

use crate::claims;

/// The block hash, as consensus handles it (CHAIN-1).
pub type BlockDigest = keccak256::Digest;

/// The longest varint in front of a block's bytes.
const MAX_LENGTH_PREFIX_BYTES: usize = 5;

/// An Ethereum block as consensus transports it: a length as a varint, then so many bytes: the block's RLP and whom its transactions are claimed to be
/// from ([`claims`], CHAIN-8). Its digest is the block hash, for which claims do not count.
///
/// Decoding accepts one encoding per block and claims: bytes that would be written differently are refused, and so are transactions that the header does
/// not name. Otherwise the hash would not stand for the block, and a peer could give a validator the right header with a wrong body.
#[derive(Clone, Debug)]
pub struct ConsensusBlock {
    block: Block,
    /// Written once: what is known of senders may grow between the reckoning of a length and the writing.
    claims: Arc<Vec<u8>>,
}

impl ConsensusBlock {
    /// The Ethereum block.
    #[must_use]
    pub const fn block(&self) -> &Block {
        &self.block
    }

    /// The same block with claims that are true. `None`: its own are, or not every sender is known here yet.
    pub(crate) fn corrected(&self) -> Option<Self> {
        let claims = claims::encode_true(self.block.transactions()).filter(|claims| *claims != *self.claims)?;
        Some(Self { block: self.block.clone(), claims: claims.into() })
    }

    /// The block with its digest, which is known already.
    pub(crate) fn digested(block: Block) -> Digested<Self> {
        let digest = digest(block.hash());
        Digested::precomputed(Self::from(block), digest)
    }
}

impl From<Block> for ConsensusBlock {
    fn from(block: Block) -> Self {
        let claims = claims::encode(block.transactions()).into();
        Self { block, claims }
    }
}

/// The digest of a block hash.
pub(crate) const fn digest(hash: B256) -> BlockDigest {
    keccak256::Digest(hash.0)
}

/// The block hash of a digest.
pub(crate) const fn hash(digest: BlockDigest) -> B256 {
    B256::new(digest.0)
}

impl Write for ConsensusBlock {
    fn write(&self, buffer: &mut impl BufMut) {
        let block = self.block.encode();
        (block.len() + self.claims.len()).write(buffer);
        buffer.put_slice(&block);
        buffer.put_slice(&self.claims);
    }
}

impl EncodeSize for ConsensusBlock {
    fn encode_size(&self) -> usize {
        let length = self.block.encoded_length() + self.claims.len();
        length.encode_size() + length
    }
}

impl Read for ConsensusBlock {
    type Cfg = ();

    fn read_cfg(buffer: &mut impl Buf, (): &()) -> Result<Self, CodecError> {
        let bytes = bytes::Bytes::read_cfg(buffer, &(..=MAX_BLOCK_BYTES + claims::MAX_BYTES).into())?;
        let invalid = |what| CodecError::Invalid("ConsensusBlock", what);
        let length = first_item(&bytes).ok_or_else(|| invalid("not RLP"))?;
        let (encoded, rest) = (bytes.slice(..length), bytes.slice(length..));
        let block = Block::decode(&encoded).map_err(|error| CodecError::Wrapped("ConsensusBlock", Box::new(error)))?;
        if block.encode().as_ref() != encoded.as_ref() {
            return Err(invalid("not in canonical RLP"));
        }
        if block.transactions_root() != block.header().transactions_root {
            return Err(invalid("its transactions are not those that its header names"));
        }
        claims::note(&rest, block.transactions()).ok_or_else(|| invalid("malformed claims about senders"))?;
        Ok(Self { block, claims: Arc::new(rest.to_vec()) })
    }
}

/// How many bytes the first RLP item has. `None`: there is none, or it is longer than the bytes.
fn first_item(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    let header = alloy_rlp::Header::decode(&mut rest).ok()?;
    let length = (bytes.len() - rest.len()).checked_add(header.payload_length)?;
    (length <= bytes.len()).then_some(length)
}

impl Digestible for ConsensusBlock {
    type Digest = BlockDigest;

    fn digest(&self) -> BlockDigest {
        digest(self.block.hash())
    }
}

impl Heightable for ConsensusBlock {
    fn height(&self) -> Height {
        Height::new(self.block.height())
    }
}

impl commonware_consensus::Block for ConsensusBlock {
    fn parent(&self) -> BlockDigest {
        digest(self.block.parent_hash())
    }
}

impl BoundedBlock for ConsensusBlock {
    fn max_encode_size((): &()) -> usize {
        MAX_LENGTH_PREFIX_BYTES + MAX_BLOCK_BYTES + claims::MAX_BYTES
    }
}

#[cfg(test)]
#[path = "block_tests.rs"]
mod tests;
