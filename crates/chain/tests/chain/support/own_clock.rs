//! The runtime as one node sees it: everything is the deterministic runtime's but for the time of day, which may be off and may jump.

use std::{
    convert::Infallible,
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime},
};

use commonware_runtime::{
    BlobVersion, Clock, Error, Handle, Metrics, Name, Spawner, Storage, Supervisor, deterministic,
    signal::Signal,
    telemetry::metrics::{Metric, Registered},
};
use rand::{TryCryptoRng, TryRng};

/// How far one node's clock is off. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct ClockError(Arc<AtomicI64>);

impl ClockError {
    /// Sets the clock so many milliseconds ahead of the true time, or behind it.
    pub fn set_ms(&self, ahead_ms: i64) {
        self.0.store(ahead_ms, Ordering::Relaxed);
    }

    fn shown(&self, truth: SystemTime) -> SystemTime {
        shift(truth, self.0.load(Ordering::Relaxed))
    }

    fn truth(&self, shown: SystemTime) -> SystemTime {
        shift(shown, -self.0.load(Ordering::Relaxed))
    }
}

fn shift(time: SystemTime, by_ms: i64) -> SystemTime {
    let by = Duration::from_millis(by_ms.unsigned_abs());
    if by_ms < 0 { time.checked_sub(by).unwrap_or(SystemTime::UNIX_EPOCH) } else { time + by }
}

/// A context whose clock is off.
///
/// A sleep that has begun ends when it would have ended: a machine whose clock is set does not sleep longer for it.
pub struct OwnClock {
    context: deterministic::Context,
    error: ClockError,
}

impl OwnClock {
    pub const fn new(context: deterministic::Context, error: ClockError) -> Self {
        Self { context, error }
    }

    fn with(&self, context: deterministic::Context) -> Self {
        Self { context, error: self.error.clone() }
    }
}

impl Supervisor for OwnClock {
    fn name(&self) -> Name {
        self.context.name()
    }

    fn child(&self, label: &'static str) -> Self {
        self.with(self.context.child(label))
    }

    fn with_attribute(self, key: &'static str, value: impl std::fmt::Display) -> Self {
        Self { context: self.context.with_attribute(key, value), error: self.error }
    }
}

impl Spawner for OwnClock {
    fn shared(self, blocking: bool) -> Self {
        Self { context: self.context.shared(blocking), error: self.error }
    }

    fn dedicated(self) -> Self {
        Self { context: self.context.dedicated(), error: self.error }
    }

    fn spawn<F, Fut, T>(self, task: F) -> Handle<T>
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let error = self.error;
        self.context.spawn(move |context| task(Self { context, error }))
    }

    async fn stop(self, value: i32, timeout: Option<Duration>) -> Result<(), Error> {
        self.context.stop(value, timeout).await
    }

    fn stopped(&self) -> Signal {
        self.context.stopped()
    }
}

impl Metrics for OwnClock {
    fn register<N: Into<String>, H: Into<String>, M: Metric>(&self, name: N, help: H, metric: M) -> Registered<M> {
        self.context.register(name, help, metric)
    }

    fn encode(&self) -> String {
        self.context.encode()
    }
}

impl governor::clock::Clock for OwnClock {
    type Instant = SystemTime;

    fn now(&self) -> SystemTime {
        self.current()
    }
}

impl governor::clock::ReasonablyRealtime for OwnClock {}

impl Clock for OwnClock {
    fn current(&self) -> SystemTime {
        self.error.shown(self.context.current())
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static + use<> {
        self.context.sleep(duration)
    }

    fn sleep_until(&self, deadline: SystemTime) -> impl Future<Output = ()> + Send + 'static + use<> {
        self.context.sleep_until(self.error.truth(deadline))
    }
}

impl TryRng for OwnClock {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.context.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.context.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.context.try_fill_bytes(bytes)
    }
}

impl TryCryptoRng for OwnClock {}

impl Storage for OwnClock {
    type Blob = <deterministic::Context as Storage>::Blob;

    async fn open_versioned(
        &self,
        partition: &str,
        name: &[u8],
        versions: RangeInclusive<BlobVersion>,
    ) -> Result<(Self::Blob, u64, BlobVersion), Error> {
        self.context.open_versioned(partition, name, versions).await
    }

    async fn remove(&self, partition: &str, name: Option<&[u8]>) -> Result<(), Error> {
        self.context.remove(partition, name).await
    }

    async fn scan(&self, partition: &str) -> Result<Vec<Vec<u8>>, Error> {
        self.context.scan(partition).await
    }
}
