//! What the databases have in common (SHARE-1).

use super::ExtractError;
use crate::database::DatabaseError;

/// A quoted identifier. It was looked up in the catalogue before.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The database is away, or broke off; or it cannot show who it is, which another attempt does not change.
pub(super) fn lost(error: sqlx::Error) -> ExtractError {
    match &error {
        sqlx::Error::Tls(_) => ExtractError::SourceRefused(error.to_string()),
        // What a handshake finds wrong with a certificate.
        sqlx::Error::Io(inner) if inner.kind() == std::io::ErrorKind::InvalidData => {
            ExtractError::SourceRefused(error.to_string())
        }
        _ => ExtractError::SourceLost(error.to_string()),
    }
}

impl From<DatabaseError> for ExtractError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Url(error) => lost(error),
            error @ DatabaseError::Unverified(_) => Self::SourceRefused(error.to_string()),
        }
    }
}
