//! What has left and was refused: only the chain says that it will never be sequenced.

use alloy_primitives::{B256, Bytes};

use super::{
    Committed, NextStep, Onlooker, RequestError, Requester,
    onlooker::{Sent, Watch},
};
use crate::{contracts::ViewError, relay::CarryRefusal};

impl Requester {
    /// As [`Self::execute_seen`], for whoever has to be sure: no carrier's word is believed for the end of what was handed to it. An error other than those whose next
    /// step is [`NextStep::SendAgain`] means that nothing which this call has sent is or will be in force.
    ///
    /// # Errors
    /// As [`Self::execute`]; `Undecided` for what was refused and can still be sequenced.
    pub async fn bring(
        &self,
        idempotency_key: B256,
        calls: &[(B256, Bytes)],
        onlooker: &dyn Onlooker,
    ) -> Result<Committed, RequestError> {
        let watch = Watch::new(onlooker);
        match Box::pin(self.execute_watched(idempotency_key, calls, &watch)).await {
            Ok(committed) => Ok(committed),
            Err(error) => Err(self.settled(error, watch.sent()).await),
        }
    }

    /// The error, if the chain says the same.
    async fn settled(&self, error: RequestError, sent: Option<Sent>) -> RequestError {
        let is_of_chain = error.number().is_some()
            || matches!(error, RequestError::Lapsed { .. } | RequestError::IntentDiffers { .. });
        if is_of_chain || error.next_step() == NextStep::SendAgain {
            return error;
        }
        let Some(sent) = sent.filter(|sent| !is_unsent(sent, &error)) else { return error };
        let looked: Result<_, ViewError> = async {
            // In this order: what has no number after a time later than its last second gets none.
            let now = self.alliance.time_s().await?;
            let number = self.alliance.number_of(self.identity.member, self.identity.node, sent.key).await?;
            Ok((now, number))
        }
        .await;
        let number = match looked {
            Ok((now, None)) if now > sent.valid_until => return error,
            Ok((_, number)) => number,
            Err(_) => None,
        };
        RequestError::Undecided { number, valid_until: sent.valid_until, cause: Box::new(error) }
    }
}

/// The only one was stopped by the channel, before anything of it was sent.
const fn is_unsent(sent: &Sent, error: &RequestError) -> bool {
    sent.count == 1 && matches!(error, RequestError::Carry(CarryRefusal::Channel { .. }))
}
