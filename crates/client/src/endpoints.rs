//! Every endpoint of the interface as a method, in the order of `docs/specs/rest.md`.

mod changes;
mod contracts;
mod messages;
mod persons;
mod reports;
mod services;
mod shown;

pub use reports::PeriodQuery;

use alloy_primitives::{Address, B256};
use chancery_rest::{
    types::{
        Page,
        applications::{Application, ApplicationReceipt, ApplicationStatus, Decision, SubmitApplication},
        certificates::{Certificate, CertificateDocument, ChangeStatus, IssueCertificate, Issued, StatusChanged},
        chains::Chains,
        data::{Asset, DataAudit, DayCount, FoundData, NEXT_PAGE_HEADER, OperationPlace, SearchData, Trace},
        events::{Event, EventType, History},
        formats::ConfigureFormat,
        health::Health,
        inspections::{CheckCertificate, Checked, Inspected, Inspection, RecordInspection},
        kinds::{Kind, Kinds},
        operations::{OperationProof, OperationReceipt, SubmitOperation},
        organizations::{AuthorizeKey, Changed, KeyEnd, Organization, Organizations, RegisterOrganization},
        presentations::{CreatePresentation, Presentation, PresentationReceipt},
        quotas::{Quota, Quotas},
        resources::{AccessRequest, AssetReader, DescribeResource, DescribedResource, GrantedAccess, SharedResource},
        session::{Nonce, SignIn, SignedIn, WhoAmI},
        sources::{Source, StateSource},
        submissions::{SubmissionOutcome, SubmissionState, SubmitData},
        users::{Confirmation, Confirmed, PublicKey, RegisterUser, Registered, User, UserStatus},
    },
    values::{HexAddress, HexHash, Timestamp},
};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Client, ClientError,
    request::{Call, FileStream},
};

type Result<T> = std::result::Result<T, ClientError>;
type Query = Vec<(&'static str, String)>;

/// Which page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageQuery {
    /// Rows, 1 to 100; 20 when absent.
    pub limit: Option<usize>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

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

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
    /// Only what happened so.
    pub event_type: Option<EventType>,
    /// Only what is about this.
    pub subject: Option<String>,
    /// Which page.
    pub page: PageQuery,
}

/// A page of a search as a file.
pub struct DataFile {
    /// `after` of the next page; absent on the last.
    pub next: Option<OperationPlace>,
    /// The file.
    pub bytes: FileStream,
}

impl std::fmt::Debug for DataFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataFile").field("next", &self.next).finish_non_exhaustive()
    }
}

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

fn push(query: &mut Query, name: &'static str, value: Option<impl ToString>) {
    query.extend(value.map(|value| (name, value.to_string())));
}

/// An enumeration's name as JSON writes it.
fn name(value: &impl Serialize) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => Some(name),
        _ => None,
    }
}

fn paged(mut query: Query, page: &PageQuery) -> Query {
    push(&mut query, "limit", page.limit);
    push(&mut query, "cursor", page.cursor.as_ref());
    query
}

fn checked(check: bool) -> Query {
    if check { vec![("check", "true".to_owned())] } else { Query::new() }
}

fn address(address: Address) -> String {
    HexAddress(address).to_string()
}

fn hash(hash: B256) -> String {
    HexHash(hash).to_string()
}

/// The service and the chains.
impl Client {
    /// `GET /health`; a degraded city answers too.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn health(&self) -> Result<Health> {
        self.send(Call::get(&["health"], Query::new())).await
    }

    /// `GET /metrics`.
    ///
    /// # Errors
    /// [`ClientError`]; `role-required` from elsewhere than the gateway's machine.
    pub async fn metrics(&self) -> Result<String> {
        self.send_for_text(Call::get(&["metrics"], Query::new())).await
    }

    /// `GET /openapi.json`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn openapi(&self) -> Result<Value> {
        self.send(Call::get(&["openapi.json"], Query::new())).await
    }

    /// `GET /v1/chains`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn chains(&self) -> Result<Chains> {
        self.send(Call::get(&["v1", "chains"], Query::new())).await
    }

    /// `GET /v1/kinds`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn kinds(&self) -> Result<Kinds> {
        self.send(Call::get(&["v1", "kinds"], Query::new())).await
    }

    /// `GET /v1/kinds/{kind}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn kind(&self, kind: &str) -> Result<Kind> {
        self.send(Call::get(&["v1", "kinds", kind], Query::new())).await
    }
}

/// Sessions. Machines need none: they sign each request.
impl Client {
    /// `GET /v1/session/nonce`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn session_nonce(&self) -> Result<Nonce> {
        self.send(Call::get(&["v1", "session", "nonce"], Query::new())).await
    }

    /// `POST /v1/session`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn open_session(&self, request: &SignIn) -> Result<SignedIn> {
        self.send(Self::with_body(Method::POST, &["v1", "session"], request)?).await
    }

    /// `GET /v1/session`: the signer's roles.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn who_am_i(&self) -> Result<WhoAmI> {
        self.needs_key()?.send(Call::get(&["v1", "session"], Query::new())).await
    }
}

/// Users (C-API-1, C-API-4).
impl Client {
    /// `POST /v1/users`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn register_user(&self, request: &RegisterUser) -> Result<Registered> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "users"], request)?).await
    }

    /// `GET /v1/users`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn users(&self, status: Option<UserStatus>, page: &PageQuery) -> Result<Page<User>> {
        let mut query = Query::new();
        push(&mut query, "status", status.as_ref().and_then(name));
        self.needs_key()?.send(Call::get(&["v1", "users"], paged(query, page))).await
    }

    /// `POST /v1/users/{address}/confirmation`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn confirm_user(&self, user: Address, request: &Confirmation) -> Result<Confirmed> {
        let user = address(user);
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "users", &user, "confirmation"], request)?).await
    }

    /// `GET /v1/users/{address}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn user(&self, user: Address) -> Result<User> {
        self.needs_key()?.send(Call::get(&["v1", "users", &address(user)], Query::new())).await
    }

    /// `GET /v1/users/{address}/public-key` (C-API-4).
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn public_key(&self, user: Address) -> Result<PublicKey> {
        self.send(Call::get(&["v1", "users", &address(user), "public-key"], Query::new())).await
    }
}

/// Applications.
impl Client {
    /// `POST /v1/applications`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn apply(&self, request: &SubmitApplication) -> Result<ApplicationReceipt> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "applications"], request)?).await
    }

    /// `GET /v1/applications`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn applications(&self, which: &ApplicationQuery) -> Result<Page<Application>> {
        let mut query = Query::new();
        push(&mut query, "status", which.status.as_ref().and_then(name));
        push(&mut query, "kind", which.kind.as_ref());
        self.needs_key()?.send(Call::get(&["v1", "applications"], paged(query, &which.page))).await
    }

    /// `POST /v1/applications/{id}/decision`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn decide_application(&self, id: &str, decision: &Decision) -> Result<Application> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "applications", id, "decision"], decision)?).await
    }
}

/// Certificates (C-API-2, C-API-5).
impl Client {
    /// `POST /v1/certificates` (C-API-2).
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn issue_certificate(&self, request: &IssueCertificate) -> Result<Issued> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "certificates"], request)?).await
    }

    /// `POST /v1/certificates/{id}/status`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn change_status(&self, id: B256, request: &ChangeStatus) -> Result<StatusChanged> {
        let id = hash(id);
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "certificates", &id, "status"], request)?).await
    }

    /// `GET /v1/certificates/{address}/{block}/{tx_hash}` (C-API-5).
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn query_certificate(
        &self,
        holder: Address,
        block: u64,
        tx_hash: B256,
        chain: Option<&str>,
    ) -> Result<CertificateDocument> {
        let mut query = Query::new();
        push(&mut query, "chain", chain);
        let path = ["v1", "certificates", &address(holder), &block.to_string(), &hash(tx_hash)];
        self.send(Call::get(&path, query)).await
    }

    /// `GET /v1/certificates/{id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn certificate(&self, id: B256) -> Result<Certificate> {
        self.send(Call::get(&["v1", "certificates", &hash(id)], Query::new())).await
    }

    /// `GET /v1/certificates/{id}/staple`: the file that is verified without a network, in the gateway's own words. Whoever relies on it verifies it.
    ///
    /// # Errors
    /// [`ClientError`]; `not-final-yet` while the main chain has no block that is as young as the certificate.
    pub async fn stapled_certificate(&self, id: B256) -> Result<Value> {
        self.send(Call::get(&["v1", "certificates", &hash(id), "staple"], Query::new())).await
    }

    /// `GET /v1/certificates?holder=`: those of the signer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn my_certificates(&self, page: &PageQuery) -> Result<Page<Certificate>> {
        let holder = self.address().ok_or(ClientError::NoSigner)?;
        self.send(Call::get(&["v1", "certificates"], paged(vec![("holder", address(holder))], page))).await
    }

    /// `GET /v1/certificates/{id}/history`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn certificate_history(&self, id: B256) -> Result<History> {
        self.needs_key()?.send(Call::get(&["v1", "certificates", &hash(id), "history"], Query::new())).await
    }
}

/// Presentations and inspections (C-API-3, C-QR).
impl Client {
    /// `POST /v1/presentations`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn create_presentation(&self, request: &CreatePresentation) -> Result<PresentationReceipt> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "presentations"], request)?).await
    }

    /// `GET /v1/presentations/{id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn presentation(&self, id: &str) -> Result<Presentation> {
        self.send(Call::get(&["v1", "presentations", id], Query::new())).await
    }

    /// `POST /v1/inspections` (C-API-3).
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn record_inspection(&self, request: &RecordInspection) -> Result<Inspected> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "inspections"], request)?).await
    }

    /// `POST /v1/inspections/checks`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn check_certificate(&self, request: &CheckCertificate) -> Result<Checked> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "inspections", "checks"], request)?).await
    }

    /// `GET /v1/inspections`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn inspections(&self, inspector: Option<Address>, page: &PageQuery) -> Result<Page<Inspection>> {
        let mut query = Query::new();
        push(&mut query, "inspector", inspector.map(address));
        self.needs_key()?.send(Call::get(&["v1", "inspections"], paged(query, page))).await
    }
}

/// Organizations and formats (O2C). With `check`, they say what would change.
impl Client {
    /// `GET /v1/organizations`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn organizations(&self) -> Result<Organizations> {
        self.send(Call::get(&["v1", "organizations"], Query::new())).await
    }

    /// `GET /v1/organizations/{code}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn organization(&self, code: &str) -> Result<Organization> {
        self.send(Call::get(&["v1", "organizations", code], Query::new())).await
    }

    /// `POST /v1/organizations`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn register_organization(&self, request: &RegisterOrganization, check: bool) -> Result<Changed> {
        let call = Self::with_body(Method::POST, &["v1", "organizations"], request)?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }

    /// `POST /v1/organizations/{code}/keys`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn authorize_key(&self, organization: &str, request: &AuthorizeKey, check: bool) -> Result<Changed> {
        let path = ["v1", "organizations", organization, "keys"];
        let call = Self::with_body(Method::POST, &path, request)?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }

    /// `DELETE /v1/organizations/{code}/keys/{address}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn end_key(&self, organization: &str, key: Address, how: &EndKey, check: bool) -> Result<Changed> {
        let mut query = checked(check);
        push(&mut query, "reason", name(&how.reason));
        push(&mut query, "right", how.right.as_ref());
        push(&mut query, "from", how.from);
        let key = address(key);
        let path = ["v1", "organizations", organization, "keys", &key];
        self.needs_key()?.send(Call { method: Method::DELETE, path: &path, query, body: None }).await
    }

    /// `PUT /v1/formats/{format}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn configure_format(&self, format: &str, request: &ConfigureFormat, check: bool) -> Result<Changed> {
        let path = ["v1", "formats", format];
        let call = Self::with_body(Method::PUT, &path, request)?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }

    /// `PUT /v1/quotas/{subject}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn set_quota(&self, subject: &str, request: &Quota, check: bool) -> Result<Changed> {
        let path = ["v1", "quotas", subject];
        let call = Self::with_body(Method::PUT, &path, request)?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }

    /// `DELETE /v1/quotas/{subject}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn remove_quota(&self, subject: &str, check: bool) -> Result<Changed> {
        let (path, query) = (["v1", "quotas", subject], checked(check));
        self.needs_key()?.send(Call { method: Method::DELETE, path: &path, query, body: None }).await
    }

    /// `GET /v1/quotas`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn quotas(&self) -> Result<Quotas> {
        self.needs_key()?.send(Call::get(&["v1", "quotas"], Query::new())).await
    }
}

/// Other data (R2D) and supervision (V2M).
impl Client {
    /// `POST /v1/operations`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn submit_operation(&self, request: &SubmitOperation) -> Result<OperationReceipt> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "operations"], request)?).await
    }

    /// `GET /v1/operations/{digest}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn operation(&self, digest: B256) -> Result<OperationProof> {
        self.needs_key()?.send(Call::get(&["v1", "operations", &hash(digest)], Query::new())).await
    }

    /// `POST /v1/sources`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn register_source(&self, request: &StateSource) -> Result<Source> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "sources"], request)?).await
    }

    /// `POST /v1/sources/{source}/keys`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn rotate_source_key(&self, source: Address, request: &StateSource) -> Result<Source> {
        let source = source.to_string();
        self.send(Self::with_body(Method::POST, &["v1", "sources", &source, "keys"], request)?).await
    }

    /// `GET /v1/sources/{source}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn source(&self, source: Address) -> Result<Source> {
        self.needs_key()?.send(Call::get(&["v1", "sources", &source.to_string()], Query::new())).await
    }

    /// `DELETE /v1/sources/{source}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn withdraw_source(&self, source: Address, reason: &str) -> Result<Source> {
        let (source, query) = (source.to_string(), vec![("reason", reason.to_owned())]);
        let path = ["v1", "sources", source.as_str()];
        self.needs_key()?.send(Call { method: Method::DELETE, path: &path, query, body: None }).await
    }

    /// `POST /v1/submissions` with an array: what became of each. They authenticate themselves.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn submit_data(&self, submissions: &[SubmitData]) -> Result<Vec<SubmissionOutcome>> {
        self.send(Self::with_body(Method::POST, &["v1", "submissions"], &submissions)?).await
    }

    /// `GET /v1/submissions/{place}/{digest}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn submission(&self, place: u64, digest: B256) -> Result<SubmissionState> {
        let (place, digest) = (place.to_string(), hash(digest));
        self.send(Call::get(&["v1", "submissions", &place, &digest], Query::new())).await
    }

    /// `GET /v1/submissions/{place}/{digest}/operations/{index}`: the file that `chancery verify` reads.
    ///
    /// # Errors
    /// [`ClientError`]; `not-final-yet` until its data block is.
    pub async fn submitted_operation_proof(&self, place: u64, digest: B256, index: u32) -> Result<Value> {
        let (place, digest, index) = (place.to_string(), hash(digest), index.to_string());
        self.send(Call::get(&["v1", "submissions", &place, &digest, "operations", &index], Query::new())).await
    }

    /// `POST /v1/data/search`, as JSON.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn search_data(&self, request: &SearchData) -> Result<FoundData> {
        self.send(Self::with_body(Method::POST, &["v1", "data", "search"], request)?).await
    }

    /// `POST /v1/data/search`, as CSV.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn search_data_as_text(&self, request: &SearchData) -> Result<String> {
        self.send_for_text(Self::with_body(Method::POST, &["v1", "data", "search"], request)?).await
    }

    /// `POST /v1/data/search`, as a file of the format that the request names, read as it comes.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn search_data_as_file(&self, request: &SearchData) -> Result<DataFile> {
        let (head, bytes) =
            self.open_with_head(Self::with_body(Method::POST, &["v1", "data", "search"], request)?).await?;
        let next = head.get(NEXT_PAGE_HEADER).map(|value| serde_json::from_slice(value.as_bytes())).transpose();
        let unread = |error| self.not_a_gateway(StatusCode::OK, format!("{NEXT_PAGE_HEADER}: {error}"));
        Ok(DataFile { next: next.map_err(unread)?, bytes })
    }

    /// `GET /v1/data/statistics`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn data_statistics(&self) -> Result<Vec<DayCount>> {
        self.send(Call::get(&["v1", "data", "statistics"], Query::new())).await
    }

    /// `POST /v1/data/trace`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn trace_data(&self, asset: &Asset) -> Result<Trace> {
        self.send(Self::with_body(Method::POST, &["v1", "data", "trace"], asset)?).await
    }

    /// `GET /v1/data/audit`: one part of the journal, from a place on.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn audit_data(&self, from: u64, operations: Option<u64>) -> Result<DataAudit> {
        let mut query = vec![("from", from.to_string())];
        push(&mut query, "operations", operations);
        self.needs_key()?.send(Call::get(&["v1", "data", "audit"], query)).await
    }

    /// `GET /v1/resources`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn resources(&self, which: &ResourceSearch) -> Result<Page<SharedResource>> {
        let mut query = Query::new();
        push(&mut query, "text", which.text.as_ref());
        push(&mut query, "organization", which.organization.as_ref());
        self.send(Call::get(&["v1", "resources"], paged(query, &which.page))).await
    }

    /// `GET /v1/resources/{resource}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn resource(&self, resource: &str) -> Result<SharedResource> {
        self.send(Call::get(&["v1", "resources", resource], Query::new())).await
    }

    /// `PUT /v1/resources/{resource}/description`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn describe_resource(&self, resource: &str, request: &DescribeResource) -> Result<DescribedResource> {
        let path = ["v1", "resources", resource, "description"];
        self.needs_key()?.send(Self::with_body(Method::PUT, &path, request)?).await
    }

    /// `GET /v1/resources/{resource}/readers`: all of them for the owner of the asset and for supervisors, and for everybody else itself.
    ///
    /// # Errors
    /// [`ClientError`].
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

    /// `GET /v1/resources/{resource}/trace`: source, owners, rights of use, transfers and accesses, as far as the caller may see them.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn trace_resource(&self, resource: &str) -> Result<Trace> {
        self.send(Call::get(&["v1", "resources", resource, "trace"], Query::new())).await
    }

    /// `GET /v1/resources/{resource}/requests/{request}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn access_request(&self, resource: &str, request: u64) -> Result<AccessRequest> {
        let path = ["v1", "resources", resource, "requests", &request.to_string()];
        self.send(Call::get(&path, Query::new())).await
    }

    /// `GET /v1/assets/{asset}/requests/{request}` of an owner's service: the final grant. It is waited for.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn granted_access(&self, asset: Address, request: u64) -> Result<GrantedAccess> {
        let path = ["v1", "assets", &asset.to_string(), "requests", &request.to_string()];
        self.needs_key()?.send(Call::get(&path, Query::new())).await
    }

    /// `GET /v1/assets/{asset}/requests/{request}/file` of an owner's service: the sealed file as it comes, which is not verified here. All of it has to come within
    /// the client's time.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn granted_file(&self, asset: Address, request: u64) -> Result<FileStream> {
        let path = ["v1", "assets", &asset.to_string(), "requests", &request.to_string(), "file"];
        self.needs_key()?.open(Call::get(&path, Query::new())).await
    }

    /// `GET /v1/events`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn events(&self, which: &EventQuery) -> Result<Page<Event>> {
        let mut query = Query::new();
        push(&mut query, "from", which.from);
        push(&mut query, "to", which.to);
        push(&mut query, "type", which.event_type.as_ref().and_then(name));
        push(&mut query, "subject", which.subject.as_ref());
        self.needs_key()?.send(Call::get(&["v1", "events"], paged(query, &which.page))).await
    }
}
