//! `/v1/alerts` and `/v1/data/audit/status`: watching that goes on by itself, and who is told (`docs/specs/watch.md`).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Example, example_address};
use crate::values::HexAddress;

const EXAMPLE_MS: u64 = 1_795_230_000_000;

/// The audit that goes on by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunningAudit {
    /// Most operations that it looks at in a second; 0: it does not run.
    pub operations_per_second: u32,
    /// Place in the journal where it goes on.
    pub next: u64,
    /// Number of the chain's root where it goes on, once the journal is done.
    pub next_root: u64,
    /// When the pass that is under way began, Unix milliseconds; 0: none has.
    pub began_at_ms: u64,
    /// Operations that it has computed anew.
    pub operations: u64,
    /// Data blocks that it has compared with the chain.
    pub blocks: u64,
    /// When everything was looked at last, Unix milliseconds; null when it never was.
    pub completed_at_ms: Option<u64>,
    /// Operations of that pass.
    pub completed_operations: u64,
    /// Data blocks of that pass.
    pub completed_blocks: u64,
    /// The first difference, as of `GET /v1/data/audit`; it stays until everything was looked at without one.
    #[schema(value_type = Object)]
    pub difference: Value,
    /// When it was found first, Unix milliseconds.
    pub found_at_ms: Option<u64>,
    /// Why it does not go on at present.
    pub trouble: Option<String>,
    /// Messages that the last whole pass over the mailboxes has computed anew.
    #[serde(default)]
    pub mailbox_messages: u64,
    /// When all mailboxes were looked at last, Unix milliseconds; null when they never were.
    #[serde(default)]
    pub mailbox_completed_at_ms: Option<u64>,
    /// The first difference in the mailboxes; absent when the last whole pass found none.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Object)]
    pub mailbox_difference: Value,
}

/// An alert that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenAlert {
    /// Its name.
    pub id: String,
    /// `data-difference`, `time-sequence`, `chain-unreachable`, `audit-stands-still`, `quota-exhausted`, `anchor-frozen`, `relay-stands-still`, `stored-file`, `store-stands-still`.
    #[schema(example = "data-difference")]
    pub rule: String,
    /// Of what.
    pub subject: String,
    /// One line for a person.
    pub summary: String,
    /// Where an audit found a difference.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Object)]
    pub difference: Value,
    /// Since when, Unix milliseconds.
    pub raised_at_ms: u64,
}

/// Messages to receivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertDeliveries {
    /// How many wait.
    pub waiting: u64,
    /// How many were taken.
    pub delivered: u64,
    /// How many were given up: too many waited, or for more than three days.
    pub dropped: u64,
}

/// `GET /v1/data/audit/status`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditStatus {
    /// The audit.
    pub audit: RunningAudit,
    /// What is open, oldest first.
    pub alerts: Vec<OpenAlert>,
    /// Messages.
    pub deliveries: AlertDeliveries,
}

impl Example for AuditStatus {
    fn example() -> Self {
        let audit = RunningAudit {
            operations_per_second: 1000,
            next: 1500,
            next_root: 0,
            began_at_ms: EXAMPLE_MS,
            operations: 14_610,
            blocks: 12,
            completed_at_ms: Some(EXAMPLE_MS - 60_000),
            completed_operations: 29_220,
            completed_blocks: 24,
            difference: Value::Null,
            found_at_ms: None,
            trouble: None,
            mailbox_messages: 7,
            mailbox_completed_at_ms: Some(EXAMPLE_MS - 30_000),
            mailbox_difference: Value::Null,
        };
        Self { audit, alerts: Vec::new(), deliveries: AlertDeliveries { waiting: 0, delivered: 3, dropped: 0 } }
    }
}

/// `POST /v1/alerts/receivers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddAlertReceiver {
    /// Where: `https`, or `http` on the gateway's machine.
    #[schema(max_length = 2048, example = "https://alerts.example.org/hook")]
    pub url: String,
    /// Whether it may be in a private network or on the gateway's machine.
    #[serde(default)]
    pub allow_private: bool,
}

impl Example for AddAlertReceiver {
    fn example() -> Self {
        Self { url: "https://alerts.example.org/hook".into(), allow_private: false }
    }
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertReceiver {
    /// Its name.
    pub id: String,
    /// Where.
    pub url: String,
    /// Whether it may be in a private network or on the gateway's machine.
    pub allow_private: bool,
    /// Which operator added it.
    pub added_by: HexAddress,
    /// When, Unix milliseconds.
    pub added_at_ms: u64,
    /// Messages that wait for it.
    pub waiting: u64,
    /// When it took one last, Unix milliseconds.
    pub delivered_at_ms: Option<u64>,
    /// Why it did not take the last one.
    pub trouble: Option<String>,
}

impl Example for AlertReceiver {
    fn example() -> Self {
        Self {
            id: "receiver-1a1fb2c3d40-1".into(),
            url: "https://alerts.example.org/hook".into(),
            allow_private: false,
            added_by: example_address(),
            added_at_ms: EXAMPLE_MS,
            waiting: 0,
            delivered_at_ms: None,
            trouble: None,
        }
    }
}

/// `GET /v1/alerts/receivers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertReceivers {
    /// All of them, at most 32.
    pub receivers: Vec<AlertReceiver>,
}

impl Example for AlertReceivers {
    fn example() -> Self {
        Self { receivers: vec![AlertReceiver::example()] }
    }
}

/// A receiver with the secret of its signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AddedAlertReceiver {
    /// The receiver.
    pub receiver: AlertReceiver,
    /// `whsec_` and base64: the secret of Standard Webhooks. Shown this once; null when it was only checked.
    pub secret: Option<String>,
}

impl Example for AddedAlertReceiver {
    fn example() -> Self {
        let secret = Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into());
        Self { receiver: AlertReceiver::example(), secret }
    }
}

/// `POST /v1/alerts/receivers/{receiver}/tests`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestAlertReceiver {
    /// A word for whoever reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256)]
    pub note: Option<String>,
}

impl Example for TestAlertReceiver {
    fn example() -> Self {
        Self { note: Some("Is this the right channel?".into()) }
    }
}

/// What became of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertTest {
    /// Whether it was taken.
    pub delivered: bool,
    /// What the receiver answered, if it did.
    pub status: Option<u16>,
    /// The same in words.
    pub detail: String,
}

impl Example for AlertTest {
    fn example() -> Self {
        Self { delivered: true, status: Some(204), detail: "it was taken".into() }
    }
}
