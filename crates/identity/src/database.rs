//! The identity database: SQLite in a file by default, PostgreSQL by URL, one implementation over both.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc};

use subtle::ConstantTimeEq;

use crate::{
    error::{IdentityError, IdentityResult},
    key_ring::KeyRing,
    network::PersonNetwork,
    sealing::Place,
};

mod migrations;
pub(crate) mod pool;
mod postgres;

pub(crate) use pool::{Lock, Pool, Row, Transaction, Value, values};

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseLocation {
    /// An SQLite file; made when it is missing.
    Sqlite(PathBuf),
    /// A PostgreSQL URL, beyond this machine with `sslmode=verify-full`. The database must exist; the tables are made.
    Postgres(String),
}

impl FromStr for DatabaseLocation {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        match text.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))),
            _ => Err(IdentityError::UnknownDatabase(text.split(':').next().unwrap_or_default().to_owned())),
        }
    }
}

impl fmt::Debug for DatabaseLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            // The URL may hold a password.
            Self::Postgres(_) => f.write_str("postgres://.."),
        }
    }
}

/// A handle to the identity database with its keys. Clones share one pool.
#[derive(Clone)]
pub struct IdentityDatabase {
    pub(crate) pool: Pool,
    pub(crate) keys: Arc<KeyRing>,
    /// Absent: a person is unique in this database alone.
    pub(crate) network: Option<Arc<dyn PersonNetwork>>,
}

impl fmt::Debug for IdentityDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityDatabase").field("pool", &self.pool).finish_non_exhaustive()
    }
}

impl IdentityDatabase {
    /// Opens the database, brings its tables to this version and checks that the key ring is the one it was made with.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `UnverifiedDatabase`, `WrongKey`, `Migration`.
    pub async fn open(location: &DatabaseLocation, keys: KeyRing) -> IdentityResult<Self> {
        let database = Self { pool: Pool::open(location).await?, keys: Arc::new(keys), network: None };
        database.check_keys().await?;
        Ok(database)
    }

    /// The same database as one of a network: a person is registered here who is no other office's, and while that cannot be determined nobody is.
    #[must_use]
    pub fn in_network(self, network: Arc<dyn PersonNetwork>) -> Self {
        Self { network: Some(network), ..self }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn ping(&self) -> IdentityResult<()> {
        self.pool.fetch_optional("SELECT value FROM key_checks WHERE name = $1", values!["uniqueness"]).await?;
        Ok(())
    }

    /// Ends all connections; a later call answers `DatabaseUnreachable`.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn check_keys(&self) -> IdentityResult<()> {
        let expected = self.keys.check_value();
        self.pool
            .execute(
                "INSERT INTO key_checks (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
                values!["uniqueness", expected.to_vec()],
            )
            .await?;
        let row = self
            .pool
            .fetch_optional("SELECT value FROM key_checks WHERE name = $1", values!["uniqueness"])
            .await?
            .ok_or_else(|| IdentityError::Broken("the key check is gone".into()))?;
        if bool::from(row.bytes(0)?.ct_eq(&expected)) { Ok(()) } else { Err(IdentityError::WrongKey) }
    }

    pub(crate) fn seal(&self, column: &'static str, row: &str, plain: &[u8]) -> IdentityResult<Vec<u8>> {
        Ok(self.keys.seal(Place { column, row }, plain)?)
    }

    pub(crate) fn open_text(&self, column: &'static str, row: &str, sealed: &[u8]) -> IdentityResult<String> {
        let plain = self.keys.open(Place { column, row }, sealed)?;
        String::from_utf8(plain.to_vec()).map_err(|_| IdentityError::Broken(format!("{column} is no text")))
    }
}

/// A page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// At most so many rows, 1 to [`MAX_PAGE_ROWS`].
    pub limit: usize,
    /// What the page before ended with.
    pub cursor: Option<Cursor>,
}

/// Most rows of a page.
pub const MAX_PAGE_ROWS: usize = 100;
/// Longest key of a row in a cursor, in bytes.
const MAX_CURSOR_KEY_BYTES: usize = 100;
/// Rows of a page when nothing is said.
pub const DEFAULT_PAGE_ROWS: usize = 20;

impl Page {
    /// Rows to fetch, within the bounds.
    pub(crate) fn rows(&self) -> i64 {
        let limit = if self.limit == 0 { DEFAULT_PAGE_ROWS } else { self.limit.min(MAX_PAGE_ROWS) };
        i64::try_from(limit).unwrap_or(i64::MAX)
    }

    /// Newest first: what comes before everything.
    pub(crate) fn before(&self) -> (i64, String) {
        self.cursor.as_ref().map_or((i64::MAX, "~".to_owned()), |cursor| (cursor.time_ms, cursor.key.clone()))
    }
}

/// Where a page ended: time and key of its last row, as text `TIME.KEY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) time_ms: i64,
    pub(crate) key: String,
}

impl Cursor {
    pub(crate) fn new(time_ms: u64, key: impl Into<String>) -> Self {
        Self { time_ms: i64::try_from(time_ms).unwrap_or(i64::MAX), key: key.into() }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.time_ms, self.key)
    }
}

impl FromStr for Cursor {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || IdentityError::Malformed { what: "the cursor" };
        let (time, key) = text.split_once('.').ok_or_else(malformed)?;
        // Keys of rows are identifiers and addresses.
        if !(1..=MAX_CURSOR_KEY_BYTES).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(malformed());
        }
        Ok(Self { time_ms: time.parse().map_err(|_| malformed())?, key: key.to_owned() })
    }
}
