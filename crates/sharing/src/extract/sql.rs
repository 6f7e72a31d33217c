//! What the databases have in common (SHARE-1).

use super::ExtractError;

/// A quoted identifier. It was looked up in the catalogue before.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The database is away, or broke off.
pub(super) fn lost(error: sqlx::Error) -> ExtractError {
    ExtractError::SourceLost(error.to_string())
}
