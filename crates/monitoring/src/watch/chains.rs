//! From the chains to what is kept here of them: page by page, one chain after the other; and what the gateway finds in the mailboxes.

use std::collections::VecDeque;

use chancery_reference_points::{
    DoorError, DoorResult,
    alert::{AlertRule, MailboxLook},
    data_search::Difference,
    operation::ChainName,
};

use super::{Step, Watch, rules};
use crate::kept::{Looked, look};

impl Watch {
    /// The next page of a chain.
    pub(super) async fn roots(&self, chain: &ChainName, next_root: u64) -> DoorResult<Step> {
        let doors = (self.m2p.as_ref(), self.m2r.as_ref());
        let looked = look(doors, &self.by, chain, next_root, (self.clock)()).await?;
        let Looked { next, is_end, blocks, operations, difference } = looked;
        let step = Step::Roots { blocks, operations };
        let spoken = self.state.lock().silent.remove(chain);
        if let Some((rule, subject)) = spoken {
            self.alerts.resolve(rule, &subject).await;
        }
        self.state.lock().advance_roots(next, operations);
        if let Some(difference) = difference
            && self.found_and_goes_on(difference).await
        {
            return Ok(Step::End);
        }
        if !is_end {
            self.keep().await;
            return Ok(step);
        }
        Ok(self.after_chain(step).await)
    }

    /// A chain is done: the next one, or the end of the pass.
    async fn after_chain(&self, step: Step) -> Step {
        if self.state.lock().next_chain() {
            self.keep().await;
            return step;
        }
        let seen = self.state.lock().complete((self.clock)());
        for rule in [AlertRule::DataDifference, AlertRule::TimeSequence] {
            let Some(seen) = &seen else { break };
            let is_over = |subject: &String| !seen.contains(subject) && !rules::is_of_mailboxes(subject);
            for subject in self.alerts.subjects(rule).into_iter().filter(is_over) {
                self.alerts.resolve(rule, &subject).await;
            }
        }
        self.keep().await;
        Step::End
    }

    /// A chain stays silent: the others are looked at all the same.
    pub(super) async fn pass_over(&self, error: &DoorError) {
        let raised = rules::of_trouble(error);
        let is_at_chain = {
            let mut state = self.state.lock();
            state.pass_over(raised.rule, raised.subject.clone());
            state.chain.is_some()
        };
        if !is_at_chain {
            return;
        }
        self.alerts.raise(raised).await;
        self.after_chain(Step::Roots { blocks: 0, operations: 0 }).await;
    }

    /// A difference between a chain and what is kept of it. Whether the pass is over, with so many of them.
    async fn found_and_goes_on(&self, difference: Difference) -> bool {
        let raised = rules::of_difference(&difference);
        let is_over = {
            let mut state = self.state.lock();
            state.note(&raised.subject);
            state.differ_and_go_on(difference, (self.clock)())
        };
        self.alerts.raise(raised).await;
        self.keep().await;
        is_over
    }

    /// What the gateway has found in the mailboxes of messages: an alert each, until a pass over them has found none.
    pub(crate) async fn mailboxes(&self, looked: MailboxLook) {
        if let Some(trouble) = &looked.trouble {
            self.alerts.raise(rules::of_mailboxes_trouble(trouble)).await;
            return;
        }
        self.alerts.resolve(AlertRule::AuditStandsStill, rules::MAILBOXES).await;
        self.state.lock().mailboxes(&looked, (self.clock)());
        for raised in looked.differences.iter().map(rules::of_difference) {
            self.alerts.raise(raised).await;
        }
        if looked.is_end && looked.found == 0 {
            let open = self.alerts.subjects(AlertRule::DataDifference);
            for subject in open.into_iter().filter(|subject| rules::is_of_mailboxes(subject)) {
                self.alerts.resolve(AlertRule::DataDifference, &subject).await;
            }
        }
        self.keep().await;
    }
}

/// All chains, that of the journal first.
pub(super) fn in_turn(journal: ChainName, chains: Vec<ChainName>) -> VecDeque<ChainName> {
    let others: Vec<ChainName> = chains.into_iter().filter(|chain| *chain != journal).collect();
    std::iter::once(journal).chain(others).collect()
}
