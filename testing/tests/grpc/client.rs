//! A client of gRPC over HTTP/2 in clear text, and a source that keeps so many lines under way.

use std::collections::BTreeMap;

use chancery_grpc::{
    o2c::o2c_client::O2cClient,
    problem_of,
    r2d::{Line, Outcome, SubmissionOutcome, SubmissionReceipt, r2d_client::R2dClient},
    session::session_client::SessionClient,
    u2s::u2s_client::U2sClient,
    v2m::v2m_client::V2mClient,
};
use futures::channel::mpsc;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tonic::{Status, Streaming, body::Body, codegen::http::Uri};

/// A proof may be as long.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

pub(crate) type Http = Client<HttpConnector, Body>;

pub(crate) fn http() -> Http {
    Client::builder(TokioExecutor::new()).http2_only(true).build_http()
}

fn origin(address: &str) -> Uri {
    address.parse().unwrap()
}

pub(crate) fn r2d(address: &str) -> R2dClient<Http> {
    R2dClient::with_origin(http(), origin(address)).max_decoding_message_size(MAX_ANSWER_BYTES)
}

pub(crate) fn u2s(address: &str) -> U2sClient<Http> {
    U2sClient::with_origin(http(), origin(address)).max_decoding_message_size(MAX_ANSWER_BYTES)
}

pub(crate) fn session(address: &str) -> SessionClient<Http> {
    SessionClient::with_origin(http(), origin(address))
}

pub(crate) fn o2c(address: &str) -> O2cClient<Http> {
    O2cClient::with_origin(http(), origin(address))
}

pub(crate) fn v2m(address: &str) -> V2mClient<Http> {
    V2mClient::with_origin(http(), origin(address))
}

/// The code of the problem in a status.
pub(crate) fn code_of(status: &Status) -> String {
    problem_of(status).unwrap().unwrap_or_else(|| panic!("a status without a problem: {status:?}")).code
}

/// An open stream of submissions.
pub(crate) struct Submitting {
    /// Where lines go; dropping it ends the stream.
    pub(crate) lines: mpsc::UnboundedSender<Line>,
    pub(crate) outcomes: Streaming<SubmissionOutcome>,
    /// Keeps the connection.
    _door: R2dClient<Http>,
}

impl Submitting {
    pub(crate) async fn open(address: &str) -> Self {
        let (lines, receiver) = mpsc::unbounded();
        let mut door = r2d(address);
        let outcomes = door.submit(receiver).await.unwrap().into_inner();
        Self { lines, outcomes, _door: door }
    }

    pub(crate) fn send(&self, line: &Line) {
        // The city may be gone: then the outcomes say so.
        let _ = self.lines.unbounded_send(line.clone());
    }
}

/// Receipts by the number of their line; every outcome is one, and they come in order.
#[derive(Default)]
pub(crate) struct Receipts(pub(crate) BTreeMap<u64, SubmissionReceipt>);

impl Receipts {
    pub(crate) fn heard(&mut self, outcome: SubmissionOutcome) {
        assert_eq!(outcome.index, self.0.len() as u64, "outcomes are in the order of the lines");
        let Some(Outcome::Receipt(receipt)) = outcome.outcome else { panic!("{outcome:?}") };
        self.0.insert(outcome.index, receipt);
    }
}
