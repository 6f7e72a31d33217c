//! Blocks as this crate hands them around: decoded once, hashed once, shared afterwards.

use std::sync::{Arc, OnceLock};

use crate::{RecoveredTransaction, SignedTransaction, TransactionDecodeError, state::Overlay};
use alloy_consensus::{BlockBody, EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, EthereumReceipt, Header, TxEnvelope, TxType};
use alloy_primitives::{Address, B256, Bytes, Sealable, Sealed};
use alloy_rlp::{Decodable, Encodable};
use alloy_trie::root::ordered_trie_root_encoded;
use chancery_primitives::extra_data::{ConsensusContext, ExtraDataError};

/// Largest encoded block that is decoded or built, in bytes (EIP-7934 allows 10 MiB less 2 MiB).
pub const MAX_BLOCK_BYTES: usize = 8 * 1024 * 1024;

/// A receipt without its bloom, which is computed when it is needed.
pub type Receipt = EthereumReceipt<TxType>;

/// A block: header, its hash, transactions. Cheap to clone. Decoding checks the shape only; execution checks the rest.
#[derive(Clone, Debug)]
pub struct Block(Arc<BlockParts>);

#[derive(Debug)]
struct BlockParts {
    header: Sealed<Header>,
    transactions: Vec<Arc<SignedTransaction>>,
    transactions_root: OnceLock<B256>,
}

/// Why bytes are not a block of a Chancery chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockDecodeError {
    /// More than [`MAX_BLOCK_BYTES`].
    #[error("the block has {actual} bytes, at most {MAX_BLOCK_BYTES} are accepted")]
    TooLarge {
        /// The number of bytes.
        actual: usize,
    },
    /// Not the RLP of an Ethereum block.
    #[error("the block is malformed: {0}")]
    Malformed(String),
    /// Ommers or withdrawals, which these chains never have.
    #[error("the block carries ommers or withdrawals, which this chain does not have")]
    ForeignBody,
    /// A transaction cannot be decoded.
    #[error("transaction {index} of the block: {error}")]
    Transaction {
        /// Its index in the block.
        index: usize,
        /// What is wrong with it.
        error: TransactionDecodeError,
    },
}

impl Block {
    /// Joins a header with its transactions; hashes the header.
    pub fn new(header: Header, transactions: Vec<Arc<SignedTransaction>>) -> Self {
        Self::from_sealed(header.seal_slow(), transactions)
    }

    /// Joins a sealed header with its transactions.
    pub(crate) fn from_sealed(header: Sealed<Header>, transactions: Vec<Arc<SignedTransaction>>) -> Self {
        Self(Arc::new(BlockParts { header, transactions, transactions_root: OnceLock::new() }))
    }

    /// The sealed header.
    pub fn header(&self) -> &Sealed<Header> {
        &self.0.header
    }

    /// The block hash: keccak256 of the RLP of the header.
    pub fn hash(&self) -> B256 {
        self.0.header.hash()
    }

    /// The block number.
    pub fn height(&self) -> u64 {
        self.0.header.number
    }

    /// The hash of the parent.
    pub fn parent_hash(&self) -> B256 {
        self.0.header.parent_hash
    }

    /// The transactions in order.
    pub fn transactions(&self) -> &[Arc<SignedTransaction>] {
        &self.0.transactions
    }

    /// The root of the trie of its transactions (yellow paper 4.4.3), computed once. The hash stands for the whole block only if the header
    /// names this root.
    pub fn transactions_root(&self) -> B256 {
        *self.0.transactions_root.get_or_init(|| transactions_root(&self.0.transactions))
    }

    /// What consensus committed to in `extraData`. Fails for the genesis block, which carries the validator-set hash instead.
    ///
    /// # Errors
    /// [`ExtraDataError`] when the bytes are not a context.
    pub fn context(&self) -> Result<ConsensusContext, ExtraDataError> {
        ConsensusContext::decode(&self.0.header.extra_data)
    }

    /// The block's time in milliseconds since 1970; whole seconds for the genesis block.
    pub fn time_ms(&self) -> u64 {
        header_time_ms(&self.0.header)
    }

    /// The standard RLP of the block (header, transactions, no ommers, no withdrawals).
    pub fn encode(&self) -> Bytes {
        let mut out = Vec::new();
        let payload = self.transactions_payload_length();
        let list = alloy_rlp::Header { list: true, payload_length: payload };
        let body_length = self.0.header.length() + list.length_with_payload() + 2;
        alloy_rlp::Header { list: true, payload_length: body_length }.encode(&mut out);
        out.reserve(body_length);
        self.0.header.inner().encode(&mut out);
        list.encode(&mut out);
        for transaction in &self.0.transactions {
            encode_network(transaction, &mut out);
        }
        out.extend_from_slice(&[alloy_rlp::EMPTY_LIST_CODE, alloy_rlp::EMPTY_LIST_CODE]);
        out.into()
    }

    /// Length of [`Self::encode`], in bytes.
    pub fn encoded_length(&self) -> usize {
        let list = alloy_rlp::Header { list: true, payload_length: self.transactions_payload_length() };
        let payload_length = self.0.header.length() + list.length_with_payload() + 2;
        alloy_rlp::Header { list: true, payload_length }.length_with_payload()
    }

    /// Decodes [`Self::encode`]; all bytes must be consumed. Signatures and roots are not checked.
    ///
    /// # Errors
    /// [`BlockDecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, BlockDecodeError> {
        if bytes.len() > MAX_BLOCK_BYTES {
            return Err(BlockDecodeError::TooLarge { actual: bytes.len() });
        }
        let malformed = |error: alloy_rlp::Error| BlockDecodeError::Malformed(error.to_string());
        let mut rest = bytes;
        let mut block = alloy_rlp::Header::decode_bytes(&mut rest, true).map_err(malformed)?;
        if !rest.is_empty() {
            return Err(BlockDecodeError::Malformed("bytes follow the block".into()));
        }
        let header = Header::decode(&mut block).map_err(malformed)?;
        let mut list = alloy_rlp::Header::decode_bytes(&mut block, true).map_err(malformed)?;
        let mut transactions = Vec::new();
        while !list.is_empty() {
            let index = transactions.len();
            let encoded = decode_network(&mut list).map_err(malformed)?;
            let transaction =
                SignedTransaction::decode(encoded).map_err(|error| BlockDecodeError::Transaction { index, error })?;
            transactions.push(Arc::new(transaction));
        }
        if block != [alloy_rlp::EMPTY_LIST_CODE, alloy_rlp::EMPTY_LIST_CODE] {
            return Err(BlockDecodeError::ForeignBody);
        }
        Ok(Self::new(header, transactions))
    }

    /// The block in alloy's types, for RPC conversions. Copies every transaction.
    pub fn to_alloy(&self) -> alloy_consensus::Block<TxEnvelope> {
        let transactions = self.0.transactions.iter().map(|transaction| transaction.envelope().clone()).collect();
        let body = BlockBody { transactions, ommers: Vec::new(), withdrawals: Some(Vec::new().into()) };
        alloy_consensus::Block { header: self.0.header.inner().clone(), body }
    }

    fn transactions_payload_length(&self) -> usize {
        self.0.transactions.iter().map(|transaction| network_length(transaction)).sum()
    }
}

/// Root of the trie of transactions (yellow paper 4.4.3).
pub(crate) fn transactions_root(transactions: &[Arc<SignedTransaction>]) -> B256 {
    if transactions.is_empty() {
        return EMPTY_ROOT_HASH;
    }
    let encoded: Vec<&[u8]> = transactions.iter().map(|transaction| &transaction.encoded()[..]).collect();
    ordered_trie_root_encoded(&encoded)
}

/// Milliseconds since 1970 of a header; the genesis header has whole seconds.
pub(crate) fn header_time_ms(header: &Header) -> u64 {
    let millisecond = ConsensusContext::decode(&header.extra_data).map_or(0, |context| context.millisecond);
    header.timestamp.saturating_mul(1_000).saturating_add(u64::from(millisecond))
}

/// Typed transactions stand in a block as RLP strings, legacy ones as the lists they are.
fn encode_network(transaction: &SignedTransaction, out: &mut Vec<u8>) {
    if transaction.envelope().is_legacy() {
        out.extend_from_slice(transaction.encoded());
    } else {
        transaction.encoded().as_ref().encode(out);
    }
}

pub(crate) fn network_length(transaction: &SignedTransaction) -> usize {
    if transaction.envelope().is_legacy() {
        transaction.encoded().len()
    } else {
        transaction.encoded().as_ref().length()
    }
}

fn decode_network(buffer: &mut &[u8]) -> alloy_rlp::Result<Bytes> {
    let start = *buffer;
    let header = alloy_rlp::Header::decode(buffer)?;
    if buffer.len() < header.payload_length {
        return Err(alloy_rlp::Error::InputTooShort);
    }
    let (payload, rest) = buffer.split_at(header.payload_length);
    *buffer = rest;
    let item = if header.list { &start[..start.len() - rest.len()] } else { payload };
    Ok(Bytes::copy_from_slice(item))
}

/// A block that this node has executed, with what execution gave. Not yet final.
#[derive(Debug)]
pub struct ExecutedBlock {
    pub(crate) block: Block,
    pub(crate) senders: Arc<Vec<Address>>,
    pub(crate) receipts: Arc<Vec<Receipt>>,
    pub(crate) overlay: Arc<Overlay>,
}

impl ExecutedBlock {
    /// The block.
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// The senders of its transactions, in order.
    pub fn senders(&self) -> &Arc<Vec<Address>> {
        &self.senders
    }

    /// The receipts of its transactions, in order.
    pub fn receipts(&self) -> &Arc<Vec<Receipt>> {
        &self.receipts
    }
}

impl ExecutedBlock {
    /// The same block, once it is final.
    pub(crate) fn finalized(&self) -> FinalizedBlock {
        FinalizedBlock { block: self.block.clone(), senders: self.senders.clone(), receipts: self.receipts.clone() }
    }
}

/// A final, durable block with its receipts, as subscribers and readers get it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FinalizedBlock {
    pub(crate) block: Block,
    pub(crate) senders: Arc<Vec<Address>>,
    pub(crate) receipts: Arc<Vec<Receipt>>,
}

impl FinalizedBlock {
    /// The block.
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// The senders of its transactions, in order.
    pub fn senders(&self) -> &Arc<Vec<Address>> {
        &self.senders
    }

    /// The receipts of its transactions, in order.
    pub fn receipts(&self) -> &Arc<Vec<Receipt>> {
        &self.receipts
    }

    /// Transactions with their senders, in order.
    pub fn recovered(&self) -> impl ExactSizeIterator<Item = RecoveredTransaction> + '_ {
        let pairs = self.block.transactions().iter().zip(self.senders.iter());
        pairs.map(|(signed, sender)| RecoveredTransaction::new_unchecked(signed.clone(), *sender))
    }
}

/// The ommers hash of every block: that of an empty list.
pub(crate) const OMMERS_HASH: B256 = EMPTY_OMMER_ROOT_HASH;
