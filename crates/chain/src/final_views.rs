//! Passes on what consensus reports, and keeps the newest finalization: for whoever waits for a view to be over, and to say it again.

use commonware_actor::Feedback;
use commonware_consensus::{Reporter, simplex::types::Activity};
use tokio::sync::watch;

use crate::{BlockDigest, ConsensusScheme, storage::BlockFinalization};

/// The newest finalization of an epoch, none before the first.
pub(crate) type NewestFinalization = Option<BlockFinalization>;

/// See the module.
#[derive(Clone)]
pub(crate) struct FinalViews<R> {
    pub(crate) inner: R,
    pub(crate) finals: watch::Sender<NewestFinalization>,
}

impl<R: Reporter<Activity = Activity<ConsensusScheme, BlockDigest>>> Reporter for FinalViews<R> {
    type Activity = R::Activity;

    fn report(&mut self, activity: Self::Activity) -> Feedback {
        if let Activity::Finalization(finalization) = &activity {
            self.finals.send_if_modified(|newest| {
                let is_newer = newest.as_ref().is_none_or(|newest| view(newest) < view(finalization));
                if is_newer {
                    *newest = Some(finalization.clone());
                }
                is_newer
            });
        }
        self.inner.report(activity)
    }
}

/// The view that a finalization is of.
pub(crate) fn view(finalization: &BlockFinalization) -> u64 {
    finalization.proposal.round.view().get()
}

/// Waits for a finalization of a view after this one.
pub(crate) async fn final_after(finals: &mut watch::Receiver<NewestFinalization>, after: u64) -> BlockFinalization {
    loop {
        if let Some(newest) = finals.borrow_and_update().as_ref().filter(|newest| view(newest) > after) {
            return newest.clone();
        }
        if finals.changed().await.is_err() {
            // Consensus has ended; whoever waits hears of that elsewhere.
            std::future::pending::<()>().await;
        }
    }
}
