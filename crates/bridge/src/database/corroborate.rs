//! What an endorser asks its organization's database before it signs (DATABASE-4), and tries there (DATABASE-7, DATABASE-8).

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
    discord::{Discord, promised, refused, unread_chain},
    entries::{Followed, Named},
    error::DatabaseError,
    lapsed::{Lapsed, lapsed},
    mapping::{Book, Located},
    promises::{Promise, PromisedKey, has_room, layers},
    subjects::searched,
    tables::Tables,
    trial::{Failed, Intent, alone, beside},
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

    /// Whether the database has, for every key that a part reads or writes, what the chain has; and whether it takes what is to be written, alone and with what is promised
    /// and not applied yet, which is tried and taken back. Then it is promised, too. `until_s`: last second of the alliance chain in which the part can be committed.
    /// `asker`: the member whose node asks; `None`: it has not shown who it is, and shares one share with all who have not.
    /// It is answered in a bounded time, whatever somebody else holds in the database; a few parts are looked at at once, and a few wait.
    ///
    /// # Errors
    /// [`Discord`].
    pub async fn check(
        &self,
        part: &Part,
        found: &Suggestion,
        until_s: u64,
        asker: Option<B256>,
    ) -> Result<(), Discord> {
        let _asked = self.places.asked.try_acquire().map_err(|_| Discord::Busy)?;
        let _trial = self.places.trials.acquire().await.map_err(|_| Discord::Busy)?;
        // Dropped where it is, a connection leaves nothing of what was tried.
        match timeout(TRIAL_TIMEOUT, Box::pin(self.trial(part, found, (until_s, asker)))).await {
            Ok(looked) => looked,
            Err(_) => Err(DatabaseError::from(sqlx::Error::Io(io::ErrorKind::TimedOut.into())).into()),
        }
    }

    async fn trial(&self, part: &Part, found: &Suggestion, term: (u64, Option<B256>)) -> Result<(), Discord> {
        let mut connection = self.book.place.connect().await?;
        let looked = self.look(&mut connection, part, found, term).await;
        connection.close().await;
        looked
    }

    async fn look(
        &self,
        connection: &mut Connection,
        part: &Part,
        found: &Suggestion,
        (until_s, asker): (u64, Option<B256>),
    ) -> Result<(), Discord> {
        let now_s = self.followed.chain().head().await.map_err(DatabaseError::from)?.time_ms / 1000;
        let longest_s = self.book.longest_promise_s;
        if until_s > now_s.saturating_add(longest_s) {
            return Err(Discord::TooLong { longest_s });
        }
        let concerned = self.concerned(connection, part, found).await?;
        let lapsed = Box::pin(lapsed(&self.followed, &self.tables, connection, now_s)).await?;
        let promise = promise(part, found, &concerned, (until_s, asker));
        // One view of rows and of what was applied: the applier changes them together.
        connection.begin_trial().await?;
        let looked = self.compare_and_try(connection, &concerned, found, &promise, &lapsed).await;
        match looked {
            // Of all that was done only what is promised is left.
            Ok(()) => Ok(connection.commit().await?),
            Err(discord) => {
                connection.roll_back().await;
                Err(discord)
            }
        }
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
        promise: &Promise,
        lapsed: &Lapsed,
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
        let mut own = Vec::new();
        for write in &found.writes {
            if let Some(Concerned { located, version }) = concerned.get(&write.key) {
                located.check(write.value)?;
                own.push(Intent { located: *located, value: write.value, version: version.saturating_add(1) });
            }
        }
        if own.is_empty() {
            return Ok(());
        }
        self.try_alone(connection, concerned, found, &own).await?;
        let (mut before, mut others) = (None, Vec::new());
        let applied = self.tables.applied_to_promised(connection).await?;
        for other in self.tables.promises(connection).await? {
            if other.part == promise.part {
                before = Some(other);
            } else if lapsed.has(&other) || other.is_over(&applied) {
                self.tables.forget(connection, other.part).await?;
            } else {
                others.push(other);
            }
        }
        // One that has its place already takes none.
        if before.is_none() && !has_room(&others, promise.asker) {
            return Err(Discord::Busy);
        }
        for layer in layers(&others, promise) {
            let layer: Vec<_> = layer.into_iter().map(|other| self.intents(other)).collect();
            Box::pin(beside(connection, &own, &layer)).await.map_err(|failed| promised(failed, &own))?;
        }
        Ok(self.tables.promise(connection, promise, before.as_ref()).await?)
    }

    async fn try_alone(
        &self,
        connection: &mut Connection,
        concerned: &BTreeMap<B256, Concerned<'_>>,
        found: &Suggestion,
        own: &[Intent<'_>],
    ) -> Result<(), Discord> {
        let tried = Box::pin(alone(connection, own)).await.map_err(|Failed { key, error }| refused(key, error));
        let is_taken_back = match &tried {
            Ok(()) => true,
            Err(Discord::Refused { error, .. }) => !matches!(error, DatabaseError::TransactionEnded(_)),
            Err(_) => false,
        };
        if is_taken_back && let Some(key) = self.kept(connection, concerned, found).await? {
            return Err(Discord::Refused { key, error: DatabaseError::NotTakenBack(key) });
        }
        tried
    }

    /// What a promise writes. Keys of which the declaration has no rows any more are left out.
    fn intents(&self, promise: &Promise) -> Vec<Intent<'_>> {
        let written = promise.keys.iter().filter_map(|(key, of)| Some((key, of, of.value?)));
        let located = written.filter_map(|(key, of, value)| {
            let located = self.book.locate(*key, &[of.subject])?;
            Some(Intent { located, value, version: of.version.saturating_add(1) })
        });
        located.collect()
    }
}

/// What a part promises of the rows behind it.
fn promise(
    part: &Part,
    found: &Suggestion,
    concerned: &BTreeMap<B256, Concerned<'_>>,
    (until_s, asker): (u64, Option<B256>),
) -> Promise {
    let keys = concerned.iter().map(|(key, of)| {
        let is_read = found.reads.iter().any(|read| read.key == *key);
        let value = found.writes.iter().find(|write| write.key == *key).map(|write| write.value);
        (*key, PromisedKey { subject: of.located.subject, version: of.version, is_read, value })
    });
    Promise { part: part.hash(), until_s, asker, keys: keys.collect() }
}
