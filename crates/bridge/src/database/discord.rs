//! Why an endorser does not sign what its organization's database does not bear out.

use alloy_primitives::B256;

use super::{
    error::DatabaseError,
    trial::{Failed, Intent},
};

/// Why a part is not endorsed.
#[derive(Debug)]
pub enum Discord {
    /// The rows of a key are not what the chain has put there, or would have to hold what they cannot.
    Key(B256),
    /// The database does not take what is to be written there.
    Refused {
        /// Which key.
        key: B256,
        /// In the database's own terms: for its organization alone.
        error: DatabaseError,
    },
    /// The database takes what is to be written there, but not together with what is promised to other requests. Ask again when they are decided.
    Promised(B256),
    /// It could be committed for too long: it is not promised so long.
    TooLong {
        /// Most seconds from now.
        longest_s: u64,
    },
    /// The database is not where the chain is. Ask again.
    Behind,
    /// Too many parts wait already. Ask again.
    Busy,
    /// It could not be asked.
    Unknown(DatabaseError),
}

impl From<DatabaseError> for Discord {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Unfit { key, .. } | DatabaseError::Undeclared(key) => Self::Key(key),
            error => Self::Unknown(error),
        }
    }
}

/// Alone it was taken: what refuses it now is what is promised.
pub(super) fn promised(failed: Failed, own: &[Intent<'_>]) -> Discord {
    let Failed { key, error } = failed;
    if error.is_temporary() || matches!(error, DatabaseError::TransactionEnded(_)) {
        return Discord::Unknown(error);
    }
    // Keys of other requests are not its requester's concern.
    let named = own.iter().map(|intent| intent.located.key).find(|own| *own == key);
    tracing::info!(%key, %error, "the database does not take it together with what is promised");
    Discord::Promised(named.or_else(|| own.last().map(|intent| intent.located.key)).unwrap_or(key))
}

/// What passes by itself is no refusal.
pub(super) fn refused(key: B256, error: DatabaseError) -> Discord {
    match error {
        error if error.is_temporary() => Discord::Unknown(error),
        DatabaseError::Unfit { key, .. } => Discord::Key(key),
        error => Discord::Refused { key, error },
    }
}

pub(super) fn unread_chain(error: &crate::contracts::ViewError) -> Discord {
    tracing::warn!(%error, "the version of a key could not be read");
    Discord::Behind
}
