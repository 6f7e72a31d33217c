//! A page of what matches, in the order asked for (SEARCH-2, SEARCH-5).

use std::ops::ControlFlow;

use chancery_data::Operation;
use chancery_reference_points::data_search::{MAX_PAGE_BYTES, MAX_PAGE_READS, OperationPlace};

use crate::{
    SearchError,
    budget::Budget,
    index::SearchIndex,
    query::{Contents, Found, Plan, Visitor},
};

/// A page that is being filled.
struct Page<'a, C> {
    plan: &'a Plan,
    contents: &'a C,
    found: Vec<Found>,
    budget: Budget,
    /// The last that was read.
    last_read: Option<OperationPlace>,
    is_bounded: bool,
}

impl<C: Contents> Page<'_, C> {
    const fn is_full(&self) -> bool {
        self.found.len() > self.plan.limit
    }
}

impl<C: Contents> Visitor for Page<'_, C> {
    fn room(&self) -> usize {
        // One more than the limit says that there is a next page. What a range leaves of more rows is only seen by reading them.
        if self.plan.ranges.is_empty() { (self.plan.limit + 1).saturating_sub(self.found.len()) } else { usize::MAX }
    }

    fn visit(&mut self, found: Found) -> Result<ControlFlow<()>, SearchError> {
        if !self.plan.ranges.is_empty() {
            if !self.budget.has_room() {
                self.is_bounded = true;
                return Ok(ControlFlow::Break(()));
            }
            let (submission, row) = &found;
            self.budget.spend(row.bytes as usize);
            self.last_read = Some(OperationPlace { place: submission.place, index: row.index });
            let bytes = self.contents.bytes(submission, row)?;
            // What does not read is found, and refused by name when it is shown.
            if Operation::parse(&bytes).is_ok_and(|operation| !self.plan.holds(&operation)) {
                return Ok(ControlFlow::Continue(()));
            }
        }
        self.found.push(found);
        Ok(if self.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

impl Plan {
    /// What is found, and after which one the next page begins.
    pub(crate) fn run(
        &self,
        index: &SearchIndex,
        contents: &impl Contents,
    ) -> Result<(Vec<Found>, Option<OperationPlace>), SearchError> {
        let budget = Budget::new(MAX_PAGE_READS, MAX_PAGE_BYTES);
        let mut page = Page { plan: self, contents, found: Vec::new(), budget, last_read: None, is_bounded: false };
        let edge = self.visit(index, &mut page)?;
        let is_full = page.is_full();
        page.found.truncate(self.limit);
        let last =
            || page.found.last().map(|(submission, row)| OperationPlace { place: submission.place, index: row.index });
        let next = match (is_full, page.is_bounded) {
            (true, _) => last(),
            (false, true) => page.last_read,
            (false, false) => edge,
        };
        Ok((page.found, next))
    }
}
