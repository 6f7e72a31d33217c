//! Why a chain stands still, judged from what one node has heard. Rules alone: no clock, no network, no disk.
//!
//! Place: `chancery doctor` asks a node for its [`NodeStatus`] and prints what [`diagnose`] makes of it.

mod finding;
mod links;
mod text;
mod words;

use chancery_light::quorum;
use chancery_rpc::{NodeStatus, ValidatorStatus};

pub use finding::{Finding, Severity, Silence};
pub use links::CutLink;

use self::links::Links;

/// A peer without a connection may be on its way back for so long.
const RECONNECTING_MS: u64 = 7_000;
/// Blocks that a healthy node may be behind for a moment.
const BLOCKS_ON_THEIR_WAY: u64 = 16;
/// The same of another one, whose word is some milliseconds old.
const BLOCKS_ON_OTHERS_WAY: u64 = 32;
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

/// Whether blocks become final, and if not, whose absence, or which cut between whom, explains it.
fn progress(status: &NodeStatus) -> Vec<Finding> {
    let links = Links::of(status);
    let others = status.validators.iter().filter(|validator| !validator.is_me).count();
    let (gone, here): (Vec<usize>, Vec<usize>) =
        (0..status.validators.len()).partition(|at| links.is_gone(&status.validators[*at]));
    let mut silent: Vec<Silence> = gone.iter().map(|at| links.silence(*at)).collect();
    silent.sort_by(|one, other| one.organization.cmp(&other.organization));
    // Whoever somebody on this side hears runs all the same.
    let known_by_others = gone.iter().filter(|at| !links.silence(**at).heard_by.is_empty());
    let mut running: Vec<usize> = here.iter().chain(known_by_others).copied().collect();
    running.sort_unstable();
    let resting = resting(status);
    let (heard, needed) = (here.len() - resting.len(), quorum(status.validators.len()));
    let final_height = status.final_height.max(links.vouched_height().unwrap_or_default());
    let stands_for_ms = stands_for_ms(status);
    let cut = links.cut(&running);
    let divided = || {
        let is_divided = !cut.is_empty() && running.len() >= needed && links.most_together(&running) < needed;
        is_divided.then(|| links.groups(&running))
    };
    let mut findings = Vec::new();
    if final_height.saturating_sub(status.head.height) > BLOCKS_ON_THEIR_WAY {
        findings.push(Finding::Behind { head: status.head.height, final_height });
    }
    findings.extend(others_behind(status));
    if stands_for_ms <= still_after_ms(status) {
        if !silent.is_empty() {
            findings.push(Finding::Silent { silent, heard, needed });
        }
        if !cut.is_empty() {
            findings.push(Finding::Cut { links: cut });
        }
    } else if others > 0 && gone.len() == others {
        findings.push(Finding::CutOff { others, stands_for_ms });
    } else if let Some(groups) = divided() {
        let named = |group: Vec<usize>| group.into_iter().map(|at| links.name(at)).collect();
        let groups = groups.into_iter().map(named).collect();
        silent.retain(|silence| silence.heard_by.is_empty());
        findings.push(Finding::Partitioned { groups, cut, silent, needed, stands_for_ms });
    } else if heard < needed {
        let telling = links.tellers().count();
        findings.push(Finding::NoQuorum { silent, not_voting: resting, heard, needed, telling, stands_for_ms });
    } else {
        let told = links.tellers().count() + status.validators.len() - others;
        let hear_one_another = cut.is_empty() && told == here.len();
        findings.push(Finding::Stalled { heard, needed, view: status.view, stands_for_ms, silent, hear_one_another });
        if !cut.is_empty() {
            findings.push(Finding::Cut { links: cut });
        }
    }
    findings
}

/// Validators that say how they are and send no votes.
fn resting(status: &NodeStatus) -> Vec<String> {
    let rests = |one: &&ValidatorStatus| !one.is_me && is_silent(status, one) && Links::of(status).tells(one);
    status.validators.iter().filter(rests).map(|one| one.organization.clone()).collect()
}

/// Other validators that do not have what is final, or do not vote, by their own word.
fn others_behind(status: &NodeStatus) -> Vec<Finding> {
    let told = status.validators.iter().filter(|one| !one.is_me && Links::of(status).tells(one));
    told.filter_map(|one| {
        let report = one.report.as_ref()?;
        let organization = one.organization.clone();
        let blocks_behind = report.blocks_behind;
        let is_behind = blocks_behind > BLOCKS_ON_OTHERS_WAY;
        if report.abstains_through.is_some() || is_silent(status, one) {
            let blocks_behind = if is_behind { blocks_behind } else { 0 };
            let (view, abstains_through) = (status.view, report.abstains_through);
            return Some(Finding::NotVoting { organization, blocks_behind, view, abstains_through });
        }
        is_behind.then_some(Finding::OthersBehind { organization, head: report.height, blocks_behind })
    })
    .collect()
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
