//! Final blocks of a chain whose node runs elsewhere: its node tells them, and their certificates and the root of their receipts prove them.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chancery_ledger::{Chain, Event, LedgerError};
use tokio::{
    sync::broadcast::{Receiver, Sender, channel},
    time::sleep,
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Pause between two looks at a chain. What the main chain gives counts on a side chain that much later.
const PAUSE: Duration = Duration::from_millis(250);
/// Blocks that are read one by one; of more, whoever hears of them looks at everything anew.
const MAX_BLOCKS: u64 = 256;
/// Blocks that wait for a slow hearer.
const KEPT: usize = 256;

/// A final block.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::city) struct Told {
    pub(in crate::city) number: u64,
    /// Its time, in seconds since 1970.
    pub(in crate::city) time_s: u64,
    /// All events in it; `None` when blocks before it were not read.
    pub(in crate::city) events: Option<Vec<Event>>,
}

/// Follows a chain until it is dropped.
pub(in crate::city) struct Followed {
    finals: Sender<Arc<Told>>,
    newest: Arc<Mutex<(u64, u64)>>,
    _stop: DropGuard,
}

impl Followed {
    /// Begins to follow it. Must be called within the runtime.
    pub(super) fn start(chain: Chain) -> Self {
        let (finals, newest) = (channel(KEPT).0, Arc::<Mutex<(u64, u64)>>::default());
        let stop = CancellationToken::new();
        let following = Following { chain, finals: finals.clone(), newest: Arc::clone(&newest), last: None };
        let stopped = stop.clone();
        tokio::spawn(async move {
            stopped.run_until_cancelled(Box::pin(following.follow())).await;
        });
        Self { finals, newest, _stop: stop.drop_guard() }
    }

    /// Hears of final blocks from now on.
    pub(in crate::city) fn subscribe(&self) -> Receiver<Arc<Told>> {
        self.finals.subscribe()
    }

    /// Number and time (seconds since 1970) of the newest final block; zeros before the node has answered.
    pub(in crate::city) fn newest(&self) -> (u64, u64) {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Following {
    chain: Chain,
    finals: Sender<Arc<Told>>,
    newest: Arc<Mutex<(u64, u64)>>,
    /// Number of the last block that was told.
    last: Option<u64>,
}

impl Following {
    async fn follow(mut self) {
        let mut is_silent = false;
        loop {
            match self.look().await {
                Ok(()) if is_silent => {
                    is_silent = false;
                    tracing::info!(chain = self.chain.name(), "the chain's node answers again");
                }
                Ok(()) => {}
                Err(error) if !is_silent => {
                    is_silent = true;
                    tracing::warn!(chain = self.chain.name(), %error, "nothing is heard of the chain: what needs it has to wait, other chains go on");
                }
                Err(error) => tracing::debug!(chain = self.chain.name(), %error, "nothing is heard of the chain"),
            }
            sleep(PAUSE).await;
        }
    }

    async fn look(&mut self) -> Result<(), LedgerError> {
        let head = self.chain.head().await?;
        let Some(last) = self.last.filter(|last| head.number.saturating_sub(*last) <= MAX_BLOCKS) else {
            self.tell(head.number, head.time_ms, None);
            return Ok(());
        };
        for number in last.saturating_add(1)..=head.number {
            let time_ms = self.chain.block(number).await?.time_ms;
            let (_, events) = self.chain.block_events(number).await?;
            self.tell(number, time_ms, Some(events));
        }
        Ok(())
    }

    fn tell(&mut self, number: u64, time_ms: u64, events: Option<Vec<Event>>) {
        let time_s = time_ms / 1000;
        self.last = Some(number);
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = (number, time_s);
        // Nobody may be there to hear it.
        self.finals.send(Arc::new(Told { number, time_s, events })).ok();
    }
}
