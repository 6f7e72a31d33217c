//! How far the audit is: kept as one file, so that it goes on after a restart.

use std::collections::BTreeSet;

use chancery_reference_points::{alert::AuditStatus, data_search::Difference, operation::ChainName};
use serde::{Deserialize, Serialize};

/// Most subjects of alerts that a pass remembers to have seen.
const MAX_SEEN: usize = 10_000;

/// What is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct State {
    pub(super) status: AuditStatus,
    /// The chain whose roots are looked at, once the journal is done.
    pub(super) chain: Option<ChainName>,
    /// Subjects that this pass has found: what was open before and is not among them is over at its end.
    seen: BTreeSet<String>,
}

impl State {
    /// A pass begins, unless one is under way.
    pub(super) fn begin(&mut self, now_ms: u64) {
        if self.status.began_at_ms == 0 {
            self.status.began_at_ms = now_ms;
        }
    }

    /// A part of the journal was looked at. `end`: the chain, when that was the last.
    pub(super) fn advance(&mut self, next: u64, operations: u64, blocks: u64, end: Option<ChainName>) {
        self.status.next = next;
        self.status.operations += operations;
        self.status.blocks += blocks;
        self.chain = end;
    }

    pub(super) fn note(&mut self, subject: &str) {
        if self.seen.len() < MAX_SEEN {
            self.seen.insert(subject.to_owned());
        }
    }

    /// Everything was looked at without a difference; what was found otherwise.
    pub(super) fn complete(&mut self, now_ms: u64) -> BTreeSet<String> {
        let status = &mut self.status;
        status.completed_at_ms = Some(now_ms);
        (status.completed_operations, status.completed_blocks) = (status.operations, status.blocks);
        (status.difference, status.found_at_ms) = (None, None);
        self.anew()
    }

    /// A difference ends the pass.
    pub(super) fn differ(&mut self, difference: Difference, now_ms: u64) {
        if self.status.difference.as_ref() != Some(&difference) {
            (self.status.difference, self.status.found_at_ms) = (Some(difference), Some(now_ms));
        }
        self.anew();
    }

    fn anew(&mut self) -> BTreeSet<String> {
        let status = &mut self.status;
        (status.next, status.next_root, status.began_at_ms) = (0, 0, 0);
        (status.operations, status.blocks) = (0, 0);
        self.chain = None;
        std::mem::take(&mut self.seen)
    }
}
