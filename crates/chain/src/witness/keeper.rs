//! Verifies what consensus takes for evidence, and keeps what is.
//!
//! Consensus compares votes before it verifies them, so two votes that it reports may carry signatures that nobody made.

use chancery_rpc::EvidenceRecord;
use commonware_runtime::Spawner;
use tracing::{debug, error, warn};

use super::Witness;
use crate::application::run_blocking;

impl Witness {
    /// Starts the task that keeps evidence; it ends with the context. A second call does nothing.
    pub(crate) fn keep_evidence<E: Spawner>(&self, context: &E) {
        let mut slot = self.0.to_keep.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(mut waiting) = slot.take() else { return };
        let witness = self.clone();
        context.child("evidence").spawn(move |context| async move {
            while let Some(record) = waiting.recv().await {
                let witness = witness.clone();
                if run_blocking(&context, "keep", move || witness.keep(record)).await.is_none() {
                    return;
                }
            }
        });
    }

    /// Hands two contradicting votes to the keeper.
    pub(super) fn accuse(&self, record: EvidenceRecord) {
        if self.kept().wants(&record) && self.0.waiting.try_send(record).is_err() {
            debug!("more evidence than can be verified at a time; what is kept says enough");
        }
    }

    fn keep(&self, record: EvidenceRecord) {
        if let Err(refused) = record.evidence.verify() {
            debug!(organization = %record.organization, %refused, "no evidence");
            return;
        }
        warn!(
            organization = %record.organization,
            view = record.evidence.view,
            misconduct = ?record.misconduct,
            "a validator's votes contradict each other; `chancery evidence` shows them"
        );
        if let Err(error) = self.kept().keep(record) {
            error!(%error, "evidence cannot be written; it is kept until this process ends");
        }
    }
}
