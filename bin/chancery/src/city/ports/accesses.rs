//! Who came for shared assets, over the identity database: kept, and told in provisioning's journal, in one transaction.

use alloy_primitives::Address;
use async_trait::async_trait;
use chancery_identity::{IdentityDatabase, Keeper, KeptAccess, SharedAccess, SharedAccesses};
use chancery_reference_points::{Code, DoorError, DoorResult, journal::Clock};
use chancery_sharing::directory::{Accesses, KeptLine, VerifiedAccesses};

use super::database::{DatabaseJournal, door_error};

/// Where the city keeps who came.
pub(crate) struct DatabaseAccesses {
    database: IdentityDatabase,
    journal: DatabaseJournal,
    clock: Clock,
}

impl DatabaseAccesses {
    pub(crate) fn new(database: IdentityDatabase, clock: Clock) -> Self {
        Self { journal: DatabaseJournal::new(database.clone(), Keeper::Provisioning), database, clock }
    }
}

impl std::fmt::Debug for DatabaseAccesses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseAccesses").field("database", &self.database).finish_non_exhaustive()
    }
}

#[async_trait]
impl Accesses for DatabaseAccesses {
    async fn keep(&self, accesses: VerifiedAccesses) -> DoorResult<usize> {
        let now_ms = (self.clock)();
        let mut lines = Vec::with_capacity(accesses.lines.len());
        for line in &accesses.lines {
            let unkept = || DoorError::new(Code::Internal, "an access is nothing that the journal holds");
            lines.push(SharedAccess {
                number: line.fetch.number,
                hash: line.hash,
                previous: line.fetch.previous,
                reader: line.fetch.reader,
                line: line.text.clone(),
                entry: self.journal.entry(accesses.told(line, now_ms)).ok_or_else(unkept)?,
            });
        }
        let handed = SharedAccesses {
            asset: accesses.asset,
            owner: accesses.owner,
            signature: accesses.signature.to_vec(),
            recorded_at_ms: now_ms,
            lines,
        };
        self.database.keep_shared_accesses(&handed).await.map_err(door_error)
    }

    async fn before(
        &self,
        asset: Address,
        reader: Option<Address>,
        before: u64,
        limit: usize,
    ) -> DoorResult<Vec<KeptLine>> {
        let kept = self.database.shared_accesses(asset, reader, before, limit).await.map_err(door_error)?;
        let line = |kept: KeptAccess| KeptLine {
            id: kept.id,
            owner: kept.owner,
            line: kept.line,
            signed_through: kept.signed_through,
            signature: kept.signature.into(),
            recorded_at_ms: kept.recorded_at_ms,
        };
        Ok(kept.into_iter().map(line).collect())
    }
}
