use alloy_primitives::B256;
use bytes::BufMut;
use chancery_execution::{Block, MAX_BLOCK_BYTES};
use commonware_codec::{Buf, EncodeSize, Error as CodecError, Read, Write};
use commonware_consensus::{BoundedBlock, Heightable, types::Height};
use commonware_cryptography::{Digested, Digestible, keccak256};

/// The block hash, as consensus handles it (CHAIN-1).
pub type BlockDigest = keccak256::Digest;

/// The longest varint in front of a block's bytes.
const MAX_LENGTH_PREFIX_BYTES: usize = 5;

/// An Ethereum block as consensus transports it: the length as a varint, then the block's RLP. Its digest is the block hash.
///
/// Decoding accepts one encoding per block: bytes that would be written differently are refused, and so are transactions that the header does not
/// name. Otherwise the hash would not stand for the block, and a peer could give a validator the right header with a wrong body.
#[derive(Clone, Debug)]
pub struct ConsensusBlock(Block);

impl ConsensusBlock {
    /// The Ethereum block.
    #[must_use]
    pub const fn block(&self) -> &Block {
        &self.0
    }

    /// The block with its digest, which is known already.
    pub(crate) fn digested(block: Block) -> Digested<Self> {
        let digest = digest(block.hash());
        Digested::precomputed(Self(block), digest)
    }
}

impl From<Block> for ConsensusBlock {
    fn from(block: Block) -> Self {
        Self(block)
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
        self.0.encode().0.write(buffer);
    }
}

impl EncodeSize for ConsensusBlock {
    fn encode_size(&self) -> usize {
        let length = self.0.encoded_length();
        length.encode_size() + length
    }
}

impl Read for ConsensusBlock {
    type Cfg = ();

    fn read_cfg(buffer: &mut impl Buf, (): &()) -> Result<Self, CodecError> {
        let bytes = bytes::Bytes::read_cfg(buffer, &(..=MAX_BLOCK_BYTES).into())?;
        let block = Block::decode(&bytes).map_err(|error| CodecError::Wrapped("ConsensusBlock", Box::new(error)))?;
        if block.encode().as_ref() != bytes.as_ref() {
            return Err(CodecError::Invalid("ConsensusBlock", "not in canonical RLP"));
        }
        if block.transactions_root() != block.header().transactions_root {
            return Err(CodecError::Invalid("ConsensusBlock", "its transactions are not those that its header names"));
        }
        Ok(Self(block))
    }
}

impl Digestible for ConsensusBlock {
    type Digest = BlockDigest;

    fn digest(&self) -> BlockDigest {
        digest(self.0.hash())
    }
}

impl Heightable for ConsensusBlock {
    fn height(&self) -> Height {
        Height::new(self.0.height())
    }
}

impl commonware_consensus::Block for ConsensusBlock {
    fn parent(&self) -> BlockDigest {
        digest(self.0.parent_hash())
    }
}

impl BoundedBlock for ConsensusBlock {
    fn max_encode_size((): &()) -> usize {
        MAX_LENGTH_PREFIX_BYTES + MAX_BLOCK_BYTES
    }
}

#[cfg(test)]
#[path = "block_tests.rs"]
mod tests;
