//! What is under way on one connection, and how long nothing was.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::time::{Instant, sleep, sleep_until};

/// What is under way on one connection.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Mutex<Requests>>);

#[derive(Debug)]
struct Requests {
    under_way: usize,
    /// None was begun yet.
    none_yet: bool,
    /// Since when none is under way.
    quiet_since: Instant,
}

/// A request under way, until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay(Activity);

impl Activity {
    /// Of a connection that begins now.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Requests { under_way: 0, none_yet: true, quiet_since: Instant::now() })))
    }

    /// A request begins.
    pub(super) fn begin(&self) -> UnderWay {
        let mut requests = self.0.lock();
        requests.under_way += 1;
        requests.none_yet = false;
        drop(requests);
        UnderWay(self.clone())
    }

    /// Whether a request was begun ever.
    pub(super) fn was_asked(&self) -> bool {
        !self.0.lock().none_yet
    }

    /// Waits until nothing was under way for so long: `first` before the first request, `idle` after it.
    pub(super) async fn quiet(&self, first: Duration, idle: Duration) {
        loop {
            let quiet_until = {
                let requests = self.0.lock();
                let long = if requests.none_yet { first } else { idle };
                (requests.under_way == 0).then(|| requests.quiet_since + long)
            };
            match quiet_until {
                Some(until) if until <= Instant::now() => return,
                // A first request changes how long is long.
                Some(until) => sleep_until(until.min(Instant::now() + idle)).await,
                // It cannot have been quiet for long enough before then.
                None => sleep(idle).await,
            }
        }
    }

    /// Waits until nothing was under way for so long, from now on.
    pub(super) async fn quiet_from_now(&self, idle: Duration) {
        sleep(idle).await;
        self.quiet(idle, idle).await;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut requests = self.0.0.lock();
        requests.under_way -= 1;
        requests.quiet_since = Instant::now();
    }
}
