//! Subscriptions to the data of registered sources (U2S).

use alloy_primitives::B256;
use chancery_rest::types::subscriptions::{DeliveredData, Subscribe, Subscription, Subscriptions};
use reqwest::Method;

use super::{Query, Result, hash, push};
use crate::{
    Client,
    request::{Call, FileStream},
};

impl Client {
    /// `POST /v1/subscriptions`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn subscribe(&self, request: &Subscribe) -> Result<Subscription> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "subscriptions"], request)?).await
    }

    /// `GET /v1/subscriptions`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn subscriptions(&self) -> Result<Subscriptions> {
        self.needs_key()?.send(Call::get(&["v1", "subscriptions"], Query::new())).await
    }

    /// `DELETE /v1/subscriptions/{subscription}`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn unsubscribe(&self, subscription: B256) -> Result<Subscription> {
        let subscription = hash(subscription);
        let path = ["v1", "subscriptions", subscription.as_str()];
        self.needs_key()?.send(Call { method: Method::DELETE, path: &path, query: Query::new(), body: None }).await
    }

    /// `GET /v1/subscriptions/{subscription}/events`: server-sent events from behind a cursor, as they come, for as long as this client waits for an answer.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn subscription_events(&self, subscription: B256, after: Option<&str>) -> Result<FileStream> {
        let (subscription, mut query) = (hash(subscription), Query::new());
        push(&mut query, "after", after);
        let path = ["v1", "subscriptions", subscription.as_str(), "events"];
        self.needs_key()?.open(Call::get(&path, query)).await
    }

    /// `GET /v1/subscriptions/{subscription}/operations`: what is behind a cursor; with nothing there, after at most so many seconds.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn subscribed_operations(
        &self,
        subscription: B256,
        after: Option<&str>,
        wait_s: u64,
    ) -> Result<DeliveredData> {
        let (subscription, mut query) = (hash(subscription), vec![("wait", wait_s.to_string())]);
        push(&mut query, "after", after);
        let path = ["v1", "subscriptions", subscription.as_str(), "operations"];
        self.needs_key()?.send(Call::get(&path, query)).await
    }
}
