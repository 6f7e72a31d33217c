use serde::Serialize;

use super::CutLink;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// The chain goes on; somebody should see to it.
    Attention,
    /// This node does not follow the chain, or the chain stands still.
    Sick,
}

/// A validator that is not heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Silence {
    /// Whose it is.
    pub organization: String,
    /// When it was last heard, milliseconds since 1970; none since this node started.
    pub since_ms: Option<u64>,
    /// Whether there is a connection all the same.
    pub is_connected: bool,
    /// When anybody on this side of a cut last heard it, this node included, milliseconds since 1970; none if nobody has.
    pub side_since_ms: Option<u64>,
    /// Who hears it all the same.
    pub heard_by: Vec<String>,
}

/// One thing that is wrong. Its text says what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Finding {
    /// Too many validators are gone for anything to become final.
    NoQuorum {
        /// Who is not heard.
        silent: Vec<Silence>,
        /// Who runs without voting.
        not_voting: Vec<String>,
        /// Validators that are heard and vote, this node included.
        heard: usize,
        /// Validators that are needed.
        needed: usize,
        /// Other validators that tell this node whom they hear.
        telling: usize,
        /// For how long nothing has become final, in milliseconds.
        stands_for_ms: u64,
    },
    /// Enough validators run, and too few of them hear one another.
    Partitioned {
        /// Validators that hear one another, as far as it is told.
        groups: Vec<Vec<String>>,
        /// Who does not hear whom.
        cut: Vec<CutLink>,
        /// Of whom nobody on this side has heard.
        silent: Vec<Silence>,
        /// Validators that are needed.
        needed: usize,
        /// For how long nothing has become final, in milliseconds.
        stands_for_ms: u64,
    },
    /// The chain goes on, though some validators that run do not hear one another.
    Cut {
        /// Who does not hear whom.
        links: Vec<CutLink>,
    },
    /// Nobody is heard.
    CutOff {
        /// The other validators.
        others: usize,
        /// For how long nothing has become final, in milliseconds.
        stands_for_ms: u64,
    },
    /// The chain does not let this node connect.
    NotPermitted {
        /// Height of the last final block that this node has: later ones may say otherwise.
        head: u64,
    },
    /// Enough validators are heard, and nothing becomes final.
    Stalled {
        /// Validators that are heard, this node included.
        heard: usize,
        /// Validators that are needed.
        needed: usize,
        /// The view in which it stands.
        view: u64,
        /// For how long nothing has become final, in milliseconds.
        stands_for_ms: u64,
        /// Who is not heard.
        silent: Vec<Silence>,
        /// Whether all that are heard have told that they hear one another.
        hear_one_another: bool,
    },
    /// Another validator does not have blocks that are final.
    OthersBehind {
        /// Whose it is.
        organization: String,
        /// Height that it has.
        head: u64,
        /// Blocks that it does not have.
        blocks_behind: u64,
    },
    /// Another validator runs and does not vote.
    NotVoting {
        /// Whose it is.
        organization: String,
        /// Blocks that it does not have.
        blocks_behind: u64,
        /// The view in progress.
        view: u64,
        /// It has lost the journal of its votes and votes in views after this one; none if it may vote.
        abstains_through: Option<u64>,
    },
    /// Final blocks are known that this node does not have yet.
    Behind {
        /// Height that it has.
        head: u64,
        /// Height that is final.
        final_height: u64,
    },
    /// The chain goes on without some validators.
    Silent {
        /// Who is not heard.
        silent: Vec<Silence>,
        /// Validators that are heard, this node included.
        heard: usize,
        /// Validators that are needed.
        needed: usize,
    },
    /// Most validators' clocks differ from this node's alike.
    OwnClock {
        /// How far this node's clock is ahead, in milliseconds; negative: behind.
        ahead_ms: i64,
    },
    /// One validator's clock differs.
    OthersClock {
        /// Whose.
        organization: String,
        /// How far it is ahead of this node's, in milliseconds; negative: behind.
        ahead_ms: i64,
    },
    /// The last final block is from this node's future.
    BehindOwnHead {
        /// By how much, in milliseconds.
        behind_ms: u64,
    },
    /// The node's clock differs from that of whoever asks.
    AskersClock {
        /// How far the node's is ahead, in milliseconds; negative: behind.
        ahead_ms: i64,
    },
    /// The machine's clock was set while the node ran.
    ClockSet {
        /// By how much it was put forward, in milliseconds; negative: back.
        by_ms: i64,
    },
    /// There is little room left.
    DiskNearlyFull {
        /// The chain's folder.
        path: String,
        /// Bytes that are left.
        free_bytes: u64,
    },
    /// This validator does not vote yet, because it does not know how it has voted.
    Abstaining {
        /// The view in progress.
        view: u64,
        /// It votes in views after this one.
        through: u64,
    },
    /// A validator is heard, but its turns as leader come to nothing.
    LosingLeader {
        /// Whose it is.
        organization: String,
        /// Whether it is this node.
        is_me: bool,
    },
    /// Evidence against validators is kept.
    Accused {
        /// Whose they are.
        organizations: Vec<String>,
    },
}

impl Finding {
    /// How much it matters.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::NoQuorum { .. }
            | Self::Partitioned { .. }
            | Self::CutOff { .. }
            | Self::NotPermitted { .. }
            | Self::Stalled { .. }
            | Self::Behind { .. } => Severity::Sick,
            Self::Silent { .. }
            | Self::Cut { .. }
            | Self::OthersBehind { .. }
            | Self::NotVoting { .. }
            | Self::OwnClock { .. }
            | Self::OthersClock { .. }
            | Self::BehindOwnHead { .. }
            | Self::AskersClock { .. }
            | Self::ClockSet { .. }
            | Self::DiskNearlyFull { .. }
            | Self::Abstaining { .. }
            | Self::LosingLeader { .. }
            | Self::Accused { .. } => Severity::Attention,
        }
    }

    /// The validators that the finding is about, for whoever prints when they were last heard.
    #[must_use]
    pub fn silent(&self) -> &[Silence] {
        match self {
            Self::NoQuorum { silent, .. }
            | Self::Partitioned { silent, .. }
            | Self::Stalled { silent, .. }
            | Self::Silent { silent, .. } => silent,
            _ => &[],
        }
    }
}
