//! The newest versions of one asset, or the newest before one: as many as one trace shows, each with its number among all of them. All are walked over in the index; only those
//! that are shown are read from the journal.

use std::{collections::VecDeque, ops::ControlFlow};

use chancery_reference_points::data_search::{MAX_TRACE_BYTES, MAX_TRACE_VERSIONS, OperationPlace};

use crate::{
    SearchError,
    chunk::SubmissionRow,
    query::{Found, Visitor},
};

/// What is found of an asset's format and subject, oldest first, of which the last are kept.
pub(crate) struct Versions<F> {
    /// Whether a submission is of the asset's organization.
    is_owned: F,
    before: Option<OperationPlace>,
    /// What each takes in an answer beside its text, in bytes.
    beside_bytes: usize,
    counted: u64,
    kept: VecDeque<Found>,
    bytes: usize,
}

impl<F: Fn(&SubmissionRow) -> bool> Versions<F> {
    pub(crate) const fn new(is_owned: F, before: Option<OperationPlace>, beside_bytes: usize) -> Self {
        Self { is_owned, before, beside_bytes, counted: 0, kept: VecDeque::new(), bytes: 0 }
    }

    /// Those that are kept, oldest first, each with its number, from 1 for the first that was found; and the oldest of them, if there are older ones.
    pub(crate) fn kept(self) -> (Vec<(u64, Found)>, Option<OperationPlace>) {
        let left_out = self.counted - self.kept.len() as u64;
        let oldest = self.kept.front().map(at);
        let numbered = (left_out + 1..).zip(self.kept).collect();
        (numbered, oldest.filter(|_| left_out > 0))
    }

    const fn size(&self, (_, row): &Found) -> usize {
        self.beside_bytes + row.bytes as usize
    }
}

impl<F: Fn(&SubmissionRow) -> bool> Visitor for Versions<F> {
    fn room(&self) -> usize {
        usize::MAX
    }

    fn visit(&mut self, found: Found) -> Result<ControlFlow<()>, SearchError> {
        if self.before.is_some_and(|before| at(&found) >= before) {
            return Ok(ControlFlow::Break(()));
        }
        if !(self.is_owned)(&found.0) {
            return Ok(ControlFlow::Continue(()));
        }
        self.counted += 1;
        self.bytes += self.size(&found);
        self.kept.push_back(found);
        while self.kept.len() > MAX_TRACE_VERSIONS || self.bytes > MAX_TRACE_BYTES {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.bytes -= self.size(&oldest);
        }
        Ok(ControlFlow::Continue(()))
    }
}

const fn at((submission, row): &Found) -> OperationPlace {
    OperationPlace { place: submission.place, index: row.index }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::B256;
    use chancery_data::{SourceId, submission::Access};

    use super::*;
    use crate::chunk::Row;

    const OWNER: SourceId = SourceId::repeat_byte(1);

    fn found(place: u64, source: SourceId, bytes: u32) -> Found {
        let submission = SubmissionRow {
            place,
            accepted_at_ms: place,
            expires_ms: u64::MAX,
            segment: 0,
            digest: B256::ZERO,
            source,
            format: "f".into(),
            format_version: 1,
            access: Access::Public,
            in_clear: false,
            readers: [].into(),
        };
        (submission, Row { submission: 0, index: 0, time_ms: place, offset: 0, bytes })
    }

    /// What is shown of so many versions, between which others' stand: the first and last number, how many, and before what older ones are.
    fn shown(count: u64, bytes: u32, before: Option<OperationPlace>) -> (u64, u64, usize, Option<u64>) {
        let mut versions = Versions::new(|submission: &SubmissionRow| submission.source == OWNER, before, 1);
        for place in 1..=count {
            if versions.visit(found(2 * place, OWNER, bytes)).unwrap().is_break() {
                break;
            }
            assert!(versions.visit(found(2 * place + 1, SourceId::ZERO, bytes)).unwrap().is_continue());
        }
        let (kept, older) = versions.kept();
        (kept[0].0, kept.last().unwrap().0, kept.len(), older.map(|older| older.place))
    }

    // M-APP: an asset with more versions than one answer holds is traced all the same, the newest first, and the rest behind them.
    #[test]
    fn the_newest_versions_are_shown_with_their_numbers_and_older_ones_behind_them() {
        let most = MAX_TRACE_VERSIONS as u64;
        assert_eq!(shown(most, 1, None), (1, most, MAX_TRACE_VERSIONS, None));
        let (first, last, count, older) = shown(most + 5, 1, None);
        assert_eq!((first, last, count, older), (6, most + 5, MAX_TRACE_VERSIONS, Some(12)));
        let before = older.map(|place| OperationPlace { place, index: 0 });
        assert_eq!(shown(most + 5, 1, before), (1, 5, 5, None));
        let large = 64 * 1024;
        let room = MAX_TRACE_BYTES / (large as usize + 1);
        assert_eq!(shown(room as u64 + 1, large, None), (2, room as u64 + 1, room, Some(4)));
    }
}
