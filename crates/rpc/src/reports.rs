//! What a node says about itself and the others: the shapes on the wire, and the port through which the server asks for them.
//!
//! Consensus hears and keeps; this crate only passes it on. Times are milliseconds since 1970 by the node's own clock.

use std::fmt;

use chancery_light::{ConflictingVotes, Membership, Misconduct, VoteKind};
use serde::{Deserialize, Serialize};

/// Where the server asks what a node has seen.
pub trait NodeReports: fmt::Debug + Send + Sync {
    /// What the node last heard, and how it is. May read the file system.
    fn status(&self) -> NodeStatus;

    /// The evidence against validators that it keeps, oldest first.
    fn evidence(&self) -> Vec<EvidenceRecord>;
}

/// Evidence as a node keeps it. `evidence` verifies by itself; the rest is this node's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvidenceRecord {
    /// The organization, as the genesis or the registry names the validator.
    pub organization: String,
    /// What it did.
    pub misconduct: Misconduct,
    /// When this node heard the second vote.
    pub heard_at_ms: u64,
    /// The two signed votes.
    pub evidence: ConflictingVotes,
    /// Whose the key was, of a validator that was voted in after the genesis; added where the record is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membership: Option<Membership>,
}

/// What `chancery_status` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeStatus {
    /// Name of the chain.
    pub chain: String,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Whether this node votes.
    pub is_validator: bool,
    /// Whether the chain, after the last final block that this node has, lets it connect: it is a validator, it is listed, or all may.
    pub may_connect: bool,
    /// The node's clock.
    pub now_ms: u64,
    /// When it started.
    pub started_at_ms: u64,
    /// The last final block that it has executed.
    pub head: HeadStatus,
    /// The highest block that it knows to be final; blocks between it and the head are on their way.
    pub final_height: u64,
    /// Epoch of consensus.
    pub epoch: u64,
    /// The last view that it has heard of.
    pub view: u64,
    /// The chain's timeouts.
    pub timing: TimingStatus,
    /// The validators of the epoch, in the order of the set.
    pub validators: Vec<ValidatorStatus>,
    /// The last views that ended, oldest first.
    pub recent_views: Vec<ViewStatus>,
    /// Transactions that wait.
    pub waiting_transactions: u64,
    /// The file system that the chain is kept on; absent where the system does not say.
    pub disk: Option<DiskStatus>,
    /// The last time that the node's clock was set, if that happened while it ran.
    pub clock_set: Option<ClockSet>,
    /// This validator has lost the journal of its votes and votes in no view up to this one; absent when it may vote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abstains_through: Option<u64>,
    /// Organizations against whose validators evidence is kept.
    pub accused: Vec<String>,
}

/// The last final block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeadStatus {
    /// Its height.
    pub height: u64,
    /// Its own time.
    pub time_ms: u64,
    /// When the node last learned of a block that is final; absent before the first since it started.
    pub last_final_at_ms: Option<u64>,
}

/// The timeouts of consensus, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimingStatus {
    /// An idle leader makes a block after this.
    pub heartbeat_ms: u64,
    /// A view is given up after this at the latest.
    pub certification_timeout_ms: u64,
    /// A validator that nobody has heard for so long is skipped.
    pub inactivity_timeout_ms: u64,
}

/// What was heard of a validator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidatorStatus {
    /// The organization, as the genesis names it.
    pub organization: String,
    /// Its peer key in hexadecimal.
    pub peer_key: String,
    /// Whether it is this node.
    pub is_me: bool,
    /// Since when there is a connection; absent if there is none.
    pub connected_since_ms: Option<u64>,
    /// When it last said anything in consensus.
    pub last_heard_ms: Option<u64>,
    /// Its last vote.
    pub last_vote: Option<LastVote>,
    /// How far the time of its last proposal lay ahead of this node's clock when it arrived; negative: behind.
    pub clock_ahead_ms: Option<i64>,
    /// What it last told of itself; absent if it never did, as nodes of an earlier release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<ReportedStatus>,
}

/// What a validator told of itself: its word. Times are this node's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedStatus {
    /// When it arrived.
    pub at_ms: u64,
    /// Since when it runs.
    pub up_since_ms: u64,
    /// The epoch that it is in.
    pub epoch: u64,
    /// The last view that it has heard of.
    pub view: u64,
    /// The last view of the epoch that it knows to be final.
    pub final_view: u64,
    /// The last block that it has executed.
    pub height: u64,
    /// The highest block that it knows to be final.
    pub final_height: u64,
    /// Blocks that were known to be final when this arrived, by this node or by it, and that it did not have.
    pub blocks_behind: u64,
    /// It has lost the journal of its votes and votes in no view up to this one; absent when it may vote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abstains_through: Option<u64>,
    /// When it last heard each validator, in the order of the set, `null` for one that it never heard; empty if it is in another epoch than this node.
    pub heard_ms: Vec<Option<u64>>,
}

/// A validator's last vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastVote {
    /// What it said.
    pub kind: VoteKind,
    /// In which view.
    pub view: u64,
    /// When it arrived.
    pub at_ms: u64,
}

/// A view that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ViewStatus {
    /// Its number.
    pub view: u64,
    /// Whose turn it was.
    pub leader: String,
    /// Whether it was given up without a block.
    pub given_up: bool,
}

/// Room on a file system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiskStatus {
    /// The chain's folder.
    pub path: String,
    /// Bytes that the node may still write.
    pub free_bytes: u64,
    /// Bytes of the file system.
    pub total_bytes: u64,
}

/// A clock that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClockSet {
    /// When, by the new time.
    pub at_ms: u64,
    /// By how much it was put forward; negative: back.
    pub by_ms: i64,
}
