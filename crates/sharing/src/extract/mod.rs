//! From a source to sealed Parquet (S-ODS, S-COL): declared columns and rows, in parts, resumable.

mod columns;
mod copy_binary;
mod declaration;
mod part;
mod postgres;
mod run;

pub use columns::{BATCH_ROWS, MAX_FIELD_BYTES};
pub use declaration::{
    Column, ColumnType, Comparison, Condition, Declaration, DeclarationError, Literal, MAX_COLUMNS, MAX_CONDITIONS,
    MAX_PART_ROWS,
};
pub use postgres::PostgresSource;
pub use run::{ExtractState, PublishedPart, extract_part};

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
    /// The part could not be written.
    #[error("the part cannot be made: {0}")]
    Writing(String),
    /// No space is left for staging.
    #[error("no space is left for staging")]
    Full,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::storage::StoreError),
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
