//! What was begun and not brought to its end, by a kill or by a chain that did not answer in time: the data blocks say what became of it.

use alloy_primitives::B256;
use chancery_reference_points::{Code, DoorResult};

use super::{Desk, Parts, errors};
use crate::{
    limits::{KEPT_WITHOUT_END_S, MAX_AGE_S},
    mailbox::Pending,
};

/// Entries that are read from the disk at once.
const PAGE: usize = 100;

impl Desk {
    /// Looks at everything that waits for its end. What a final block has is marked so; what no block has a day later is given up; the rest stays. At the start of a city and
    /// every minute. How many were marked.
    ///
    /// # Errors
    /// `JournalUnavailable`. A chain that does not answer is no error: its statements stay.
    pub async fn settle(&self) -> DoorResult<usize> {
        let now = self.0.now();
        self.0.on_disk(move |mailbox| mailbox.sweep(now)).await?;
        let mut settled = 0;
        for what in [Pending::Deposit, Pending::Acknowledgement] {
            let mut after = None;
            loop {
                let page = self.0.on_disk(move |mailbox| mailbox.pending(what, after, PAGE)).await?;
                for (since, id) in &page {
                    // A request that began within the day may still be on its way.
                    let is_over = now > since.saturating_add(KEPT_WITHOUT_END_S).saturating_add(MAX_AGE_S);
                    settled += usize::from(self.0.settle_one(what, *id, is_over).await?);
                }
                after = page.last().copied();
                if page.len() < PAGE {
                    break;
                }
            }
        }
        Ok(settled)
    }
}

impl Parts {
    /// Marks what a final block has, and gives up what no block has if that `may_go`. Whether it was marked.
    pub(super) async fn settle_one(&self, what: Pending, id: B256, may_go: bool) -> DoorResult<bool> {
        let Some(record) = self.on_disk(move |mailbox| mailbox.record(id)).await? else { return Ok(false) };
        let digest = match what {
            Pending::Deposit => Some(record.stated().map_err(errors::mailbox)?.digest()),
            Pending::Acknowledgement => {
                record.stated_acknowledgement().map_err(errors::mailbox)?.map(|stated| stated.digest())
            }
        };
        let Some(digest) = digest else { return Ok(false) };
        let now = self.now();
        match (self.r2d.operation_proof(digest).await, what) {
            (Ok(proof), Pending::Deposit) => {
                self.on_disk(move |mailbox| mailbox.deposited(id, &proof.recorded)).await?;
                Ok(true)
            }
            (Ok(proof), Pending::Acknowledgement) => {
                self.on_disk(move |mailbox| mailbox.acknowledged(id, &proof.recorded, now)).await?;
                Ok(true)
            }
            (Err(error), _) if error.code() != Code::UnknownOperation || !may_go => Ok(false),
            (Err(_), Pending::Deposit) => self.on_disk(move |mailbox| mailbox.forget(id)).await.map(|()| false),
            (Err(_), Pending::Acknowledgement) => {
                self.on_disk(move |mailbox| mailbox.forget_acknowledgement(id)).await.map(|()| false)
            }
        }
    }
}
