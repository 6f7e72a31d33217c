//! Operations of registered sources and what is asked of them.

use alloy_primitives::{Address, B256};
use chancery_rest::types::{
    alerts::AuditStatus,
    data::{
        AggregateData, Asset, DataAggregates, DataAudit, DayCount, FoundData, NEXT_PAGE_HEADER, SearchData,
        SearchPlace, Trace,
    },
    operations::{OperationProof, OperationReceipt, SubmitOperation},
    organizations::Changed,
    sources::{Source, SourceChanged, StateSource},
    submissions::{SubmissionOutcome, SubmissionState, SubmitData},
};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::{Query, Result, checked, hash, push};
use crate::{
    Client,
    request::{Call, FileStream},
};

/// A page of a search as a file.
pub struct DataFile {
    /// `after` of the next page; absent on the last.
    pub next: Option<SearchPlace>,
    /// The file: an error where it is longer than [`crate::MAX_ANSWER_BYTES`].
    pub bytes: FileStream,
}

impl std::fmt::Debug for DataFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataFile").field("next", &self.next).finish_non_exhaustive()
    }
}

/// Other data (R2D) and supervision (V2M).
impl Client {
    /// `POST /v1/operations`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn submit_operation(&self, request: &SubmitOperation) -> Result<OperationReceipt> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "operations"], request)?).await
    }

    /// `GET /v1/operations/{digest}`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn operation(&self, digest: B256) -> Result<OperationProof> {
        self.needs_key()?.send(Call::get(&["v1", "operations", &hash(digest)], Query::new())).await
    }

    /// `POST /v1/sources`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn register_source(&self, request: &StateSource) -> Result<Source> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "sources"], request)?).await
    }

    /// `POST /v1/sources?check=true`: what it would do.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn check_source(&self, request: &StateSource) -> Result<Changed> {
        let call = Self::with_body(Method::POST, &["v1", "sources"], request)?;
        self.needs_key()?.send(Call { query: checked(true), ..call }).await
    }

    /// `POST /v1/sources/{source}/keys`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn rotate_source_key(&self, source: Address, request: &StateSource) -> Result<Source> {
        let source = source.to_string();
        self.send(Self::with_body(Method::POST, &["v1", "sources", &source, "keys"], request)?).await
    }

    /// `GET /v1/sources/{source}`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn source(&self, source: Address) -> Result<Source> {
        self.needs_key()?.send(Call::get(&["v1", "sources", &source.to_string()], Query::new())).await
    }

    /// `DELETE /v1/sources/{source}`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn withdraw_source(&self, source: Address, reason: &str, check: bool) -> Result<SourceChanged> {
        let source = source.to_string();
        self.end_or_restore(&["v1", "sources", &source], reason, check).await
    }

    /// `DELETE /v1/sources/{source}/withdrawal`: takes the withdrawal back.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn restore_source(&self, source: Address, reason: &str, check: bool) -> Result<SourceChanged> {
        let source = source.to_string();
        self.end_or_restore(&["v1", "sources", &source, "withdrawal"], reason, check).await
    }

    async fn end_or_restore(&self, path: &[&str], reason: &str, check: bool) -> Result<SourceChanged> {
        let mut query = checked(check);
        query.push(("reason", reason.to_owned()));
        self.needs_key()?.send(Call { method: Method::DELETE, path, query, body: None }).await
    }

    /// `POST /v1/submissions` with an array: what became of each. They authenticate themselves.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn submit_data(&self, submissions: &[SubmitData]) -> Result<Vec<SubmissionOutcome>> {
        self.send(Self::with_body(Method::POST, &["v1", "submissions"], &submissions)?).await
    }

    /// `POST /v1/submissions` with lines, each a [`SubmitData`]: an outcome a line, as they are durable. The lines have to be sent, and answered, within the client's time.
    pub(crate) async fn submit_lines(&self, lines: Vec<u8>) -> Result<FileStream> {
        let path = ["v1", "submissions"];
        self.open_lines(Call { method: Method::POST, path: &path, query: Query::new(), body: Some(lines) }).await
    }

    /// `GET /v1/submissions/{place}/{digest}`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn submission(&self, place: u64, digest: B256) -> Result<SubmissionState> {
        let (place, digest) = (place.to_string(), hash(digest));
        self.send(Call::get(&["v1", "submissions", &place, &digest], Query::new())).await
    }

    /// `GET /v1/submissions/{place}/{digest}/operations/{index}`: the file that `chancery verify` reads. Of data that are not public for who may read them, as the key of this
    /// client or as the source ([`Client::asking_as_source`]).
    ///
    /// # Errors
    /// [`crate::ClientError`]; `not-final-yet` until its data block is.
    pub async fn submitted_operation_proof(&self, place: u64, digest: B256, index: u32) -> Result<Value> {
        let (place, digest, index) = (place.to_string(), hash(digest), index.to_string());
        self.send(Call::get(&["v1", "submissions", &place, &digest, "operations", &index], Query::new())).await
    }

    /// `POST /v1/data/search`, as JSON.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn search_data(&self, request: &SearchData) -> Result<FoundData> {
        self.send(Self::with_body(Method::POST, &["v1", "data", "search"], request)?).await
    }

    /// `POST /v1/data/search`, as CSV.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn search_data_as_text(&self, request: &SearchData) -> Result<String> {
        self.send_for_text(Self::with_body(Method::POST, &["v1", "data", "search"], request)?).await
    }

    /// `POST /v1/data/search`, as a file of the format that the request names, read as it comes.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn search_data_as_file(&self, request: &SearchData) -> Result<DataFile> {
        self.data_file(Self::with_body(Method::POST, &["v1", "data", "search"], request)?).await
    }

    async fn data_file(&self, call: Call<'_>) -> Result<DataFile> {
        let (head, bytes) = self.open_with_head(call).await?;
        let next = head.get(NEXT_PAGE_HEADER).map(|value| serde_json::from_slice(value.as_bytes())).transpose();
        let unread = |error| self.not_a_gateway(StatusCode::OK, format!("{NEXT_PAGE_HEADER}: {error}"));
        Ok(DataFile { next: next.map_err(unread)?, bytes: self.bounded(bytes) })
    }

    /// `POST /v1/data/aggregate`, as JSON: everything, or a part that says where the next goes on.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn aggregate_data(&self, request: &AggregateData) -> Result<DataAggregates> {
        self.send(Self::with_body(Method::POST, &["v1", "data", "aggregate"], request)?).await
    }

    /// `POST /v1/data/aggregate`, as CSV.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn aggregate_data_as_text(&self, request: &AggregateData) -> Result<String> {
        self.send_for_text(Self::with_body(Method::POST, &["v1", "data", "aggregate"], request)?).await
    }

    /// `POST /v1/data/aggregate`, as a file of the format that the request names, read as it comes.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn aggregate_data_as_file(&self, request: &AggregateData) -> Result<DataFile> {
        self.data_file(Self::with_body(Method::POST, &["v1", "data", "aggregate"], request)?).await
    }

    /// `GET /v1/data/statistics`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn data_statistics(&self) -> Result<Vec<DayCount>> {
        self.send(Call::get(&["v1", "data", "statistics"], Query::new())).await
    }

    /// `POST /v1/data/trace`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn trace_data(&self, asset: &Asset) -> Result<Trace> {
        self.send(Self::with_body(Method::POST, &["v1", "data", "trace"], asset)?).await
    }

    /// `GET /v1/data/audit`: one part of the journal, from a place on.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn audit_data(&self, from: u64, operations: Option<u64>) -> Result<DataAudit> {
        let mut query = vec![("from", from.to_string())];
        push(&mut query, "operations", operations);
        self.needs_key()?.send(Call::get(&["v1", "data", "audit"], query)).await
    }

    /// `GET /v1/data/audit?chain=`: a page of the data blocks of a chain, and of the operations that are kept for them, from a number on.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn audit_chain(&self, chain: &str, from: u64) -> Result<DataAudit> {
        let query = vec![("chain", chain.to_owned()), ("from", from.to_string())];
        self.needs_key()?.send(Call::get(&["v1", "data", "audit"], query)).await
    }

    /// `GET /v1/data/audit?mailboxes=true`: a page of the messages, from a part of a name on.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn audit_mailboxes(&self, from: u64) -> Result<DataAudit> {
        let query = vec![("mailboxes", "true".to_owned()), ("from", from.to_string())];
        self.needs_key()?.send(Call::get(&["v1", "data", "audit"], query)).await
    }

    /// `GET /v1/data/audit/status`.
    ///
    /// # Errors
    /// [`crate::ClientError`].
    pub async fn audit_status(&self) -> Result<AuditStatus> {
        self.needs_key()?.send(Call::get(&["v1", "data", "audit", "status"], Query::new())).await
    }
}
