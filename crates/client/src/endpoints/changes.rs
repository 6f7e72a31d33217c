//! Changes that two operators make together (O2C, M-CON-3).

use alloy_primitives::B256;
use chancery_rest::types::{
    changes::{ChangeReview, DecideChange, ProposeChange, ProposedChanges},
    organizations::Changed,
};
use reqwest::Method;

use super::{PageQuery, Query, Result, checked, hash, paged};
use crate::{Client, request::Call};

impl Client {
    /// `GET /v1/changes`: in the order of their proposals.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn changes(&self, page: &PageQuery) -> Result<ProposedChanges> {
        self.needs_key()?.send(Call::get(&["v1", "changes"], paged(Vec::new(), page))).await
    }

    /// `POST /v1/changes`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn propose_change(&self, request: &ProposeChange, check: bool) -> Result<Changed> {
        let call = Self::with_body(Method::POST, &["v1", "changes"], request)?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }

    /// `GET /v1/changes/{change}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn change(&self, change: B256) -> Result<ChangeReview> {
        self.needs_key()?.send(Call::get(&["v1", "changes", &hash(change)], Query::new())).await
    }

    /// `POST /v1/changes/{change}/status`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn decide_change(&self, change: B256, request: &DecideChange, check: bool) -> Result<Changed> {
        let change = hash(change);
        let path = ["v1", "changes", &change, "status"];
        let call = Self::with_body(Method::POST, &path, request)?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }
}
