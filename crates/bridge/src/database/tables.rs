//! The tables that are ours: up to which block entries are applied, and what was applied last to each key. Of the third, what is promised, see `promises`.

use alloy_primitives::B256;

use super::{
    connection::{Connection, Place},
    error::DatabaseError,
    statement::Dialect,
    word::Sql,
};

/// What was applied last to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Applied {
    pub(super) key: B256,
    /// What the database knows it by.
    pub(super) subject: B256,
    pub(super) version: u64,
    pub(super) value: B256,
}

/// The tables, for one node contract. Numbers are text: they are read as they were written by every make of database.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    source: String,
    dialect: Dialect,
    options: &'static str,
}

impl Tables {
    pub(super) fn new(place: &Place, source: String) -> Self {
        Self { source, dialect: place.dialect(), options: place.table_options() }
    }

    /// Makes what is not there yet.
    pub(super) async fn make(&self, connection: &mut Connection) -> Result<(), DatabaseError> {
        let options = self.options;
        connection
            .run(&format!(
                "CREATE TABLE IF NOT EXISTS chancery_position (source VARCHAR(160) NOT NULL PRIMARY KEY, next_block VARCHAR(20) NOT NULL){options}"
            ))
            .await?;
        connection
            .run(&format!(
                "CREATE TABLE IF NOT EXISTS chancery_entry (source VARCHAR(160) NOT NULL, entry_key VARCHAR(66) NOT NULL, \
                 subject VARCHAR(66) NOT NULL, version VARCHAR(20) NOT NULL, word VARCHAR(66) NOT NULL, PRIMARY KEY (source, entry_key)){options}"
            ))
            .await?;
        connection
            .run(&format!(
                "CREATE TABLE IF NOT EXISTS chancery_promise (source VARCHAR(160) NOT NULL, part_hash VARCHAR(66) NOT NULL, entry_key VARCHAR(66) NOT NULL, \
                 subject VARCHAR(66) NOT NULL, version VARCHAR(20) NOT NULL, is_read VARCHAR(3) NOT NULL, word VARCHAR(66) NOT NULL, until_s VARCHAR(20) NOT NULL, \
                 asker VARCHAR(66) NOT NULL, PRIMARY KEY (source, part_hash, entry_key)){options}"
            ))
            .await
    }

    /// The next block that is to be applied; `None`: nothing was yet.
    pub(super) async fn next_block(&self, connection: &mut Connection) -> Result<Option<u64>, DatabaseError> {
        let sql = self.sql("SELECT next_block FROM chancery_position WHERE source = ?");
        let rows = connection
            .texts(&sql, vec![self.source()], 1)
            .await
            .map_err(|error| error.lacks("SELECT", "chancery_position"))?;
        let Some(text) = rows.into_iter().flatten().next() else { return Ok(None) };
        Ok(Some(text.parse().map_err(|_| DatabaseError::Tables("a position that is no number"))?))
    }

    /// Lets one after the other try and apply for this contract, until the transaction ends; the first thing in one. Whoever comes next sees what was promised before. On
    /// MariaDB and MySQL what is read is locked for all who read, and two who have read and want to write then would wait for each other; in PostgreSQL a lock on a table comes
    /// before the view that a transaction has of everything, as one on a row would not.
    pub(super) async fn take_turn(&self, connection: &mut Connection) -> Result<(), DatabaseError> {
        match connection {
            Connection::Mysql(_) => {
                let sql = "SELECT next_block FROM chancery_position WHERE source = ? FOR UPDATE";
                let locked = connection.texts(sql, vec![self.source()], 1).await;
                locked.map(|_| ()).map_err(|error| error.lacks("SELECT, UPDATE", "chancery_position"))
            }
            Connection::Postgres(_) => {
                let locked = connection.run("LOCK TABLE chancery_promise IN SHARE ROW EXCLUSIVE MODE").await;
                locked.map_err(DatabaseError::of_promises)
            }
            // Who begins to write in SQLite is alone.
            Connection::Sqlite(_) => Ok(()),
        }
    }

    /// Says where it begins.
    pub(super) async fn begin_at(&self, connection: &mut Connection, block: u64) -> Result<(), DatabaseError> {
        let sql = self.sql("INSERT INTO chancery_position (source, next_block) VALUES (?, ?)");
        match connection.execute(&sql, vec![self.source(), Sql::Text(block.to_string())]).await {
            Ok(_) => Ok(()),
            // Somebody else has begun at the same time.
            Err(DatabaseError::Sql(sqlx::Error::Database(error))) if error.is_unique_violation() => {
                Err(DatabaseError::Overtaken)
            }
            Err(error) => Err(error),
        }
    }

    /// Moves the position from the one that is expected.
    pub(super) async fn advance(&self, connection: &mut Connection, from: u64, to: u64) -> Result<(), DatabaseError> {
        let sql = self.sql("UPDATE chancery_position SET next_block = ? WHERE source = ? AND next_block = ?");
        let arguments = vec![Sql::Text(to.to_string()), self.source(), Sql::Text(from.to_string())];
        match connection.execute(&sql, arguments).await? {
            1 => Ok(()),
            _ => Err(DatabaseError::Overtaken),
        }
    }

    pub(super) async fn applied(
        &self,
        connection: &mut Connection,
        key: B256,
    ) -> Result<Option<Applied>, DatabaseError> {
        let sql =
            self.sql("SELECT entry_key, subject, version, word FROM chancery_entry WHERE source = ? AND entry_key = ?");
        let rows = connection.texts(&sql, vec![self.source(), text(key)], 4).await;
        let rows = rows.map_err(|error| error.lacks("SELECT", "chancery_entry"))?;
        rows.first().map(|row| read_applied(row)).transpose()
    }

    /// What was applied to the keys after one, ascending.
    pub(super) async fn applied_after(
        &self,
        connection: &mut Connection,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Applied>, DatabaseError> {
        let sql = self.sql(&format!(
            "SELECT entry_key, subject, version, word FROM chancery_entry WHERE source = ? AND entry_key > ? ORDER BY entry_key LIMIT {limit}"
        ));
        let rows = connection.texts(&sql, vec![self.source(), Sql::Text(after.to_owned())], 4).await?;
        rows.iter().map(|row| read_applied(row)).collect()
    }

    /// Notes what was applied.
    pub(super) async fn note(&self, connection: &mut Connection, applied: &Applied) -> Result<(), DatabaseError> {
        let (version, word) = (Sql::Text(applied.version.to_string()), text(applied.value));
        if applied.version == 1 {
            let sql = self
                .sql("INSERT INTO chancery_entry (source, entry_key, subject, version, word) VALUES (?, ?, ?, ?, ?)");
            let arguments = vec![self.source(), text(applied.key), text(applied.subject), version, word];
            return connection.execute(&sql, arguments).await.map(|_| ());
        }
        let sql = self.sql("UPDATE chancery_entry SET version = ?, word = ? WHERE source = ? AND entry_key = ?");
        match connection.execute(&sql, vec![version, word, self.source(), text(applied.key)]).await? {
            1 => Ok(()),
            _ => Err(DatabaseError::Tables("no row of a key that was applied before")),
        }
    }

    pub(super) fn source(&self) -> Sql {
        Sql::Text(self.source.clone())
    }

    /// Places as the database writes them.
    pub(super) fn sql(&self, sql: &str) -> String {
        if self.dialect == Dialect::Question {
            return sql.to_owned();
        }
        let mut parts = sql.split('?');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.enumerate().fold(first, |sql, (i, part)| format!("{sql}${}{part}", i + 1))
    }
}

pub(super) fn text(word: B256) -> Sql {
    Sql::Text(format!("{word:?}"))
}

/// What [`text`] has written.
pub(super) fn word(text: &str) -> Option<B256> {
    text.parse().ok()
}

pub(super) fn read_applied(row: &[String]) -> Result<Applied, DatabaseError> {
    let broken = || DatabaseError::Tables("an entry that cannot be read");
    let [key, subject, version, value] = row else { return Err(broken()) };
    let word = |text: &String| word(text).ok_or_else(broken);
    Ok(Applied {
        key: word(key)?,
        subject: word(subject)?,
        version: version.parse().map_err(|_| broken())?,
        value: word(value)?,
    })
}
