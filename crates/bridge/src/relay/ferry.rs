//! Proofs of one account for many requests at once, and what each does with its own: one anchored block, and one proof of the account, serve all who wait when it leaves.
//!
//! ```text
//! request -- slot, step --\
//! request -- slot, step ----> [queue] --> newest final block --> one row of transactions: submit header, prove account, step, step, step ...
//! request -- slot, step --/        meanwhile others gather for the next one
//! ```
//! A header's certificate costs a pairing, and an account's path as much as all that a request does with it: under load both are shared by dozens. The row has consecutive
//! nonces of one key, so a crossing takes one block, not three one after the other; and the next may leave while it is under way, a moment later. A step whose header did not
//! arrive fails and changes nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use alloy_primitives::{Address, B256};
use chancery_ledger::{LedgerError, MeasuredCall, Underway};
use chancery_light::MAX_STORAGE_SLOTS;
use parking_lot::Mutex;
use tokio::{
    sync::{Mutex as Turn, Notify, oneshot, watch},
    time::{Instant, sleep_until},
};

use super::{AnchorRelay, Proven, RelayError};

/// Most who cross together: their steps and the header have to fit the window of a key.
const MAX_ABOARD: usize = 128;
const _: () = assert!(MAX_ABOARD <= MAX_STORAGE_SLOTS);
/// How long after a crossing with a header the next one leaves at the latest, while that is under way. A block is being made then, and what is sent meanwhile gets into a
/// later one in any case: so nearly nothing is lost by waiting, and a header is shared by more.
const GATHERING: Duration = Duration::from_millis(25);
/// So many do not wait for more.
const ENOUGH_ABOARD: usize = 32;

/// What is to be done with a slot, once its value and proof are known; `None`: nothing.
type Step = Box<dyn FnOnce(&Proven) -> Option<MeasuredCall> + Send>;
/// How the anchoring that a slot rests on went; `None`: it is under way.
type Landing = watch::Receiver<Option<Result<(), LedgerError>>>;

/// Somebody who waits for a slot.
struct Passenger {
    /// Whose it is. The older go first: a younger one that held their keys would have to be waited for.
    number: u64,
    slot: B256,
    step: Step,
    aboard: Arc<AtomicBool>,
    answer: oneshot::Sender<Result<Passage, RelayError>>,
}

/// What somebody got.
struct Passage {
    proven: Proven,
    /// What was made of it.
    step: Option<Underway>,
    /// `None`: it was anchored by an earlier crossing, of this same state.
    landing: Option<Landing>,
}

/// Carries slots of one account over one anchor.
pub struct Ferry {
    relay: AnchorRelay,
    account: Address,
    queue: Mutex<Vec<Passenger>>,
    /// Somebody came to the queue.
    arrival: Notify,
    /// Held while a crossing is put together.
    turn: Turn<Shore>,
}

/// What is anchored already.
#[derive(Debug, Default)]
struct Shore {
    /// The newest block that this ferry has begun to anchor with the account in it, and how that goes.
    anchored: Option<(u64, Landing)>,
    /// When that was sent.
    left: Option<Instant>,
}

impl Shore {
    /// The block, if its anchoring has not failed.
    fn known(&self) -> Option<u64> {
        self.anchored
            .as_ref()
            .filter(|(_, landing)| !matches!(*landing.borrow(), Some(Err(_))))
            .map(|(number, _)| *number)
    }

    /// How a crossing ends that is under way, and when it left.
    fn underway(&self) -> Option<(Instant, Landing)> {
        let (_, landing) = self.anchored.as_ref()?;
        let is_underway = landing.borrow().is_none();
        self.left.filter(|_| is_underway).map(|left| (left, landing.clone()))
    }
}

impl Ferry {
    /// For an account of the followed chain.
    #[must_use]
    pub fn new(relay: AnchorRelay, account: Address) -> Arc<Self> {
        Arc::new(Self { relay, account, queue: Mutex::default(), arrival: Notify::new(), turn: Turn::default() })
    }

    /// The anchor that it feeds.
    #[must_use]
    pub const fn relay(&self) -> &AnchorRelay {
        &self.relay
    }

    /// A slot of the account, for a request, provable on the host, in a block that is final now or later.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn prove(&self, number: u64, slot: B256) -> Result<Proven, RelayError> {
        let passage = self.cross(number, slot, Box::new(|_| None)).await?;
        if let Some(mut landing) = passage.landing {
            let landed = landing.wait_for(Option::is_some).await.map_err(|_| RelayError::LeftBehind)?;
            if let Some(Err(error)) = landed.as_ref() {
                return Err(error.clone().into());
            }
        }
        Ok(passage.proven)
    }

    /// The same, and in the same row what is made of it, paid by the anchor's key. Final when this returns.
    ///
    /// # Errors
    /// See [`RelayError`]. A step that was refused was a failed transaction.
    pub async fn carry(
        &self,
        number: u64,
        slot: B256,
        step: impl FnOnce(&Proven) -> Option<MeasuredCall> + Send + 'static,
    ) -> Result<Proven, RelayError> {
        let passage = self.cross(number, slot, Box::new(step)).await?;
        if let Some(step) = passage.step {
            Box::pin(step.finalized()).await?;
        }
        Ok(passage.proven)
    }

    async fn cross(&self, number: u64, slot: B256, step: Step) -> Result<Passage, RelayError> {
        let (answer, mut answered) = oneshot::channel();
        let aboard = Arc::new(AtomicBool::new(false));
        self.queue.lock().push(Passenger { number, slot, step, aboard: Arc::clone(&aboard), answer });
        self.arrival.notify_one();
        while !aboard.load(Ordering::Acquire) {
            tokio::select! {
                biased;
                passage = &mut answered => return passage.unwrap_or(Err(RelayError::LeftBehind)),
                mut shore = self.turn.lock() => self.leave(&mut shore).await,
            }
        }
        answered.await.unwrap_or(Err(RelayError::LeftBehind))
    }

    /// Those who have waited longest; who has gone away meanwhile is left behind.
    fn board(&self) -> Vec<Passenger> {
        let mut queue = self.queue.lock();
        queue.retain(|passenger| !passenger.answer.is_closed());
        let count = queue.len().min(MAX_ABOARD);
        let mut aboard: Vec<_> = queue.drain(..count).collect();
        aboard.sort_by_key(|passenger| passenger.number);
        for passenger in &aboard {
            passenger.aboard.store(true, Ordering::Release);
        }
        aboard
    }

    async fn leave(&self, shore: &mut Shore) {
        // Others were told of the same block as whoever came first: they join.
        tokio::task::yield_now().await;
        self.gather(shore).await;
        let aboard = self.board();
        if aboard.is_empty() {
            return;
        }
        if let Err(error) = self.transport(shore, aboard).await {
            // Who was aboard hears that it was left behind, and comes again.
            let (followed, host) = (self.relay.followed.name(), self.relay.host.name());
            tracing::debug!(followed, host, %error, "a crossing was given up");
        }
    }

    /// Waits for others, while the crossing before is under way.
    async fn gather(&self, shore: &Shore) {
        let Some((left, mut landing)) = shore.underway() else { return };
        let full = async {
            while self.queue.lock().len() < ENOUGH_ABOARD {
                self.arrival.notified().await;
            }
        };
        let landed = async { landing.wait_for(Option::is_some).await.is_ok() };
        tokio::select! {
            biased;
            _ = landed => {}
            () = full => {}
            () = sleep_until(left + GATHERING) => {}
        }
    }

    async fn transport(&self, shore: &mut Shore, aboard: Vec<Passenger>) -> Result<(), RelayError> {
        let mut slots: Vec<B256> = aboard.iter().map(|passenger| passenger.slot).collect();
        slots.sort_unstable();
        slots.dedup();
        let known = shore.known();
        let (proven, mut row) = self.relay.prepare(self.account, &slots, known).await?;
        let anchoring = row.len();
        let mut passages = Vec::with_capacity(aboard.len());
        for Passenger { slot, step, answer, .. } in aboard {
            let own = slots.binary_search(&slot).ok().and_then(|place| proven.slots.get(place));
            let own = Proven { slots: own.cloned().into_iter().collect(), ..proven };
            let step = step(&own);
            let has_step = step.is_some();
            row.extend(step);
            passages.push((own, has_step, answer));
        }
        let mut row = if row.is_empty() {
            Vec::new().into_iter()
        } else {
            self.relay.host.begin_row(&self.relay.key, row).await?.into_iter()
        };
        if anchoring > 0 {
            shore.anchored = Some((proven.anchored, land(row.by_ref().take(anchoring).collect())));
            shore.left = Some(Instant::now());
        }
        let landing = shore.anchored.as_ref().map(|(_, landing)| landing.clone());
        for (proven, has_step, answer) in passages {
            let step = if has_step { row.next() } else { None };
            // Who does not wait any more needs no answer: what was begun for it goes on.
            answer.send(Ok(Passage { proven, step, landing: landing.clone() })).ok();
        }
        Ok(())
    }
}

impl std::fmt::Debug for Ferry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ferry").field("relay", &self.relay).field("account", &self.account).finish_non_exhaustive()
    }
}

/// Follows an anchoring to its end.
fn land(row: Vec<Underway>) -> Landing {
    let (told, landing) = watch::channel(None);
    tokio::spawn(async move {
        for transaction in row {
            if let Err(error) = Box::pin(transaction.finalized()).await {
                told.send_replace(Some(Err(error)));
                return;
            }
        }
        told.send_replace(Some(Ok(())));
    });
    landing
}
