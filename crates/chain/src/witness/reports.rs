//! What validators tell of themselves ([`crate::self_report`]): what this node tells, and the newest of each that it was told.

use std::time::{Duration, SystemTime};

use chancery_rpc::ReportedStatus;

use super::{Heard, Witness, unix_ms};
use crate::{PeerKey, self_report::SelfReport};

/// The newest that a validator has told.
pub(super) struct Received {
    report: SelfReport,
    at: SystemTime,
    /// Blocks that were final by then, and that it did not have.
    blocks_behind: u64,
}

impl Heard {
    /// When anything was last heard of a validator, be it a vote or a report.
    fn last_sign(&self, peer: &PeerKey) -> Option<SystemTime> {
        let voted = self.last_heard.get(peer).copied();
        voted.max(self.reports.get(peer).map(|received| received.at))
    }
}

impl Witness {
    /// What this node tells the others. `None`: it is no validator of the epoch.
    pub(crate) fn self_report(&self) -> Option<SelfReport> {
        let height = self.0.chain.head().block().height();
        let now = self.now();
        let heard = self.heard();
        if !heard.members.contains(&self.0.me) {
            return None;
        }
        let ago = |peer: &PeerKey| {
            let at = if *peer == self.0.me { Some(now) } else { heard.last_sign(peer) };
            at.map_or(0, |at| seconds(now, at).saturating_add(1))
        };
        Some(SelfReport {
            epoch: heard.epoch.get(),
            view: heard.view,
            final_view: heard.final_view,
            height,
            final_height: heard.final_height.max(height),
            up_seconds: seconds(now, self.0.started_at),
            abstains_through: heard.abstains_through,
            heard: heard.members.iter().map(ago).collect(),
        })
    }

    /// Keeps what a peer tells of itself, if it is a validator.
    pub(crate) fn note_report(&self, peer: PeerKey, report: SelfReport) {
        let at = self.now();
        let mut heard = self.heard();
        if peer == self.0.me || !heard.members.contains(&peer) {
            return;
        }
        // Of one moment, so that a busy chain is not what it is behind by.
        let blocks_behind = heard.final_height.max(report.final_height).saturating_sub(report.height);
        heard.reports.insert(peer, Received { report, at, blocks_behind });
    }

    /// What a validator told last, in this node's time.
    pub(super) fn reported(&self, peer: &PeerKey, heard: &Heard) -> Option<ReportedStatus> {
        let Received { report, at, blocks_behind } = heard.reports.get(peer)?;
        let before = |seconds: u32| at.checked_sub(Duration::from_secs(seconds.into())).map_or(0, unix_ms);
        // Positions mean something within one set alone.
        let is_of_this_set = report.epoch == heard.epoch.get() && report.heard.len() == heard.members.len();
        let positions = if is_of_this_set { 0..report.heard.len() } else { 0..0 };
        Some(ReportedStatus {
            at_ms: unix_ms(*at),
            up_since_ms: before(report.up_seconds),
            epoch: report.epoch,
            view: report.view,
            final_view: report.final_view,
            height: report.height,
            final_height: report.final_height,
            blocks_behind: *blocks_behind,
            abstains_through: report.abstains_through,
            heard_ms: positions.map(|position| report.heard_before(position).map(before)).collect(),
        })
    }
}

/// Whole seconds between two times; none if the clock was put back.
fn seconds(now: SystemTime, before: SystemTime) -> u32 {
    let seconds = now.duration_since(before).unwrap_or_default().as_secs();
    u32::try_from(seconds).unwrap_or(u32::MAX)
}
