//! A land registry's own table, in each make of database.

use std::path::PathBuf;

use alloy_primitives::B256;
use chancery_bridge::database::{Book, Declaration, EntryDeclaration, Form, LONGEST_PROMISE_S, Place};
use chancery_testing::process::{MariadbServer, PostgresServer};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection, sqlite::SqliteConnectOptions};

/// A row counts how often it was written.
const TABLE: &str =
    "CREATE TABLE parcels (parcel VARCHAR(32) NOT NULL PRIMARY KEY, lien VARCHAR(32), times BIGINT NOT NULL DEFAULT 0)";
const QUERY: &str = "SELECT lien FROM parcels WHERE parcel = {key}";
const APPLY: &str = "INSERT INTO parcels (parcel, lien, times) VALUES ({key}, {value}, 1) \
                     ON CONFLICT (parcel) DO UPDATE SET lien = excluded.lien, times = parcels.times + 1";
const APPLY_MARIADB: &str = "INSERT INTO parcels (parcel, lien, times) VALUES ({key}, {value}, 1) \
                             ON DUPLICATE KEY UPDATE lien = VALUES(lien), times = times + 1";

pub(crate) enum Rows {
    Sqlite(tempfile::TempDir),
    Postgres(PostgresServer),
    Mariadb(MariadbServer),
}

impl Rows {
    pub(crate) async fn sqlite() -> Self {
        let rows = Self::Sqlite(tempfile::tempdir().unwrap());
        rows.run(TABLE).await;
        rows
    }

    pub(crate) async fn postgres() -> Self {
        let rows = Self::Postgres(PostgresServer::start().unwrap());
        rows.run(TABLE).await;
        rows
    }

    pub(crate) async fn mariadb() -> Self {
        let rows = Self::Mariadb(MariadbServer::start().unwrap());
        rows.run(TABLE).await;
        rows
    }

    fn place(&self) -> Place {
        match self {
            Self::Sqlite(_) => Place::Sqlite(self.file()),
            Self::Postgres(server) => Place::Postgres(server.url().into()),
            Self::Mariadb(server) => Place::Mysql(server.url().into()),
        }
    }

    fn file(&self) -> PathBuf {
        match self {
            Self::Sqlite(dir) => dir.path().join("land.db"),
            Self::Postgres(_) | Self::Mariadb(_) => PathBuf::new(),
        }
    }

    /// With the declared statement, from a block on.
    pub(crate) fn book(&self, from_block: u64) -> Book {
        self.book_with(from_block, None, if matches!(self, Self::Mariadb(_)) { APPLY_MARIADB } else { APPLY })
    }

    /// As [`Self::book`], with what is promised at the longest.
    pub(crate) fn book_promising(&self, from_block: u64, longest_promise_s: u64) -> Book {
        let declared = Declaration { longest_promise_s, ..declaration(from_block, None, APPLY, false) };
        Book::new(self.place(), &declared).unwrap()
    }

    /// As [`Self::book`], for another account of a MariaDB.
    pub(crate) fn book_as(&self, account: &str, from_block: u64) -> Book {
        let Self::Mariadb(server) = self else { panic!("no MariaDB") };
        let url = server.url().replacen("root@", &format!("{account}@"), 1);
        let declared = declaration(from_block, None, APPLY_MARIADB, false);
        Book::new(Place::Mysql(url.into()), &declared).unwrap()
    }

    pub(crate) fn book_with(&self, from_block: u64, kind: Option<&str>, apply: &str) -> Book {
        self.declared(from_block, kind, apply, false)
    }

    /// The declared statement for a register; of other registers entries are passed over, or are an error.
    pub(crate) fn book_of(&self, from_block: u64, kind: &str, ignore_others: bool) -> Book {
        self.declared(from_block, Some(kind), APPLY, ignore_others)
    }

    fn declared(&self, from_block: u64, kind: Option<&str>, apply: &str, ignore_others: bool) -> Book {
        Book::new(self.place(), &declaration(from_block, kind, apply, ignore_others)).unwrap()
    }

    /// Runs a statement with nothing of what is tested.
    pub(crate) async fn run(&self, sql: &str) {
        match self {
            Self::Sqlite(_) => {
                let options = SqliteConnectOptions::new().filename(self.file()).create_if_missing(true);
                let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
                sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            Self::Postgres(server) => drop(server.psql(sql, None).unwrap()),
            Self::Mariadb(server) => drop(server.query(&format!("USE test; {sql}")).unwrap()),
        }
    }

    /// A connection of somebody else's, to a PostgreSQL.
    pub(crate) async fn postgres_connection(&self) -> PgConnection {
        let Self::Postgres(server) = self else { panic!("no PostgreSQL") };
        PgConnection::connect(&server.url()).await.unwrap()
    }

    /// Rows of columns of text, joined by `|`.
    pub(crate) async fn lines(&self, sql: &str) -> Vec<String> {
        let said = match self {
            Self::Sqlite(_) => {
                let options = SqliteConnectOptions::new().filename(self.file());
                let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
                let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                let line = |row: &sqlx::sqlite::SqliteRow| {
                    (0..row.len()).map(|i| row.get_unchecked::<String, _>(i)).collect::<Vec<_>>().join("|")
                };
                return rows.iter().map(line).collect();
            }
            Self::Postgres(server) => server.psql(sql, None).unwrap(),
            Self::Mariadb(server) => server.query(&format!("USE test; {sql}")).unwrap().replace('\t', "|"),
        };
        said.lines().map(str::to_owned).collect()
    }

    /// Parcel, lien and how often it was written.
    pub(crate) async fn parcels(&self) -> Vec<String> {
        self.lines("SELECT parcel, lien, CAST(times AS CHAR(20)) FROM parcels ORDER BY parcel")
            .await
            .iter()
            .map(|line| trimmed(line))
            .collect()
    }

    /// Whether rows were written as often as is noted, in one view of both.
    pub(crate) async fn are_as_noted(&self) -> bool {
        let sql = "SELECT CASE WHEN (SELECT COALESCE(SUM(times), 0) FROM parcels) = \
                   (SELECT COALESCE(SUM(CAST(version AS DECIMAL)), 0) FROM chancery_entry) THEN 'same' ELSE 'other' END";
        self.lines(sql).await == ["same"]
    }

    /// Key, version and value of what is noted as applied.
    pub(crate) async fn noted(&self) -> Vec<String> {
        self.lines("SELECT entry_key, version, word FROM chancery_entry ORDER BY entry_key").await
    }

    /// As if nothing had ever been applied.
    pub(crate) async fn empty(&self) {
        for table in ["parcels", "chancery_entry", "chancery_position"] {
            self.run(&format!("DELETE FROM {table}")).await;
        }
    }
}

fn declaration(from_block: u64, kind: Option<&str>, apply: &str, ignore_others: bool) -> Declaration {
    let entry = EntryDeclaration {
        kind: kind.map(str::to_owned),
        key: Form::Text,
        value: Form::Text,
        query: QUERY.to_owned(),
        apply: apply.to_owned(),
    };
    Declaration { from_block, ignore_others, longest_promise_s: LONGEST_PROMISE_S, entries: vec![entry] }
}

/// PostgreSQL pads what is cast to characters of a length.
fn trimmed(line: &str) -> String {
    line.trim_end().to_owned()
}

/// A line of [`Rows::parcels`].
pub(crate) fn parcel(parcel: &str, lien: &str, times: u64) -> String {
    format!("{parcel}|{lien}|{times}")
}

/// A line of [`Rows::noted`].
pub(crate) fn noted(key: B256, version: u64, value: B256) -> String {
    format!("{key:?}|{version}|{value:?}")
}
