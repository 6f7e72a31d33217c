//! Reading final blocks.

use std::sync::Arc;

use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes, Sealable, Sealed};
use alloy_rlp::Decodable;

use super::{
    Store, StoreError, body,
    keys::{self, Kind},
};
use crate::{Block, FinalizedBlock, Receipt, RegistryRecord, TransactionLocation};

impl Store {
    fn entry(&self, kind: Kind, height: u64) -> Result<Option<fjall::UserValue>, StoreError> {
        let (keyspace, key) = self.part(kind, height);
        keyspace.get(key).map_err(StoreError::while_doing("reading a block"))
    }

    /// The height of the latest final block. `None`: the store is new.
    pub(crate) fn head_height(&self) -> Result<Option<u64>, StoreError> {
        self.meta_height(keys::META_HEAD)
    }

    /// The earliest height whose state is kept.
    pub(crate) fn earliest_state(&self) -> Result<u64, StoreError> {
        Ok(self.meta_height(keys::META_EARLIEST_STATE)?.unwrap_or_default())
    }

    /// The earliest height, the genesis aside, whose body and receipts are kept.
    pub(crate) fn earliest_block(&self) -> Result<u64, StoreError> {
        Ok(self.meta_height(keys::META_EARLIEST_BLOCK)?.unwrap_or_default())
    }

    /// The registry after the last block of an epoch, if the validators changed in it.
    pub(crate) fn registry(&self, epoch: u64) -> Result<Option<RegistryRecord>, StoreError> {
        let Some(value) = self.entry(Kind::Registry, epoch)? else { return Ok(None) };
        let record = RegistryRecord::decode(&value)
            .ok_or_else(|| StoreError::damaged("a record of the validator registry is malformed"))?;
        Ok(Some(record))
    }

    pub(crate) fn height_of(&self, hash: &B256) -> Result<Option<u64>, StoreError> {
        let found = self.lookup.get(keys::block_hash(hash)).map_err(StoreError::while_doing("finding a block"))?;
        let Some(value) = found else { return Ok(None) };
        let bytes = value.as_ref().try_into().map_err(|_| StoreError::damaged("a block's place is no number"))?;
        Ok(Some(u64::from_be_bytes(bytes)))
    }

    pub(crate) fn transaction(&self, hash: &B256) -> Result<Option<TransactionLocation>, StoreError> {
        let found =
            self.lookup.get(keys::transaction_hash(hash)).map_err(StoreError::while_doing("finding a transaction"))?;
        let Some(value) = found else { return Ok(None) };
        let damaged = || StoreError::damaged("a transaction's place is malformed");
        let (height, index) = value.split_at_checked(8).ok_or_else(damaged)?;
        Ok(Some(TransactionLocation {
            height: u64::from_be_bytes(height.try_into().map_err(|_| damaged())?),
            index: u32::from_be_bytes(index.try_into().map_err(|_| damaged())?),
        }))
    }

    pub(crate) fn header(&self, height: u64) -> Result<Option<Sealed<Header>>, StoreError> {
        let Some(value) = self.entry(Kind::Header, height)? else { return Ok(None) };
        let header = Header::decode(&mut value.as_ref()).map_err(|_| StoreError::damaged("a header is no RLP"))?;
        Ok(Some(header.seal_slow()))
    }

    pub(crate) fn receipts(&self, height: u64) -> Result<Option<Arc<Vec<Receipt>>>, StoreError> {
        let Some(value) = self.entry(Kind::Receipts, height)? else { return Ok(None) };
        let receipts = body::decode_receipts(&value).ok_or_else(|| StoreError::damaged("receipts are malformed"))?;
        Ok(Some(Arc::new(receipts)))
    }

    /// A block with its receipts. `None`: it is not here, or was pruned to its header.
    pub(crate) fn block(&self, height: u64) -> Result<Option<Arc<FinalizedBlock>>, StoreError> {
        let Some(header) = self.header(height)? else { return Ok(None) };
        let (body, receipts) = (self.entry(Kind::Body, height)?, self.receipts(height)?);
        let (body, receipts) = match (body, receipts) {
            (Some(body), Some(receipts)) => (body, receipts),
            // Looked at last: pruning moves the bound together with what it removes.
            (body, _) if height >= self.earliest_block()? => {
                let problem = if body.is_some() { "a block has no receipts" } else { "a block has no body" };
                return Err(StoreError::damaged(problem));
            }
            _ => return Ok(None),
        };
        let (transactions, senders) =
            body::decode_body(&body).ok_or_else(|| StoreError::damaged("a body is malformed"))?;
        let block = Block::from_sealed(header, transactions);
        Ok(Some(Arc::new(FinalizedBlock { block, senders: Arc::new(senders), receipts })))
    }

    pub(crate) fn certificate(&self, height: u64) -> Result<Option<Bytes>, StoreError> {
        Ok(self.entry(Kind::Certificate, height)?.map(|value| Bytes::copy_from_slice(&value)))
    }

    /// Keeps a certificate that came after its block.
    pub(crate) fn put_certificate(&self, height: u64, certificate: &[u8]) -> Result<(), StoreError> {
        let mut batch = self.batch();
        batch.insert(&self.chain, keys::block(Kind::Certificate, height), certificate);
        batch.commit().map_err(StoreError::while_doing("keeping a certificate"))
    }
}
