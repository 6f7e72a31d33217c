//! Watching that goes on by itself (`docs/specs/watch.md`): how far the audit is, which alerts are open, and who is told of them.

use std::fmt;

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::data_search::Difference;

/// Most receivers of alerts.
pub const MAX_RECEIVERS: usize = 32;
/// Longest URL of a receiver, in bytes.
pub const MAX_RECEIVER_URL_BYTES: usize = 2048;
/// Longest note of a test, in bytes.
pub const MAX_NOTE_BYTES: usize = 256;

/// Under which name it is recorded who is told of alerts.
pub const RECEIVER_SETTING: &str = "alert.receiver";
const ADDED: &str = "added";
const REMOVED: &str = "removed";

/// What is recorded of a receiver: whether it is told from then on, and its scheme, host and port.
#[must_use]
pub fn receiver_facts(told: bool, origin: &str) -> String {
    format!("{} {origin}", if told { ADDED } else { REMOVED })
}

/// Reads what was recorded of a receiver.
#[must_use]
pub fn read_receiver_facts(facts: &str) -> Option<(bool, &str)> {
    match facts.split_once(' ')? {
        (ADDED, origin) => Some((true, origin)),
        (REMOVED, origin) => Some((false, origin)),
        _ => None,
    }
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertRule {
    /// An audit found that what is kept is not what was accepted, or not what the chain has recorded.
    DataDifference,
    /// Times do not follow one another: the journal's clock went back, or a source's clock is far off.
    TimeSequence,
    /// A chain does not answer.
    ChainUnreachable,
    /// The audit cannot go on for another reason.
    AuditStandsStill,
    /// A quota is used up.
    QuotaExhausted,
    /// Two final headers of one number were shown to an anchor: nothing of the chain that it follows counts there.
    AnchorFrozen,
    /// An anchor is not given the headers that are due.
    RelayStandsStill,
    /// A shared file at its owner is missing, or not what it was.
    StoredFile,
    /// A store of the city cannot be written: its disk is full, or fails.
    StoreStandsStill,
}

impl AlertRule {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::DataDifference,
        Self::TimeSequence,
        Self::ChainUnreachable,
        Self::AuditStandsStill,
        Self::QuotaExhausted,
        Self::AnchorFrozen,
        Self::RelayStandsStill,
        Self::StoredFile,
        Self::StoreStandsStill,
    ];

    /// The name in messages and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DataDifference => "data-difference",
            Self::TimeSequence => "time-sequence",
            Self::ChainUnreachable => "chain-unreachable",
            Self::AuditStandsStill => "audit-stands-still",
            Self::QuotaExhausted => "quota-exhausted",
            Self::AnchorFrozen => "anchor-frozen",
            Self::RelayStandsStill => "relay-stands-still",
            Self::StoredFile => "stored-file",
            Self::StoreStandsStill => "store-stands-still",
        }
    }

    /// Whether somebody should look at once.
    #[must_use]
    pub const fn is_critical(self) -> bool {
        matches!(
            self,
            Self::DataDifference
                | Self::ChainUnreachable
                | Self::AnchorFrozen
                | Self::StoredFile
                | Self::StoreStandsStill
        )
    }

    /// How soon somebody should look.
    #[must_use]
    pub const fn severity(self) -> &'static str {
        if self.is_critical() { "critical" } else { "warning" }
    }
}

/// An alert that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// Its name; the message that it is over has the same.
    pub id: String,
    /// What it is about.
    pub rule: AlertRule,
    /// Of what. One subject of one rule has one alert.
    pub subject: String,
    /// One line for a person; no content of anybody's.
    pub summary: String,
    /// Where an audit found a difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    /// Since when, Unix milliseconds.
    pub raised_at_ms: u64,
}

/// The audit that goes on by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuditStatus {
    /// Most operations that it looks at in a second; 0: it does not run.
    pub operations_per_second: u32,
    /// Place in the journal where it goes on.
    pub next: u64,
    /// Number of the root of the chain where it goes on, once the journal is done.
    pub next_root: u64,
    /// When the pass that is under way began, Unix milliseconds.
    pub began_at_ms: u64,
    /// Operations that it has computed anew.
    pub operations: u64,
    /// Data blocks that it has compared with the chain.
    pub blocks: u64,
    /// When everything was looked at last, Unix milliseconds; absent when it never was.
    pub completed_at_ms: Option<u64>,
    /// Operations of that pass.
    pub completed_operations: u64,
    /// Data blocks of that pass.
    pub completed_blocks: u64,
    /// The first difference; it stays until everything was looked at without one.
    pub difference: Option<Difference>,
    /// When it was found first, Unix milliseconds.
    pub found_at_ms: Option<u64>,
    /// Why it does not go on at present.
    pub trouble: Option<String>,
    /// Messages that the last whole pass over the mailboxes has computed anew.
    pub mailbox_messages: u64,
    /// When all mailboxes were looked at last, Unix milliseconds; absent when they never were.
    pub mailbox_completed_at_ms: Option<u64>,
    /// The first difference in the mailboxes; it stays until a whole pass over them has found none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mailbox_difference: Option<Difference>,
}

/// What a part of an audit of the mailboxes came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailboxLook {
    /// Messages that the pass has computed anew so far.
    pub messages: u64,
    /// Differences of this part, in order.
    pub differences: Vec<Difference>,
    /// How many the pass has found so far, these among them.
    pub found: u64,
    /// Whether that was the last part of the pass.
    pub is_end: bool,
    /// Why it does not go on at present; then nothing was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// Messages to receivers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deliveries {
    /// How many wait.
    pub waiting: u64,
    /// How many were taken.
    pub delivered: u64,
    /// How many were not: too many waited, or for too long.
    pub dropped: u64,
}

/// How watching goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchReport {
    /// The audit.
    pub audit: AuditStatus,
    /// What is open, oldest first.
    pub alerts: Vec<Alert>,
    /// Messages.
    pub deliveries: Deliveries,
}

/// Who shall be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewReceiver {
    /// Where: `https`, or `http` on this machine.
    pub url: String,
    /// Whether it may be in a private network or on this machine.
    pub allow_private: bool,
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertReceiver {
    /// Its name.
    pub id: String,
    /// Where.
    pub url: String,
    /// Whether it may be in a private network or on this machine.
    pub allow_private: bool,
    /// Which operator added it.
    pub added_by: Address,
    /// When, Unix milliseconds.
    pub added_at_ms: u64,
    /// Messages that wait for it.
    pub waiting: u64,
    /// When it took one last, Unix milliseconds.
    pub delivered_at_ms: Option<u64>,
    /// Why it did not take the last one.
    pub trouble: Option<String>,
}

/// A receiver with the secret of its signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedReceiver {
    /// The receiver.
    pub receiver: AlertReceiver,
    /// Shown this once; absent when it was only checked.
    pub secret: Option<ReceiverSecret>,
}

/// The secret of a receiver: `whsec_` and base64 of 32 bytes. It is not shown by accident, and wiped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReceiverSecret(pub String);

impl fmt::Debug for ReceiverSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ReceiverSecret(..)")
    }
}

impl Drop for ReceiverSecret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What became of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestedDelivery {
    /// Whether it was taken: the receiver answered with 2xx.
    pub delivered: bool,
    /// What it answered, if it did.
    pub status: Option<u16>,
    /// The same in words.
    pub detail: String,
}
