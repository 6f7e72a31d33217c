//! How a courier finds what was begun before it started, or past it: requests that are not decided, and reservations that nobody has ended, however old they are.

use std::{collections::BTreeSet, time::Duration};

use alloy_primitives::B256;
use futures::{StreamExt as _, TryStreamExt as _, stream, stream::FuturesUnordered};
use tokio::time::{sleep, timeout};

use super::{
    Courier,
    roads::Road,
    unended::{Register, Sweep},
};
use crate::contracts::{NodeContract, ViewError};

/// So many pages are read in a pause while there are more.
const PAGES_A_PAUSE: u32 = 8;
/// So many pauses pass after a page that could not be read.
const PAUSES_AFTER_FAILURE: u32 = 4;
/// Longest reading of a page: many times what its questions take.
const PAGE_TIMEOUT: Duration = Duration::from_secs(300);
/// Questions about the numbers of a page at a time.
const PARALLEL: usize = 16;

/// How far a look at a register came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// Nothing is left to be read for now.
    Over,
    /// Its chain did not answer.
    Failed,
    /// There are more pages.
    More,
}

impl Courier {
    /// Looks through the alliance and every member that is reached, until it is dropped. Each by itself: a chain that is slow keeps no other waiting.
    pub(super) async fn keep_sweeping(&self) {
        let mut changes = self.changes.subscribe();
        let (mut begun, mut all) = (BTreeSet::new(), FuturesUnordered::new());
        all.push(Box::pin(self.keep_sweeping_one(Register::Requests(self.alliance.clone()), None)));
        loop {
            for (name, road) in self.known_roads() {
                let Road::Reached(route) = road else { continue };
                if begun.insert(name) {
                    let (chain, address) = (route.link.to_member.host.clone(), route.link.node_contract);
                    let register = Register::Reservations(NodeContract { chain, address });
                    all.push(Box::pin(self.keep_sweeping_one(register, Some(name))));
                }
            }
            tokio::select! {
                biased;
                // None of them ends.
                _ = all.next() => {}
                // Its sender is ours: it does not end before us.
                changed = changes.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Looks through the alliance, or that member's node contract, until it is dropped.
    async fn keep_sweeping_one(&self, register: Register, member: Option<B256>) {
        let mut sweep = Sweep::default();
        loop {
            let look = match timeout(PAGE_TIMEOUT, Box::pin(self.sweep(&register, member, &mut sweep))).await {
                Ok(Ok(look)) => look,
                Ok(Err(error)) => {
                    tracing::debug!(?member, %error, "what is not ended cannot be looked for now");
                    Look::Failed
                }
                Err(_) => {
                    tracing::warn!(?member, "what is not ended takes long to be looked for");
                    sweep.narrow();
                    Look::Failed
                }
            };
            sleep(match look {
                Look::More => self.limits.pause / PAGES_A_PAUSE,
                Look::Failed => self.limits.pause.saturating_mul(PAUSES_AFTER_FAILURE),
                Look::Over => self.limits.sweep_pause,
            })
            .await;
        }
    }

    /// Reads a page, and has what is not ended in it looked after.
    async fn sweep(&self, register: &Register, member: Option<B256>, sweep: &mut Sweep) -> Result<Look, ViewError> {
        let Some(mut page) = register.page(sweep).await? else { return Ok(Look::Over) };
        if let Some(member) = member {
            page.numbers = self.parts_of(member, std::mem::take(&mut page.numbers)).await?;
        }
        {
            let mut docket = self.docket.lock();
            if docket.room_for_found() < page.numbers.len() {
                // The same page again, when there is room.
                return Ok(Look::More);
            }
            for number in &page.numbers {
                docket.find(*number);
            }
        }
        if !page.numbers.is_empty() {
            self.submitted.notify_one();
        }
        Ok(if sweep.turn(page) { Look::Over } else { Look::More })
    }

    /// Those of which the alliance knows a part of that member: a node contract may be its organization's own, and tell of whatever it likes. What does not exist would wait here for ever.
    async fn parts_of(&self, member: B256, numbers: Vec<u64>) -> Result<Vec<u64>, ViewError> {
        // None begins before it is its turn.
        let asked: Vec<_> = numbers
            .into_iter()
            .map(|number| async move {
                let hash = self.alliance.part_hash(number, member).await?;
                Ok::<_, ViewError>((!hash.is_zero()).then_some(number))
            })
            .collect();
        let known: Vec<_> = stream::iter(asked).buffered(PARALLEL).try_collect().await?;
        Ok(known.into_iter().flatten().collect())
    }
}
