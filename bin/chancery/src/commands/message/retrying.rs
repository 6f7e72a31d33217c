//! Asking again what may have been recorded: a message and an acknowledgement are the same when they come twice (MSG-6).

use std::{future::Future, time::Duration};

use chancery_client::ClientError;
use chancery_reference_points::{Class, Code};

/// How often it is asked, in all.
const ATTEMPTS: u32 = 5;
/// The first pause; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Asks until there is an answer, or a refusal that stays.
pub(super) async fn until_answered<A, F>(mut ask: impl FnMut() -> F) -> Result<A, ClientError>
where
    F: Future<Output = Result<A, ClientError>>,
{
    let mut pause = FIRST_PAUSE;
    for _ in 1..ATTEMPTS {
        match ask().await {
            Err(error) if may_pass(&error) => tokio::time::sleep(pause).await,
            answer => return answer,
        }
        pause *= 2;
    }
    ask().await
}

fn may_pass(error: &ClientError) -> bool {
    match error {
        ClientError::Unreachable { .. } => true,
        // A full mailbox empties in hours, not in seconds.
        ClientError::Problem(_) => {
            error.code().is_some_and(|code| code.class() == Class::Temporary && code != Code::MailboxFull)
        }
        _ => false,
    }
}
