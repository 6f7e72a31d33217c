//! Keys that are further back than [`TrustRelay::carry_newest`] looks: each organization's by itself, so that none holds up what is carried for another.

use std::{collections::BTreeSet, fmt::Display, sync::Arc, time::Duration};

use alloy_primitives::B256;
use futures::{StreamExt as _, stream::FuturesUnordered};
use parking_lot::Mutex;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};

use super::{CARRY_TIMEOUT, Issuer, PARALLEL_ISSUERS, RelayError, TrustRelay};

/// Pause before what failed is tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(15);

/// Organizations whose older keys are to be looked through. Whoever holds a copy asks for more of them; one that is named twice waits once.
#[derive(Clone, Debug, Default)]
pub struct OlderKeys(Arc<Wanted>);

#[derive(Debug, Default)]
struct Wanted {
    codes: Mutex<BTreeSet<B256>>,
    changed: Notify,
}

impl OlderKeys {
    /// Looks through the older keys of these organizations soon.
    pub fn want(&self, codes: impl IntoIterator<Item = B256>) {
        self.0.codes.lock().extend(codes);
        self.0.changed.notify_one();
    }

    /// The first that is not under way.
    fn take(&self, under_way: &BTreeSet<B256>) -> Option<B256> {
        let mut codes = self.0.codes.lock();
        let first = codes.iter().find(|code| !under_way.contains(*code)).copied()?;
        codes.remove(&first);
        Some(first)
    }

    /// Shows what is due of the older keys of whom is wanted, until it is dropped; `told` hears of each organization what became of it. What fails is tried again.
    /// That an organization has more records than are looked through is logged, and no failure: the others were shown.
    pub async fn keep_shown(
        &self,
        relay: &TrustRelay,
        rights: &[B256],
        told: impl Fn(Result<usize, Box<dyn Display + Send>>),
    ) {
        let (mut running, mut under_way) = (FuturesUnordered::new(), BTreeSet::new());
        let (mut failed, mut retry_at) = (BTreeSet::new(), Instant::now());
        loop {
            while running.len() < PARALLEL_ISSUERS
                && let Some(code) = self.take(&under_way)
            {
                under_way.insert(code);
                running.push(async move { (code, carried(relay, rights, code).await) });
            }
            tokio::select! {
                Some((code, outcome)) = running.next(), if !running.is_empty() => {
                    under_way.remove(&code);
                    if outcome.is_err() {
                        retry_at = Instant::now() + RETRY_PAUSE;
                        failed.insert(code);
                    }
                    told(outcome);
                }
                () = self.0.changed.notified() => {}
                () = sleep_until(retry_at), if !failed.is_empty() => self.want(std::mem::take(&mut failed)),
            }
        }
    }
}

async fn carried(relay: &TrustRelay, rights: &[B256], organization: B256) -> Result<usize, Box<dyn Display + Send>> {
    let issuer = Issuer { organization, rights: rights.to_vec() };
    match timeout(CARRY_TIMEOUT, Box::pin(relay.carry_older_keys(&issuer))).await {
        Ok(Err(error @ RelayError::TooManyKeyRecords { .. })) => {
            tracing::warn!(host = relay.anchor.host.name(), %error, "older keys lapse there");
            Ok(0)
        }
        Ok(Ok(count)) => Ok(count),
        Ok(Err(error)) => Err(Box::new(error)),
        Err(_) => Err(Box::new("it takes too long")),
    }
}
