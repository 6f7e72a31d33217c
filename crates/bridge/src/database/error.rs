use alloy_primitives::B256;
use chancery_ledger::LedgerError;
use sqlx::mysql::MySqlDatabaseError;

use super::{
    declaration::{MAX_MAPPINGS, MAX_PROMISE_S},
    statement::StatementError,
    word::{Form, WordError},
};

/// Why entries are not applied, or a row cannot be compared. Nothing of a block is in the database then.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No kind of entries, too many, one twice, or a kind that is no name.
    #[error(
        "a declaration has 1 to {MAX_MAPPINGS} different kinds of entries, each named by 1 to 32 ASCII characters, and at most one without a name"
    )]
    Declaration,
    /// Promise for a time, and not for ever.
    #[error("longest_promise_s is a number of seconds from 1 to {MAX_PROMISE_S}, not {0}")]
    LongestPromise(u64),
    /// Correct a statement of the declaration.
    #[error("{what} of the declaration cannot be used: {error}")]
    Statement {
        /// Which.
        what: &'static str,
        /// Why.
        error: StatementError,
    },
    /// Correct the URL of the database.
    #[error(transparent)]
    Place(#[from] chancery_sharing::database::DatabaseError),
    /// The database is away, or does not take a statement now.
    #[error("the database does not answer, or refuses: {0}")]
    Sql(#[from] sqlx::Error),
    /// The query has more than one row for a key: it is not known which one counts.
    #[error("the query of the declaration has more than one row for key {0}: let it answer one")]
    Ambiguous(B256),
    /// The value of a key cannot be written in the declared form, or what is in the column is not of that form.
    #[error("key {key}: {error} ({form:?} is declared)")]
    Unfit {
        /// Which key.
        key: B256,
        /// As declared.
        form: Form,
        /// Why.
        error: WordError,
    },
    /// A row is not what the chain has put there: somebody else has changed it.
    #[error(
        "the row of key {key} was changed behind the chain's back: it has {found}, and the chain had put {applied} there; put the row right, or let the chain's value be put there (`chancery alliance database restore`)"
    )]
    Changed {
        /// Which key.
        key: B256,
        /// What the chain had put there; zero for a key that was never written.
        applied: B256,
        /// What is there.
        found: B256,
    },
    /// The statement has not led to what the query answers.
    #[error(
        "after the statement of the declaration, its query answers key {key} with {found}, not with {value}: correct one of them; nothing was written"
    )]
    NotKept {
        /// Which key.
        key: B256,
        /// What was to be put there.
        value: B256,
        /// What the query answers.
        found: B256,
    },
    /// An entry that no part of the declaration takes.
    #[error("no part of the declaration takes key {0}: add one, or say `ignore_others = true`")]
    Undeclared(B256),
    /// The contract was called by another contract, and the subject of the key is nowhere in what that was given.
    #[error(
        "which subject key {0} is of cannot be read from the transaction that has written it, which came through another contract; find it out and say it: \
         `chancery alliance database apply --subject {0}=SUBJECT`, or `--subject {0}={0}` if it is of no register of the declaration; nothing is passed over meanwhile"
    )]
    SubjectUnknown(B256),
    /// Find out which subject it is.
    #[error("key {key} is that of the subject {subject} in no register of the declaration")]
    OtherSubject {
        /// Which key.
        key: B256,
        /// What was said of it.
        subject: B256,
    },
    /// The organization's statement has ended the transaction in which it was tried: put the row back, and correct it.
    #[error(
        "the statement of the declaration for key {0} ends the transaction that it is run in: what was tried cannot be taken back; put the row right (`chancery alliance database restore`), and correct the statement"
    )]
    TransactionEnded(B256),
    /// A table of the organization's knows no transactions: put the row back, and give the table an engine that does.
    #[error(
        "what was tried for key {0} was taken back, and the database has it still: its table knows no transactions; put the row right (`chancery alliance database restore`), and give the table an engine that does (MariaDB, MySQL: `ENGINE=InnoDB`)"
    )]
    NotTakenBack(B256),
    /// Give the table another engine: nothing is tried there.
    #[error(
        "the table {0} knows no transactions: what is tried there could not be taken back, and what is applied not be taken together; give it an engine that does (MariaDB, MySQL: `ENGINE=InnoDB`)"
    )]
    WithoutTransactions(String),
    /// The tried statement leaves rows that name others which are not there.
    #[error(
        "after the statements of the declaration, rows name others that are not there: the database would refuse to commit them"
    )]
    ForeignKeys,
    /// The applier has never run.
    #[error(
        "nothing was ever applied to the database: start the applier (`chancery alliance database apply`), or run it once (`--once`); its account makes the tables"
    )]
    NeverApplied,
    /// The database was filled by an earlier version.
    #[error(
        "the database has no table chancery_promise: run the applier of this version once (`chancery alliance database apply --once`), or have an administrator make the table"
    )]
    NoPromises,
    /// An account may not do what it is for.
    #[error(
        "the database's account may not do what it is used for; have an administrator run: GRANT {rights} ON {table} TO {account} ({error})"
    )]
    NotGranted {
        /// What it lacks, or may lack.
        rights: &'static str,
        /// On which table of ours.
        table: &'static str,
        /// As the database calls it, where it does; otherwise to be put in.
        account: String,
        /// In the database's own words.
        error: Box<sqlx::Error>,
    },
    /// The chain has shown an entry whose predecessor it has not shown.
    #[error(
        "key {key} has version {found} next, not {expected}: the database was filled from another block or chain; begin with an empty one, or with an earlier from_block"
    )]
    Gap {
        /// Which key.
        key: B256,
        /// One more than was applied.
        expected: u64,
        /// As the chain shows it.
        found: u64,
    },
    /// Somebody else writes for the same contract into the same database.
    #[error("another applier writes into the same database: one is enough")]
    Overtaken,
    /// The chain is shown as it was before.
    #[error("the chain is shown up to block {head}, and block {applied} was applied already: its node is behind")]
    Behind {
        /// Newest final block that is shown.
        head: u64,
        /// Newest block that was applied.
        applied: u64,
    },
    /// The database has what this program never writes there.
    #[error(
        "the tables chancery_position, chancery_entry and chancery_promise have what this program does not write: {0}"
    )]
    Tables(&'static str),
    /// The chain does not answer, or what it shows does not verify.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl DatabaseError {
    /// The same, with the statement that helps where an account lacks these rights on a table.
    pub(super) fn lacks(self, rights: &'static str, table: &'static str) -> Self {
        match self {
            Self::Sql(sqlx::Error::Database(error)) if is_denied(error.as_ref()) => {
                let account = account(error.message());
                Self::NotGranted { rights, table, account, error: Box::new(sqlx::Error::Database(error)) }
            }
            other => other,
        }
    }

    /// The same, of the table of promises.
    pub(super) fn of_promises(self) -> Self {
        match self {
            Self::Sql(sqlx::Error::Database(error)) if is_without_table(error.as_ref()) => Self::NoPromises,
            error => error.lacks("SELECT, INSERT, DELETE", "chancery_promise"),
        }
    }

    /// Whether the same may succeed a moment later, with nobody's help.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Ledger(error) => error.is_temporary(),
            Self::Overtaken | Self::Behind { .. } => true,
            Self::Sql(error) => passes(error),
            _ => false,
        }
    }
}

/// PostgreSQL says so by SQLSTATE, MariaDB and MySQL by 1142 (a table) and 1143 (a column).
fn is_denied(error: &(dyn sqlx::error::DatabaseError + 'static)) -> bool {
    let number = error.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number);
    error.code().as_deref() == Some("42501") || matches!(number, Some(1142 | 1143))
}

/// SQLSTATE of PostgreSQL, 1146 of MariaDB and MySQL; SQLite has no number of its own for it.
fn is_without_table(error: &(dyn sqlx::error::DatabaseError + 'static)) -> bool {
    let number = error.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number);
    error.code().as_deref() == Some("42P01") || number == Some(1146) || error.message().contains("no such table")
}

/// The account that MariaDB and MySQL name (`... command denied to user 'endorser'@'localhost' for table ...`).
fn account(message: &str) -> String {
    let named =
        message.split_once(" to user ").map(|(_, rest)| rest.split_once(" for ").map_or(rest, |(name, _)| name));
    named.filter(|name| name.starts_with('\'')).map_or_else(|| "ACCOUNT".to_owned(), str::to_owned)
}

/// Numbers of MariaDB and MySQL that pass, of the class of all that has none: a lock that is waited for too long, a row or a table that was changed meanwhile.
const PASSING_NUMBERS: [u16; 3] = [1205, 1020, 1412];

/// A lock that is held, a transaction in another one's way, a server that starts again or is full: not a statement that is wrong.
fn passes(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => match error.code().as_deref() {
            Some("HY000") => error
                .try_downcast_ref::<MySqlDatabaseError>()
                .is_some_and(|error| PASSING_NUMBERS.contains(&error.number())),
            // SQLite's own codes: the low byte of 5 is busy, of 6 locked, of 10 an error of the disk, of 13 a full one.
            Some(code) if code.len() < 5 => {
                code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13))
            }
            // SQLSTATE: connections, serialization, resources, locks, an operator's intervention.
            Some(code) => ["08", "40", "53", "55", "57"].iter().any(|class| code.starts_with(class)),
            None => false,
        },
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}
