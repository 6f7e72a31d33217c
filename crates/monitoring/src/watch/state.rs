//! How far the audit is: kept as one file, so that it goes on after a restart.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chancery_reference_points::{
    alert::{AlertRule, AuditStatus, MailboxLook},
    data_search::Difference,
    operation::ChainName,
};
use serde::{Deserialize, Serialize};

/// Most subjects of alerts that a pass remembers to have seen.
const MAX_SEEN: usize = 10_000;
/// Differences between chains and what is kept of them after which a pass ends: whoever has as many does not need the others.
const MAX_DIFFERENCES: u32 = 100;

/// What is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct State {
    pub(super) status: AuditStatus,
    /// The chain whose roots are looked at, once the journal is done.
    pub(super) chain: Option<ChainName>,
    /// The chains that come after it.
    others: VecDeque<ChainName>,
    /// Differences between chains and what is kept of them that this pass has found.
    differences: u32,
    /// Chains that this pass has not looked at to their end, since they did not answer.
    passed_over: BTreeSet<ChainName>,
    /// Chains that do not answer, with the alert that says so.
    pub(super) silent: BTreeMap<ChainName, (AlertRule, String)>,
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

    /// A part of the journal was looked at. `end`: the chains, when that was the last.
    pub(super) fn advance(&mut self, next: u64, operations: u64, blocks: u64, end: Option<VecDeque<ChainName>>) {
        self.status.next = next;
        self.status.operations += operations;
        self.status.blocks += blocks;
        self.others = end.unwrap_or_default();
        self.chain = self.others.pop_front();
    }

    /// A page of a chain was looked at.
    pub(super) fn advance_roots(&mut self, next: u64, operations: u64) {
        self.status.next_root = next;
        self.status.operations += operations;
    }

    /// The next chain; whether there is one.
    pub(super) fn next_chain(&mut self) -> bool {
        self.status.next_root = 0;
        self.chain = self.others.pop_front();
        self.chain.is_some()
    }

    /// The chain that is looked at does not answer: it is left for the next pass, which is no reason not to look at the others. Nothing is passed over before the journal is done.
    pub(super) fn pass_over(&mut self, rule: AlertRule, subject: String) {
        let Some(chain) = self.chain.clone() else { return };
        self.passed_over.insert(chain.clone());
        self.silent.insert(chain, (rule, subject));
    }

    pub(super) fn note(&mut self, subject: &str) {
        if self.seen.len() < MAX_SEEN {
            self.seen.insert(subject.to_owned());
        }
    }

    /// The end of a pass. `Some`, if it has looked at everything: what it has found. Otherwise nothing that was open is known to be over.
    pub(super) fn complete(&mut self, now_ms: u64) -> Option<BTreeSet<String>> {
        let is_whole = self.passed_over.is_empty();
        let status = &mut self.status;
        if is_whole {
            status.completed_at_ms = Some(now_ms);
            (status.completed_operations, status.completed_blocks) = (status.operations, status.blocks);
            if self.differences == 0 {
                (status.difference, status.found_at_ms) = (None, None);
            }
        }
        let seen = self.anew();
        is_whole.then_some(seen)
    }

    /// A difference after which the pass goes on, since what comes after it has its place. The first of a pass is shown. Whether there were so many that the pass ends.
    pub(super) fn differ_and_go_on(&mut self, difference: Difference, now_ms: u64) -> bool {
        self.differences += 1;
        if self.differences == 1 {
            self.show(difference, now_ms);
        }
        let is_over = self.differences >= MAX_DIFFERENCES;
        if is_over {
            self.anew();
        }
        is_over
    }

    /// What the gateway has found in the mailboxes.
    pub(super) fn mailboxes(&mut self, looked: &MailboxLook, now_ms: u64) {
        let status = &mut self.status;
        if let Some(first) = looked.differences.first()
            && looked.found == looked.differences.len() as u64
        {
            status.mailbox_difference = Some(first.clone());
        }
        if looked.is_end {
            (status.mailbox_messages, status.mailbox_completed_at_ms) = (looked.messages, Some(now_ms));
            if looked.found == 0 {
                status.mailbox_difference = None;
            }
        }
    }

    /// A difference ends the pass.
    pub(super) fn differ(&mut self, difference: Difference, now_ms: u64) {
        self.show(difference, now_ms);
        self.anew();
    }

    fn show(&mut self, difference: Difference, now_ms: u64) {
        if self.status.difference.as_ref() != Some(&difference) {
            (self.status.difference, self.status.found_at_ms) = (Some(difference), Some(now_ms));
        }
    }

    fn anew(&mut self) -> BTreeSet<String> {
        let status = &mut self.status;
        (status.next, status.next_root, status.began_at_ms) = (0, 0, 0);
        (status.operations, status.blocks) = (0, 0);
        self.chain = None;
        self.others.clear();
        self.differences = 0;
        self.passed_over.clear();
        std::mem::take(&mut self.seen)
    }
}
