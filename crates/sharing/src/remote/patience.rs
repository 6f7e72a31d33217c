//! An end for what takes too long.

use std::time::Duration;

use tokio::time::timeout;

use super::RemoteError;

/// Waits for work, and not longer than that.
///
/// # Errors
/// [`RemoteError::Stalled`], or the error of the work.
pub(super) async fn in_time<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, RemoteError>>,
) -> Result<T, RemoteError> {
    timeout(patience, work).await.unwrap_or(Err(RemoteError::Stalled { seconds: patience.as_secs() }))
}

/// Waits for a work of many steps, each of which has its own patience, and not longer than that for all of them.
///
/// # Errors
/// [`RemoteError::Overdue`], or the error of the work.
pub(super) async fn within<T>(
    what: &'static str,
    bound: Duration,
    work: impl Future<Output = Result<T, RemoteError>>,
) -> Result<T, RemoteError> {
    timeout(bound, work).await.unwrap_or(Err(RemoteError::Overdue { what, seconds: bound.as_secs() }))
}
