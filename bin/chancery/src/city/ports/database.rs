//! The entities' journals and representation's index over the identity database.

use std::{collections::BTreeSet, ops::Range};

use alloy_primitives::{Address, B256};
use async_trait::async_trait;
use chancery_identity::{
    self as identity, IdentityDatabase, IdentityError, JournalEntry, JournalQuery, Keeper, Location,
    RegistrationReader, UserStatus,
};
use chancery_primitives::{OperationType, UnixSeconds, data_block::Leaf};
use chancery_processing::Registrations;
use chancery_provisioning::{Accounts, Charge, Charged, Charges};
use chancery_reference_points::{
    Code, DoorError, DoorResult, Role,
    data_block::TransactionLocator,
    journal::Journal,
    operation::ChainName,
    right::Right,
    v2m::{EventFilter, Happening, HistoryEntry},
};
use chancery_representation::{IndexedBlock, IndexedOperation, OperationIndex};

/// Entries that a query without a limit gives.
const DEFAULT_JOURNAL_ROWS: usize = 100;

pub(super) fn door_error(error: IdentityError) -> DoorError {
    match error {
        IdentityError::Conflict(_) => {
            DoorError::new(Code::IdempotencyConflict, "this is bound to something else already").caused_by(error)
        }
        error if error.is_temporary() => {
            DoorError::new(Code::DatabaseUnreachable, "the identity database does not answer").caused_by(error)
        }
        // What the database was asked with came from outside, and the message names no value.
        error @ (IdentityError::Malformed { .. } | IdentityError::TooLarge { .. }) => {
            DoorError::new(Code::MalformedRequest, error.to_string())
        }
        error => DoorError::internal(error),
    }
}

/// The journal of one entity.
pub(crate) struct DatabaseJournal {
    database: IdentityDatabase,
    keeper: Keeper,
}

impl DatabaseJournal {
    pub(crate) const fn new(database: IdentityDatabase, keeper: Keeper) -> Self {
        Self { database, keeper }
    }

    /// As the database keeps it; nothing of what is on chains.
    pub(super) fn entry(&self, entry: HistoryEntry) -> Option<JournalEntry> {
        Some(JournalEntry {
            time_ms: entry.time_ms,
            keeper: self.keeper,
            happening: kept(entry.happening)?,
            name: entry.name,
            actor: entry.by,
            subject: entry.subject,
            facts: entry.facts,
            right: entry.right.map(|right| right.name().to_owned()),
        })
    }
}

/// What a journal can hold; the rest of the happenings are on chains.
const fn kept(happening: Happening) -> Option<identity::Happening> {
    match happening {
        Happening::Submitted => Some(identity::Happening::Submitted),
        Happening::SubmissionRefused => Some(identity::Happening::SubmissionRefused),
        Happening::Accessed => Some(identity::Happening::Accessed),
        Happening::Configured => Some(identity::Happening::Configured),
        Happening::Created | Happening::Updated | Happening::Inspected => None,
    }
}

const fn told(happening: identity::Happening) -> Happening {
    match happening {
        identity::Happening::Submitted => Happening::Submitted,
        identity::Happening::SubmissionRefused => Happening::SubmissionRefused,
        identity::Happening::Accessed => Happening::Accessed,
        identity::Happening::Configured => Happening::Configured,
    }
}

#[async_trait]
impl Journal for DatabaseJournal {
    async fn record(&self, entry: HistoryEntry) -> DoorResult<()> {
        let Some(entry) = self.entry(entry) else { return Ok(()) };
        self.database.record(&entry).await.map_err(door_error)
    }

    async fn entries(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        let happenings: Vec<_> = filter.happenings.iter().copied().filter_map(kept).collect();
        if happenings.is_empty() && !filter.happenings.is_empty() {
            return Ok(Vec::new());
        }
        let query = JournalQuery {
            from_ms: filter.from_ms,
            to_ms: filter.to_ms,
            happenings,
            subject: filter.subject.clone(),
            actor: None,
            limit: filter.limit.unwrap_or(DEFAULT_JOURNAL_ROWS),
        };
        self.found(&query).await
    }

    async fn accesses(&self, subject: &str, by: Option<Address>, limit: usize) -> DoorResult<Vec<HistoryEntry>> {
        let query = JournalQuery {
            happenings: vec![identity::Happening::Accessed],
            subject: Some(subject.to_owned()),
            actor: by,
            limit,
            ..JournalQuery::default()
        };
        self.found(&query).await
    }
}

impl DatabaseJournal {
    /// What a query finds, as the doors tell it.
    async fn found(&self, query: &JournalQuery) -> DoorResult<Vec<HistoryEntry>> {
        let entries = self.database.journal(self.keeper, query).await.map_err(door_error)?;
        Ok(entries
            .into_iter()
            .map(|entry| HistoryEntry {
                time_ms: entry.time_ms,
                happening: told(entry.happening),
                name: entry.name,
                by: entry.actor,
                subject: entry.subject,
                recorded: None,
                facts: entry.facts,
                right: entry.right.as_deref().and_then(Right::of_name),
                verified: None,
                revision: None,
            })
            .collect())
    }
}

#[async_trait]
impl Charges for DatabaseJournal {
    async fn record(&self, entry: HistoryEntry, charge: Charge) -> DoorResult<()> {
        let Some(entry) = self.entry(entry) else { return Ok(()) };
        let charge = identity::Charge { organization: charge.organization, bytes: charge.bytes };
        self.database.record_charged(&entry, &charge).await.map_err(door_error)
    }

    async fn charged(
        &self,
        service: &str,
        period: Range<u64>,
        by: Option<Address>,
        limit: usize,
    ) -> DoorResult<Vec<Charged>> {
        let (from_ms, to_ms, limit) = (period.start, period.end, limit as u64);
        let query = identity::ChargedQuery { name: service, from_ms, to_ms, by, limit };
        let rows = self.database.charged(self.keeper, &query).await.map_err(door_error)?;
        let charged = |row: identity::Charged| Charged {
            inspector: row.by,
            organization: row.organization,
            count: row.count,
            bytes: row.bytes,
        };
        Ok(rows.into_iter().map(charged).collect())
    }
}

/// Which data block holds which operation.
pub(crate) struct DatabaseIndex(IdentityDatabase);

impl DatabaseIndex {
    pub(crate) const fn new(database: IdentityDatabase) -> Self {
        Self(database)
    }
}

const fn location(locator: &TransactionLocator) -> Location {
    Location { tx_hash: locator.tx_hash, block_number: locator.block_number, block_hash: locator.block_hash }
}

fn locator(chain: &str, location: Location) -> TransactionLocator {
    TransactionLocator {
        chain: ChainName(chain.to_owned()),
        tx_hash: location.tx_hash,
        block_number: location.block_number,
        block_hash: location.block_hash,
    }
}

#[async_trait]
impl OperationIndex for DatabaseIndex {
    async fn put(&self, block: &IndexedBlock) -> DoorResult<()> {
        self.0.index_block(&kept_block(block)).await.map_err(door_error)
    }

    async fn announce(&self, block: &IndexedBlock) -> DoorResult<()> {
        self.0.announce_block(&kept_block(block)).await.map_err(door_error)
    }

    async fn block(&self, root: B256) -> DoorResult<Option<IndexedBlock>> {
        self.0.block(root).await.map_err(door_error)?.map(indexed).transpose()
    }

    async fn roots_from(&self, chain: &ChainName, first: B256, limit: usize) -> DoorResult<Vec<B256>> {
        self.0.roots_from(&chain.0, first, limit).await.map_err(door_error)
    }

    async fn block_of(&self, operation: B256) -> DoorResult<Option<IndexedBlock>> {
        self.0.block_of_operation(operation).await.map_err(door_error)?.map(indexed).transpose()
    }

    async fn claim_key(&self, source: Address, key: &str, operation: B256) -> DoorResult<()> {
        let now_ms = jiff::Timestamp::now().as_millisecond();
        self.0
            .claim_idempotency_key(source, key, operation, u64::try_from(now_ms).unwrap_or(0))
            .await
            .map_err(door_error)
    }
}

/// A block of representation, as the database keeps it.
fn kept_block(block: &IndexedBlock) -> identity::IndexedBlock {
    let operations = block.operations.iter().map(|operation| identity::IndexedOperation {
        digest: operation.leaf.operation_digest,
        source: operation.leaf.source,
        operation_type: operation.leaf.operation_type.to_bytes32(),
        content_hash: operation.leaf.content_hash,
        time: operation.leaf.time.get(),
        recorded: operation.recorded.as_ref().map(location),
    });
    identity::IndexedBlock {
        root: block.root,
        chain: block.chain.0.clone(),
        closed_at_ms: block.closed_at_ms,
        recorded: block.recorded.as_ref().map(location),
        operations: operations.collect(),
    }
}

/// A block of the database, as representation knows it.
fn indexed(block: identity::IndexedBlock) -> DoorResult<IndexedBlock> {
    let operations = block.operations.iter().map(|operation| {
        let operation_type = OperationType::from_bytes32(operation.operation_type);
        let operation_type = operation_type
            .ok_or_else(|| DoorError::new(Code::Internal, "an operation of an unknown type is in the index"))?;
        Ok(IndexedOperation {
            leaf: Leaf {
                operation_digest: operation.digest,
                source: operation.source,
                operation_type,
                content_hash: operation.content_hash,
                time: UnixSeconds(operation.time),
            },
            recorded: operation.recorded.map(|location| locator(&block.chain, location)),
        })
    });
    Ok(IndexedBlock {
        root: block.root,
        closed_at_ms: block.closed_at_ms,
        recorded: block.recorded.map(|location| locator(&block.chain, location)),
        operations: operations.collect::<DoorResult<_>>()?,
        chain: ChainName(block.chain),
    })
}

/// Who is registered, for processing: without the keys of the database.
pub(crate) struct DatabaseRegistrations(RegistrationReader);

impl DatabaseRegistrations {
    pub(crate) const fn new(reader: RegistrationReader) -> Self {
        Self(reader)
    }
}

#[async_trait]
impl Registrations for DatabaseRegistrations {
    async fn role_of(&self, address: Address) -> DoorResult<Option<Role>> {
        if self.0.is_suspended(address).await.map_err(door_error)? {
            return Ok(None);
        }
        let status = self.0.status(address).await.map_err(door_error)?;
        Ok(status.and_then(|status| match status {
            UserStatus::Pending | UserStatus::Recovering => Some(Role::Registered),
            UserStatus::Confirmed => Some(Role::Citizen),
            UserStatus::Rejected | UserStatus::Replaced => None,
        }))
    }
}

/// Accounts at the gateway that operators suspend.
pub(crate) struct DatabaseAccounts {
    database: IdentityDatabase,
    indispensable: BTreeSet<Address>,
}

impl DatabaseAccounts {
    /// `indispensable`: nobody suspends these.
    pub(crate) const fn new(database: IdentityDatabase, indispensable: BTreeSet<Address>) -> Self {
        Self { database, indispensable }
    }
}

#[async_trait]
impl Accounts for DatabaseAccounts {
    async fn is_suspended(&self, address: Address) -> DoorResult<bool> {
        self.database.is_suspended(address).await.map_err(door_error)
    }

    fn is_indispensable(&self, address: Address) -> bool {
        self.indispensable.contains(&address)
    }

    async fn suspend(&self, address: Address, suspended: bool, by: Address, at_ms: u64) -> DoorResult<()> {
        let changed = if suspended {
            self.database.suspend(address, by, at_ms).await
        } else {
            self.database.lift_suspension(address).await
        };
        changed.map_err(door_error)
    }
}
