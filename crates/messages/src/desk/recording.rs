//! From the first byte on disk to the mark that a final block has the statement. What has begun goes on, whether or not somebody still waits for the answer; what a kill cuts off,
//! [`super::settling`] takes up.

use std::{future::Future, sync::Arc};

use alloy_primitives::{B256, Bytes};
use chancery_reference_points::{
    Actor, Class, DoorError, DoorResult,
    operation::{OperationType, SignedOperation},
    r2d::{Submission, SubmissionReceipt},
};

use super::{Parts, Shown, errors, formats};
use crate::{
    mailbox::{Incoming, Mailbox, MailboxError, Pending},
    statement::{Deposit, Stated, Statement},
};

/// Runs beside the request: a caller that goes away ends nothing half way (MSG-5).
pub(super) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = DoorResult<T>> + Send + 'static,
) -> DoorResult<T> {
    tokio::spawn(work).await.map_err(DoorError::internal)?
}

impl Parts {
    /// Keeps a message, records its deposit, and shows it to its receiver.
    pub(super) async fn deposit(
        &self,
        actor: &Actor,
        deposit: Stated<Deposit>,
        signature: Bytes,
        sealed: String,
    ) -> DoorResult<Shown> {
        let (id, now) = (deposit.id(), self.now());
        let (kept, kept_signature) = (deposit.clone(), signature.clone());
        self.on_disk(move |mailbox| {
            let incoming = Incoming { deposit: &kept, signature: &kept_signature, envelope: &sealed, now };
            mailbox.keep(&incoming)
        })
        .await?;
        match self.record(actor, &deposit, signature).await {
            Ok(receipt) => {
                let record = self.on_disk(move |mailbox| mailbox.deposited(id, &receipt.data_block)).await?;
                Ok(Shown { id, record })
            }
            Err(error) => {
                self.give_up(Pending::Deposit, id, &error).await?;
                Err(error)
            }
        }
    }

    /// Keeps an acknowledgement and records it. The first one that was kept is recorded, also when this one says another time.
    pub(super) async fn acknowledge(
        &self,
        actor: &Actor,
        id: B256,
        text: String,
        signature: Bytes,
    ) -> DoorResult<Shown> {
        let now = self.now();
        let record = self.on_disk(move |mailbox| mailbox.acknowledge(id, &text, &signature, now)).await?;
        let kept = record.stated_acknowledgement().map_err(errors::mailbox)?;
        let (Some(kept), Some(first)) = (kept, record.acknowledgement) else {
            return Err(DoorError::internal(MailboxError::Damaged));
        };
        match self.record(actor, &kept, first.signature).await {
            Ok(receipt) => {
                let now = self.now();
                let record = self.on_disk(move |mailbox| mailbox.acknowledged(id, &receipt.data_block, now)).await?;
                Ok(Shown { id, record })
            }
            Err(error) => {
                self.give_up(Pending::Acknowledgement, id, &error).await?;
                Err(error)
            }
        }
    }

    /// What may still succeed, or has perhaps succeeded, waits; what was refused for good makes room.
    async fn give_up(&self, what: Pending, id: B256, error: &DoorError) -> DoorResult<()> {
        if matches!(error.class(), Class::Temporary | Class::Broken) {
            return Ok(());
        }
        self.settle_one(what, id, true).await.map(drop)
    }

    async fn record<S: Statement + Sync>(
        &self,
        actor: &Actor,
        stated: &Stated<S>,
        signature: Bytes,
    ) -> DoorResult<SubmissionReceipt> {
        let operation = SignedOperation {
            operation_type: OperationType(chancery_primitives::OperationType::DataRecord.as_str().to_owned()),
            chain: self.chain.clone(),
            message: serde_json::to_value(stated.operation()).map_err(DoorError::internal)?,
            payload: Bytes::from(stated.text.clone().into_bytes()),
            signature,
        };
        let submission = Submission {
            operation,
            format: formats::id::<S>(),
            metadata: serde_json::Value::Null,
            idempotency_key: None,
        };
        self.r2d.submit(actor, submission).await
    }

    /// Unix seconds.
    pub(super) fn now(&self) -> u64 {
        (self.clock)() / 1000
    }

    /// The disk is waited for beside the threads that serve.
    pub(super) async fn on_disk<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Mailbox) -> Result<T, MailboxError> + Send + 'static,
    ) -> DoorResult<T> {
        let mailbox = Arc::clone(&self.mailbox);
        let done = tokio::task::spawn_blocking(move || act(&mailbox)).await;
        done.map_err(DoorError::internal)?.map_err(errors::mailbox)
    }
}
