//! Organizations, their keys, formats and quotas, and who is told of alerts.

use alloy_primitives::Address;
use chancery_rest::{
    types::{
        alerts::{AddAlertReceiver, AddedAlertReceiver, AlertReceiver, AlertReceivers, AlertTest, TestAlertReceiver},
        formats::{ConfigureFormat, Format},
        organizations::{
            AuthorizeKey, Changed, KeyEnd, Organization, Organizations, RegisterOrganization, SuspendOrganization,
        },
        quotas::{Quota, Quotas},
    },
    values::Timestamp,
};
use reqwest::Method;

use super::{Query, Result, address, checked, name, push};
use crate::{Client, request::Call};

/// How a key ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndKey {
    /// Retired or compromised.
    pub reason: KeyEnd,
    /// The right that a retired key loses; all when absent.
    pub right: Option<String>,
    /// From when on nothing signed by a compromised key is believed; now when absent.
    pub from: Option<Timestamp>,
}

/// Organizations and formats (O2C). With `check`, they say what would change.
impl Client {
    /// `GET /v1/organizations`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn organizations(&self) -> Result<Organizations> {
        self.send(Call::get(&["v1", "organizations"], Query::new())).await
    }

    /// `GET /v1/organizations/{code}`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn organization(&self, code: &str) -> Result<Organization> {
        self.send(Call::get(&["v1", "organizations", code], Query::new())).await
    }

    /// `POST /v1/organizations`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn register_organization(&self, request: &RegisterOrganization, check: bool) -> Result<Changed> {
        let call = Self::with_body(Method::POST, &["v1", "organizations"], request)?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }

    /// `PUT /v1/organizations/{code}/standing`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn suspend_organization(&self, code: &str, suspended: bool, check: bool) -> Result<Changed> {
        let path = ["v1", "organizations", code, "standing"];
        let call = Self::with_body(Method::PUT, &path, &SuspendOrganization { suspended })?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }

    /// `POST /v1/organizations/{code}/keys`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn authorize_key(&self, organization: &str, request: &AuthorizeKey, check: bool) -> Result<Changed> {
        let path = ["v1", "organizations", organization, "keys"];
        let call = Self::with_body(Method::POST, &path, request)?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }

    /// `DELETE /v1/organizations/{code}/keys/{address}`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn end_key(&self, organization: &str, key: Address, how: &EndKey, check: bool) -> Result<Changed> {
        let mut query = checked(check);
        push(&mut query, "reason", name(&how.reason));
        push(&mut query, "right", how.right.as_ref());
        push(&mut query, "from", how.from);
        let key = address(key);
        let path = ["v1", "organizations", organization, "keys", &key];
        self.needs_key()?.send(Call { method: Method::DELETE, path: &path, query, body: None }).await
    }

    /// `GET /v1/formats/{format}`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn format(&self, format: &str) -> Result<Format> {
        self.send(Call::get(&["v1", "formats", format], Query::new())).await
    }

    /// `PUT /v1/formats/{format}`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn configure_format(&self, format: &str, request: &ConfigureFormat, check: bool) -> Result<Changed> {
        let path = ["v1", "formats", format];
        let call = Self::with_body(Method::PUT, &path, request)?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }

    /// `PUT /v1/quotas/{subject}`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn set_quota(&self, subject: &str, request: &Quota, check: bool) -> Result<Changed> {
        let path = ["v1", "quotas", subject];
        let call = Self::with_body(Method::PUT, &path, request)?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }

    /// `DELETE /v1/quotas/{subject}`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn remove_quota(&self, subject: &str, check: bool) -> Result<Changed> {
        let (path, query) = (["v1", "quotas", subject], checked(check));
        self.needs_key()?.send(Call { method: Method::DELETE, path: &path, query, body: None }).await
    }

    /// `GET /v1/alerts/receivers`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn alert_receivers(&self) -> Result<AlertReceivers> {
        self.needs_key()?.send(Call::get(&["v1", "alerts", "receivers"], Query::new())).await
    }

    /// `POST /v1/alerts/receivers`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn add_alert_receiver(&self, request: &AddAlertReceiver, check: bool) -> Result<AddedAlertReceiver> {
        let call = Self::with_body(Method::POST, &["v1", "alerts", "receivers"], request)?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }

    /// `DELETE /v1/alerts/receivers/{receiver}`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn remove_alert_receiver(&self, receiver: &str, check: bool) -> Result<AlertReceiver> {
        let (path, query) = (["v1", "alerts", "receivers", receiver], checked(check));
        self.needs_key()?.send(Call { method: Method::DELETE, path: &path, query, body: None }).await
    }

    /// `POST /v1/alerts/receivers/{receiver}/tests`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn test_alert_receiver(&self, receiver: &str, request: &TestAlertReceiver) -> Result<AlertTest> {
        let path = ["v1", "alerts", "receivers", receiver, "tests"];
        self.needs_key()?.send(Self::with_body(Method::POST, &path, request)?).await
    }

    /// `GET /v1/quotas`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn quotas(&self) -> Result<Quotas> {
        self.needs_key()?.send(Call::get(&["v1", "quotas"], Query::new())).await
    }
}
