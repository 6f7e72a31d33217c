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
