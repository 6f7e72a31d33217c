//! Why a chain stands still, judged from what one node has heard. Rules alone: no clock, no network, no disk.
//!
//! Place: `chancery doctor` asks a node for its [`NodeStatus`] and prints what [`diagnose`] makes of it.

mod finding;

use chancery_light::quorum;
use chancery_rpc::{NodeStatus, ValidatorStatus};

pub use finding::{Finding, Severity, Silence};

/// A peer without a connection may be on its way back for so long.
const RECONNECTING_MS: u64 = 7_000;
/// Blocks that a healthy node may be behind for a moment.
const BLOCKS_ON_THEIR_WAY: u64 = 16;
/// Clocks that differ by less are as good as equal: handshakes are accepted, blocks are waited for.
const CLOCK_TOLERANCE_MS: u64 = 2_000;
/// A clock that was set so long ago is no news.
const CLOCK_SET_NEWS_MS: u64 = 3_600_000;
/// Less room than this is nearly none: a few minutes of a busy chain.
const LEAST_FREE_BYTES: u64 = 1 << 30;
/// On small disks, this part of them.
const LEAST_FREE_PART: u64 = 20;
/// A leader whose last turns all came to nothing, so many at least, is at fault.
const LOST_TURNS: usize = 3;

/// What one node's status says, the worst first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Empty: nothing is wrong.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// How bad the worst finding is; none, if nothing is wrong.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        self.findings.iter().map(Finding::severity).max()
    }
}

/// Judges a node's status. `asker_ms` is the clock of whoever asks, if it is known to be of the same moment.
#[must_use]
pub fn diagnose(status: &NodeStatus, asker_ms: Option<u64>) -> Diagnosis {
    let mut findings = Vec::new();
    if !status.may_connect {
        findings.push(Finding::NotPermitted { head: status.head.height });
    }
    findings.extend(progress(status));
    findings.extend(clocks(status, asker_ms));
    findings.extend(disk(status));
    findings.extend(losing_leaders(status));
    findings.extend(status.abstains_through.map(|through| Finding::Abstaining { view: status.view, through }));
    if !status.accused.is_empty() {
        findings.push(Finding::Accused { organizations: status.accused.clone() });
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
    Diagnosis { findings }
}

/// Whether blocks become final, and if not, whose absence explains it.
fn progress(status: &NodeStatus) -> Vec<Finding> {
    let others: Vec<_> = status.validators.iter().filter(|validator| !validator.is_me).collect();
    let mut silent: Vec<Silence> =
        others.iter().filter(|other| is_silent(status, other)).map(|other| silence(other)).collect();
    silent.sort_by(|one, other| one.organization.cmp(&other.organization));
    let heard = status.validators.len() - silent.len();
    let needed = quorum(status.validators.len());
    let behind = status.final_height.saturating_sub(status.head.height);
    let stands_for_ms = stands_for_ms(status);
    let long = still_after_ms(status);
    let mut findings = Vec::new();
    if behind > BLOCKS_ON_THEIR_WAY {
        findings.push(Finding::Behind { head: status.head.height, final_height: status.final_height });
    }
    if stands_for_ms <= long {
        if !silent.is_empty() {
            findings.push(Finding::Silent { silent, heard, needed });
        }
    } else if !others.is_empty() && silent.len() == others.len() {
        findings.push(Finding::CutOff { others: others.len(), stands_for_ms });
    } else if heard < needed {
        findings.push(Finding::NoQuorum { silent, heard, needed, stands_for_ms });
    } else {
        findings.push(Finding::Stalled { heard, needed, view: status.view, stands_for_ms, silent });
    }
    findings
}

/// How long nothing has become final; from the start of the node on, if nothing has since.
fn stands_for_ms(status: &NodeStatus) -> u64 {
    let last = status.head.last_final_at_ms.unwrap_or(status.started_at_ms);
    status.now_ms.saturating_sub(last)
}

/// One leader that is gone and one that is slow are no standstill.
const fn still_after_ms(status: &NodeStatus) -> u64 {
    status.timing.heartbeat_ms + 2 * status.timing.certification_timeout_ms
}

fn is_silent(status: &NodeStatus, validator: &ValidatorStatus) -> bool {
    let since = validator.last_heard_ms.unwrap_or(status.started_at_ms);
    let silent_for = status.now_ms.saturating_sub(since);
    let patience = if validator.connected_since_ms.is_some() {
        status.timing.inactivity_timeout_ms
    } else {
        RECONNECTING_MS.min(status.timing.inactivity_timeout_ms)
    };
    silent_for > patience
}

fn silence(validator: &ValidatorStatus) -> Silence {
    Silence {
        organization: validator.organization.clone(),
        since_ms: validator.last_heard_ms,
        is_connected: validator.connected_since_ms.is_some(),
    }
}

/// Which clock is wrong: this node's if most others differ from it alike, else those that differ.
fn clocks(status: &NodeStatus, asker_ms: Option<u64>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let differing: Vec<_> = status
        .validators
        .iter()
        .filter_map(|validator| Some((validator, validator.clock_ahead_ms?)))
        .filter(|(_, ahead_ms)| ahead_ms.unsigned_abs() > CLOCK_TOLERANCE_MS)
        .collect();
    let measured = status.validators.iter().filter(|validator| validator.clock_ahead_ms.is_some()).count();
    let ahead = differing.iter().filter(|(_, ahead_ms)| *ahead_ms > 0).count();
    let most = ahead.max(differing.len() - ahead);
    if measured >= 2 && most * 2 > measured {
        let mut alike: Vec<i64> =
            differing.iter().map(|(_, by)| *by).filter(|by| (*by > 0) == (ahead == most)).collect();
        alike.sort_unstable();
        findings.push(Finding::OwnClock { ahead_ms: -alike[alike.len() / 2] });
    } else {
        findings.extend(differing.iter().map(|(validator, ahead_ms)| Finding::OthersClock {
            organization: validator.organization.clone(),
            ahead_ms: *ahead_ms,
        }));
    }
    if status.head.time_ms > status.now_ms + CLOCK_TOLERANCE_MS {
        findings.push(Finding::BehindOwnHead { behind_ms: status.head.time_ms - status.now_ms });
    }
    if let Some(asker_ms) = asker_ms
        && asker_ms.abs_diff(status.now_ms) > CLOCK_TOLERANCE_MS
    {
        let ahead_ms = i64::try_from(i128::from(status.now_ms) - i128::from(asker_ms)).unwrap_or(i64::MAX);
        findings.push(Finding::AskersClock { ahead_ms });
    }
    if let Some(set) = status.clock_set.filter(|set| status.now_ms.abs_diff(set.at_ms) < CLOCK_SET_NEWS_MS) {
        findings.push(Finding::ClockSet { by_ms: set.by_ms });
    }
    findings
}

fn disk(status: &NodeStatus) -> Option<Finding> {
    let disk = status.disk.as_ref()?;
    let least = LEAST_FREE_BYTES.min(disk.total_bytes / LEAST_FREE_PART);
    (disk.free_bytes < least).then(|| Finding::DiskNearlyFull { path: disk.path.clone(), free_bytes: disk.free_bytes })
}

/// Leaders that are heard, and whose turns come to nothing all the same.
fn losing_leaders(status: &NodeStatus) -> Vec<Finding> {
    let heard = status.validators.iter().filter(|validator| validator.is_me || !is_silent(status, validator));
    heard
        .filter_map(|validator| {
            let turns = status.recent_views.iter().filter(|view| view.leader == validator.organization);
            let last: Vec<bool> = turns.rev().take(LOST_TURNS).map(|view| view.given_up).collect();
            let lost = last.len() == LOST_TURNS && last.iter().all(|given_up| *given_up);
            lost.then(|| Finding::LosingLeader { organization: validator.organization.clone(), is_me: validator.is_me })
        })
        .collect()
}

#[cfg(test)]
mod tests;
