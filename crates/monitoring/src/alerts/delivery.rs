//! Sending a message: one attempt, signed for its moment. Redirects are not followed, and what is answered is not read.

use std::time::Duration;

use chancery_reference_points::{DoorError, DoorResult};
use reqwest::{Client, ClientBuilder, StatusCode, redirect::Policy};

use super::{
    book::{Message, Receiver},
    signature,
    target::public_only,
};

/// Longest attempt.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The clients: of those that may be anywhere, and of those that may be in public networks alone.
pub(super) struct Sender {
    anywhere: Client,
    public: Client,
}

/// Why a receiver has not taken a message.
pub(super) struct Refusal {
    pub(super) status: Option<u16>,
    pub(super) detail: String,
}

impl Sender {
    /// # Errors
    /// `Internal` when the system's certificates cannot be read.
    pub(super) fn new() -> DoorResult<Self> {
        let build = |builder: ClientBuilder| builder.build().map_err(DoorError::internal);
        Ok(Self { anywhere: build(client())?, public: build(client().dns_resolver(public_only()))? })
    }

    /// One attempt; the status of a receiver that has taken it.
    pub(super) async fn send(&self, message: &Message, receiver: &Receiver, now_ms: u64) -> Result<u16, Refusal> {
        let client = if receiver.allow_private { &self.anywhere } else { &self.public };
        let time_s = now_ms / 1000;
        let signature = signature::sign(&receiver.secret, &message.id, time_s, &message.body);
        let signature = signature.ok_or_else(|| Refusal { status: None, detail: "its secret does not read".into() })?;
        let request = client
            .post(&receiver.url)
            .header("content-type", "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", time_s.to_string())
            .header("webhook-signature", signature)
            .body(message.body.clone());
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Ok(answer.status().as_u16()),
            Ok(answer) => Err(refused(answer.status())),
            Err(error) => Err(Refusal { status: None, detail: words(&error) }),
        }
    }
}

fn client() -> ClientBuilder {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .timeout(TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(concat!("chancery/", env!("CARGO_PKG_VERSION")))
}

fn refused(status: StatusCode) -> Refusal {
    Refusal { status: Some(status.as_u16()), detail: format!("it answered {status}") }
}

/// What went wrong, without the address: it may hold a secret of the receiver's.
fn words(error: &reqwest::Error) -> String {
    use std::error::Error as _;
    let what = if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the request failed"
    };
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| what.to_owned(), |cause| format!("{what}: {cause}"))
}
