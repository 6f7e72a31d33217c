//! What an endorser asks its organization's database before it signs (DATABASE-4), and tries there (DATABASE-7).

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
    time::Duration,
};

use alloy_primitives::B256;
use tokio::{sync::Semaphore, time::timeout};

use super::{
    connection::Connection,
    entries::{Followed, Named},
    error::DatabaseError,
    mapping::{Book, Located},
    subjects::searched,
    tables::Tables,
};
use crate::alliance::{comparison::Suggestion, message::Part};

/// Trials that run at a time: each is a connection, and locks rows.
const MAX_TRIALS: usize = 4;
/// Parts that wait for that.
const MAX_WAITING: usize = 16;
/// What one trial may take, all its statements together; longer than the waits of [`Connection::begin_trial`].
const TRIAL_TIMEOUT: Duration = Duration::from_secs(15);

/// The database of an endorser's organization.
#[derive(Clone, Debug)]
pub struct Corroboration {
    followed: Followed,
    book: Arc<Book>,
    tables: Tables,
    places: Arc<Places>,
}

/// Places of those who are in a trial, and of all who have asked for one.
#[derive(Debug)]
struct Places {
    trials: Semaphore,
    asked: Semaphore,
}

impl Default for Places {
    fn default() -> Self {
        Self { trials: Semaphore::new(MAX_TRIALS), asked: Semaphore::new(MAX_TRIALS + MAX_WAITING) }
    }
}

/// Why a part is not endorsed.
#[derive(Debug)]
pub enum Discord {
    /// The rows of a key are not what the chain has put there, or would have to hold what they cannot.
    Key(B256),
    /// The database does not take what is to be written there.
    Refused {
        /// Which key.
        key: B256,
        /// In the database's own terms: for its organization alone.
        error: DatabaseError,
    },
    /// The database is not where the chain is. Ask again.
    Behind,
    /// Too many parts wait already. Ask again.
    Busy,
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

/// A key that a part reads or writes, with the rows behind it and its version on the chain.
struct Concerned<'a> {
    located: Located<'a>,
    version: u64,
}

impl Corroboration {
    /// Of a member's database, for its node contract.
    #[must_use]
    pub fn new(followed: Followed, book: Book) -> Self {
        let tables = Tables::new(&book.place, followed.source());
        Self { followed, book: Arc::new(book), tables, places: Arc::default() }
    }

    /// Whether the database has, for every key that a part reads or writes, what the chain has; and whether it takes what is to be written, which is tried and taken back.
    /// It is answered in a bounded time, whatever somebody else holds in the database; a few parts are looked at at once, and a few wait.
    ///
    /// # Errors
    /// [`Discord`].
    pub async fn check(&self, part: &Part, found: &Suggestion) -> Result<(), Discord> {
        let _asked = self.places.asked.try_acquire().map_err(|_| Discord::Busy)?;
        let _trial = self.places.trials.acquire().await.map_err(|_| Discord::Busy)?;
        // Dropped where it is, a connection leaves nothing of what was tried.
        match timeout(TRIAL_TIMEOUT, Box::pin(self.trial(part, found))).await {
            Ok(looked) => looked,
            Err(_) => Err(DatabaseError::from(sqlx::Error::Io(io::ErrorKind::TimedOut.into())).into()),
        }
    }

    async fn trial(&self, part: &Part, found: &Suggestion) -> Result<(), Discord> {
        let mut connection = self.book.place.connect().await?;
        let looked = self.look(&mut connection, part, found).await;
        connection.close().await;
        looked
    }

    async fn look(&self, connection: &mut Connection, part: &Part, found: &Suggestion) -> Result<(), Discord> {
        let concerned = self.concerned(connection, part, found).await?;
        // One view of rows and of what was applied: the applier changes them together.
        connection.begin_trial().await?;
        let looked = self.compare_and_try(connection, &concerned, found).await;
        connection.roll_back().await;
        let is_tried = match &looked {
            Ok(()) => true,
            Err(Discord::Refused { error, .. }) => !matches!(error, DatabaseError::TransactionEnded(_)),
            Err(_) => false,
        };
        if is_tried && let Some(key) = self.kept(connection, &concerned, found).await? {
            return Err(Discord::Refused { key, error: DatabaseError::NotTakenBack(key) });
        }
        looked
    }

    /// A key that still has what is to be written and was not: where a table knows no transactions, nothing is taken back.
    async fn kept(
        &self,
        connection: &mut Connection,
        concerned: &BTreeMap<B256, Concerned<'_>>,
        found: &Suggestion,
    ) -> Result<Option<B256>, DatabaseError> {
        for write in &found.writes {
            let Some(Concerned { located, .. }) = concerned.get(&write.key) else { continue };
            if located.read(connection).await? == write.value {
                let applied = self.tables.applied(connection, write.key).await?;
                if applied.map_or(B256::ZERO, |applied| applied.value) != write.value {
                    return Ok(Some(write.key));
                }
            }
        }
        Ok(None)
    }

    /// The keys of which the declaration has rows. What takes long is done here, before anything is locked.
    async fn concerned(
        &self,
        connection: &mut Connection,
        part: &Part,
        found: &Suggestion,
    ) -> Result<BTreeMap<B256, Concerned<'_>>, Discord> {
        let read = found.reads.iter().map(|read| (read.key, Some(read.version)));
        let written = found.writes.iter().map(|write| (write.key, None));
        let unread = written.filter(|(key, _)| !found.reads.iter().any(|read| read.key == *key));
        let keys: Vec<_> = read.chain(unread).collect();
        let mut subjects = self.subjects(connection, part, keys.iter().map(|(key, _)| *key)).await?;
        let mut all = BTreeMap::new();
        for (key, version) in keys {
            let subject = subjects.remove(&key);
            let Some(located) = self.book.locate(key, subject.as_slice()) else {
                // Of a key whose subject nobody knows it is not known either whether it is of another register (DATABASE-6).
                if self.book.ignore_others && subject.is_some() {
                    continue;
                }
                return Err(Discord::Key(key));
            };
            let version = match version {
                Some(version) => version,
                None => self.followed.contract.version(key).await.map_err(|error| unread_chain(&error))?,
            };
            all.insert(key, Concerned { located, version });
        }
        Ok(all)
    }

    /// The subjects of keys: as it was applied, as the call names it, or as it stands anywhere in the call. None that does not make its key.
    async fn subjects(
        &self,
        connection: &mut Connection,
        part: &Part,
        keys: impl Iterator<Item = B256>,
    ) -> Result<BTreeMap<B256, B256>, Discord> {
        let mut known = BTreeMap::new();
        if !self.book.has_kinds() {
            return Ok(known);
        }
        let (named, mut unknown) = (Named::of(&part.call), BTreeSet::new());
        for key in keys {
            let applied = self.tables.applied(connection, key).await?.map(|applied| applied.subject);
            let named = named.filter(|named| named.makes(key, &self.book)).map(|named| named.subject);
            match applied.or(named) {
                Some(subject) => _ = known.insert(key, subject),
                None => _ = unknown.insert(key),
            }
        }
        if !unknown.is_empty() {
            known.extend(searched(part.call.clone(), &self.book, unknown.clone()).await);
            unknown.retain(|key| !known.contains_key(key));
        }
        if let Some(named) = named.filter(|_| !unknown.is_empty()) {
            let kinds = Box::pin(self.followed.kinds_of(named.kind)).await.map_err(DatabaseError::from)?;
            known.extend(unknown.into_iter().filter(|key| named.is_in(&kinds, *key)).map(|key| (key, named.subject)));
        }
        Ok(known)
    }

    async fn compare_and_try(
        &self,
        connection: &mut Connection,
        concerned: &BTreeMap<B256, Concerned<'_>>,
        found: &Suggestion,
    ) -> Result<(), Discord> {
        self.tables.take_turn(connection).await?;
        for (key, Concerned { located, version }) in concerned {
            let applied = self.tables.applied(connection, *key).await?;
            let value = located.read(connection).await;
            let (known, applied) = applied.map_or((0, B256::ZERO), |applied| (applied.version, applied.value));
            if known != *version {
                return Err(Discord::Behind);
            }
            if value? != applied {
                return Err(Discord::Key(*key));
            }
        }
        let mut written = Vec::new();
        for write in &found.writes {
            if let Some(concerned) = concerned.get(&write.key) {
                concerned.located.check(write.value)?;
                written.push((concerned, write.value));
            }
        }
        let Some(last) = found.writes.last().map(|write| write.key) else { return Ok(()) };
        let dangling = connection.dangling().await?;
        for (Concerned { located, version }, value) in written {
            let tried = tried(connection, located, value, version.saturating_add(1)).await;
            tried.map_err(|error| refused(located.key, error))?;
        }
        connection.check_constraints().await.map_err(|error| refused(last, error))?;
        if connection.dangling().await? > dangling {
            return Err(refused(last, DatabaseError::ForeignKeys));
        }
        Ok(())
    }
}

/// Writes as the applier will, and looks whether it is there. A statement that ends the transaction is named: what it has written then stays.
async fn tried(
    connection: &mut Connection,
    located: &Located<'_>,
    value: B256,
    version: u64,
) -> Result<(), DatabaseError> {
    let key = located.key;
    connection.mark().await?;
    located.write(connection, value, version).await?;
    let found = located.read(connection).await?;
    match connection.release().await {
        Ok(()) => {}
        // The mark has gone with the transaction.
        Err(DatabaseError::Sql(sqlx::Error::Database(_))) => return Err(DatabaseError::TransactionEnded(key)),
        Err(error) => return Err(error),
    }
    if found == value { Ok(()) } else { Err(DatabaseError::NotKept { key, value, found }) }
}

/// What passes by itself is no refusal.
fn refused(key: B256, error: DatabaseError) -> Discord {
    match error {
        error if error.is_temporary() => Discord::Unknown(error),
        DatabaseError::Unfit { key, .. } => Discord::Key(key),
        error => Discord::Refused { key, error },
    }
}

fn unread_chain(error: &crate::contracts::ViewError) -> Discord {
    tracing::warn!(%error, "the version of a key could not be read");
    Discord::Behind
}
