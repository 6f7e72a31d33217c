//! V2M (D3.7 7.3.3): what supervisors ask of monitoring. Contents are never shown, only that something happened, when, by whom, and whether it verifies.

use alloy_primitives::{Address, B256};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    Actor, DoorResult,
    alert::{MailboxLook, WatchReport},
    data_block::TransactionLocator,
    data_search::{AuditReport, AuditRequest},
    operation::ChainName,
    quota::QuotaReport,
    right::Right,
};

/// What happened (M-MON-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// Data was submitted and accepted at R2D.
    Submitted,
    /// A submission was refused.
    SubmissionRefused,
    /// Data was created on a chain.
    Created,
    /// Data was updated on a chain.
    Updated,
    /// Data was inspected, recorded on a chain.
    Inspected,
    /// Data was accessed at U2S.
    Accessed,
    /// The configuration was changed.
    Configured,
}

/// One entry of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// Unix milliseconds: of the block for what is on a chain, of the journal for what is not.
    pub time_ms: u64,
    /// What.
    pub happening: Happening,
    /// The name of the operation, event or service.
    pub name: String,
    /// By whom; absent for the public.
    pub by: Option<Address>,
    /// What it was about.
    pub subject: String,
    /// Where it is recorded, if on a chain.
    pub recorded: Option<TransactionLocator>,
    /// For what is revised (a certificate's status): how often it was, this change included. An audit finds gaps by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// Short public facts ("status revoked, reason 1"), never content.
    pub facts: String,
    /// For what was read: by which right. Entries of older journals have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<Right>,
    /// Whether what backs the entry was verified: `None` for journal entries, which nothing but our word backs.
    pub verified: Option<Verification>,
}

/// Result of verifying an entry against the chain's genesis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum Verification {
    /// Inclusion and finality verify.
    Verified,
    /// The chain has no finality certificates; what is missing.
    Unproven {
        /// Which guarantee is missing.
        missing: String,
    },
    /// A check failed: evidence of tampering or of a bug.
    Failed {
        /// The name of the check.
        check: String,
    },
}

/// A history in time order with what the time-sequence audit (M-MON-3) found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// Entries, oldest first.
    pub entries: Vec<HistoryEntry>,
    /// Whether block times and revisions follow one another as they must.
    pub in_order: bool,
    /// What does not: gaps, disorder; empty when `in_order`.
    pub findings: Vec<String>,
}

/// Most events of one millisecond that are passed over to reach the next of them.
pub const MAX_TOLD: usize = 10_000;

/// Which events a supervisor wants.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventFilter {
    /// From this time on, Unix milliseconds.
    pub from_ms: Option<u64>,
    /// Before this time.
    pub to_ms: Option<u64>,
    /// Only these happenings; empty: all.
    pub happenings: Vec<Happening>,
    /// Only what is about this.
    pub subject: Option<String>,
    /// At most so many, 1 to 100.
    pub limit: Option<usize>,
    /// And so many more, at most [`MAX_TOLD`]: whoever asks was told as many of the last millisecond before `to_ms`, which are answered once more, in the same
    /// order, so that it finds its place among them. What it has is answered where it has fewer, and none is counted without `to_ms`.
    pub told: usize,
}

impl HistoryEntry {
    /// Whether this creation of a certificate names somebody: as who issued it, or as its holder.
    #[must_use]
    pub fn concerns(&self, actor: &Actor) -> bool {
        actor.address.is_some_and(|address| self.by == Some(address) || self.facts.contains(&address.to_string()))
    }
}

/// The door between supervisors and monitoring.
#[async_trait]
pub trait V2m: Send + Sync {
    /// What happened to one subject (a certificate id), in time order, each chain entry verified.
    ///
    /// # Errors
    /// `RoleRequired`, `UnknownCertificate`, `ChainUnreachable`.
    async fn history(&self, actor: &Actor, subject: B256) -> DoorResult<History>;

    /// What happened in the system, newest first.
    ///
    /// # Errors
    /// `RoleRequired`, `MalformedRequest`, `ChainUnreachable`.
    async fn events(&self, actor: &Actor, filter: EventFilter) -> DoorResult<Vec<HistoryEntry>>;
}

/// The part of V2M for data of registered sources.
#[async_trait]
pub trait V2mData: Send + Sync {
    /// Recomputes hashes, signatures and data blocks of what is stored (M-MON-4), and measures its times (M-MON-3).
    ///
    /// # Errors
    /// `RoleRequired`, `MalformedRequest`, `JournalUnavailable`.
    async fn audit_data(&self, actor: &Actor, request: AuditRequest) -> DoorResult<AuditReport>;

    /// Looks, from the data block with a number on a chain on, whether what is kept here of its data blocks gives what the chain has; a page of them. `from` and `next` of the
    /// report are numbers of data blocks; from 2^52 on, places among the roots that are kept here for the chain, of which it is looked whether the chain has them.
    ///
    /// # Errors
    /// `RoleRequired`, `UnknownChain`, `NotProvable`, `ChainUnreachable`, `JournalUnavailable`, `DatabaseUnreachable`.
    async fn audit_chain(&self, actor: &Actor, chain: &ChainName, from: u64) -> DoorResult<AuditReport>;

    /// Hears what the gateway, which has the mailboxes of messages, has found in them: alerts are made here. How watching goes then. For the city itself, and behind no
    /// route.
    ///
    /// # Errors
    /// `Internal`.
    async fn mailboxes_audited(&self, looked: MailboxLook) -> DoorResult<WatchReport>;

    /// How far the audit is that goes on by itself, what it has found, and which alerts are open. Operators see it too.
    ///
    /// # Errors
    /// `RoleRequired`.
    async fn audit_status(&self, actor: &Actor) -> DoorResult<WatchReport>;

    /// Quotas of sources and organizations, their newest changes, and what is used of them. Operators see it too: they set them.
    ///
    /// # Errors
    /// `RoleRequired`.
    async fn quotas(&self, actor: &Actor) -> DoorResult<QuotaReport>;
}
