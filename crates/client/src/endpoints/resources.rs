//! Shared resources, and what their owners hand out.

use alloy_primitives::Address;
use chancery_rest::types::{
    Page,
    data::Trace,
    resources::{
        AccessRequest, AccessesKept, AssetReader, DescribeResource, DescribedResource, GrantedAccess, HandAccesses,
        SharedResource,
    },
};
use reqwest::Method;

use super::{PageQuery, Query, Result, paged, push};
use crate::{
    Client,
    request::{Call, FileStream},
};

/// Which resources of the directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceSearch {
    /// With all of these words.
    pub text: Option<String>,
    /// Of this organization.
    pub organization: Option<String>,
    /// Which page.
    pub page: PageQuery,
}

/// Shared resources (U2S), and the service of an owner.
impl Client {
    /// `GET /v1/resources`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn resources(&self, which: &ResourceSearch) -> Result<Page<SharedResource>> {
        let mut query = Query::new();
        push(&mut query, "text", which.text.as_ref());
        push(&mut query, "organization", which.organization.as_ref());
        self.send(Call::get(&["v1", "resources"], paged(query, &which.page))).await
    }

    /// `GET /v1/resources/{resource}`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn resource(&self, resource: &str) -> Result<SharedResource> {
        self.send(Call::get(&["v1", "resources", resource], Query::new())).await
    }

    /// `PUT /v1/resources/{resource}/description`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn describe_resource(&self, resource: &str, request: &DescribeResource) -> Result<DescribedResource> {
        let path = ["v1", "resources", resource, "description"];
        self.needs_key()?.send(Self::with_body(Method::PUT, &path, request)?).await
    }

    /// `GET /v1/resources/{resource}/readers`: all of them for the owner of the asset and for supervisors, and for everybody else itself.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn readers(
        &self,
        resource: &str,
        reader: Option<Address>,
        page: &PageQuery,
    ) -> Result<Page<AssetReader>> {
        let mut query = Query::new();
        push(&mut query, "reader", reader.as_ref());
        let path = ["v1", "resources", resource, "readers"];
        self.needs_key()?.send(Call::get(&path, paged(query, page))).await
    }

    /// `POST /v1/resources/{resource}/accesses`: who came for an asset of the caller's, kept once however often it is sent.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn hand_accesses(&self, resource: &str, request: &HandAccesses) -> Result<AccessesKept> {
        let path = ["v1", "resources", resource, "accesses"];
        self.needs_key()?.send(Self::with_body(Method::POST, &path, request)?).await
    }

    /// `GET /v1/resources/{resource}/trace`: source, owners, rights of use, transfers and accesses, as far as the caller may see them; the page's `nextCursor` is in `trace`, and without a
    /// limit it has 2,000 events and 500 fetches.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn trace_resource(&self, resource: &str, page: &PageQuery) -> Result<Trace> {
        self.send(Call::get(&["v1", "resources", resource, "trace"], paged(Query::new(), page))).await
    }

    /// `GET /v1/resources/{resource}/requests/{request}`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn access_request(&self, resource: &str, request: u64) -> Result<AccessRequest> {
        let path = ["v1", "resources", resource, "requests", &request.to_string()];
        self.send(Call::get(&path, Query::new())).await
    }

    /// `GET /v1/assets/{asset}/requests/{request}` of an owner's service: the final grant. It is waited for.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn granted_access(&self, asset: Address, request: u64) -> Result<GrantedAccess> {
        let path = ["v1", "assets", &asset.to_string(), "requests", &request.to_string()];
        self.needs_key()?.send(Call::get(&path, Query::new())).await
    }

    /// `GET /v1/assets/{asset}/requests/{request}/file` of an owner's service: the sealed file as it comes, which is not verified here. All of it has to come within
    /// the client's time.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn granted_file(&self, asset: Address, request: u64) -> Result<FileStream> {
        let path = ["v1", "assets", &asset.to_string(), "requests", &request.to_string(), "file"];
        self.needs_key()?.open(Call::get(&path, Query::new())).await
    }
}
