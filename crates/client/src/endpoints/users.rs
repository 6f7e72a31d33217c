//! Users and their applications for certificates.

use alloy_primitives::Address;
use chancery_rest::types::{
    Page,
    applications::{Application, ApplicationReceipt, ApplicationStatus, Decision, SubmitApplication},
    organizations::Changed,
    users::{Confirmation, Confirmed, PublicKey, RegisterUser, Registered, SuspendUser, User, UserStatus},
};
use reqwest::Method;

use super::{PageQuery, Query, Result, address, checked, name, paged, push};
use crate::{Client, request::Call};

/// Which applications.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationQuery {
    /// Only these.
    pub status: Option<ApplicationStatus>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Which page.
    pub page: PageQuery,
}

/// Users (C-API-1, C-API-4).
impl Client {
    /// `POST /v1/users`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn register_user(&self, request: &RegisterUser) -> Result<Registered> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "users"], request)?).await
    }

    /// `GET /v1/users`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn users(&self, status: Option<UserStatus>, page: &PageQuery) -> Result<Page<User>> {
        let mut query = Query::new();
        push(&mut query, "status", status.as_ref().and_then(name));
        self.needs_key()?.send(Call::get(&["v1", "users"], paged(query, page))).await
    }

    /// `POST /v1/users/{address}/confirmation`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn confirm_user(&self, user: Address, request: &Confirmation) -> Result<Confirmed> {
        let user = address(user);
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "users", &user, "confirmation"], request)?).await
    }

    /// `PUT /v1/users/{address}/standing`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn suspend_user(&self, user: Address, suspended: bool, check: bool) -> Result<Changed> {
        let user = address(user);
        let path = ["v1", "users", &user, "standing"];
        let call = Self::with_body(Method::PUT, &path, &SuspendUser { suspended })?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }

    /// `GET /v1/users/{address}`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn user(&self, user: Address) -> Result<User> {
        self.needs_key()?.send(Call::get(&["v1", "users", &address(user)], Query::new())).await
    }

    /// `GET /v1/users/{address}/public-key` (C-API-4).
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn public_key(&self, user: Address) -> Result<PublicKey> {
        self.send(Call::get(&["v1", "users", &address(user), "public-key"], Query::new())).await
    }
}

/// Applications.
impl Client {
    /// `POST /v1/applications`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn apply(&self, request: &SubmitApplication) -> Result<ApplicationReceipt> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "applications"], request)?).await
    }

    /// `GET /v1/applications`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn applications(&self, which: &ApplicationQuery) -> Result<Page<Application>> {
        let mut query = Query::new();
        push(&mut query, "status", which.status.as_ref().and_then(name));
        push(&mut query, "kind", which.kind.as_ref());
        self.needs_key()?.send(Call::get(&["v1", "applications"], paged(query, &which.page))).await
    }

    /// `POST /v1/applications/{id}/decision`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn decide_application(&self, id: &str, decision: &Decision) -> Result<Application> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "applications", id, "decision"], decision)?).await
    }
}
