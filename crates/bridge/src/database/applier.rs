//! Writes what the chain has committed into the database (DATABASE-1 to DATABASE-3).

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use alloy_primitives::B256;

use super::{
    connection::Connection,
    entries::{Entry, Followed},
    error::DatabaseError,
    mapping::{Book, Located},
    subjects::{ToldSubject, searched},
    tables::{Applied, Tables},
};

/// Most blocks that are read in one turn.
const MAX_BLOCKS: u64 = 1_000;

/// How far a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Newest block whose entries are in the database, and before which none is missing.
    pub applied_to: u64,
    /// Newest final block of the chain.
    pub head: u64,
    /// Entries that this turn has applied.
    pub entries: usize,
}

impl Progress {
    /// Whether the database has what the chain has.
    #[must_use]
    pub const fn is_current(&self) -> bool {
        self.applied_to >= self.head
    }
}

/// Follows one node contract into one database. It keeps nothing of its own: where it is, the database says.
#[derive(Debug)]
pub struct Applier {
    pub(super) followed: Followed,
    pub(super) book: Book,
    pub(super) tables: Tables,
    /// Subjects of keys, as an operator has said.
    told: BTreeMap<B256, B256>,
    /// The table of promises was seen; a database of an earlier version has none.
    has_promises: AtomicBool,
}

impl Applier {
    /// Of a contract, into a database.
    #[must_use]
    pub fn new(followed: Followed, book: Book) -> Self {
        let tables = Tables::new(&book.place, followed.source());
        Self { followed, book, tables, told: BTreeMap::new(), has_promises: AtomicBool::new(false) }
    }

    /// Knows the subjects of these keys besides: what no transaction says of them.
    ///
    /// # Errors
    /// `OtherSubject` for one that does not make its key.
    pub fn with_subjects(mut self, told: &[ToldSubject]) -> Result<Self, DatabaseError> {
        for of in told {
            of.check(&self.book)?;
            self.told.insert(of.key, of.subject);
        }
        Ok(self)
    }

    /// Applies what is new, at most so much as one turn takes. May be dropped at any moment: the next turn goes on from what is in the database.
    ///
    /// # Errors
    /// [`DatabaseError`]; the blocks before the one in which it happened are applied.
    pub async fn step(&self) -> Result<Progress, DatabaseError> {
        let mut connection = self.book.place.connect().await?;
        let progress = self.advance(&mut connection).await;
        connection.close().await;
        progress
    }

    async fn advance(&self, connection: &mut Connection) -> Result<Progress, DatabaseError> {
        let begun = self.begun(connection).await?;
        let head = self.followed.chain().head().await?.number;
        if begun > head.saturating_add(1) {
            return Err(DatabaseError::Behind { head, applied: begun.saturating_sub(1) });
        }
        let last = head.min(begun.saturating_add(MAX_BLOCKS - 1));
        let (mut position, mut applied) = (begun, 0);
        for block in begun..=last {
            let entries = self.followed.entries(block).await?;
            if entries.is_empty() {
                continue;
            }
            self.apply(connection, (position, block), &entries).await?;
            applied += entries.len();
            position = block + 1;
        }
        if position <= last {
            self.tables.advance(connection, position, last + 1).await?;
        }
        Ok(Progress { applied_to: last, head, entries: applied })
    }

    /// Applies what is new as long as it is polled. Whatever stops it is logged, and tried again after a pause: a row that is put right, a database that comes back.
    pub async fn run(&self, pause: Duration) {
        let mut told = String::new();
        loop {
            match self.step().await {
                Ok(progress) => {
                    if !std::mem::take(&mut told).is_empty() {
                        tracing::info!(block = progress.applied_to, "entries are applied again");
                    }
                    if progress.entries > 0 {
                        tracing::info!(block = progress.applied_to, entries = progress.entries, "applied");
                    }
                    if !progress.is_current() {
                        continue;
                    }
                }
                Err(error) => {
                    let text = error.to_string();
                    // Once, not at every turn.
                    if text != told {
                        if error.is_temporary() {
                            tracing::warn!(%error, "entries wait");
                        } else {
                            tracing::error!(%error, "entries are not applied until this is put right");
                        }
                    }
                    told = text;
                }
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// The first block that is not applied. Makes the tables where there are none.
    async fn begun(&self, connection: &mut Connection) -> Result<u64, DatabaseError> {
        let begun = match self.tables.next_block(connection).await {
            Ok(begun) => begun,
            // There are none, most likely; an account that may not make them says so here.
            Err(DatabaseError::Sql(sqlx::Error::Database(_))) => {
                self.tables.make(connection).await?;
                None
            }
            Err(error) => return Err(error),
        };
        if !self.has_promises.load(Ordering::Relaxed) {
            if !self.tables.has_promises(connection).await {
                self.tables.make(connection).await?;
            }
            self.has_promises.store(true, Ordering::Relaxed);
        }
        if let Some(next) = begun {
            return Ok(next);
        }
        self.tables.begin_at(connection, self.book.from_block).await?;
        Ok(self.book.from_block)
    }

    /// Entries of one block and the position behind it, in one transaction.
    async fn apply(
        &self,
        connection: &mut Connection,
        (position, block): (u64, u64),
        entries: &[Entry],
    ) -> Result<(), DatabaseError> {
        connection.begin().await?;
        match self.apply_all(connection, (position, block), entries).await {
            Ok(()) => connection.commit().await,
            Err(error) => {
                connection.roll_back().await;
                Err(error)
            }
        }
    }

    pub(super) async fn apply_all(
        &self,
        connection: &mut Connection,
        (position, block): (u64, u64),
        entries: &[Entry],
    ) -> Result<(), DatabaseError> {
        // First: whoever else writes for the same contract, or tries, waits here, and is told then.
        self.tables.take_turn(connection).await?;
        self.tables.advance(connection, position, block + 1).await?;
        for entry in entries {
            let applied = self.tables.applied(connection, entry.key).await?;
            if let Some(located) = self.locate(entry, block, applied).await? {
                self.apply_one(connection, entry, located, applied).await?;
            }
        }
        Ok(())
    }

    /// The rows behind an entry; `None`: it is of another register, for certain, and passed over as declared (DATABASE-6).
    async fn locate(
        &self,
        entry: &Entry,
        block: u64,
        applied: Option<Applied>,
    ) -> Result<Option<Located<'_>>, DatabaseError> {
        let subject = match (applied, self.told.get(&entry.key)) {
            (Some(applied), _) => Some(applied.subject),
            (None, Some(told)) => Some(*told),
            (None, None) if self.book.has_kinds() => Some(self.subject(entry, block).await?),
            (None, None) => None,
        };
        match self.book.locate(entry.key, subject.as_slice()) {
            Some(located) => Ok(Some(located)),
            None if self.book.ignore_others => Ok(None),
            None => Err(DatabaseError::Undeclared(entry.key)),
        }
    }

    /// The subject of a key that is new: one that makes it, of whichever register, wherever that stands.
    async fn subject(&self, entry: &Entry, block: u64) -> Result<B256, DatabaseError> {
        let (named, input) = self.followed.named(entry, block).await?;
        if let Some(named) = named.filter(|named| named.makes(entry.key, &self.book)) {
            return Ok(named.subject);
        }
        let found = searched(input, &self.book, [entry.key].into()).await;
        if let Some(found) = found.get(&entry.key) {
            return Ok(*found);
        }
        let named = named.ok_or(DatabaseError::SubjectUnknown(entry.key))?;
        let kinds = Box::pin(self.followed.kinds_of(named.kind)).await?;
        if named.is_in(&kinds, entry.key) { Ok(named.subject) } else { Err(DatabaseError::SubjectUnknown(entry.key)) }
    }

    async fn apply_one(
        &self,
        connection: &mut Connection,
        entry: &Entry,
        located: Located<'_>,
        applied: Option<Applied>,
    ) -> Result<(), DatabaseError> {
        let Entry { key, version, value, .. } = *entry;
        let expected = applied.map_or(0, |applied| applied.version) + 1;
        if version != expected {
            return Err(DatabaseError::Gap { key, expected, found: version });
        }
        let before = applied.map_or(B256::ZERO, |applied| applied.value);
        let found = located.read(connection).await?;
        // Of a key that the chain has never had, the database may have the value already: it is where that came from.
        let is_adopted = applied.is_none() && found == value;
        if found != before && !is_adopted {
            return Err(DatabaseError::Changed { key, applied: before, found });
        }
        located.write(connection, value, version).await?;
        let found = located.read(connection).await?;
        if found != value {
            return Err(DatabaseError::NotKept { key, value, found });
        }
        self.tables.note(connection, &Applied { key, subject: located.subject, version, value }).await
    }
}
