//! Which members a courier reaches, as it has learnt it last, and how it learns of others while it runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use alloy_primitives::B256;
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant, sleep},
};

use super::{AnchorRelay, Courier, MemberLink, RelayError, Testimony, Way, docket::Lot, ferry::Ferry};

/// Parts of one member for which something is done at the same time.
const PARALLEL: usize = 512;
/// So many pauses pass before a member is looked for again whose node contract could not be read.
const LOOK_AGAIN_PAUSES: u32 = 8;

/// A member with what carries proofs to it and back.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) link: MemberLink,
    /// Words of the alliance, to the member.
    pub(super) out: Arc<Ferry>,
    /// Words of the member's node contract, to the alliance; `None`: they are attested.
    pub(super) back: Option<Arc<Ferry>>,
    /// Its own: what waits for one member keeps nobody else waiting.
    pub(super) places: Semaphore,
    is_active: bool,
    is_silent: AtomicBool,
}

/// What is known of the way to a member.
#[derive(Clone, Debug)]
pub(super) enum Road {
    /// It is carried for.
    Reached(Arc<Route>),
    /// It will be, as soon as its node contract is read.
    Silent,
    /// Others carry for it.
    Elsewhere,
}

/// What a courier has learnt of the members.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    /// The alliance's number of its membership then.
    membership: Option<u64>,
    names: BTreeSet<B256>,
    /// The first block that was not looked through for admissions.
    next_block: u64,
    /// When it is looked again for those that are silent.
    again: Option<Instant>,
}

impl Route {
    pub(super) fn new(link: MemberLink, own: &super::RequestRelay, is_active: bool) -> Arc<Self> {
        let out = Ferry::new(link.to_member.clone(), own.contract);
        let back = match &link.to_alliance {
            Testimony::Proven(anchor) => Some(Ferry::new(anchor.clone(), link.node_contract)),
            Testimony::Attested(_) => None,
        };
        let (places, is_silent) = (Semaphore::new(PARALLEL), AtomicBool::new(false));
        Arc::new(Self { link, out, back, places, is_active, is_silent })
    }

    /// Whether it leads over the same anchors. Chain and node contract of a name are the same for ever.
    fn is_as(&self, link: &MemberLink, is_active: bool) -> bool {
        let back = |link: &MemberLink| match &link.to_alliance {
            Testimony::Proven(anchor) => Some(anchor.anchor),
            Testimony::Attested(_) => None,
        };
        (self.is_active, self.link.to_member.anchor, back(&self.link)) == (is_active, link.to_member.anchor, back(link))
    }

    pub(super) fn is_silent(&self) -> bool {
        self.is_silent.load(Ordering::Relaxed)
    }

    /// Its chain does not answer.
    pub(super) fn falls_silent(&self) {
        if !self.is_silent.swap(true, Ordering::Relaxed) {
            tracing::warn!(member = %self.link.name, chain = self.link.to_member.host.name(), "a member does not answer");
        }
    }

    /// Its chain has answered; whether it had not before.
    pub(super) fn answers(&self) -> bool {
        let was_silent = self.is_silent.swap(false, Ordering::Relaxed);
        if was_silent {
            tracing::info!(member = %self.link.name, "a member answers again");
        }
        was_silent
    }
}

impl Courier {
    /// The way to a member. One of whom nothing was learnt yet is about to be.
    pub(super) fn road(&self, member: B256) -> Road {
        match self.roads.read().get(&member) {
            Some(road) => road.clone(),
            None if self.ways.is_some() => Road::Silent,
            None => Road::Elsewhere,
        }
    }

    pub(super) fn is_silent(&self, member: B256) -> bool {
        match self.road(member) {
            Road::Reached(route) => route.is_silent(),
            Road::Silent => true,
            Road::Elsewhere => false,
        }
    }

    /// Every member that is known, with its way.
    pub(super) fn known_roads(&self) -> BTreeMap<B256, Road> {
        self.roads.read().clone()
    }

    /// Looks whether the members have changed, and learns where they are reached. Without [`super::Ways`] nothing is learnt.
    ///
    /// # Errors
    /// The alliance chain does not answer, or answers something else.
    pub async fn learn(&self) -> Result<(), RelayError> {
        let Some(ways) = &self.ways else { return Ok(()) };
        let mut learnt = self.learnt.lock().await;
        let membership = self.alliance.membership().await?;
        let is_known = learnt.membership == Some(membership);
        if is_known && learnt.again.is_none_or(|again| Instant::now() < again) {
            return Ok(());
        }
        // Read later than that number: what is admitted meanwhile is here, or raises it.
        let head = self.alliance.chain.head().await?.number;
        let mut names = learnt.names.clone();
        if !is_known {
            names.extend(self.alliance.admitted(learnt.next_block, head).await?);
            names.extend(self.alliance.members().await?);
        }
        let (mut opened, mut is_lacking) = (Vec::new(), false);
        for super::MemberWay { name, chain_id, is_active, way } in Box::pin(ways.look(&names)).await? {
            let before = self.roads.read().get(&name).cloned();
            let road = match (way, before) {
                (Way::Open(link), Some(Road::Reached(route))) if route.is_as(&link, is_active) => Road::Reached(route),
                (Way::Open(link), _) => {
                    tracing::info!(member = %name, chain_id, is_active, "requests of this member are carried");
                    opened.push(name);
                    Road::Reached(Route::new(link, &self.relay, is_active))
                }
                (Way::Silent(error), before) => {
                    is_lacking = true;
                    if before.is_none() {
                        tracing::warn!(member = %name, chain_id, %error, "the node contract of this member cannot be read yet");
                    }
                    // Where it was, it is still.
                    before.filter(|before| matches!(before, Road::Reached(_))).unwrap_or(Road::Silent)
                }
                (Way::Elsewhere, before) => {
                    if before.is_none() {
                        tracing::warn!(member = %name, chain_id, "nothing is carried for this member from here");
                    }
                    Road::Elsewhere
                }
            };
            self.roads.write().insert(name, road);
        }
        *learnt = Learnt {
            membership: Some(membership),
            names,
            next_block: head.saturating_add(1),
            again: is_lacking.then(|| Instant::now() + self.limits.pause.saturating_mul(LOOK_AGAIN_PAUSES)),
        };
        drop(learnt);
        if !opened.is_empty() {
            self.changes.send_replace(());
            self.submitted.notify_one();
        }
        for member in opened {
            self.docket.lock().hasten(Lot::Member(member), Instant::now());
        }
        Ok(())
    }

    /// Learns until it is dropped.
    pub(super) async fn keep_learning(&self) {
        let mut is_failing = false;
        loop {
            match Box::pin(self.learn()).await {
                Ok(()) => is_failing = false,
                Err(error) => {
                    if !is_failing {
                        tracing::warn!(%error, "the alliance's members cannot be read at present");
                    }
                    is_failing = true;
                }
            }
            sleep(self.limits.pause).await;
        }
    }

    /// The anchors of the members of now, on the ways to them and back.
    #[must_use]
    pub fn anchors(&self) -> Vec<AnchorRelay> {
        let mut anchors = Vec::new();
        for road in self.roads.read().values() {
            let Road::Reached(route) = road else { continue };
            if !route.is_active {
                continue;
            }
            anchors.push(route.link.to_member.clone());
            if let Testimony::Proven(anchor) = &route.link.to_alliance {
                anchors.push(anchor.clone());
            }
        }
        anchors
    }

    /// Tells when [`Self::anchors`] may have changed.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }
}
