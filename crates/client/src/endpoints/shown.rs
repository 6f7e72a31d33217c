//! What chains show of holders by proof, and rules that ask for it (`docs/specs/trust.md`).

use alloy_primitives::Address;
use chancery_rest::types::{
    Recorded,
    kinds::{Conditions, SetConditions},
    organizations::Changed,
    shown::{GiveConsent, HolderKinds},
};
use reqwest::Method;

use super::{Query, Result, address, checked};
use crate::{Client, request::Call};

impl Client {
    /// `GET /v1/chains/{chain}/holders/{address}`.
    ///
    /// # Errors
    /// [`ClientError`](crate::ClientError).
    pub async fn holder_kinds(&self, chain: &str, holder: Address) -> Result<HolderKinds> {
        let holder = address(holder);
        self.send(Call::get(&["v1", "chains", chain, "holders", &holder], Query::new())).await
    }

    /// `POST /v1/chains/{chain}/consents`.
    ///
    /// # Errors
    /// [`ClientError`](crate::ClientError).
    pub async fn give_consent(&self, chain: &str, request: &GiveConsent) -> Result<Recorded> {
        let path = ["v1", "chains", chain, "consents"];
        self.needs_key()?.send(Self::with_body(Method::POST, &path, request)?).await
    }

    /// `GET /v1/kinds/{kind}/conditions`.
    ///
    /// # Errors
    /// [`ClientError`](crate::ClientError).
    pub async fn conditions(&self, kind: &str) -> Result<Conditions> {
        self.send(Call::get(&["v1", "kinds", kind, "conditions"], Query::new())).await
    }

    /// `PUT /v1/kinds/{kind}/conditions`.
    ///
    /// # Errors
    /// [`ClientError`](crate::ClientError).
    pub async fn set_conditions(&self, kind: &str, request: &SetConditions, check: bool) -> Result<Changed> {
        let path = ["v1", "kinds", kind, "conditions"];
        let call = Self::with_body(Method::PUT, &path, request)?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }
}
