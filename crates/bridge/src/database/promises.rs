//! What endorsers of a contract have promised, and is not in the database yet: whoever is asked next tries on top of it (DATABASE-8).

use std::collections::BTreeMap;

use alloy_primitives::B256;

use super::{
    connection::Connection,
    error::DatabaseError,
    tables::{Applied, Tables, read_applied, text, word},
    word::Sql,
};

/// Parts that are promised at a time, to all members: each of them is tried with each new one.
const MAX_PROMISES: usize = 64;
/// Parts that are read, of which some are over.
const MAX_READ: usize = 1024;
/// Columns of a row.
const COLUMNS: usize = 8;

/// A part that was endorsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Promise {
    /// Hash of the part.
    pub(super) part: B256,
    /// Last second in which it can be committed.
    pub(super) until_s: u64,
    /// The member whose node has asked for it; `None`: it has not shown who it is.
    pub(super) asker: Option<B256>,
    /// Its keys of which the declaration has rows, ascending.
    pub(super) keys: BTreeMap<B256, PromisedKey>,
}

/// What it does with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PromisedKey {
    pub(super) subject: B256,
    /// The version that the key had.
    pub(super) version: u64,
    /// It counts only while the key has that version.
    pub(super) is_read: bool,
    /// What it writes there.
    pub(super) value: Option<B256>,
}

impl Promise {
    fn reads_what_is_written_by(&self, other: &Self) -> bool {
        let is_written = |key: &B256| other.keys.get(key).is_some_and(|of: &PromisedKey| of.value.is_some());
        self.keys.iter().any(|(key, of)| of.is_read && is_written(key))
    }

    /// Whether the chain commits at most one of the two: each rests on what the other changes; or they are the same.
    fn excludes(&self, other: &Self) -> bool {
        let is_mutual = self.reads_what_is_written_by(other) && other.reads_what_is_written_by(self);
        self.part == other.part || is_mutual
    }

    /// Whether it is in the database, or never will be, as far as what was applied last to its keys tells.
    pub(super) fn is_over(&self, applied: &BTreeMap<B256, Applied>) -> bool {
        let of = |key: &B256| applied.get(key).map_or((0, B256::ZERO), |applied| (applied.version, applied.value));
        let is_stale = self.keys.iter().any(|(key, own)| own.is_read && of(key).0 != own.version);
        // Of what is written without being read another's write says nothing.
        let mut written = self.keys.iter().filter_map(|(key, own)| Some((key, own, own.value?)));
        is_stale || written.all(|(key, own, value)| of(key).0 > own.version && of(key).1 == value)
    }
}

/// Sets of promises that may all be committed beside a part, and with one another. Each of those that may be is in one.
pub(super) fn layers<'a>(promises: &'a [Promise], part: &Promise) -> Vec<Vec<&'a Promise>> {
    let mut layers: Vec<Vec<&Promise>> = Vec::new();
    for promise in promises.iter().filter(|promise| !promise.excludes(part)) {
        match layers.iter_mut().find(|layer| !layer.iter().any(|other| other.excludes(promise))) {
            Some(layer) => layer.push(promise),
            None => layers.push(vec![promise]),
        }
    }
    layers
}

/// Whether a member may have one more promised beside these: it has at most half of the places that the others leave. Whoever asks alone has many, and leaves as many:
/// no member alone takes all.
pub(super) fn has_room(promises: &[Promise], asker: Option<B256>) -> bool {
    let own = promises.iter().filter(|promise| promise.asker == asker).count();
    let left = MAX_PROMISES.saturating_sub(promises.len() - own);
    own < left.div_ceil(2)
}

impl Tables {
    /// Whether the table of promises is there. A database of an earlier version has none.
    pub(super) async fn has_promises(&self, connection: &mut Connection) -> bool {
        let sql = self.sql("SELECT entry_key FROM chancery_promise WHERE source = ? AND part_hash = ''");
        connection.texts(&sql, vec![self.source()], 1).await.is_ok()
    }

    /// All of them, whether they are over or not.
    pub(super) async fn promises(&self, connection: &mut Connection) -> Result<Vec<Promise>, DatabaseError> {
        let limit = MAX_READ * 2 * crate::alliance::message::MAX_KEYS;
        let sql = self.sql(&format!(
            "SELECT part_hash, until_s, asker, entry_key, subject, version, is_read, word FROM chancery_promise WHERE source = ? ORDER BY part_hash, entry_key LIMIT {limit}"
        ));
        let rows = connection.texts(&sql, vec![self.source()], COLUMNS).await.map_err(DatabaseError::of_promises)?;
        let mut all: BTreeMap<B256, Promise> = BTreeMap::new();
        for row in &rows {
            let (of, (key, does)) = promised(row).ok_or(DatabaseError::Tables("a promise that cannot be read"))?;
            all.entry(of.part).or_insert(of).keys.insert(key, does);
        }
        Ok(all.into_values().collect())
    }

    /// What was applied last to keys that are promised.
    pub(super) async fn applied_to_promised(
        &self,
        connection: &mut Connection,
    ) -> Result<BTreeMap<B256, Applied>, DatabaseError> {
        let sql = self.sql(
            "SELECT entry_key, subject, version, word FROM chancery_entry WHERE source = ? AND entry_key IN (SELECT entry_key FROM chancery_promise WHERE source = ?)",
        );
        let rows = connection.texts(&sql, vec![self.source(), self.source()], 4).await;
        let rows = rows.map_err(DatabaseError::of_promises)?;
        rows.iter().map(|row| read_applied(row).map(|applied| (applied.key, applied))).collect()
    }

    /// Keeps a promise. One of the same part is replaced, and ends no earlier than before.
    pub(super) async fn promise(
        &self,
        connection: &mut Connection,
        promise: &Promise,
        before: Option<&Promise>,
    ) -> Result<(), DatabaseError> {
        if before.is_some() {
            self.forget(connection, promise.part).await?;
        }
        let until_s = promise.until_s.max(before.map_or(0, |before| before.until_s)).to_string();
        let sql = self.sql(
            "INSERT INTO chancery_promise (source, part_hash, entry_key, subject, version, is_read, word, until_s, asker) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        );
        for (key, of) in &promise.keys {
            let arguments = vec![
                self.source(),
                text(promise.part),
                text(*key),
                text(of.subject),
                Sql::Text(of.version.to_string()),
                Sql::Text(if of.is_read { "yes" } else { "no" }.to_owned()),
                of.value.map_or_else(|| Sql::Text(String::new()), text),
                Sql::Text(until_s.clone()),
                promise.asker.map_or_else(|| Sql::Text(String::new()), text),
            ];
            connection.execute(&sql, arguments).await.map_err(DatabaseError::of_promises)?;
        }
        Ok(())
    }

    /// Forgets one that is over.
    pub(super) async fn forget(&self, connection: &mut Connection, part: B256) -> Result<(), DatabaseError> {
        let sql = self.sql("DELETE FROM chancery_promise WHERE source = ? AND part_hash = ?");
        let done = connection.execute(&sql, vec![self.source(), text(part)]).await;
        done.map(|_| ()).map_err(DatabaseError::of_promises)
    }
}

/// A promise, and one of its keys with what is done with that.
fn promised(row: &[String]) -> Option<(Promise, (B256, PromisedKey))> {
    let [part, until_s, asker, key, subject, version, is_read, value] = row else { return None };
    let optional = |text: &String| if text.is_empty() { Some(None) } else { word(text).map(Some) };
    let (version, is_read, value) = (version.parse().ok()?, is_read == "yes", optional(value)?);
    let does = PromisedKey { subject: word(subject)?, version, is_read, value };
    let (part, until_s, asker) = (word(part)?, until_s.parse().ok()?, optional(asker)?);
    Some((Promise { part, until_s, asker, keys: BTreeMap::new() }, (word(key)?, does)))
}

#[cfg(test)]
#[path = "promises_tests.rs"]
mod tests;
