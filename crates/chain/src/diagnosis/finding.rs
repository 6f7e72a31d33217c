use std::fmt;

use serde::Serialize;

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
        /// Validators that are heard, this node included.
        heard: usize,
        /// Validators that are needed.
        needed: usize,
        /// For how long nothing has become final, in milliseconds.
        stands_for_ms: u64,
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
            | Self::CutOff { .. }
            | Self::NotPermitted { .. }
            | Self::Stalled { .. }
            | Self::Behind { .. } => Severity::Sick,
            Self::Silent { .. }
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
            Self::NoQuorum { silent, .. } | Self::Stalled { silent, .. } | Self::Silent { silent, .. } => silent,
            _ => &[],
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoQuorum { silent, heard, needed, stands_for_ms } => write!(
                f,
                "the chain stands still for {}: {heard} validators are heard and {needed} are needed, because nothing is heard of {}. Ask them to start their nodes, or to look at their network",
                seconds(*stands_for_ms),
                names(silent)
            ),
            Self::CutOff { others, stands_for_ms } => write!(
                f,
                "this node is cut off: it hears none of the {others} other validators, and nothing became final for {}. Look at its network (cable, firewall, p2p.listen, the peers' addresses) and at its clock; the others may well go on without it. They may also have taken it off the list of nodes that may connect: ask another node (`chancery network permissions`)",
                seconds(*stands_for_ms)
            ),
            Self::NotPermitted { head } => write!(
                f,
                "this node is not permitted to connect: it is not listed among the nodes that may, after block {head}, the last that it has. Ask an organization that runs a validator to propose it (`chancery network propose-permit connect NODE.json`); what the others have decided since, another node shows (`chancery network permissions`)"
            ),
            Self::Stalled { heard, needed, view, stands_for_ms, silent } => {
                write!(
                    f,
                    "nothing became final for {} although {heard} validators are heard and {needed} are needed; consensus is in view {view}",
                    seconds(*stands_for_ms)
                )?;
                if !silent.is_empty() {
                    write!(f, ", nothing is heard of {}", names(silent))?;
                }
                write!(
                    f,
                    ". The validators that are heard may not hear one another: ask each of their nodes, and look at their logs"
                )
            }
            Self::Behind { head, final_height } => write!(
                f,
                "this node is behind: it has block {head}, and block {final_height} is final. It catches up by itself while it has connections; ask again in a minute"
            ),
            Self::Silent { silent, heard, needed } => write!(
                f,
                "nothing is heard of {}; the chain goes on with the {heard} that are heard ({needed} are needed)",
                names(silent)
            ),
            Self::OwnClock { ahead_ms } => {
                write!(f, "this node's clock is off: it is {} the others'. {SET_CLOCK}", apart(*ahead_ms))
            }
            Self::OthersClock { organization, ahead_ms } => {
                write!(f, "the clock of {organization} is {} this node's; ask them to look at it", apart(*ahead_ms))
            }
            Self::BehindOwnHead { behind_ms } => write!(
                f,
                "this node's clock is off: it is at least {} behind the chain's last block. {SET_CLOCK}",
                seconds(*behind_ms)
            ),
            Self::AskersClock { ahead_ms } => {
                write!(f, "the node's clock is {} the clock of the machine that asks. {SET_CLOCK}", apart(*ahead_ms))
            }
            Self::ClockSet { by_ms } => {
                let (direction, by_ms) = if *by_ms < 0 { ("back", by_ms) } else { ("forward", by_ms) };
                write!(
                    f,
                    "the clock of the node's machine was put {direction} by {} while the node ran. {SET_CLOCK}",
                    seconds(by_ms.unsigned_abs())
                )
            }
            Self::DiskNearlyFull { path, free_bytes } => write!(
                f,
                "the disk is nearly full: {} MiB are left for {path}. Make room before nothing is left: the node stops then",
                free_bytes >> 20
            ),
            Self::Abstaining { through: u64::MAX, .. } => write!(
                f,
                "this validator does not vote in this epoch: it has voted in a later one and has lost its journal of votes. It votes again when it has caught up"
            ),
            Self::Abstaining { view, through } => write!(
                f,
                "this validator does not vote yet: it has lost the journal of its votes, and may have voted in views up to {through}; consensus is in view {view}. It votes again when a later view is final. If the others cannot make one final without it, remove its record of votes (`votes-*` beside its keys) and start it again: it may then contradict an earlier vote, and be shut out by its peers for that"
            ),
            Self::LosingLeader { is_me: true, .. } => write!(
                f,
                "the others give up this node's turns as leader: its blocks come too late or not at all. Look at its machine's load, its network and its log"
            ),
            Self::LosingLeader { organization, .. } => write!(
                f,
                "{organization} is heard, but its turns as leader are given up: its blocks come too late or not at all. Ask them to look at their machine and network"
            ),
            Self::Accused { organizations } => write!(
                f,
                "validators of {} have signed votes that contradict each other; `chancery evidence` shows them",
                list(organizations)
            ),
        }
    }
}

const SET_CLOCK: &str = "Let the machine's clock be set by NTP (`timedatectl status`)";

fn names(silent: &[Silence]) -> String {
    let named: Vec<String> = silent.iter().map(|silence| silence.organization.clone()).collect();
    list(&named)
}

fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn seconds(ms: u64) -> String {
    match ms / 1000 {
        0 => format!("{ms} ms"),
        short @ 1..=119 => format!("{short} s"),
        minutes @ 120..=7_199 => format!("{} min", minutes / 60),
        hours => format!("{} h", hours / 3_600),
    }
}

fn apart(ahead_ms: i64) -> String {
    let direction = if ahead_ms < 0 { "behind" } else { "ahead of" };
    format!("{} {direction}", seconds(ahead_ms.unsigned_abs()))
}
