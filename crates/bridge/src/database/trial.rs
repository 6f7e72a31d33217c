//! Writes that are tried and taken back: those of a part alone (DATABASE-7), and with others that are promised (DATABASE-8).

use alloy_primitives::B256;

use super::{connection::Connection, error::DatabaseError, mapping::Located};

/// All of a trial, one part of it, one write.
const TRIAL: &str = "chancery_trial";
const PART: &str = "chancery_part";
const WRITE: &str = "chancery_try";

/// A value that is to be written to the rows of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Intent<'a> {
    pub(super) located: Located<'a>,
    pub(super) value: B256,
    /// The version that it has then.
    pub(super) version: u64,
}

/// Where a trial has ended.
#[derive(Debug)]
pub(super) struct Failed {
    /// The key that was written then; of what the database looks at in the end, the last.
    pub(super) key: B256,
    pub(super) error: DatabaseError,
}

impl Failed {
    /// Whether there is nothing to take back: the end of the transaction does it, or nothing can.
    fn is_left(&self) -> bool {
        self.error.is_temporary() || matches!(self.error, DatabaseError::TransactionEnded(_))
    }
}

/// Tries a part as the applier will write it, and takes it back.
pub(super) async fn alone(connection: &mut Connection, own: &[Intent<'_>]) -> Result<(), Failed> {
    connection.mark(TRIAL).await.map_err(at(own))?;
    let tried = put(connection, own).await;
    take_back(connection, own, tried).await
}

/// Tries a part after others, which are promised, and those after it; and takes everything back. Of the others those count that go without it: what has stopped to fit by
/// itself is nobody's fault who is asked now.
pub(super) async fn beside(
    connection: &mut Connection,
    own: &[Intent<'_>],
    others: &[Vec<Intent<'_>>],
) -> Result<(), Failed> {
    connection.mark(TRIAL).await.map_err(at(own))?;
    let mut fitting: Vec<&[Intent<'_>]> = Vec::with_capacity(others.len());
    for other in others {
        connection.mark(PART).await.map_err(at(own))?;
        match put(connection, other).await {
            Ok(()) => {
                connection.release(PART).await.map_err(at(own))?;
                fitting.push(other);
            }
            Err(failed) if failed.is_left() => return Err(failed),
            Err(Failed { key, error }) => {
                tracing::error!(%key, %error, "the database does not take any more what was promised");
                connection.take_back(PART).await.map_err(at(own))?;
            }
        }
    }
    let tried = put(connection, own).await;
    take_back(connection, own, tried).await?;

    connection.mark(TRIAL).await.map_err(at(own))?;
    let mut tried = put(connection, own).await;
    for other in fitting {
        if tried.is_ok() {
            tried = put(connection, other).await;
        }
    }
    take_back(connection, own, tried).await
}

/// What was tried, when nothing of it is there any more. What passes by itself, and what has ended the transaction, is not taken back but left to the end of that.
async fn take_back(connection: &mut Connection, own: &[Intent<'_>], tried: Result<(), Failed>) -> Result<(), Failed> {
    match tried {
        Err(failed) if failed.is_left() => Err(failed),
        tried => {
            connection.take_back(TRIAL).await.map_err(at(own))?;
            tried
        }
    }
}

/// Writes a part in its order, and lets the database look at what it would look at in the end.
async fn put(connection: &mut Connection, intents: &[Intent<'_>]) -> Result<(), Failed> {
    let at = at(intents);
    let dangling = connection.dangling().await.map_err(at)?;
    for intent in intents {
        let key = intent.located.key;
        write(connection, intent).await.map_err(|error| Failed { key, error })?;
    }
    connection.check_constraints().await.map_err(at)?;
    if connection.dangling().await.map_err(at)? > dangling {
        return Err(at(DatabaseError::ForeignKeys));
    }
    Ok(())
}

/// Writes as the applier will, and looks whether it is there. A statement that ends the transaction is named: what it has written then stays.
async fn write(connection: &mut Connection, intent: &Intent<'_>) -> Result<(), DatabaseError> {
    let Intent { located, value, version } = *intent;
    let key = located.key;
    connection.mark(WRITE).await?;
    located.write(connection, value, version).await?;
    let found = located.read(connection).await?;
    match connection.release(WRITE).await {
        Ok(()) => {}
        // The mark has gone with the transaction.
        Err(DatabaseError::Sql(sqlx::Error::Database(_))) => return Err(DatabaseError::TransactionEnded(key)),
        Err(error) => return Err(error),
    }
    if found == value { Ok(()) } else { Err(DatabaseError::NotKept { key, value, found }) }
}

/// An error of these writes together.
fn at(intents: &[Intent<'_>]) -> impl Fn(DatabaseError) -> Failed + Copy + use<> {
    let key = intents.last().map_or(B256::ZERO, |intent| intent.located.key);
    move |error| Failed { key, error }
}
