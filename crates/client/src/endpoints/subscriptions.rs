//! Subscriptions to the data of registered sources (U2S).

use alloy_primitives::B256;
use chancery_rest::types::subscriptions::{DeliveredData, Subscribe, Subscription, Subscriptions};
use reqwest::Method;

use super::{Query, Result, hash, push};
use crate::{Client, request::Call};

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
