//! One database of three makes: statements with what is bound, and transactions in which nobody's change is written over unseen.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use alloy_primitives::B256;
use futures::TryStreamExt as _;
use sqlx::{
    AssertSqlSafe, Connection as _, MySql, MySqlConnection, PgConnection, Postgres, Row as _, Sqlite, SqliteConnection,
    sqlite::SqliteConnectOptions,
};
use zeroize::Zeroizing;

use super::{
    error::DatabaseError,
    statement::Dialect,
    word::{Form, Sql},
};

/// Where a database is. A URL may hold a password, and is never shown.
#[derive(Clone)]
pub enum Place {
    /// A file on this machine.
    Sqlite(PathBuf),
    /// `postgres://...`
    Postgres(Zeroizing<String>),
    /// `mysql://...`; MariaDB too.
    Mysql(Zeroizing<String>),
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(file) => f.debug_tuple("Sqlite").field(file).finish(),
            Self::Postgres(_) => f.write_str("Postgres"),
            Self::Mysql(_) => f.write_str("Mysql"),
        }
    }
}

impl Place {
    pub(super) const fn dialect(&self) -> Dialect {
        match self {
            Self::Postgres(_) => Dialect::Dollar,
            Self::Sqlite(_) | Self::Mysql(_) => Dialect::Question,
        }
    }

    /// What a table of ours ends with: one that knows transactions.
    pub(super) const fn table_options(&self) -> &'static str {
        match self {
            Self::Mysql(_) => " ENGINE=InnoDB",
            Self::Sqlite(_) | Self::Postgres(_) => "",
        }
    }

    pub(super) async fn connect(&self) -> Result<Connection, DatabaseError> {
        Ok(match self {
            Self::Sqlite(file) => Connection::Sqlite(Box::new(sqlite(file).await?)),
            Self::Postgres(url) => {
                let options = chancery_sharing::database::postgres(url)?;
                Connection::Postgres(Box::new(PgConnection::connect_with(&options).await?))
            }
            Self::Mysql(url) => {
                let options = chancery_sharing::database::mysql(url)?;
                let mut connection = MySqlConnection::connect_with(&options).await?;
                // What is read is locked: nobody changes a row between the look at it and the statement.
                sqlx::raw_sql("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE").execute(&mut connection).await?;
                Connection::Mysql(Box::new(connection))
            }
        })
    }
}

async fn sqlite(file: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(false);
    SqliteConnection::connect_with(&options).await
}

/// The mark of a look at constraints.
const CHECK: &str = "chancery_check";

/// A connection. Dropped in the midst of a transaction, it leaves nothing of it.
pub(super) enum Connection {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
    Mysql(Box<MySqlConnection>),
}

macro_rules! bound {
    ($database:ty, $sql:expr, $arguments:expr) => {{
        // The organization's own statements, and ours: values are bound (DATABASE-5).
        let mut query = sqlx::query::<$database>(AssertSqlSafe($sql.to_owned()));
        for argument in $arguments {
            query = match argument {
                Sql::Text(text) => query.bind(text),
                Sql::Integer(number) => query.bind(number),
                Sql::Bytes(bytes) => query.bind(bytes),
            };
        }
        query
    }};
}

/// The first column of the only row, in a form.
macro_rules! only {
    ($query:expr, $connection:expr, $form:expr, $key:expr) => {{
        let mut rows = $query.fetch($connection);
        let Some(row) = rows.try_next().await? else { return Ok(None) };
        if rows.try_next().await?.is_some() {
            return Err(DatabaseError::Ambiguous($key));
        }
        Ok(match $form {
            Form::Text | Form::Hex => row.try_get::<Option<String>, _>(0)?.map(Sql::Text),
            Form::Integer => row.try_get::<Option<i64>, _>(0)?.map(Sql::Integer),
            Form::Bytes => row.try_get::<Option<Vec<u8>>, _>(0)?.map(Sql::Bytes),
        })
    }};
}

/// Columns of text of every row.
macro_rules! texts {
    ($query:expr, $connection:expr, $columns:expr) => {{
        let mut all = Vec::new();
        for row in $query.fetch_all($connection).await? {
            all.push((0..$columns).map(|column| row.try_get::<String, _>(column)).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(all)
    }};
}

impl Connection {
    /// Runs statements that bind nothing.
    pub(super) async fn run(&mut self, sql: &str) -> Result<(), DatabaseError> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Sqlite(connection) => sql.execute(&mut **connection).await.map(|_| ())?,
            Self::Postgres(connection) => sql.execute(&mut **connection).await.map(|_| ())?,
            Self::Mysql(connection) => sql.execute(&mut **connection).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Runs a statement; how many rows it has met.
    pub(super) async fn execute(&mut self, sql: &str, arguments: Vec<Sql>) -> Result<u64, DatabaseError> {
        Ok(match self {
            Self::Sqlite(connection) => {
                bound!(Sqlite, sql, arguments).execute(&mut **connection).await?.rows_affected()
            }
            Self::Postgres(connection) => {
                bound!(Postgres, sql, arguments).execute(&mut **connection).await?.rows_affected()
            }
            Self::Mysql(connection) => bound!(MySql, sql, arguments).execute(&mut **connection).await?.rows_affected(),
        })
    }

    /// The only value that a query has; `None`: no row, or NULL.
    pub(super) async fn value(
        &mut self,
        sql: &str,
        arguments: Vec<Sql>,
        form: Form,
        key: B256,
    ) -> Result<Option<Sql>, DatabaseError> {
        match self {
            Self::Sqlite(connection) => only!(bound!(Sqlite, sql, arguments), &mut **connection, form, key),
            Self::Postgres(connection) => only!(bound!(Postgres, sql, arguments), &mut **connection, form, key),
            Self::Mysql(connection) => only!(bound!(MySql, sql, arguments), &mut **connection, form, key),
        }
    }

    /// Rows of columns of text.
    pub(super) async fn texts(
        &mut self,
        sql: &str,
        arguments: Vec<Sql>,
        columns: usize,
    ) -> Result<Vec<Vec<String>>, DatabaseError> {
        match self {
            Self::Sqlite(connection) => texts!(bound!(Sqlite, sql, arguments), &mut **connection, columns),
            Self::Postgres(connection) => texts!(bound!(Postgres, sql, arguments), &mut **connection, columns),
            Self::Mysql(connection) => texts!(bound!(MySql, sql, arguments), &mut **connection, columns),
        }
    }

    /// Begins a transaction in which whoever changes the same rows waits, or is in the way and told so.
    pub(super) async fn begin(&mut self) -> Result<(), DatabaseError> {
        let sql = match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            Self::Postgres(_) => "BEGIN ISOLATION LEVEL SERIALIZABLE",
            Self::Mysql(_) => "START TRANSACTION",
        };
        self.run(sql).await
    }

    /// Begins a transaction that waits for others a short time only, as [`Self::begin`] does otherwise. The connection is used for nothing else afterwards.
    pub(super) async fn begin_trial(&mut self) -> Result<(), DatabaseError> {
        if matches!(self, Self::Mysql(_)) {
            self.run("SET SESSION innodb_lock_wait_timeout = 2, SESSION lock_wait_timeout = 2").await?;
        }
        self.begin().await?;
        if matches!(self, Self::Postgres(_)) {
            self.run("SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '4s'").await?;
        }
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> Result<(), DatabaseError> {
        self.run("COMMIT").await
    }

    /// Sets a mark in a transaction, which ends with it.
    pub(super) async fn mark(&mut self, name: &'static str) -> Result<(), DatabaseError> {
        self.run(&format!("SAVEPOINT {name}")).await
    }

    /// Takes the mark away, and nothing else. An error of the database: there is none.
    pub(super) async fn release(&mut self, name: &'static str) -> Result<(), DatabaseError> {
        self.run(&format!("RELEASE SAVEPOINT {name}")).await
    }

    /// Takes back what was done since the mark, and the mark.
    pub(super) async fn take_back(&mut self, name: &'static str) -> Result<(), DatabaseError> {
        self.run(&format!("ROLLBACK TO SAVEPOINT {name}")).await?;
        self.release(name).await
    }

    /// Looks now at what the database would look at when the transaction is committed. What follows it looks at as the schema says: the setting ends with the mark.
    pub(super) async fn check_constraints(&mut self) -> Result<(), DatabaseError> {
        match self {
            Self::Postgres(_) => {
                self.mark(CHECK).await?;
                self.run("SET CONSTRAINTS ALL IMMEDIATE").await?;
                self.take_back(CHECK).await
            }
            // MariaDB and MySQL defer nothing; of SQLite see [`Self::dangling`].
            Self::Sqlite(_) | Self::Mysql(_) => Ok(()),
        }
    }

    /// How many rows of an SQLite database name others that are not there, where a schema lets that be looked at when a transaction is committed; otherwise zero.
    pub(super) async fn dangling(&mut self) -> Result<i64, DatabaseError> {
        if !matches!(self, Self::Sqlite(_))
            || self.count("SELECT count(*) FROM sqlite_master WHERE sql LIKE '%DEFERRED%'").await? == 0
        {
            return Ok(0);
        }
        self.count("SELECT count(*) FROM pragma_foreign_key_check").await
    }

    /// Tables of a MariaDB or MySQL that know no transactions, of those that the account sees.
    pub(super) async fn without_transactions(&mut self) -> Result<Vec<String>, DatabaseError> {
        if !matches!(self, Self::Mysql(_)) {
            return Ok(Vec::new());
        }
        let sql = "SELECT CAST(t.TABLE_NAME AS CHAR) FROM information_schema.TABLES t JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE \
                   WHERE t.TABLE_SCHEMA = DATABASE() AND e.TRANSACTIONS = 'NO'";
        Ok(self.texts(sql, Vec::new(), 1).await?.into_iter().flatten().collect())
    }

    async fn count(&mut self, sql: &str) -> Result<i64, DatabaseError> {
        let found = self.value(sql, Vec::new(), Form::Integer, B256::ZERO).await?;
        Ok(if let Some(Sql::Integer(count)) = found { count } else { 0 })
    }

    /// Takes back what was begun. If that fails, the end of the connection does it.
    pub(super) async fn roll_back(&mut self) {
        if let Err(error) = self.run("ROLLBACK").await {
            tracing::debug!(%error, "a transaction is taken back by the end of its connection");
        }
    }

    /// Ends it in order, so that the server need not find out.
    pub(super) async fn close(self) {
        let closed = match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
            Self::Mysql(connection) => connection.close().await,
        };
        if let Err(error) = closed {
            tracing::debug!(%error, "a connection has ended before it was closed");
        }
    }
}
