//! What the databases have in common (SHARE-1).

use super::ExtractError;
use crate::this_machine::is_local;

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

/// A database beyond this machine that is not verified: whoever is on the way could read, and say, anything.
pub(super) fn unverified(parameters: &str) -> ExtractError {
    ExtractError::SourceRefused(format!(
        "a database beyond this machine has to show who it is: add {parameters} to its URL, or use a tunnel"
    ))
}

/// Whether a connection stays on this machine: by a socket, or by the address.
pub(super) fn stays_here(host: &str, socket: Option<&std::path::PathBuf>) -> bool {
    socket.is_some() || host.starts_with('/') || is_local(host.trim_matches(['[', ']']))
}
