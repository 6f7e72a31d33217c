//! Headers every K blocks, so that an anchor knows of a change of validators without anybody asking; a look at each anchor in between, whether it is on the branch of the node that is
//! asked here ([`super::branch`]); and what each anchor was seen to have.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_primitives::Address;
use chancery_traces::TARGET;
use parking_lot::Mutex;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use tracing::{Instrument as _, info_span};

use super::{AnchorRelay, Branch, Courier, RelayError, Standing};

/// Pause between two looks at the followed chain.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest try to push one header.
const PUSH_TIMEOUT: Duration = Duration::from_secs(60);

/// More blocks than ever pass.
const NEVER: u64 = u64::MAX;

/// Where an anchor stands: host, followed chain, contract.
type Place = (String, String, Address);

/// An anchor, as it was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorSeen {
    /// The chain on which it stands.
    pub host: String,
    /// The chain that it follows.
    pub follows: String,
    /// The contract.
    pub anchor: Address,
    /// What it has; `None`: it was not read yet.
    pub standing: Option<Standing>,
    /// Newest final block of the followed chain then.
    pub head: Option<u64>,
    /// How the newest header that it keeps stands to the followed chain. Of one that is frozen: how it stood before.
    pub branch: Branch,
    /// Headers that were pushed from here because enough blocks had passed.
    pub pushed: u64,
    /// When the last of them was.
    pub pushed_at: Option<Instant>,
    /// Why the last look or push failed; `None`: it did not.
    pub failure: Option<String>,
}

/// All anchors that are pushed to.
#[derive(Debug, Default)]
pub struct AnchorBoard(Mutex<BTreeMap<Place, AnchorSeen>>);

impl AnchorBoard {
    /// Every anchor, by its place.
    #[must_use]
    pub fn seen(&self) -> Vec<AnchorSeen> {
        self.0.lock().values().cloned().collect()
    }

    fn change(&self, relay: &AnchorRelay, change: impl FnOnce(&mut AnchorSeen)) {
        let (host, follows, anchor) = place(relay);
        let mut seen = self.0.lock();
        change(seen.entry((host.clone(), follows.clone(), anchor)).or_insert_with(|| AnchorSeen {
            host,
            follows,
            anchor,
            standing: None,
            head: None,
            branch: Branch::default(),
            pushed: 0,
            pushed_at: None,
            failure: None,
        }));
    }

    fn branch(&self, relay: &AnchorRelay) -> Branch {
        self.0.lock().get(&place(relay)).map_or_else(Branch::default, |seen| seen.branch.clone())
    }

    fn compared(&self, relay: &AnchorRelay, branch: Branch) {
        self.change(relay, |seen| {
            branch.log(&seen.branch, &seen.follows, &seen.host);
            seen.branch = branch;
        });
    }

    fn saw(&self, relay: &AnchorRelay, standing: Standing, head: u64) {
        self.change(relay, |seen| {
            let was_frozen = seen.standing.is_some_and(|before| before.is_frozen);
            let (followed, host, anchor) = (&seen.follows, &seen.host, seen.anchor);
            if standing.is_frozen && !was_frozen {
                tracing::error!(
                    followed,
                    host,
                    %anchor,
                    "ANCHOR FROZEN: a quorum of the followed chain has signed two branches; nothing of it counts here until the organizations have voted"
                );
            } else if was_frozen && !standing.is_frozen {
                tracing::info!(followed, host, %anchor, "the anchor follows again: the organizations have voted");
            }
            (seen.standing, seen.head, seen.failure) = (Some(standing), Some(head), None);
        });
    }

    fn failed(&self, relay: &AnchorRelay, failure: String) {
        self.change(relay, |seen| {
            // Said once: it is tried each second.
            if seen.failure.is_none() {
                let (followed, host) = (&seen.follows, &seen.host);
                tracing::warn!(followed, host, %failure, "a header cannot be pushed");
            }
            seen.failure = Some(failure);
        });
    }

    fn keep(&self, wanted: &BTreeMap<Place, (AnchorRelay, u64)>) {
        self.0.lock().retain(|place, _| wanted.contains_key(place));
    }
}

fn place(relay: &AnchorRelay) -> Place {
    (relay.host.name().to_owned(), relay.followed.name().to_owned(), relay.anchor)
}

/// Pushes to these anchors and to those of a courier's members, also of those who become members, until it is dropped. Those that are `compared` and not among them are looked at alone: whoever
/// needs a header there carries it.
pub async fn push_all(
    anchors: &[AnchorRelay],
    compared: &[AnchorRelay],
    courier: Option<&Arc<Courier>>,
    every_blocks: u64,
    board: &Arc<AnchorBoard>,
) {
    let mut changes = courier.map(|courier| courier.changes());
    loop {
        let of_members = courier.map(|courier| courier.anchors()).unwrap_or_default();
        let looked_at = compared.iter().cloned().map(|relay| (relay, NEVER));
        let pushed_to = anchors.iter().cloned().chain(of_members).map(|relay| (relay, every_blocks));
        let wanted: BTreeMap<_, _> =
            looked_at.chain(pushed_to).map(|(relay, every)| (place(&relay), (relay, every))).collect();
        board.keep(&wanted);
        // Those that were running end with the set: a push that is cut is done again.
        let mut pushes = JoinSet::new();
        for (relay, every_blocks) in wanted.into_values() {
            let board = Arc::clone(board);
            pushes.spawn(async move { push_every(&relay, every_blocks, &board).await });
        }
        match &mut changes {
            // Its sender lives as long as the courier.
            Some(changes) => _ = changes.changed().await,
            None => std::future::pending().await,
        }
    }
}

/// Pushes the newest final header whenever `every_blocks` have passed since the anchor's newest, until it is dropped. What fails is logged and tried again; nothing is pushed to an
/// anchor that is frozen, or that keeps another branch.
pub async fn push_every(relay: &AnchorRelay, every_blocks: u64, board: &AnchorBoard) {
    loop {
        match timeout(PUSH_TIMEOUT, Box::pin(push_if_due(relay, every_blocks, board))).await {
            Ok(Ok(Some(number))) => {
                tracing::debug!(followed = relay.followed.name(), host = relay.host.name(), number, "pushed a header");
            }
            Ok(Ok(None)) => {}
            Ok(Err(error)) => board.failed(relay, error.to_string()),
            Err(_) => board.failed(relay, "a push takes long".to_owned()),
        }
        sleep(PAUSE).await;
    }
}

/// Looks at the anchor, and shows it what it lacks: the second certificate of its newest number, if the followed chain's node has another header of that ([`AnchorRelay::compare`]), or the newest
/// header, if enough blocks have passed. The number that was pushed; `None`: the anchor is near enough, frozen, or on another branch.
///
/// # Errors
/// See [`RelayError`].
pub async fn push_if_due(
    relay: &AnchorRelay,
    every_blocks: u64,
    board: &AnchorBoard,
) -> Result<Option<u64>, RelayError> {
    // In this order: what the anchor has is not later than the head then, unless the node is behind.
    let mut standing = relay.standing().await?;
    let head = relay.followed.head().await?.number;
    let mut is_contradicted = false;
    if let Some(recorded) = standing.newest {
        let branch = Box::pin(relay.compare(recorded, head, &board.branch(relay))).await?;
        is_contradicted = branch.is_contradicted();
        board.compared(relay, branch);
        if is_contradicted {
            standing = relay.standing().await?;
        }
    } else if !standing.is_frozen {
        board.compared(relay, Branch::Uncompared);
    }
    let anchored = standing.newest.map_or(0, |newest| newest.number);
    let is_due = !standing.is_frozen && !is_contradicted && is_due(head, anchored, every_blocks);
    if !is_due {
        board.saw(relay, standing, head);
        return Ok(None);
    }
    let span = info_span!(target: TARGET, "relay push", followed = relay.followed.name(), host = relay.host.name());
    let number = relay.push().instrument(span).await?;
    board.saw(relay, relay.standing().await?, head.max(number));
    board.change(relay, |seen| (seen.pushed, seen.pushed_at) = (seen.pushed + 1, Some(Instant::now())));
    Ok(Some(number))
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
