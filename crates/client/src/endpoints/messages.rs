//! Sealed messages between organizations (S-NET).

use alloy_primitives::B256;
use chancery_rest::types::{
    Page,
    messages::{DeliverMessage, Message, MessageBox, MessageState, SendMessage, StateReceipt},
};
use reqwest::Method;
use serde_json::Value;

use super::{PageQuery, Query, Result, hash, name, paged, push};
use crate::{Client, request::Call};

impl Client {
    /// `POST /v1/messages`: the answer comes when the message is on disk and its deposit final. Sent again, it is the same message.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn send_message(&self, request: &SendMessage) -> Result<MessageState> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "messages"], request)?).await
    }

    /// `GET /v1/messages`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn messages(&self, which: MessageBox, page: &PageQuery) -> Result<Page<MessageState>> {
        let mut query = paged(Query::new(), page);
        push(&mut query, "box", name(&which));
        self.needs_key()?.send(Call::get(&["v1", "messages"], query)).await
    }

    /// `GET /v1/messages/{message}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn message(&self, message: B256) -> Result<Message> {
        self.needs_key()?.send(Call::get(&["v1", "messages", &hash(message)], Query::new())).await
    }

    /// `POST /v1/messages/{message}/acknowledgement`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn acknowledge_message(&self, message: B256, request: &StateReceipt) -> Result<MessageState> {
        let message = hash(message);
        let path = ["v1", "messages", &message, "acknowledgement"];
        self.needs_key()?.send(Self::with_body(Method::POST, &path, request)?).await
    }

    /// `GET /v1/messages/{message}/proof`: the file that `chancery verify` reads.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn message_proof(&self, message: B256) -> Result<Value> {
        self.needs_key()?.send(Call::get(&["v1", "messages", &hash(message), "proof"], Query::new())).await
    }

    /// `POST /v1/deliveries`, of the receiver's city: a message that the sender's own city has recorded. Sent again, it is the same message.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn deliver_message(&self, request: &DeliverMessage) -> Result<MessageState> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "deliveries"], request)?).await
    }

    /// `GET /v1/deliveries/{message}/proof`, of the receiver's city: the file that `chancery verify` reads, with the receipt once there is one.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn delivery_proof(&self, message: B256) -> Result<Value> {
        self.needs_key()?.send(Call::get(&["v1", "deliveries", &hash(message), "proof"], Query::new())).await
    }
}
