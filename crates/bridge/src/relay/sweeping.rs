//! How a courier finds what was begun before it started, or past it: requests that are not decided, and reservations that nobody has ended, however old they are.

use std::collections::BTreeMap;

use alloy_primitives::B256;
use futures::future::join_all;
use tokio::time::timeout;

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

/// How far a look at all registers came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Look {
    /// Nothing is left to be read for now.
    Over,
    /// Some chain did not answer.
    Failed,
    /// There are more pages.
    More,
}

impl Courier {
    /// Looks through the alliance and every member that is reached, until it is dropped.
    pub(super) async fn keep_sweeping(&self) {
        let mut changes = self.changes.subscribe();
        let mut all: BTreeMap<Option<B256>, (Register, Sweep)> = BTreeMap::new();
        loop {
            let register = || (Register::Requests(self.alliance.clone()), Sweep::default());
            all.entry(None).or_insert_with(register);
            for (name, road) in self.known_roads() {
                let Road::Reached(route) = road else { continue };
                let contract =
                    NodeContract { chain: route.link.to_member.host.clone(), address: route.link.node_contract };
                all.entry(Some(name)).or_insert_with(|| (Register::Reservations(contract), Sweep::default()));
            }
            let looks = all.values_mut().map(|(register, sweep)| Box::pin(self.sweep(register, sweep)));
            let looks = join_all(looks.collect::<Vec<_>>()).await;
            let look = looks.into_iter().map(|look| {
                look.unwrap_or_else(|error| {
                    tracing::debug!(%error, "what is not ended cannot be looked for now");
                    Look::Failed
                })
            });
            let pause = match look.max().unwrap_or(Look::Over) {
                Look::More => self.limits.pause / PAGES_A_PAUSE,
                Look::Failed => self.limits.pause.saturating_mul(PAUSES_AFTER_FAILURE),
                Look::Over => self.limits.sweep_pause,
            };
            // A member that has just been found is not kept waiting. Its sender is ours: it does not end before us.
            timeout(pause, changes.changed()).await.ok();
        }
    }

    /// Reads a page, and has what is not ended in it looked after.
    async fn sweep(&self, register: &Register, sweep: &mut Sweep) -> Result<Look, ViewError> {
        let Some(page) = register.page(sweep).await? else { return Ok(Look::Over) };
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
}
