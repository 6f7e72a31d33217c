#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chancery_reference_points::{
    DoorResult,
    m2s::M2s,
    v2m::{EventFilter, HistoryEntry},
};

use super::*;
use crate::{EntityLock, Remote};

/// A journal that counts who asks it at a time.
#[derive(Default)]
struct Counting {
    now: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl M2s for Counting {
    async fn journal(&self, _: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        // Others have all the time to come.
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        self.now.fetch_sub(1, Ordering::SeqCst);
        Ok(Vec::new())
    }
}

// DOORS-4: what does not fit into the memory for messages waits, and is answered.
#[tokio::test]
async fn messages_beyond_the_memory_wait_their_turn() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("doors");
    let lock = EntityLock::try_take(&folder, "house").unwrap();
    let listener = DoorListener::bind(&folder, "house", &lock).unwrap();
    let (counting, shutdown) = (Arc::new(Counting::default()), CancellationToken::new());
    let offered = Offered::new("house").m2s(counting.clone());
    let serving = tokio::spawn(serve_within(64, listener, offered, shutdown.clone()));
    let remote = Arc::new(Remote::new(&folder, "house"));
    // Two do not fit.
    let filter = EventFilter { subject: Some("x".repeat(40 * 1024)), ..EventFilter::default() };
    let asking: Vec<_> = (0..12)
        .map(|_| {
            let (remote, filter) = (Arc::clone(&remote), filter.clone());
            tokio::spawn(async move { remote.journal(&filter).await })
        })
        .collect();
    for asked in asking {
        timeout(Duration::from_secs(60), asked).await.unwrap().unwrap().unwrap();
    }
    assert_eq!(counting.most.load(Ordering::SeqCst), 1);
    shutdown.cancel();
    serving.await.unwrap();
}
