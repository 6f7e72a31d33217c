//! SQLite and PostgreSQL behind one small surface: statements with numbered parameters, four column types, transactions under a lock.
//!
//! `sqlx::Any` would do the same, but hides what differs and matters here: SQLite's file mode, WAL and the watch over its file, and locks.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection as _, PgPool, Postgres, Row as _, Sqlite, SqlitePool,
    postgres::{PgPoolOptions, PgRow},
    query::Query,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};

use super::{DatabaseLocation, migrations, postgres};
use crate::{
    error::{IdentityError, IdentityResult},
    key_ring::create_private,
};

/// Connections of a pool.
const MAX_CONNECTIONS: u32 = 8;
/// How long a caller waits for a connection or a lock before the database counts as unreachable.
const WAIT: Duration = Duration::from_secs(5);

/// A parameter of a statement.
#[derive(Clone)]
pub(crate) enum Value {
    Integer(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

macro_rules! value_from {
    ($($from:ty => |$value:ident| $into:expr;)*) => {
        $(impl From<$from> for Value { fn from($value: $from) -> Self { $into } })*
    };
}

value_from! {
    i64 => |value| Self::Integer(Some(value));
    Option<i64> => |value| Self::Integer(value);
    // Times, heights and positions: far below 2^63.
    u64 => |value| Self::Integer(Some(i64::try_from(value).unwrap_or(i64::MAX)));
    Option<u64> => |value| Self::Integer(value.map(|value| i64::try_from(value).unwrap_or(i64::MAX)));
    &str => |value| Self::Text(Some(value.to_owned()));
    String => |value| Self::Text(Some(value));
    Option<String> => |value| Self::Text(value);
    Vec<u8> => |value| Self::Bytes(Some(value));
    &[u8] => |value| Self::Bytes(Some(value.to_vec()));
    Option<Vec<u8>> => |value| Self::Bytes(value);
    alloy_primitives::B256 => |value| Self::Bytes(Some(value.to_vec()));
    Option<alloy_primitives::B256> => |value| Self::Bytes(value.map(|value| value.to_vec()));
    alloy_primitives::Address => |value| Self::Text(Some(format!("{value:#x}")));
    Option<alloy_primitives::Address> => |value| Self::Text(value.map(|value| format!("{value:#x}")));
}

/// PostgreSQL holds no text with a zero byte, and SQLite would cut some of its functions short at it: neither is given one.
fn check_texts(values: &[Value]) -> IdentityResult<()> {
    let is_malformed = |value: &Value| matches!(value, Value::Text(Some(text)) if text.contains('\0'));
    if values.iter().any(is_malformed) {
        Err(IdentityError::Malformed { what: "a text with a zero byte" })
    } else {
        Ok(())
    }
}

/// The parameters of a statement.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::database::pool::Value::from($value)),*] };
}
pub(crate) use values;

/// A row of an answer. Columns are read by their position.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! column {
    ($name:ident, $type:ty) => {
        pub(crate) fn $name(&self, index: usize) -> IdentityResult<$type> {
            Ok(match self {
                Self::Sqlite(row) => row.try_get(index)?,
                Self::Postgres(row) => row.try_get(index)?,
            })
        }
    };
}

impl Row {
    column!(integer, i64);
    column!(optional_integer, Option<i64>);
    column!(text, String);
    column!(optional_text, Option<String>);
    column!(bytes, Vec<u8>);
    column!(optional_bytes, Option<Vec<u8>>);

    pub(crate) fn unsigned(&self, index: usize) -> IdentityResult<u64> {
        u64::try_from(self.integer(index)?).map_err(|_| broken(index))
    }

    pub(crate) fn optional_unsigned(&self, index: usize) -> IdentityResult<Option<u64>> {
        self.optional_integer(index)?.map(u64::try_from).transpose().map_err(|_| broken(index))
    }

    pub(crate) fn address(&self, index: usize) -> IdentityResult<alloy_primitives::Address> {
        self.text(index)?.parse().map_err(|_| broken(index))
    }

    pub(crate) fn optional_address(&self, index: usize) -> IdentityResult<Option<alloy_primitives::Address>> {
        self.optional_text(index)?.map(|text| text.parse()).transpose().map_err(|_| broken(index))
    }

    pub(crate) fn hash(&self, index: usize) -> IdentityResult<alloy_primitives::B256> {
        alloy_primitives::B256::try_from(self.bytes(index)?.as_slice()).map_err(|_| broken(index))
    }

    pub(crate) fn optional_hash(&self, index: usize) -> IdentityResult<Option<alloy_primitives::B256>> {
        self.optional_bytes(index)?
            .map(|bytes| alloy_primitives::B256::try_from(bytes.as_slice()))
            .transpose()
            .map_err(|_| broken(index))
    }
}

fn broken(index: usize) -> IdentityError {
    IdentityError::Broken(format!("column {index} does not decode"))
}

/// The two kinds of pools.
#[derive(Clone)]
pub(crate) enum Pool {
    Sqlite { pool: SqlitePool, file: WatchedFile },
    Postgres(PgPool),
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { file, .. } => write!(f, "sqlite:{}", file.path.display()),
            Self::Postgres(_) => f.write_str("postgres"),
        }
    }
}

/// SQLite goes on writing into a file that was removed or replaced, and all of that would be lost. So the file is looked at before every use.
#[derive(Clone, Debug)]
pub(crate) struct WatchedFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl WatchedFile {
    fn open(path: &Path) -> IdentityResult<Self> {
        Ok(Self { path: path.to_owned(), identity: file_identity(path)? })
    }

    fn check(&self) -> IdentityResult<()> {
        if file_identity(&self.path)? == self.identity {
            return Ok(());
        }
        Err(IdentityError::DatabaseUnreachable { reason: "the database file was replaced; restart".into() })
    }
}

#[cfg(unix)]
fn file_identity(path: &Path) -> IdentityResult<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path)
        .map(|metadata| (metadata.dev(), metadata.ino()))
        .map_err(|error| IdentityError::DatabaseUnreachable { reason: format!("the database file: {error}") })
}

#[cfg(not(unix))]
fn file_identity(path: &Path) -> IdentityResult<(u64, u64)> {
    std::fs::metadata(path)
        .map(|_| (0, 0))
        .map_err(|error| IdentityError::DatabaseUnreachable { reason: format!("the database file: {error}") })
}

/// What a transaction serialises with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lock {
    /// Registrations and decisions about them.
    Registration,
    /// Decisions about applications.
    Application,
    /// Presentations of one holder.
    Presentation,
    /// The index of operations.
    Operation,
    /// Who holds which person in the network.
    Network,
    /// What owners of shared assets hand over.
    SharedAccess,
}

impl Lock {
    /// Key of the advisory lock ("chan" and a number).
    const fn key(self) -> i64 {
        0x6368_616e_0000_0000
            + match self {
                Self::Registration => 1,
                Self::Application => 2,
                Self::Presentation => 3,
                Self::Operation => 4,
                Self::Network => 5,
                Self::SharedAccess => 6,
            }
    }
}

macro_rules! bind {
    ($sql:expr, $values:expr, $database:ty) => {{
        let mut query: Query<'_, $database, _> = sqlx::query::<$database>($sql);
        for value in $values {
            query = match value {
                Value::Integer(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            };
        }
        query
    }};
}

impl Pool {
    pub(crate) async fn open(location: &DatabaseLocation) -> IdentityResult<Self> {
        match location {
            DatabaseLocation::Sqlite(path) => Self::open_sqlite(path).await,
            DatabaseLocation::Postgres(url) => Self::open_postgres(url).await,
        }
    }

    async fn open_sqlite(path: &Path) -> IdentityResult<Self> {
        let unreachable = |error: std::io::Error| IdentityError::DatabaseUnreachable { reason: error.to_string() };
        match create_private(path) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(unreachable(error)),
        }
        let file = WatchedFile::open(path)?;
        // SQLite gives its journal files the mode of the database file. `create_if_missing` is off: a file that vanishes must not come back empty.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(WAIT)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(WAIT)
            // On a full disk SQLite itself rolls a transaction back; the connection does not know, and would refuse every further one. Another takes its place.
            .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
            .connect_with(options)
            .await?;
        migrations::sqlite().run(&pool).await.map_err(migration)?;
        Ok(Self::Sqlite { pool, file })
    }

    async fn open_postgres(url: &str) -> IdentityResult<Self> {
        let options = postgres::options(url)?;
        let pool = PgPoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(WAIT)
            .connect_with(options.disable_statement_logging())
            .await?;
        migrations::postgres().run(&pool).await.map_err(migration)?;
        Ok(Self::Postgres(pool))
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { pool, .. } => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }

    fn check(&self) -> IdentityResult<()> {
        match self {
            Self::Sqlite { file, .. } => file.check(),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Runs a statement; the count of rows that it changed.
    pub(crate) async fn execute(&self, sql: &'static str, values: Vec<Value>) -> IdentityResult<u64> {
        self.check()?;
        check_texts(&values)?;
        Ok(match self {
            Self::Sqlite { pool, .. } => bind!(sql, values, Sqlite).execute(pool).await?.rows_affected(),
            Self::Postgres(pool) => bind!(sql, values, Postgres).execute(pool).await?.rows_affected(),
        })
    }

    pub(crate) async fn fetch_optional(&self, sql: &'static str, values: Vec<Value>) -> IdentityResult<Option<Row>> {
        self.check()?;
        check_texts(&values)?;
        Ok(match self {
            Self::Sqlite { pool, .. } => bind!(sql, values, Sqlite).fetch_optional(pool).await?.map(Row::Sqlite),
            Self::Postgres(pool) => bind!(sql, values, Postgres).fetch_optional(pool).await?.map(Row::Postgres),
        })
    }

    pub(crate) async fn fetch_all(&self, sql: &'static str, values: Vec<Value>) -> IdentityResult<Vec<Row>> {
        self.check()?;
        check_texts(&values)?;
        Ok(match self {
            Self::Sqlite { pool, .. } => {
                bind!(sql, values, Sqlite).fetch_all(pool).await?.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(pool) => {
                bind!(sql, values, Postgres).fetch_all(pool).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// A transaction that no other with the same lock runs beside, so that what it reads stays so until it commits.
    pub(crate) async fn begin(&self, lock: Lock) -> IdentityResult<Transaction> {
        self.check()?;
        match self {
            // SQLite has one writer at a time: the lock is the write lock, taken before the first read.
            Self::Sqlite { pool, file } => {
                let transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
                Ok(Transaction::Sqlite { transaction, file: file.clone() })
            }
            Self::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                bind!("SELECT pg_advisory_xact_lock($1)", values![lock.key()], Postgres)
                    .execute(&mut *transaction)
                    .await?;
                Ok(Transaction::Postgres(transaction))
            }
        }
    }
}

fn migration(error: sqlx::migrate::MigrateError) -> IdentityError {
    match error {
        sqlx::migrate::MigrateError::Execute(error) => error.into(),
        error => IdentityError::Migration(error.to_string()),
    }
}

/// A transaction. Dropped without [`Transaction::commit`], it changes nothing.
pub(crate) enum Transaction {
    Sqlite { transaction: sqlx::Transaction<'static, Sqlite>, file: WatchedFile },
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Transaction {
    pub(crate) async fn execute(&mut self, sql: &'static str, values: Vec<Value>) -> IdentityResult<u64> {
        check_texts(&values)?;
        Ok(match self {
            Self::Sqlite { transaction, .. } => {
                bind!(sql, values, Sqlite).execute(&mut **transaction).await?.rows_affected()
            }
            Self::Postgres(transaction) => {
                bind!(sql, values, Postgres).execute(&mut **transaction).await?.rows_affected()
            }
        })
    }

    pub(crate) async fn fetch_optional(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> IdentityResult<Option<Row>> {
        check_texts(&values)?;
        Ok(match self {
            Self::Sqlite { transaction, .. } => {
                bind!(sql, values, Sqlite).fetch_optional(&mut **transaction).await?.map(Row::Sqlite)
            }
            Self::Postgres(transaction) => {
                bind!(sql, values, Postgres).fetch_optional(&mut **transaction).await?.map(Row::Postgres)
            }
        })
    }

    pub(crate) async fn fetch_all(&mut self, sql: &'static str, values: Vec<Value>) -> IdentityResult<Vec<Row>> {
        check_texts(&values)?;
        Ok(match self {
            Self::Sqlite { transaction, .. } => {
                bind!(sql, values, Sqlite).fetch_all(&mut **transaction).await?.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(transaction) => bind!(sql, values, Postgres)
                .fetch_all(&mut **transaction)
                .await?
                .into_iter()
                .map(Row::Postgres)
                .collect(),
        })
    }

    pub(crate) async fn commit(self) -> IdentityResult<()> {
        match self {
            Self::Sqlite { transaction, file } => {
                file.check()?;
                transaction.commit().await?;
            }
            Self::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }
}
