//! What can go wrong with identities, said so that the caller knows what to do.

use alloy_primitives::Address;

use crate::{key_ring::KeyRingError, network::NetworkError, person::PersonError, sealing::SealingError};

/// Result of an operation on the identity database.
pub type IdentityResult<T> = Result<T, IdentityError>;

/// Why an operation on the identity database failed.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The database does not answer. Nothing was written: try again later.
    #[error("the identity database does not answer: {reason}")]
    DatabaseUnreachable {
        /// For the log.
        reason: String,
    },
    /// What was to be written contradicts what is recorded: read it again.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// A person's data do not follow the rules: correct them.
    #[error(transparent)]
    InvalidPerson(#[from] PersonError),
    /// Whether the person is registered at another office cannot be determined now. Nothing was written: try again later.
    #[error("whether the person is registered at another office cannot be determined: {0}")]
    Undetermined(#[from] NetworkError),
    /// Input is longer or larger than its bound.
    #[error("{what} is longer than {limit}")]
    TooLarge {
        /// What.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
    /// Input is not of its form. What it was is not said: it may be personal.
    #[error("{what} is malformed")]
    Malformed {
        /// What.
        what: &'static str,
    },
    /// The key file is not the one that this database was made with. Nothing was read or written: start with the right key file.
    #[error("the key file does not belong to this identity database; start with the key file that it was made with")]
    WrongKey,
    /// The key file cannot be used.
    #[error(transparent)]
    KeyRing(#[from] KeyRingError),
    /// The location of the database cannot be read.
    #[error("`{0}` names no database; write sqlite:PATH or postgres://USER@HOST/NAME")]
    UnknownDatabase(String),
    /// A database of another machine that would be spoken to in clear, or without looking at who it is. The URL, which may hold a password, is not in it.
    #[error(
        "an identity database beyond this machine has to show who it is: add sslmode=verify-full (and sslrootcert=FILE for an authority of your own) to its URL, or use a tunnel"
    )]
    UnverifiedDatabase,
    /// The database's tables are not those of this program.
    #[error("the identity database cannot be brought to this program's version: {0}")]
    Migration(String),
    /// A record does not open or does not decode: it was altered outside of this program, or there is a bug.
    #[error("a record of the identity database is broken: {0}")]
    Broken(String),
}

/// What contradicts what is recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The address is registered for somebody else or with other keys.
    #[error("the address is registered already")]
    AddressRegistered,
    /// The account name is somebody else's.
    #[error("the account name is taken")]
    AccountTaken,
    /// The person has a living registration with another address.
    #[error("the person is registered with another address")]
    PersonRegistered,
    /// A recovery was asked for, but there is nothing to recover.
    #[error("there is no confirmed registration of this person to recover")]
    NothingToRecover,
    /// The case is decided already.
    #[error("the case is decided already")]
    AlreadyDecided,
    /// Somebody else confirms the registration at this moment, and what is published cannot be taken back.
    #[error("an office confirms this registration at this moment: read it again in some minutes")]
    BeingPublished,
    /// The idempotency key stands for another operation.
    #[error("the idempotency key was used for another operation")]
    IdempotencyKeyUsed,
    /// Somebody wrote the same at the same time: read it again.
    #[error("it was written at the same time by somebody else")]
    Concurrent,
    /// So many are waiting already.
    #[error("more than {limit} are waiting already")]
    TooMany {
        /// The bound.
        limit: usize,
    },
    /// There is no such record.
    #[error("{address} is not registered")]
    UnknownUser {
        /// The address asked for.
        address: Address,
    },
}

impl IdentityError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::DatabaseUnreachable { .. } | Self::Undetermined(_))
    }
}

impl From<SealingError> for IdentityError {
    fn from(error: SealingError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// SQLite result codes (primary) that say that the file cannot be reached or used now: busy, locked, read-only, I/O, full, cannot open.
const SQLITE_UNREACHABLE: [u32; 6] = [5, 6, 8, 10, 13, 14];
/// PostgreSQL SQLSTATE classes and codes of a server that cannot serve now: connection, authorization, resources, shutdown, deadlock, serialization.
const POSTGRES_UNREACHABLE: [&str; 7] = ["08", "28", "53", "57", "58", "40P01", "40001"];

/// `SQLITE_FULL`.
const SQLITE_FULL: &str = "13";
/// SQLSTATE `disk_full`.
const POSTGRES_FULL: &str = "53100";

impl From<sqlx::Error> for IdentityError {
    fn from(error: sqlx::Error) -> Self {
        let unreachable = |reason: String| Self::DatabaseUnreachable { reason };
        match &error {
            sqlx::Error::Database(database) if database.is_unique_violation() => Conflict::Concurrent.into(),
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                let sqlite = code.parse::<u32>().is_ok_and(|code| SQLITE_UNREACHABLE.contains(&(code & 0xff)));
                let is_sqlite = database.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some();
                let postgres = POSTGRES_UNREACHABLE.iter().any(|prefix| code.starts_with(prefix));
                // Messages of a database may quote values; only its code is kept.
                let is_full = if is_sqlite { code == SQLITE_FULL } else { code == POSTGRES_FULL };
                if is_full {
                    unreachable(format!("its disk is full (code {code})"))
                } else if (is_sqlite && sqlite) || (!is_sqlite && postgres) {
                    unreachable(format!("code {code}"))
                } else {
                    Self::Broken(format!("the database refused a statement with code {code}"))
                }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => unreachable(error.to_string()),
            sqlx::Error::Migrate(error) => Self::Migration(error.to_string()),
            _ => Self::Broken(error.to_string()),
        }
    }
}
