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
    if !is_due(head, latest, every_blocks) {
        return Ok(None);
    }
    relay.push().await.map(Some)
}

/// Whether an anchor whose newest header is `anchored` gets the followed chain's `head`. Since a push makes a block on the anchor's chain, and that may be followed
/// in its turn, `every_blocks` has to be much more than the number of anchors there: then the pushes of idle chains die out, and do not answer one another.
#[must_use]
pub const fn is_due(head: u64, anchored: u64, every_blocks: u64) -> bool {
    head >= anchored.saturating_add(every_blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Most rounds of pushes after one heartbeat.
    const MAX_ROUNDS: usize = 20;

    /// Pushes between a main chain and its side chains when nobody sends anything and each makes a block by itself `beats` times.
    fn pushes(sides: usize, every_blocks: u64, beats: u64) -> u64 {
        let (mut main, mut all) = (0, 0);
        let (mut side, mut on_main, mut on_side) = (vec![0; sides], vec![0; sides], vec![0; sides]);
        for _ in 0..beats {
            main += 1;
            side.iter_mut().for_each(|height| *height += 1);
            for _ in 0..MAX_ROUNDS {
                let before = all;
                for place in 0..sides {
                    // Each push is a block of its host.
                    if is_due(main, on_side[place], every_blocks) {
                        (on_side[place], side[place], all) = (main, side[place] + 1, all + 1);
                    }
                    if is_due(side[place], on_main[place], every_blocks) {
                        (on_main[place], main, all) = (side[place], main + 1, all + 1);
                    }
                }
                if all == before {
                    break;
                }
            }
        }
        all
    }

    // C-CHAINS: an idle city stays idle.
    #[test]
    fn pushes_of_idle_chains_do_not_answer_one_another() {
        // A day of heartbeats each ten seconds: five anchors each way, each pushed once in 64 blocks, and a few more.
        let day = pushes(5, 64, 8640);
        assert!((2 * 5 * 8640 / 64..2 * 5 * 8640 / 56).contains(&day), "{day}");
        // What it must not be: each push answered by another, without end.
        assert_eq!(pushes(5, 1, 100), 2 * 5 * 100 * MAX_ROUNDS as u64);
    }
}
