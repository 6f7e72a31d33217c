//! What an endorser asks its organization's database before it signs (DATABASE-4).

use std::sync::Arc;

use alloy_primitives::B256;

use super::{
    connection::Connection,
    entries::{Followed, subject_of},
    error::DatabaseError,
    mapping::Book,
    tables::Tables,
};
use crate::alliance::{comparison::Suggestion, message::Part};

/// The database of an endorser's organization.
#[derive(Clone, Debug)]
pub struct Corroboration {
    followed: Followed,
    book: Arc<Book>,
    tables: Tables,
}

/// Why a part is not endorsed.
#[derive(Debug)]
pub enum Discord {
    /// The rows of a key are not what the chain has put there, or would have to hold what they cannot.
    Key(B256),
    /// The database is not where the chain is. Ask again.
    Behind,
    /// It could not be asked.
    Unknown(DatabaseError),
}

impl From<DatabaseError> for Discord {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Unfit { key, .. } | DatabaseError::Undeclared(key) => Self::Key(key),
            error => Self::Unknown(error),
        }
    }
}

impl Corroboration {
    /// Of a member's database, for its node contract.
    #[must_use]
    pub fn new(followed: Followed, book: Book) -> Self {
        let tables = Tables::new(&book.place, followed.source());
        Self { followed, book: Arc::new(book), tables }
    }

    /// Whether the database has, for every key that a part reads or writes, what the chain has; and whether it can take what is to be written.
    ///
    /// # Errors
    /// [`Discord`].
    pub async fn check(&self, part: &Part, found: &Suggestion) -> Result<(), Discord> {
        let mut connection = self.book.place.connect().await?;
        let looked = self.look(&mut connection, part, found).await;
        connection.close().await;
        looked
    }

    async fn look(&self, connection: &mut Connection, part: &Part, found: &Suggestion) -> Result<(), Discord> {
        let subjects: Vec<_> = subject_of(&part.call).into_iter().collect();
        let read = found.reads.iter().map(|read| (read.key, Some(read.version)));
        let written = found.writes.iter().map(|write| (write.key, None));
        let unread = written.filter(|(key, _)| !found.reads.iter().any(|read| read.key == *key));
        for (key, version) in read.chain(unread) {
            let Some(located) = self.book.locate(key, &subjects) else {
                if self.book.ignore_others {
                    continue;
                }
                return Err(Discord::Key(key));
            };
            let version = match version {
                Some(version) => version,
                None => self.followed.contract.version(key).await.map_err(|error| unread_chain(&error))?,
            };
            // One view of the two: the applier changes them together.
            connection.begin().await?;
            let applied = self.tables.applied(connection, key).await?;
            let value = located.read(connection).await;
            connection.roll_back().await;
            let (known, applied) = applied.map_or((0, B256::ZERO), |applied| (applied.version, applied.value));
            if known != version {
                return Err(Discord::Behind);
            }
            if value? != applied {
                return Err(Discord::Key(key));
            }
        }
        for write in &found.writes {
            if let Some(located) = self.book.locate(write.key, &subjects) {
                located.check(write.value)?;
            }
        }
        Ok(())
    }
}

fn unread_chain(error: &crate::contracts::ViewError) -> Discord {
    tracing::warn!(%error, "the version of a key could not be read");
    Discord::Behind
}
