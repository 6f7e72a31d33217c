//! What a finding says to whoever reads it: what is wrong, and what to do.

use std::fmt;

use super::{
    Finding,
    words::{apart, cuts, groups, list, names, seconds},
};

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoQuorum { silent, not_voting, heard, needed, telling, stands_for_ms } => {
                write!(
                    f,
                    "the chain stands still for {}: {heard} validators are heard and {needed} are needed, because ",
                    seconds(*stands_for_ms)
                )?;
                if !silent.is_empty() {
                    write!(f, "nothing is heard of {}", names(silent))?;
                    match telling {
                        0 => {}
                        1 => write!(
                            f,
                            ", neither by this node nor by the other one on this side that tells whom it hears"
                        )?,
                        others => write!(
                            f,
                            ", neither by this node nor by the {others} others on this side that tell whom they hear"
                        )?,
                    }
                }
                if !not_voting.is_empty() {
                    let and = if silent.is_empty() { "" } else { ", and " };
                    let run = if not_voting.len() == 1 { "runs" } else { "run" };
                    write!(f, "{and}{} {run} without voting", list(not_voting))?;
                }
                if silent.is_empty() {
                    return write!(f, ". They vote again by themselves when they can");
                }
                write!(
                    f,
                    ". Ask them to start their nodes, or to look at their network: what they do is not known on this side"
                )?;
                if silent.len() >= *needed {
                    write!(f, "; they are enough to go on without it")?;
                }
                Ok(())
            }
            Self::Partitioned { groups: divided, cut, silent, needed, stands_for_ms } => {
                write!(
                    f,
                    "the chain stands still for {} because the network between the validators is cut: they run in the groups {}, and of those that hear one another no {needed} are together, who are needed. {}",
                    seconds(*stands_for_ms),
                    groups(divided),
                    cuts(cut)
                )?;
                if !silent.is_empty() {
                    write!(f, "; nothing is heard of {} by anybody on this side", names(silent))?;
                }
                write!(
                    f,
                    ". Ask them to look at the network between them: routes, firewalls, and the addresses of peers in their configurations"
                )
            }
            Self::Cut { links } => write!(
                f,
                "some validators that run do not hear one another: {}. The chain goes on while enough do; ask them to look at the network between them",
                cuts(links)
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
            Self::Stalled { heard, needed, view, stands_for_ms, silent, hear_one_another } => {
                write!(
                    f,
                    "nothing became final for {} although {heard} validators are heard and {needed} are needed; consensus is in view {view}",
                    seconds(*stands_for_ms)
                )?;
                if !silent.is_empty() {
                    write!(f, ", nothing is heard of {}", names(silent))?;
                }
                if *hear_one_another {
                    return write!(f, ". They tell that they hear one another: look at their logs");
                }
                write!(
                    f,
                    ". The validators that are heard may not hear one another, and not all of them tell: ask each of their nodes, and look at their logs"
                )
            }
            Self::OthersBehind { organization, head, blocks_behind } => write!(
                f,
                "{organization} is {blocks_behind} blocks behind: it has block {head}, and catches up by itself while it has connections"
            ),
            Self::NotVoting { organization, blocks_behind, view, abstains_through } => {
                write!(f, "{organization} runs and does not vote")?;
                match abstains_through {
                    Some(u64::MAX) => {
                        write!(f, ": it has lost the journal of its votes, and votes again when it has caught up")?
                    }
                    Some(through) => write!(
                        f,
                        ": it has lost the journal of its votes, and votes again when a view after {through} is final; consensus is in view {view}"
                    )?,
                    None => {}
                }
                if *blocks_behind > 0 {
                    write!(f, "; it is {blocks_behind} blocks behind and catches up")?;
                }
                Ok(())
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
                "this validator does not vote yet: it has lost the journal of its votes, and may have voted in views up to {through}; consensus is in view {view}. It votes again when a later view is final. If the others cannot make one final without it, remove its record of votes (`votes-*` beside its keys) and the copy of it (`votes-*.copy` in its data directory) and start it again: it may then contradict an earlier vote, and be shut out by its peers for that"
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
