//! The catalogue of services (U2S), offered and withdrawn by operators (O2C).

use chancery_rest::types::{
    organizations::Changed,
    services::{ConfigureAccess, OfferService, ServiceAccess, Services},
};
use reqwest::Method;

use super::{Query, Result, checked};
use crate::{Client, request::Call};

impl Client {
    /// `GET /v1/services`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn services(&self) -> Result<Services> {
        self.send(Call::get(&["v1", "services"], Query::new())).await
    }

    /// `PUT /v1/services/{service}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn offer_service(&self, service: &str, offered: bool, check: bool) -> Result<Changed> {
        let path = ["v1", "services", service];
        let call = Self::with_body(Method::PUT, &path, &OfferService { offered })?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }

    /// `GET /v1/services/{service}/access`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn service_access(&self, service: &str) -> Result<ServiceAccess> {
        self.needs_key()?.send(Call::get(&["v1", "services", service, "access"], Query::new())).await
    }

    /// `PUT /v1/services/{service}/access`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn configure_access(&self, service: &str, request: &ConfigureAccess, check: bool) -> Result<Changed> {
        let path = ["v1", "services", service, "access"];
        let call = Self::with_body(Method::PUT, &path, request)?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }
}
