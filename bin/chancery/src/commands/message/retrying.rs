//! Asking again what may have been recorded: a message and an acknowledgement are the same when they come twice (MSG-6).

use std::{future::Future, time::Duration};

use chancery_client::{ClientError, Retry};

/// The first pause; each next one is up to twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Asks until there is an answer, or a refusal that stays.
pub(super) async fn until_answered<A, F>(ask: impl FnMut() -> F) -> Result<A, ClientError>
where
    F: Future<Output = Result<A, ClientError>>,
{
    Retry { first_delay: FIRST_PAUSE, ..Retry::default() }.run(ask).await
}
