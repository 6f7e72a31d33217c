//! Proofs of one account for many requests at once: one anchored block, and one proof of the account, serve all who wait when it leaves.
//!
//! ```text
//! request -- slot --\
//! request -- slot ----> [queue] --> newest final block -> submit header -> prove account --> each its slot with its path
//! request -- slot --/         meanwhile others gather for the next one
//! ```
//! A header's certificate costs a pairing, and an account's path as much as all that a request does with it: under load both are shared by dozens.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use chancery_light::MAX_STORAGE_SLOTS;
use parking_lot::Mutex;
use tokio::sync::{Mutex as Turn, oneshot};

use super::{AnchorRelay, Proven, RelayError};

/// Somebody who waits for a slot; what the crossing failed with is told to one of those who were on it, the others cross again.
type Waiting = (B256, oneshot::Sender<Proven>);

/// Carries slots of one account over one anchor.
#[derive(Debug)]
pub struct Ferry {
    relay: AnchorRelay,
    account: Address,
    queue: Mutex<Vec<Waiting>>,
    /// Held while a crossing is under way.
    turn: Turn<Shore>,
}

/// What is anchored already.
#[derive(Debug, Default)]
struct Shore {
    /// The newest block that this ferry has anchored with the account in it.
    anchored: Option<u64>,
}

impl Ferry {
    /// For an account of the followed chain.
    #[must_use]
    pub fn new(relay: AnchorRelay, account: Address) -> Arc<Self> {
        Arc::new(Self { relay, account, queue: Mutex::default(), turn: Turn::default() })
    }

    /// The anchor that it feeds.
    #[must_use]
    pub const fn relay(&self) -> &AnchorRelay {
        &self.relay
    }

    /// A slot of the account, provable on the host, in a block that is final now or later.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn prove(&self, slot: B256) -> Result<Proven, RelayError> {
        loop {
            let (answer, mut answered) = oneshot::channel();
            self.queue.lock().push((slot, answer));
            tokio::select! {
                biased;
                proven = &mut answered => match proven {
                    Ok(proven) => return Ok(proven),
                    // Who carried it has failed or went away.
                    Err(_) => continue,
                },
                mut shore = self.turn.lock() => {
                    let aboard = self.board();
                    if !aboard.is_empty() {
                        self.cross(&mut shore, aboard).await?;
                    }
                }
            }
            // Left behind when more waited than one proof takes.
            if let Ok(proven) = answered.try_recv() {
                return Ok(proven);
            }
        }
    }

    /// Those who have waited longest; who has gone away meanwhile is left behind.
    fn board(&self) -> Vec<Waiting> {
        let mut queue = self.queue.lock();
        queue.retain(|(_, answer)| !answer.is_closed());
        let count = queue.len().min(MAX_STORAGE_SLOTS);
        queue.drain(..count).collect()
    }

    async fn cross(&self, shore: &mut Shore, aboard: Vec<Waiting>) -> Result<(), RelayError> {
        let mut slots: Vec<B256> = aboard.iter().map(|(slot, _)| *slot).collect();
        slots.sort_unstable();
        slots.dedup();
        let proven = self.relay.prove_from(self.account, &slots, shore.anchored).await?;
        shore.anchored = Some(proven.anchored);
        for (slot, answer) in aboard {
            let own = slots.binary_search(&slot).ok().and_then(|place| proven.slots.get(place));
            let own = Proven { slots: own.cloned().into_iter().collect(), ..proven.clone() };
            // Who does not wait any more needs no answer.
            answer.send(own).ok();
        }
        Ok(())
    }
}
