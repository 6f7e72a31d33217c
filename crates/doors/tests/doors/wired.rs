//! A process of the test's own: a socket in a folder, served until it is told to stop.

use std::{path::Path, sync::Arc, time::Duration};

use chancery_doors::{DoorListener, EntityLock, Offered, Remote, serve};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) struct Wired {
    pub(crate) remote: Arc<Remote>,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
    _lock: EntityLock,
}

impl Wired {
    pub(crate) async fn start(folder: &Path, offered: Offered) -> Self {
        let lock = EntityLock::take(folder, "house", Duration::from_secs(10)).await.unwrap();
        let listener = DoorListener::bind(folder, "house", &lock).unwrap();
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, offered, shutdown.clone()));
        Self { remote: Arc::new(Remote::new(folder, "house")), shutdown, serving, _lock: lock }
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.serving.await.unwrap();
    }
}
