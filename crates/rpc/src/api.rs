//! The chain as the methods see it: lookups that fail in the wire's words, and the server's shared state.

use std::{fmt, io, sync::Arc};

use alloy_consensus::{Header, TxEnvelope, transaction::Recovered};
use alloy_eips::{BlockId, BlockNumberOrTag, eip2124::ForkHash};
use alloy_evm::EvmEnv;
use alloy_primitives::{Address, B256, Bytes, Sealed, U256};
use chancery_execution::{
    Blockchain, FinalizedBlock, GenesisConfig, Pool, RecoveredTransaction, StateError, StateView, StoreError,
    TRANSACTION_GAS_LIMIT_CAP, TransactionLocation,
};
use jsonrpsee::core::JsonRawValue;
use revm::{Database, DatabaseRef, bytecode::Bytecode, state::AccountInfo};
use serde::Serialize;

use crate::{error::RpcError, filters::Filters, limits::RpcLimits, methods::Reply, reports::NodeReports};

/// What all connections share.
pub(crate) struct Api {
    chain: Blockchain,
    limits: RpcLimits,
    client_version: String,
    filters: Filters,
    reports: Option<Arc<dyn NodeReports>>,
}

impl fmt::Debug for Api {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Api").field("chain_id", &self.chain_id()).finish_non_exhaustive()
    }
}

impl From<StoreError> for RpcError {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

impl From<StateError> for RpcError {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Future { height, .. } => Self::UnknownBlock { block: height.to_string() },
            StateError::Pruned { height, earliest } => Self::StatePruned { height, earliest },
            StateError::Store(fault) => Self::internal(fault),
        }
    }
}

impl Api {
    pub(crate) fn new(
        chain: Blockchain,
        limits: RpcLimits,
        client_version: String,
        reports: Option<Arc<dyn NodeReports>>,
    ) -> Self {
        Self { filters: Filters::new(&limits), chain, limits, client_version, reports }
    }

    /// Who knows what consensus has heard.
    pub(crate) fn reports(&self) -> Option<&dyn NodeReports> {
        self.reports.as_deref()
    }

    pub(crate) fn limits(&self) -> &RpcLimits {
        &self.limits
    }

    pub(crate) fn client_version(&self) -> &str {
        &self.client_version
    }

    pub(crate) fn filters(&self) -> &Filters {
        &self.filters
    }

    pub(crate) fn chain(&self) -> &Blockchain {
        &self.chain
    }

    pub(crate) fn pool(&self) -> &Pool {
        self.chain.pool()
    }

    pub(crate) fn chain_id(&self) -> u64 {
        self.chain.chain_id()
    }

    pub(crate) fn genesis(&self) -> &GenesisConfig {
        self.chain.genesis_config()
    }

    /// EIP-7910 `forkId`: the hash of the genesis alone, for no fork was ever scheduled.
    pub(crate) fn fork_id(&self) -> Bytes {
        Bytes::copy_from_slice(&ForkHash::from(self.chain.genesis_hash()).0)
    }

    /// The most gas a transaction may ask for (EIP-7825).
    pub(crate) fn transaction_gas_cap(&self) -> u64 {
        TRANSACTION_GAS_LIMIT_CAP
    }

    /// The number of the latest final block, which is also the safe, the finalized and the pending one.
    pub(crate) fn head_height(&self) -> u64 {
        self.chain.head().block().height()
    }

    /// The height of a block, or that there is none.
    pub(crate) fn find(&self, block: BlockId) -> Result<Option<u64>, RpcError> {
        match block {
            // Every block here is canonical, so `requireCanonical` asks nothing more.
            BlockId::Hash(hash) => Ok(self.chain.height_of(hash.block_hash)?),
            BlockId::Number(BlockNumberOrTag::Number(height)) => Ok((height <= self.head_height()).then_some(height)),
            BlockId::Number(BlockNumberOrTag::Earliest) => Ok(Some(0)),
            BlockId::Number(_) => Ok(Some(self.head_height())),
        }
    }

    /// The height of a block that must be there.
    pub(crate) fn height_of(&self, block: BlockId) -> Result<u64, RpcError> {
        self.find(block)?.ok_or_else(|| RpcError::UnknownBlock { block: block.to_string() })
    }

    /// The header of a block that must be there.
    pub(crate) fn header(&self, height: u64) -> Result<Sealed<Header>, RpcError> {
        match self.chain.header(height)? {
            Some(header) => Ok(header),
            None => Err(self.missing(height)?),
        }
    }

    /// Why there is no block at a height.
    fn missing(&self, height: u64) -> Result<RpcError, RpcError> {
        let earliest = self.chain.earliest_block()?;
        Ok(if height > 0 && height < earliest {
            RpcError::HistoryPruned { height, earliest }
        } else {
            RpcError::UnknownBlock { block: height.to_string() }
        })
    }

    /// The block at a height that must be there.
    pub(crate) fn block(&self, height: u64) -> Result<Arc<FinalizedBlock>, RpcError> {
        match self.chain.block(height)? {
            Some(block) => Ok(block),
            None => Err(self.missing(height)?),
        }
    }

    /// A final transaction with its block.
    pub(crate) fn located(&self, hash: B256) -> Result<Option<(Arc<FinalizedBlock>, u64)>, RpcError> {
        match self.chain.transaction(hash)? {
            Some(TransactionLocation { height, index }) => Ok(Some((self.block(height)?, index.into()))),
            None => Ok(None),
        }
    }

    /// The state after a block.
    pub(crate) fn state(&self, block: BlockId) -> Result<StateView, RpcError> {
        Ok(self.chain.state_at(self.height_of(block)?)?)
    }

    /// The state after the block at `height`, for an EVM.
    pub(crate) fn state_db(&self, height: u64) -> Result<StateDb, RpcError> {
        Ok(StateDb(self.chain.state_at(height)?))
    }

    /// The environment of the block at `height`.
    pub(crate) fn evm_env(&self, height: u64) -> Result<EvmEnv, RpcError> {
        Ok(self.chain.evm_env(&*self.header(height)?))
    }

    /// Serializes a result, up to `max_response_bytes`.
    pub(crate) fn reply<T: Serialize + ?Sized>(&self, result: &T) -> Result<Reply, RpcError> {
        let max_bytes = self.limits.max_response_bytes;
        let mut writer = BoundedWriter { bytes: Vec::with_capacity(128), most: max_bytes as usize };
        match serde_json::to_writer(&mut writer, result) {
            Ok(()) => {}
            Err(error) if error.is_io() => return Err(RpcError::ResponseTooLarge { max_bytes }),
            Err(error) => return Err(RpcError::internal(error)),
        }
        let text = String::from_utf8(writer.bytes).map_err(RpcError::internal)?;
        JsonRawValue::from_string(text).map_err(RpcError::internal)
    }
}

/// The envelope and sender of a transaction in alloy's form.
pub(crate) fn recovered(transaction: &RecoveredTransaction) -> Recovered<TxEnvelope> {
    Recovered::new_unchecked(transaction.envelope().clone(), transaction.sender())
}

/// A buffer that refuses to grow beyond a bound.
struct BoundedWriter {
    bytes: Vec<u8>,
    most: usize,
}

impl io::Write for BoundedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(bytes.len()) > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The state after a block as an EVM's database.
#[derive(Clone)]
pub(crate) struct StateDb(pub(crate) StateView);

impl fmt::Debug for StateDb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StateDb({})", self.0.height())
    }
}

impl DatabaseRef for StateDb {
    type Error = StateError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        self.0.basic_ref(address)
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, StateError> {
        self.0.code_by_hash_ref(code_hash)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.0.storage_ref(address, slot)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, StateError> {
        self.0.block_hash_ref(number)
    }
}

impl Database for StateDb {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        self.0.basic_ref(address)
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, StateError> {
        self.0.code_by_hash_ref(code_hash)
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.0.storage_ref(address, slot)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, StateError> {
        self.0.block_hash_ref(number)
    }
}
