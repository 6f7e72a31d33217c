//! From a source to sealed Parquet (S-ODS, S-COL): declared columns and rows, in parts, resumable.

mod columns;
mod conditions;
mod copy_binary;
mod declaration;
mod file;
mod mysql;
mod mysql_statement;
mod part;
mod postgres;
mod postgres_value;
mod record;
mod rejects;
mod remote;
mod rest;
mod run;
mod spool;
mod sql;
mod sqlite;
mod staging;
mod value;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::sealing::DataKey;
pub use columns::{BATCH_ROWS, MAX_FIELD_BYTES};
// For `testing/decoders` alone: rows come from a server to everybody else.
#[doc(hidden)]
pub use copy_binary::read_copy;
pub use declaration::{
    Column, ColumnType, Comparison, Condition, Declaration, DeclarationError, Literal, MAX_COLUMNS, MAX_CONDITIONS,
    MAX_PART_ROWS,
};
pub use file::{FileFormat, FileSource, MAX_RECORD_BYTES};
pub use mysql::MySqlSource;
pub use postgres::PostgresSource;
pub use record::{RecordError, record};
pub(crate) use rejects::Rejects;
pub use rejects::{MAX_REJECTS, PART_REJECTS, Reject};
pub use remote::RemoteSource;
pub use rest::{RestConfig, RestSource};
pub use run::{EpochKey, ExtractState, PublishedPart, extract_part, remove_superseded, reseal_part};
pub use spool::SpoolSource;
pub use sqlite::SqliteSource;
use staging::Stage;
pub use staging::Staged;
pub(crate) use value::Value;

/// How far an extract is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// The cursor's value in the last published row.
    pub value: i64,
    /// What the source itself remembers that row by, where it can: a source that was replaced under the cursor is noticed.
    pub mark: Option<String>,
}

/// Where rows come from.
#[async_trait]
pub trait Source: Send + Sync {
    /// Whether an extract goes on where the last one ended though the declaration has no cursor: the source has an order of its own.
    fn keeps_position(&self) -> bool {
        false
    }

    /// Whether it is a file, whose position is a number of bytes: that is kept apart from the position of any other source of the same data, which a number of bytes would lead astray.
    fn is_file(&self) -> bool {
        false
    }

    /// Begins a run behind a position: takes what the run needs for itself alone. Is short; whoever records positions lets nobody else record one meanwhile.
    ///
    /// # Errors
    /// [`ExtractError`].
    async fn begin(&self, _after: Option<&Cursor>) -> Result<(), ExtractError> {
        Ok(())
    }

    /// Brings to this machine what the parts of the run are read from, which is fixed then. May take long.
    ///
    /// # Errors
    /// [`ExtractError`]. What came stays for the next run.
    async fn gather(&self) -> Result<(), ExtractError> {
        Ok(())
    }

    /// Reads the rows of the next part into a staged, sealed file in `directory`: after the cursor's value `after` where the declaration has a
    /// cursor or the source keeps a position, all of them otherwise, but of a file what is new in it.
    ///
    /// # Errors
    /// [`ExtractError`], and then no file is left.
    async fn stage(
        &self,
        declaration: &Declaration,
        after: Option<&Cursor>,
        directory: &Path,
        key: &DataKey,
    ) -> Result<Staged, ExtractError>;
}

/// Why an extract stops. Nothing of the part is published then (SHARE-2).
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// Correct the declaration.
    #[error(transparent)]
    Declaration(#[from] DeclarationError),
    /// The source is away or broke off: run again, and the extract goes on after the last published part.
    #[error("the source does not answer, run again: {0}")]
    SourceLost(String),
    /// The source sent what its own protocol does not allow, or a field beyond a bound.
    #[error("the source sent what cannot be read: {0}")]
    SourceMalformed(&'static str),
    /// Running again does not help.
    #[error("the source refuses: {0}; correct the declaration, or what the source lets you read")]
    SourceRefused(String),
    /// What stands under the cursor is not what was read there.
    #[error("{0}")]
    SourceReplaced(String),
    /// More rejects than are kept aside: the declaration or the source is wrong as a whole.
    #[error("more than {MAX_REJECTS} rows, or 256 MiB of them, break the declaration; nothing is published")]
    TooManyRejects,
    /// More rows than a part may have.
    #[error("more than {MAX_PART_ROWS} rows in one part: declare a cursor, so that they come in parts, or conditions")]
    TooManyRows,
    /// Not one row keeps the declaration. They are kept in this file; with a cursor, the next extract goes on behind them.
    #[error(
        "all rows break the declaration; they are kept in {0:?}: correct and replay them, or correct the declaration"
    )]
    AllRejected(PathBuf),
    /// The same file of corrected rejects once more.
    #[error("this file was replayed already, as part {part}: correct and replay what is not in it yet")]
    Replayed {
        /// Counts from 1.
        part: usize,
    },
    /// The part could not be written.
    #[error("the part cannot be made: {0}")]
    Writing(String),
    /// No space is left for staging.
    #[error("no space is left for staging")]
    Full,
    /// A directory of a server is not taken.
    #[error(transparent)]
    Remote(#[from] crate::remote::RemoteError),
    /// A file of several is the reason.
    #[error("in the file {file:?}: {error}; put a corrected one under the same name, and run again")]
    File {
        /// Its name at the server.
        file: String,
        /// Why it cannot be read.
        error: Box<ExtractError>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::storage::StoreError),
    /// A file of the store is not the one that was published there.
    #[error(transparent)]
    Fetch(#[from] crate::storage::FetchError),
    /// The state file is not what was written there.
    #[error("the extract's state cannot be used: {0}")]
    State(String),
}

impl From<std::io::Error> for ExtractError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Writing(error.to_string()),
        }
    }
}
