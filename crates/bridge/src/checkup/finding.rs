use alloy_primitives::{Address, B256};
use serde::Serialize;

use crate::requester::readable;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Requests go on; somebody should see to it.
    Attention,
    /// Requests do not go on, or not by this node.
    Sick,
}

/// The worst of these; `None`: there is none.
#[must_use]
pub fn worst(findings: &[Finding]) -> Option<Severity> {
    findings.iter().map(Finding::severity).max()
}

/// One thing that is wrong. Its text says what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "finding", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Finding {
    /// Nobody listens.
    #[error(
        "the {what} does not answer at {listen}: start it (`chancery {what} --config {file}`), and look at what it logs if it ends"
    )]
    ProcessSilent {
        /// `relay` or `endorser`.
        what: &'static str,
        /// Where it should.
        listen: String,
        /// Its configuration.
        file: String,
    },
    /// It runs, and says that not all is carried that should be.
    #[error("the {what} at {listen} is {status}: {reasons}")]
    ProcessDegraded {
        /// `relay`.
        what: &'static str,
        /// Where it listens.
        listen: String,
        /// In its own word.
        status: String,
        /// Why, as it says it (JSON).
        reasons: String,
    },
    /// A node does not answer, or is of another chain.
    #[error(
        "chain {chain} cannot be read: {reason}; start its node, or correct `rpc` of that chain in the file (`chancery doctor --rpc URL` asks a node what it lacks)"
    )]
    ChainSilent {
        /// As the file names it.
        chain: String,
        /// Why.
        reason: String,
    },
    /// It shows no new block.
    #[error(
        "chain {chain} has shown no new block for {silent_s} s (its newest is {number}): it stands still, its node lags behind, or a clock is wrong; ask the node (`chancery doctor --rpc URL`)"
    )]
    ChainStill {
        /// As the file names it.
        chain: String,
        /// Its newest final block.
        number: u64,
        /// For how long, by this machine's clock.
        silent_s: u64,
    },
    /// A member's chain is in none of the files.
    #[error("nothing is carried for {}: no chain with the id {chain_id} is in the relay's file (of a foreign chain its endorsers have to be there too, under [[attesters]]); name it, or let another relay carry for it", name(.member))]
    MemberUnreached {
        /// Its name.
        member: B256,
        /// EIP-155 id of its chain.
        chain_id: u64,
    },
    /// Nothing of a chain is believed any more.
    #[error(
        "the anchor {anchor} on {host} that follows {followed} is frozen: two final headers of one number were shown; nothing of {followed} counts there until its organizations have voted (docs/specs/anchor.md)"
    )]
    AnchorFrozen {
        /// The chain that is followed.
        followed: String,
        /// The chain on which it stands.
        host: String,
        /// The contract.
        anchor: Address,
    },
    /// It knows nothing yet.
    #[error(
        "the anchor {anchor} on {host} has no header of {followed} yet: whoever declared it begins it (`chancery alliance join`), and a relay pushes to it"
    )]
    AnchorEmpty {
        /// The chain that is followed.
        followed: String,
        /// The chain on which it stands.
        host: String,
        /// The contract.
        anchor: Address,
    },
    /// Nobody pushes headers to it.
    #[error(
        "the anchor {anchor} on {host} is {behind} blocks behind {followed}: a relay pushes after {every_blocks}; is one running, and may its account send on {host} and pay there?"
    )]
    AnchorBehind {
        /// The chain that is followed.
        followed: String,
        /// The chain on which it stands.
        host: String,
        /// The contract.
        anchor: Address,
        /// How many blocks.
        behind: u64,
        /// After how many the relay pushes.
        every_blocks: u64,
    },
    /// Their deadline has passed, and nobody has recorded it.
    #[error(
        "{count} requests are past their deadline and not ended, the oldest is {oldest} (by {overdue_s} s): their keys stay held on their members; run a relay (`chancery relay`), it expires and releases them"
    )]
    RequestsOverdue {
        /// How many.
        count: usize,
        /// Number of the oldest.
        oldest: u64,
        /// By how many seconds of the alliance chain.
        overdue_s: u64,
    },
    /// They wait to be decided.
    #[error(
        "{count} requests have waited for more than {waited_s} s to be decided, the oldest is {oldest}, and nothing was shown of {}: no relay carries for them, or it is behind; look at what it says of itself (`GET /health` of it), at its log, and at those members' chains",
        .awaited.join(", ")
    )]
    RequestsWaiting {
        /// How many.
        count: usize,
        /// Number of the oldest.
        oldest: u64,
        /// Seconds that are given.
        waited_s: u64,
        /// Members of whom the alliance was not shown what the oldest have come to there.
        awaited: Vec<String>,
    },
    /// They are decided, and a member does not know.
    #[error("{count} requests are decided and not settled on {}, the oldest is {oldest}: their keys stay held there; run a relay that reaches its chain", name(.member))]
    RequestsUnsettled {
        /// On which member.
        member: B256,
        /// How many.
        count: usize,
        /// Number of the oldest.
        oldest: u64,
    },
    /// What an endorser signs does not count.
    #[error(
        "certificate {certificate} of {node} does not count: {fault}; its member's authority issues another one (`chancery alliance issue-transaction`, or first `issue-identity`), and its number goes into the endorser's file"
    )]
    CertificateDead {
        /// Serial number of the transaction certificate.
        certificate: u64,
        /// The node's name, where it is known.
        node: String,
        /// Why.
        fault: String,
    },
    /// It ends soon.
    #[error(
        "{what} {serial} of {node} ends in {left_hours} hours: its member's authority issues another one (`chancery alliance {command}`; `chancery alliance found` does it by itself where it has made them)"
    )]
    CertificateEnds {
        /// `transaction certificate` or `identity`.
        what: &'static str,
        /// Serial number.
        serial: u64,
        /// The node's name.
        node: String,
        /// How long it lasts.
        left_hours: u64,
        /// Which command issues one.
        command: &'static str,
    },
    /// The key file is not that of the identity.
    #[error(
        "the endorser's key is {found}, and its identity names {expected}: put the key there that the identity was issued for, or have another identity issued"
    )]
    KeyOther {
        /// As the identity has it.
        expected: Address,
        /// That of the file.
        found: Address,
    },
    /// It is of another member than the file says.
    #[error("certificate {certificate} is of a node of {}, and the file says {}: correct `member` or `certificate`", name(.found), name(.expected))]
    MemberOther {
        /// Serial number of the transaction certificate.
        certificate: u64,
        /// As the file says.
        expected: B256,
        /// As the alliance has it.
        found: B256,
    },
    /// The policy does not name it.
    #[error("{node} weighs nothing among the endorsers of {}: what it signs is `NotAnEndorser`; the member's requirement has to name it (`chancery alliance require`, then a ballot)", name(.member))]
    WithoutWeight {
        /// The node's name.
        node: String,
        /// Its member.
        member: B256,
    },
    /// Whether its certificate counts cannot be seen.
    #[error(
        "whether the endorser's certificate counts is not looked at: its file names no alliance chain; give the relay's file too (`chancery doctor --relay FILE --endorser FILE`)"
    )]
    CertificateUnseen,
    /// The node contract is not where the file says.
    #[error(
        "there is no node contract at {contract} on chain {chain}: correct `node_contract`, or deploy it (`chancery alliance join`): {reason}"
    )]
    ContractMissing {
        /// Where.
        contract: Address,
        /// On which chain.
        chain: String,
        /// What was answered.
        reason: String,
    },
    /// Nothing is applied to a database.
    #[error("the database cannot be asked: {reason}")]
    DatabaseSilent {
        /// Why, and what to do.
        reason: String,
    },
    /// Its applier stands.
    #[error("the applier stands before block {block}: {reason}")]
    ApplierStands {
        /// The block that is not applied.
        block: u64,
        /// Why, and what to do.
        reason: String,
    },
    /// Its applier does not run, or is behind.
    #[error(
        "the database is as block {applied_to} is, and the chain has {head}, with entries of this contract between them: run the applier (`chancery alliance database apply --config {file}`), or wait for it"
    )]
    ApplierBehind {
        /// Newest block whose entries are there.
        applied_to: u64,
        /// Newest final block.
        head: u64,
        /// Its configuration.
        file: String,
    },
    /// A file cannot be used.
    #[error("{file} cannot be used: {reason}")]
    FileUnusable {
        /// Which.
        file: String,
        /// Why.
        reason: String,
    },
    /// The alliance cannot be read.
    #[error("the alliance {contract} cannot be read: {reason}; is it the contract's address, on that chain?")]
    AllianceUnread {
        /// Where it should be.
        contract: Address,
        /// Why.
        reason: String,
    },
}

fn name(of: &B256) -> String {
    readable(*of)
}

impl Finding {
    /// How much it matters.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::ChainStill { .. }
            | Self::ProcessDegraded { .. }
            | Self::MemberUnreached { .. }
            | Self::AnchorBehind { .. }
            | Self::RequestsUnsettled { .. }
            | Self::CertificateEnds { .. }
            | Self::CertificateUnseen
            | Self::ApplierBehind { .. } => Severity::Attention,
            Self::ProcessSilent { .. }
            | Self::ChainSilent { .. }
            | Self::AnchorFrozen { .. }
            | Self::AnchorEmpty { .. }
            | Self::RequestsOverdue { .. }
            | Self::RequestsWaiting { .. }
            | Self::CertificateDead { .. }
            | Self::KeyOther { .. }
            | Self::MemberOther { .. }
            | Self::WithoutWeight { .. }
            | Self::ContractMissing { .. }
            | Self::DatabaseSilent { .. }
            | Self::ApplierStands { .. }
            | Self::FileUnusable { .. }
            | Self::AllianceUnread { .. } => Severity::Sick,
        }
    }
}
