//! What an applier would do next, looked at and taken back.

use super::{Applier, DatabaseError, connection::Connection, entries::Entry};

/// Most blocks that are looked through for entries.
const MAX_BLOCKS: u64 = 10_000;

/// Entries that are committed and not in the database.
#[derive(Debug)]
pub struct Pending {
    /// Newest block before which nothing is missing.
    pub applied_to: u64,
    /// The first block whose entries are missing.
    pub block: u64,
    /// Newest final block.
    pub head: u64,
    /// Why they cannot be applied; `None`: they can.
    pub stands_on: Option<DatabaseError>,
}

impl Applier {
    /// The first entries that are missing, and whether they could be applied: they are, and it is taken back. `None`: none is missing in the blocks that are looked through.
    ///
    /// # Errors
    /// [`DatabaseError`]; `NeverApplied` of a database to which nothing was ever applied.
    pub async fn look(&self) -> Result<Option<Pending>, DatabaseError> {
        let mut connection = self.book.place.connect().await?;
        let looked = self.look_on(&mut connection).await;
        connection.close().await;
        looked
    }

    async fn look_on(&self, connection: &mut Connection) -> Result<Option<Pending>, DatabaseError> {
        let next = match self.tables.next_block(connection).await {
            Ok(Some(next)) => next,
            Ok(None) | Err(DatabaseError::Sql(sqlx::Error::Database(_))) => return Err(DatabaseError::NeverApplied),
            Err(error) => return Err(error),
        };
        let head = self.followed.chain().head().await?.number;
        if next > head.saturating_add(1) {
            return Err(DatabaseError::Behind { head, applied: next.saturating_sub(1) });
        }
        for block in next..=head.min(next.saturating_add(MAX_BLOCKS - 1)) {
            let entries = self.followed.entries(block).await?;
            if entries.is_empty() {
                continue;
            }
            let stands_on = match self.try_next(connection, (next, block), &entries).await {
                Ok(()) => None,
                // An applier that runs is in the way.
                Err(error) if error.is_temporary() => return Err(error),
                Err(error) => Some(error),
            };
            return Ok(Some(Pending { applied_to: next.saturating_sub(1), block, head, stands_on }));
        }
        Ok(None)
    }

    /// Applies entries, and takes it back. Where a table is known not to take anything back, nothing is tried.
    async fn try_next(
        &self,
        connection: &mut Connection,
        place: (u64, u64),
        entries: &[Entry],
    ) -> Result<(), DatabaseError> {
        let lasting = connection.without_transactions().await?;
        let is_met = |table: &String| self.book.names(table) || table.starts_with("chancery_");
        if let Some(table) = lasting.into_iter().find(is_met) {
            return Err(DatabaseError::WithoutTransactions(table));
        }
        connection.begin_trial().await?;
        let tried = match self.apply_all(connection, place, entries).await {
            Ok(()) => connection.check_constraints().await,
            error => error,
        };
        connection.roll_back().await;
        tried
    }
}
