//! The index of operations and data blocks: which block holds an operation, and what all its leaves are, so that the proof of membership
//! can be made again (R2D); and idempotency keys. Everything here stands on the chains too, as hashes; losing it loses proofs, no records.

use alloy_primitives::{Address, B256};

use crate::{
    database::{IdentityDatabase, Lock, Row, values},
    error::{Conflict, IdentityError, IdentityResult},
};

/// Longest idempotency key, in bytes.
pub const MAX_IDEMPOTENCY_KEY_BYTES: usize = 100;
/// Most operations of one data block.
pub const MAX_BLOCK_OPERATIONS: usize = 4096;
/// Bytes of a leaf that was announced.
const ANNOUNCED_BYTES: usize = 32 + 20 + 32 + 32 + 8;

/// Where something is recorded on a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// Transaction.
    pub tx_hash: B256,
    /// Block.
    pub block_number: u64,
    /// Hash of the block.
    pub block_hash: B256,
}

/// A leaf of a data block (encodings: Data block).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexedOperation {
    /// EIP-712 digest.
    pub digest: B256,
    /// Who signed it.
    pub source: Address,
    /// Type as `bytes32`.
    pub operation_type: B256,
    /// Hash of the content.
    pub content_hash: B256,
    /// Time in the leaf, Unix seconds.
    pub time: u64,
    /// The operation's own transaction, if it has one.
    pub recorded: Option<Location>,
}

/// A data block with its leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedBlock {
    /// Merkle root.
    pub root: B256,
    /// The chain that records it.
    pub chain: String,
    /// Unix milliseconds.
    pub closed_at_ms: u64,
    /// The transaction that recorded the root; `None` while that is not known to be final.
    pub recorded: Option<Location>,
    /// Leaves in the order of the block.
    pub operations: Vec<IndexedOperation>,
}

impl IdentityDatabase {
    /// Notes a data block that is about to be sent, with its leaves, so that both are known whatever becomes of it: its operations are in no block yet, and may come into another.
    /// One that is known stays as it is.
    ///
    /// # Errors
    /// `TooLarge`, `DatabaseUnreachable`.
    pub async fn announce_block(&self, block: &IndexedBlock) -> IdentityResult<()> {
        if block.operations.len() > MAX_BLOCK_OPERATIONS {
            return Err(IdentityError::TooLarge { what: "the data block", limit: MAX_BLOCK_OPERATIONS });
        }
        let leaves: Vec<u8> = block.operations.iter().flat_map(announced).collect();
        // Announced again by a release that keeps leaves, one of before gets them.
        self.pool
            .execute(
                "INSERT INTO data_blocks (root, chain, closed_at_ms, announced) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (root) DO UPDATE SET announced = excluded.announced \
                 WHERE data_blocks.tx_hash IS NULL AND data_blocks.announced IS NULL",
                values![block.root, block.chain.as_str(), block.closed_at_ms, leaves],
            )
            .await
            .map(drop)
    }

    /// Writes a data block and its leaves, or completes what was written before (the same root with locations now known).
    ///
    /// # Errors
    /// `TooLarge`, `Conflict::Concurrent` when an operation is in another block already, `DatabaseUnreachable`.
    pub async fn index_block(&self, block: &IndexedBlock) -> IdentityResult<()> {
        if block.operations.len() > MAX_BLOCK_OPERATIONS {
            return Err(IdentityError::TooLarge { what: "the data block", limit: MAX_BLOCK_OPERATIONS });
        }
        let mut transaction = self.pool.begin(Lock::Operation).await?;
        let (tx, number, hash) = parts(block.recorded.as_ref());
        transaction
            .execute(
                "INSERT INTO data_blocks (root, chain, closed_at_ms, tx_hash, block_number, block_hash) VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (root) DO UPDATE SET tx_hash = COALESCE(excluded.tx_hash, data_blocks.tx_hash), \
                 block_number = COALESCE(excluded.block_number, data_blocks.block_number), \
                 block_hash = COALESCE(excluded.block_hash, data_blocks.block_hash), announced = NULL",
                values![block.root, block.chain.as_str(), block.closed_at_ms, tx, number, hash],
            )
            .await?;
        for (position, operation) in block.operations.iter().enumerate() {
            let (tx, number, hash) = parts(operation.recorded.as_ref());
            let changed = transaction
                .execute(
                    "INSERT INTO operations (digest, root, position, source, operation_type, content_hash, time, tx_hash, block_number, block_hash) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                     ON CONFLICT (digest) DO UPDATE SET tx_hash = COALESCE(excluded.tx_hash, operations.tx_hash), \
                     block_number = COALESCE(excluded.block_number, operations.block_number), \
                     block_hash = COALESCE(excluded.block_hash, operations.block_hash) WHERE operations.root = excluded.root",
                    values![
                        operation.digest,
                        block.root,
                        position as u64,
                        operation.source,
                        operation.operation_type,
                        operation.content_hash,
                        operation.time,
                        tx,
                        number,
                        hash,
                    ],
                )
                .await?;
            if changed == 0 {
                return Err(Conflict::Concurrent.into());
            }
        }
        transaction.commit().await
    }

    /// The data block with a root; one that was only announced has the leaves that it was announced with, and no place. Announced by a release that kept none, it has no
    /// operations.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Broken`.
    pub async fn block(&self, root: B256) -> IdentityResult<Option<IndexedBlock>> {
        let row = self
            .pool
            .fetch_optional(
                "SELECT chain, closed_at_ms, tx_hash, block_number, block_hash, announced FROM data_blocks WHERE root = $1",
                values![root],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let rows = self
            .pool
            .fetch_all(
                "SELECT digest, source, operation_type, content_hash, time, tx_hash, block_number, block_hash \
                 FROM operations WHERE root = $1 ORDER BY position",
                values![root],
            )
            .await?;
        let operations: Vec<IndexedOperation> = rows.iter().map(read_operation).collect::<IdentityResult<_>>()?;
        let recorded = location(&row, 2)?;
        // What was recorded has its rows, or has lost them.
        let leaves = row.optional_bytes(5)?.filter(|_| operations.is_empty() && recorded.is_none());
        Ok(Some(IndexedBlock {
            root,
            chain: row.text(0)?,
            closed_at_ms: row.unsigned(1)?,
            recorded,
            operations: leaves.map_or(Ok(operations), |leaves| read_announced(&leaves))?,
        }))
    }

    /// Roots of data blocks that a chain is said to have recorded, from one on, in their order, at most `limit`.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Broken`.
    pub async fn roots_from(&self, chain: &str, first: B256, limit: usize) -> IdentityResult<Vec<B256>> {
        let rows = self
            .pool
            .fetch_all(
                "SELECT root FROM data_blocks WHERE root >= $1 AND chain = $2 AND tx_hash IS NOT NULL \
                 ORDER BY root LIMIT $3",
                values![first, chain, limit as u64],
            )
            .await?;
        rows.iter().map(|row| row.hash(0)).collect()
    }

    /// The data block that holds an operation.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Broken`.
    pub async fn block_of_operation(&self, digest: B256) -> IdentityResult<Option<IndexedBlock>> {
        let row = self.pool.fetch_optional("SELECT root FROM operations WHERE digest = $1", values![digest]).await?;
        match row {
            Some(row) => self.block(row.hash(0)?).await,
            None => Ok(None),
        }
    }

    /// Ties an idempotency key of a source to an operation. The same pair again is fine.
    ///
    /// # Errors
    /// `TooLarge`, `Conflict::IdempotencyKeyUsed`, `DatabaseUnreachable`.
    pub async fn claim_idempotency_key(
        &self,
        source: Address,
        key: &str,
        digest: B256,
        now_ms: u64,
    ) -> IdentityResult<()> {
        if key.is_empty() || key.len() > MAX_IDEMPOTENCY_KEY_BYTES {
            return Err(IdentityError::TooLarge {
                what: "the idempotency key is empty or",
                limit: MAX_IDEMPOTENCY_KEY_BYTES,
            });
        }
        self.pool
            .execute(
                "INSERT INTO idempotency_keys (source, idempotency_key, digest, created_at_ms) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (source, idempotency_key) DO NOTHING",
                values![source, key, digest, now_ms],
            )
            .await?;
        match self.idempotency_digest(source, key).await? {
            Some(claimed) if claimed == digest => Ok(()),
            _ => Err(Conflict::IdempotencyKeyUsed.into()),
        }
    }

    /// The operation that an idempotency key of a source stands for.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn idempotency_digest(&self, source: Address, key: &str) -> IdentityResult<Option<B256>> {
        let row = self
            .pool
            .fetch_optional(
                "SELECT digest FROM idempotency_keys WHERE source = $1 AND idempotency_key = $2",
                values![source, key],
            )
            .await?;
        row.map(|row| row.hash(0)).transpose()
    }
}

/// A leaf as it is announced: digest, source, type, content and time.
fn announced(operation: &IndexedOperation) -> Vec<u8> {
    let IndexedOperation { digest, source, operation_type, content_hash, time, .. } = operation;
    let parts: [&[u8]; 5] =
        [digest.as_slice(), source.as_slice(), operation_type.as_slice(), content_hash.as_slice(), &time.to_be_bytes()];
    parts.concat()
}

fn read_announced(leaves: &[u8]) -> IdentityResult<Vec<IndexedOperation>> {
    let (leaves, rest) = leaves.as_chunks::<ANNOUNCED_BYTES>();
    if !rest.is_empty() {
        return Err(IdentityError::Broken("announced leaves do not decode".into()));
    }
    Ok(leaves.iter().map(read_leaf).collect())
}

fn read_leaf(leaf: &[u8; ANNOUNCED_BYTES]) -> IndexedOperation {
    let (digest, rest) = leaf.split_at(32);
    let (source, rest) = rest.split_at(20);
    let (operation_type, rest) = rest.split_at(32);
    let (content_hash, time) = rest.split_at(32);
    IndexedOperation {
        digest: B256::from_slice(digest),
        source: Address::from_slice(source),
        operation_type: B256::from_slice(operation_type),
        content_hash: B256::from_slice(content_hash),
        time: time.iter().fold(0, |time, byte| (time << 8) | u64::from(*byte)),
        recorded: None,
    }
}

fn parts(location: Option<&Location>) -> (Option<B256>, Option<u64>, Option<B256>) {
    (
        location.map(|location| location.tx_hash),
        location.map(|location| location.block_number),
        location.map(|location| location.block_hash),
    )
}

fn location(row: &Row, first: usize) -> IdentityResult<Option<Location>> {
    let parts = (row.optional_hash(first)?, row.optional_unsigned(first + 1)?, row.optional_hash(first + 2)?);
    Ok(match parts {
        (Some(tx_hash), Some(block_number), Some(block_hash)) => Some(Location { tx_hash, block_number, block_hash }),
        _ => None,
    })
}

fn read_operation(row: &Row) -> IdentityResult<IndexedOperation> {
    Ok(IndexedOperation {
        digest: row.hash(0)?,
        source: row.address(1)?,
        operation_type: row.hash(2)?,
        content_hash: row.hash(3)?,
        time: row.unsigned(4)?,
        recorded: location(row, 5)?,
    })
}
