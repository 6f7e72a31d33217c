//! How a business database is reached: on this machine as its URL says, beyond it only after it has shown who it is.

use std::str::FromStr as _;

use sqlx::{
    mysql::{MySqlConnectOptions, MySqlSslMode},
    postgres::{PgConnectOptions, PgSslMode},
};

use crate::this_machine::is_local;

/// Why nothing is connected to. The URL, which may hold a password, is in none of them.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Correct the URL.
    #[error("the URL of the database cannot be read: {0}")]
    Url(sqlx::Error),
    /// Whoever is on the way could read, and say, anything.
    #[error("a database beyond this machine has to show who it is: add {0} to its URL, or use a tunnel")]
    Unverified(&'static str),
}

/// PostgreSQL: beyond this machine only with a certificate that is verified for the host; on it as the URL says, and without TLS when it says nothing.
///
/// # Errors
/// [`DatabaseError`].
pub fn postgres(url: &str) -> Result<PgConnectOptions, DatabaseError> {
    let options = PgConnectOptions::from_str(url).map_err(DatabaseError::Url)?;
    let is_here = stays_here(options.get_host(), options.get_socket());
    match options.get_ssl_mode() {
        PgSslMode::VerifyFull => Ok(options),
        _ if !is_here => {
            Err(DatabaseError::Unverified("sslmode=verify-full (and sslrootcert=FILE for an authority of your own)"))
        }
        PgSslMode::Prefer => Ok(options.ssl_mode(PgSslMode::Disable)),
        _ => Ok(options),
    }
}

/// MariaDB and MySQL, likewise.
///
/// # Errors
/// [`DatabaseError`].
pub fn mysql(url: &str) -> Result<MySqlConnectOptions, DatabaseError> {
    let options = MySqlConnectOptions::from_str(url).map_err(DatabaseError::Url)?;
    let is_here = stays_here(options.get_host(), options.get_socket());
    match options.get_ssl_mode() {
        MySqlSslMode::VerifyIdentity => Ok(options),
        _ if !is_here => {
            Err(DatabaseError::Unverified("ssl-mode=VERIFY_IDENTITY (and ssl-ca=FILE for an authority of your own)"))
        }
        MySqlSslMode::Preferred => Ok(options.ssl_mode(MySqlSslMode::Disabled)),
        _ => Ok(options),
    }
}

/// Whether a connection stays on this machine: by a socket, or by the address.
fn stays_here(host: &str, socket: Option<&std::path::PathBuf>) -> bool {
    socket.is_some() || host.starts_with('/') || is_local(host.trim_matches(['[', ']']))
}
