//! The gateway's port over the desk of sealed messages.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use alloy_primitives::B256;
use async_trait::async_trait;
use chancery_gateway::doors::{Messages, PageRequest};
use chancery_messages::{
    desk::{Desk, Shown},
    limits::SETTLED_EVERY_S,
    mailbox::{MailboxError, Side},
};
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, data_block::TransactionLocator, data_search::AuditReport, v2m::V2mData,
};
use chancery_rest::types::{
    Page, Recorded,
    messages::{DeliverMessage, Message, MessageBox, MessageState, SendMessage, SignedStatement, StateReceipt},
};
use serde_json::Value;
use tokio::time::MissedTickBehavior;

use super::mailboxes;

/// Sealed messages between organizations.
pub(crate) struct MessagePort(Arc<Desk>);

impl MessagePort {
    /// Opens the desk, and looks from now on at what was not brought to its end, as long as the port is there. `monitoring`: told of what an audit finds that nobody asks for;
    /// `None`: none goes on.
    pub(crate) fn open(desk: Desk, monitoring: Option<Arc<dyn V2mData>>) -> Self {
        let desk = Arc::new(desk);
        tokio::spawn(settle(Arc::downgrade(&desk)));
        if let Some(monitoring) = monitoring {
            tokio::spawn(mailboxes::audit_on(Arc::downgrade(&desk), monitoring));
        }
        Self(desk)
    }
}

async fn settle(desk: Weak<Desk>) {
    let mut pauses = tokio::time::interval(Duration::from_secs(SETTLED_EVERY_S));
    pauses.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pauses.tick().await;
        let Some(desk) = desk.upgrade() else { return };
        match desk.settle().await {
            Ok(0) => {}
            Ok(settled) => tracing::info!(settled, "statements about messages were found in final blocks"),
            Err(error) => tracing::warn!(%error, "messages cannot be settled at present"),
        }
    }
}

#[async_trait]
impl Messages for MessagePort {
    async fn send(&self, actor: &Actor, message: SendMessage) -> DoorResult<MessageState> {
        let SendMessage { statement, signature, envelope } = message;
        state(self.0.send(actor, &statement, signature.0, &envelope).await?)
    }

    async fn deliver(&self, actor: &Actor, message: DeliverMessage) -> DoorResult<MessageState> {
        let file = serde_json::to_vec(&message.proof).map_err(DoorError::internal)?;
        state(self.0.deliver(actor, file, message.envelope).await?)
    }

    async fn delivery_proof(&self, actor: &Actor, message: B256) -> DoorResult<Value> {
        let proof = self.0.delivery_proof(actor, message).await?;
        serde_json::to_value(proof).map_err(DoorError::internal)
    }

    async fn list(&self, actor: &Actor, which: MessageBox, page: PageRequest) -> DoorResult<Page<MessageState>> {
        let side = match which {
            MessageBox::Received => Side::Received,
            MessageBox::Sent => Side::Sent,
        };
        let after = page.cursor.map_or(Ok(0), |cursor| cursor.parse::<u64>());
        let after =
            after.map_err(|_| DoorError::new(Code::MalformedRequest, "cursor: write what `nextCursor` said"))?;
        // One more than asked for says whether there is a next page.
        let mut found = self.0.list(actor, side, after, page.limit + 1).await?;
        let is_last = found.len() <= page.limit;
        found.truncate(page.limit);
        let items = found.into_iter().map(state).collect::<DoorResult<Vec<_>>>()?;
        let next_cursor = items.last().filter(|_| !is_last).map(|last| last.place.to_string());
        Ok(Page { items, next_cursor })
    }

    async fn fetch(&self, actor: &Actor, message: B256) -> DoorResult<Message> {
        let (shown, envelope) = self.0.fetch(actor, message).await?;
        Ok(Message { state: state(shown)?, envelope })
    }

    async fn acknowledge(&self, actor: &Actor, message: B256, receipt: StateReceipt) -> DoorResult<MessageState> {
        state(self.0.acknowledge(actor, message, &receipt.statement, receipt.signature.0).await?)
    }

    async fn proof(&self, actor: &Actor, message: B256) -> DoorResult<Value> {
        let proof = self.0.proof(actor, message).await?;
        serde_json::to_value(proof).map_err(DoorError::internal)
    }

    async fn audit(&self, actor: &Actor, from: u64) -> DoorResult<AuditReport> {
        self.0.audit(actor, from).await
    }
}

/// A visible message on the wire.
fn state(shown: Shown) -> DoorResult<MessageState> {
    let Shown { id, record } = shown;
    let (Some(place), Some(deposited)) = (record.place, record.deposited) else {
        return Err(DoorError::internal(MailboxError::Damaged));
    };
    // An acknowledgement counts once it is final.
    let acknowledgement = record.acknowledgement.and_then(|receipt| {
        let recorded = recorded(receipt.recorded?);
        Some(SignedStatement { statement: receipt.text, signature: receipt.signature.into(), recorded })
    });
    Ok(MessageState {
        message: id.into(),
        place,
        sealed_bytes: record.sealed_bytes,
        deposit: SignedStatement {
            statement: record.deposit,
            signature: record.signature.into(),
            recorded: recorded(deposited),
        },
        acknowledgement,
    })
}

fn recorded(locator: TransactionLocator) -> Recorded {
    Recorded {
        chain: locator.chain.0,
        tx_hash: locator.tx_hash.into(),
        block_number: locator.block_number,
        block_hash: locator.block_hash.into(),
    }
}
