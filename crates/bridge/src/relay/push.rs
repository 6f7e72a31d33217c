//! Headers every K blocks, so that an anchor knows of a change of validators, and of two branches, without anybody asking.

use std::time::Duration;

use alloy_sol_types::SolCall;
use chancery_contracts::Anchor;
use tokio::time::{sleep, timeout};

use super::{AnchorRelay, RelayError, encoded};

/// Pause between two looks at the followed chain.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest try to push one header.
const PUSH_TIMEOUT: Duration = Duration::from_secs(60);

/// Pushes the newest final header whenever `every_blocks` have passed since the anchor's newest, until it is dropped. What fails is logged and tried again.
pub async fn push_every(relay: &AnchorRelay, every_blocks: u64) {
    loop {
        match timeout(PUSH_TIMEOUT, Box::pin(push_if_due(relay, every_blocks))).await {
            Ok(Ok(Some(number))) => {
                tracing::debug!(followed = relay.followed.name(), host = relay.host.name(), number, "pushed a header");
            }
            Ok(Ok(None)) => {}
            Ok(Err(error)) => {
                let (followed, host) = (relay.followed.name(), relay.host.name());
                tracing::warn!(followed, host, %error, "a header cannot be pushed");
            }
            Err(_) => tracing::warn!(followed = relay.followed.name(), host = relay.host.name(), "a push takes long"),
        }
        sleep(PAUSE).await;
    }
}

/// The number that was pushed; `None`: the anchor is near enough.
///
/// # Errors
/// See [`RelayError`].
pub async fn push_if_due(relay: &AnchorRelay, every_blocks: u64) -> Result<Option<u64>, RelayError> {
    let head = relay.followed.head().await?.number;
    let answer = relay.host.view(relay.anchor, &encoded(&Anchor::latestCall {})).await?;
    let latest = Anchor::latestCall::abi_decode_returns(&answer.data)?;
    if head < latest.saturating_add(every_blocks) {
        return Ok(None);
    }
    relay.push().await.map(Some)
}
