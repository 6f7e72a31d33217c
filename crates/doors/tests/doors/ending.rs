//! What a caller is told when the process behind a door is gone, late, broken, or not the one that it should be.

use std::{
    os::unix::fs::PermissionsExt as _,
    sync::{Arc, Barrier},
    time::Duration,
};

use async_trait::async_trait;
use chancery_doors::{DoorListener, EntityLock, ListenError, Offered, Remote};
use chancery_reference_points::{
    Class, Code, DoorResult,
    m2s::M2s,
    r2d::R2dSources as _,
    source_data::SourceSubmission,
    v2m::{EventFilter, HistoryEntry},
};
use tokio::sync::{Notify, Semaphore};

use crate::{
    house::{House, offered},
    wired::Wired,
};

/// A journal that answers when it is let, and says what became of it.
struct Slow {
    begun: Notify,
    dropped: Arc<Notify>,
    let_go: Semaphore,
    /// Two are waited for by whoever asks for `block`, with its whole thread.
    blocked: Barrier,
}

impl Slow {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            begun: Notify::new(),
            dropped: Arc::default(),
            let_go: Semaphore::new(0),
            blocked: Barrier::new(2),
        })
    }
}

struct Noted(Arc<Notify>);

impl Drop for Noted {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[async_trait]
impl M2s for Slow {
    async fn journal(&self, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        let _noted = Noted(Arc::clone(&self.dropped));
        self.begun.notify_one();
        assert_ne!(filter.subject.as_deref(), Some("panic"));
        if filter.subject.as_deref() == Some("block") {
            self.blocked.wait();
            return Ok(Vec::new());
        }
        let _place = self.let_go.acquire().await;
        Ok(Vec::new())
    }
}

fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("doors");
    (directory, folder)
}

// DOORS-5, M-RP-12
#[tokio::test]
async fn a_process_that_is_gone_is_unavailable_and_the_next_one_is_found() {
    let (_directory, folder) = folder();
    let house = House::new(1);
    let remote = Remote::new(&folder, "house");
    let error = remote.submission(1).await.unwrap_err();
    assert_eq!((error.code(), error.class()), (Code::EntityUnavailable, Class::Temporary));
    assert_eq!(error.members()["entity"], "house");
    assert!(error.members()["retryAfterMs"].is_u64() && error.cause().is_some());
    let one = SourceSubmission { submission: "x".into(), operations: Vec::new() };
    let verdicts = remote.accept(vec![one.clone(), one]).await;
    assert!(verdicts.len() == 2 && verdicts.iter().all(|verdict| verdict.as_ref().unwrap_err().code() == error.code()));

    // The same remote, over two processes one after the other.
    for _ in 0..2 {
        let wired = Wired::start(&folder, offered(&house)).await;
        remote.submission(1).await.unwrap();
        let health = remote.health().await.unwrap();
        assert_eq!(
            (health.entity.as_str(), health.process_id, health.services.len()),
            ("house", std::process::id(), 18)
        );
        wired.stop().await;
        assert_eq!(remote.submission(1).await.unwrap_err().code(), Code::EntityUnavailable);
    }
}

// DOORS-5: what is under way when a process dies is unknown, and says so.
#[tokio::test]
async fn a_call_under_way_in_a_process_that_dies_is_unavailable() {
    let (_directory, folder) = folder();
    let slow = Slow::new();
    // A runtime of its own dies as a process does: with everything that it has under way.
    let process = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let offering = Offered::new("house").m2s(slow.clone());
    let wired = process.spawn(async move { Wired::start(&folder, offering).await }).await.unwrap();
    let asking = tokio::spawn({
        let remote = Arc::clone(&wired.remote);
        async move { remote.journal(&EventFilter::default()).await }
    });
    slow.begun.notified().await;
    process.shutdown_background();
    let error = tokio::time::timeout(Duration::from_secs(20), asking).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.code(), Code::EntityUnavailable, "{error:?}");
}

// DOORS-4: who does not wait any more is not worked for any more.
#[tokio::test]
async fn a_call_that_is_dropped_ends_behind_the_door() {
    let (_directory, folder) = folder();
    let slow = Slow::new();
    let wired = Wired::start(&folder, Offered::new("house").m2s(slow.clone())).await;
    let asking = tokio::spawn({
        let remote = Arc::clone(&wired.remote);
        async move { remote.journal(&EventFilter::default()).await }
    });
    slow.begun.notified().await;
    asking.abort();
    tokio::time::timeout(Duration::from_secs(20), slow.dropped.notified()).await.unwrap();
    wired.stop().await;
}

// DOORS-4, DOORS-5: a hundred calls that come and are dropped before anybody looks at them do not end the connection that another uses.
#[tokio::test]
async fn calls_that_are_dropped_harm_no_other() {
    let (_directory, folder) = folder();
    let slow = Slow::new();
    // One thread, which the call beside them blocks: calls and their ends then come together.
    let process = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let offering = Offered::new("house").m2s(slow.clone());
    let wired = process.spawn(async move { Wired::start(&folder, offering).await }).await.unwrap();
    wired.remote.health().await.unwrap();
    let ask = |filter: EventFilter| {
        let remote = Arc::clone(&wired.remote);
        tokio::spawn(async move { remote.journal(&filter).await })
    };
    let beside = ask(EventFilter { subject: Some("block".into()), ..EventFilter::default() });
    slow.begun.notified().await;
    let dropped: Vec<_> = (0..100).map(|_| ask(EventFilter::default())).collect();
    let let_them_write = async || {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    };
    let_them_write().await;
    for asking in &dropped {
        asking.abort();
    }
    let_them_write().await;
    slow.blocked.wait();
    let answered = tokio::time::timeout(Duration::from_secs(20), beside).await.unwrap().unwrap();
    assert!(answered.unwrap().is_empty());
    wired.remote.health().await.unwrap();
    process.shutdown_background();
}

// DOORS-4: more calls than a connection may have wait, and are answered.
#[tokio::test]
async fn calls_beyond_the_bound_wait_their_turn() {
    let (_directory, folder) = folder();
    let slow = Slow::new();
    let wired = Wired::start(&folder, Offered::new("house").m2s(slow.clone())).await;
    let calls = 2 * usize::try_from(chancery_doors::limits::MAX_CALLS_OF_CONNECTION).unwrap();
    let asking: Vec<_> = (0..calls)
        .map(|_| {
            let remote = Arc::clone(&wired.remote);
            tokio::spawn(async move { remote.journal(&EventFilter::default()).await })
        })
        .collect();
    slow.begun.notified().await;
    slow.let_go.add_permits(1);
    for asked in asking {
        tokio::time::timeout(Duration::from_secs(60), asked).await.unwrap().unwrap().unwrap();
    }
    wired.stop().await;
}

// DOORS-3
#[tokio::test]
async fn a_door_that_panics_is_internal_and_the_process_goes_on() {
    let (_directory, folder) = folder();
    let slow = Slow::new();
    slow.let_go.add_permits(1);
    let wired = Wired::start(&folder, Offered::new("house").m2s(slow)).await;
    let bad = EventFilter { subject: Some("panic".into()), ..EventFilter::default() };
    assert_eq!(wired.remote.journal(&bad).await.unwrap_err().code(), Code::Internal);
    wired.remote.journal(&EventFilter::default()).await.unwrap();
    // What a process does not offer is a fault of whoever asks it, not an outage.
    assert_eq!(wired.remote.submission(1).await.unwrap_err().code(), Code::Internal);
    wired.stop().await;
}

// DOORS-4
#[tokio::test]
async fn a_message_beyond_the_bound_is_refused_and_the_connection_stays() {
    let (_directory, folder) = folder();
    let wired = Wired::start(&folder, offered(&House::new(2))).await;
    let operations = vec![vec![7_u8; chancery_doors::limits::MAX_MESSAGE_BYTES / 2].into()];
    let large = SourceSubmission { submission: String::new(), operations };
    let verdicts = wired.remote.accept(vec![large]).await;
    assert_eq!(verdicts[0].as_ref().unwrap_err().code(), Code::Internal);
    wired.remote.submission(1).await.unwrap();
    wired.stop().await;
}

// DOORS-2
#[tokio::test]
async fn a_folder_that_others_may_enter_is_spoken_through_by_nobody() {
    let (_directory, folder) = folder();
    let wired = Wired::start(&folder, offered(&House::new(3))).await;
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let error = wired.remote.submission(1).await.unwrap_err();
    assert_eq!(error.code(), Code::EntityUnavailable);
    assert!(error.cause().unwrap().to_string().contains("chmod 700"), "{error:?}");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    wired.remote.submission(1).await.unwrap();
    wired.stop().await;
}

// DOORS-2, bad input: a path that is too long for a socket is refused before anything is opened, and no folder that others may enter is used.
#[test]
fn where_nobody_could_listen_is_known_before_anything_is_opened() {
    let (directory, folder) = folder();
    chancery_doors::check(&folder, "house").unwrap();
    let long = directory.path().join("x".repeat(chancery_doors::limits::MAX_SOCKET_PATH_BYTES));
    let refused = chancery_doors::check(&long, "house").unwrap_err();
    assert!(matches!(refused, ListenError::TooLong { .. }), "{refused}");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let refused = chancery_doors::check(&folder, "house").unwrap_err();
    assert!(matches!(refused, ListenError::Folder(_)), "{refused}");
}

// DOORS-2: one process is the entity; what a killed one left behind is in nobody's way.
#[tokio::test]
async fn a_second_process_of_an_entity_waits_for_the_first_to_end() {
    let (_directory, folder) = folder();
    let wired = Wired::start(&folder, offered(&House::new(4))).await;
    assert!(EntityLock::try_take(&folder, "house").unwrap_err().to_string().contains("another process is house"));
    let next = tokio::spawn({
        let folder = folder.clone();
        async move { EntityLock::take(&folder, "house", Duration::from_secs(20)).await }
    });
    wired.stop().await;
    let lock = next.await.unwrap().unwrap();
    assert!(folder.join("house.sock").exists(), "it is left behind");
    DoorListener::bind(&folder, "house", &lock).unwrap();
}
