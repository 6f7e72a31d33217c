//! Headers to an anchor: every K blocks, and from a side chain to the main chain, where the anchor has to be made first.

use std::{sync::Arc, time::Instant};

use alloy_primitives::{Address, Bytes};
use chancery_bridge::relay::{AnchorRelay, RelayError, push::is_due};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::{
    CARRY_TIMEOUT, EVERY_BLOCKS, HeadersLink, PUSH_PAUSE, RETRY_PAUSE,
    board::Place,
    due::pause_after,
    made::{Made, Sort},
    news::News,
};

/// Feeds one anchor, and keeps its place on the board.
pub(super) struct Feed {
    pub(super) relay: AnchorRelay,
    pub(super) place: Place,
    last_push: Option<Instant>,
}

impl Feed {
    pub(super) fn new(relay: AnchorRelay, place: Place) -> Self {
        Self { relay, place, last_push: None }
    }

    /// Shows the anchor the genesis of the chain that it follows, unless it knows it.
    pub(super) async fn begin(&self, genesis_header: &Bytes, followed: &mut News, host: &mut News) {
        let mut failures = 0;
        while let Err(error) = Box::pin(self.relay.ensure_begun(genesis_header.clone())).await {
            self.place.failed("the anchor cannot be shown the genesis", &error);
            pause(&mut failures, followed, host).await;
        }
        self.place.stands(self.relay.anchor);
    }

    /// Looks at the anchor. Whether it could.
    pub(super) async fn look(&self) -> bool {
        match timeout(CARRY_TIMEOUT, Box::pin(self.relay.standing())).await {
            Ok(Ok(standing)) => {
                self.place.saw(standing);
                true
            }
            Ok(Err(error)) => self.fail("the anchor cannot be read", &error),
            Err(_) => self.fail("the anchor cannot be read", &"it takes too long"),
        }
    }

    /// Compares what the anchor has with the followed chain, whose height is `head`, and shows it that if it is another branch. Whether nothing is left to do.
    pub(super) async fn compare(&self, head: u64) -> bool {
        let Some(recorded) = self.place.newest() else { return true };
        let before = self.place.branch();
        match timeout(CARRY_TIMEOUT, Box::pin(self.relay.compare(recorded, head, &before))).await {
            Ok(Ok(branch)) => {
                let is_contradicted = branch.is_contradicted();
                self.place.compared(branch);
                // It is frozen now, if it took the second certificate.
                !is_contradicted || self.look().await
            }
            Ok(Err(error)) => self.fail("what the anchor has cannot be compared", &error),
            Err(_) => self.fail("what the anchor has cannot be compared", &"it takes too long"),
        }
    }

    /// Pushes the newest header of a chain of this height, if it is due. Whether nothing is left to do.
    pub(super) async fn push_if_due(&mut self, head: u64) -> bool {
        let is_wanted = match self.place.anchored() {
            // Of the genesis block alone nothing can be anchored.
            None => head > 0,
            Some(anchored) => is_due(head, anchored, EVERY_BLOCKS),
        };
        let is_early = self.last_push.is_some_and(|last| last.elapsed() < PUSH_PAUSE);
        if !is_wanted || is_early || self.place.is_frozen() || self.place.branch().is_contradicted() {
            return true;
        }
        // Also when it fails: it is tried again with a block that comes later than that.
        self.last_push = Some(Instant::now());
        match timeout(CARRY_TIMEOUT, Box::pin(self.relay.push())).await {
            Ok(Ok(_)) => {
                self.place.pushed();
                self.look().await
            }
            Ok(Err(error)) => self.fail("a header cannot be pushed", &error),
            Err(_) => self.fail("a header cannot be pushed", &"it takes too long"),
        }
    }

    /// Always false: something is left to do.
    pub(super) fn fail(&self, what: &str, error: &dyn std::fmt::Display) -> bool {
        self.place.failed(what, error);
        false
    }
}

/// Longer with each failure: a chain that is closed to the relay stays so until its organizations have voted. What is final meanwhile is not kept waiting.
pub(super) async fn pause(failures: &mut u32, followed: &mut News, host: &mut News) {
    sleep(pause_after(*failures)).await;
    *failures = failures.saturating_add(1);
    followed.catch_up();
    host.catch_up();
}

/// From a side chain to the main chain.
pub(super) struct Headers {
    feed: Feed,
    followed: News,
    host: News,
    genesis_header: Bytes,
    noted: Arc<Made>,
}

impl Headers {
    pub(super) fn new(relay: AnchorRelay, link: HeadersLink, noted: Arc<Made>) -> Self {
        let HeadersLink { followed, host, genesis_header, place } = link;
        Self { feed: Feed::new(relay, place), followed, host, genesis_header, noted }
    }

    /// Finds or makes the anchor, says where it stands, and pushes headers to it until it is dropped.
    pub(super) async fn keep_pushed(mut self, made: &watch::Sender<Option<Address>>) {
        let mut failures = 0;
        while let Err(error) = self.make().await {
            self.feed.place.failed("the anchor cannot be made", &error);
            pause(&mut failures, &mut self.followed, &mut self.host).await;
        }
        self.host.listen_to(self.feed.relay.anchor);
        self.feed.begin(&self.genesis_header, &mut self.followed, &mut self.host).await;
        made.send_replace(Some(self.feed.relay.anchor));
        loop {
            self.host.catch_up();
            self.followed.catch_up();
            let looked = !self.host.take().is_anything() || self.feed.look().await;
            let is_compared = looked && self.feed.compare(self.followed.head).await;
            let is_done = is_compared && self.feed.push_if_due(self.followed.head).await;
            if !looked {
                self.host.listen_to(self.feed.relay.anchor);
            }
            tokio::select! {
                () = self.followed.next() => {}
                () = self.host.next() => {}
                () = sleep(RETRY_PAUSE), if !is_done => {}
            }
        }
    }

    async fn make(&mut self) -> Result<(), RelayError> {
        let followed = self.feed.relay.followed.name().to_owned();
        let known = self.noted.known(Sort::Anchor, &followed);
        self.feed.relay = Box::pin(self.feed.relay.clone().find_or_make(known)).await?;
        self.noted.stands(Sort::Anchor, &followed, self.feed.relay.anchor);
        Ok(())
    }
}
