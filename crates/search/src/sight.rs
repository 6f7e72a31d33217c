//! What one asker sees of what is indexed: decided here for pages, versions, proofs and counts alike (SEARCH-3, DATA-11).

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use chancery_data::{Reader, SourceId, submission::Access};
use chancery_reference_points::{
    data_format::FormatReadings,
    data_search::{DayCount, Visibility},
    read_right::{Asker, ReadRight, Readable},
};

use crate::{chunk::SubmissionRow, index::SearchIndex, store::ClassCount};

/// One asker's eyes.
pub(crate) struct Sight {
    visibility: Visibility,
    asker: Asker,
    /// Sources of the asker's organizations.
    own: HashSet<SourceId>,
    formats: Arc<FormatReadings>,
}

impl Sight {
    pub(crate) fn new(index: &SearchIndex, visibility: Visibility, asker: Asker, formats: Arc<FormatReadings>) -> Self {
        let own = index.sources_of(&asker.organizations);
        Self { visibility, asker, own, formats }
    }

    /// By which right the asker reads a submission; `None`: it does not.
    pub(crate) fn right_to(&self, submission: &SubmissionRow) -> Option<ReadRight> {
        if submission.expires_ms <= self.visibility.now_ms {
            return None;
        }
        let SubmissionRow { source, format, access, in_clear, readers, .. } = submission;
        self.right(*source, format, self.class(format, *access, *in_clear), readers)
    }

    /// The class that counts: what is in clear of a format that is sealed is restricted, whatever its source said.
    pub(crate) fn class(&self, format: &str, access: Access, in_clear: bool) -> Access {
        let is_sealed = || self.formats.get(format).is_some_and(|reading| reading.sealed);
        if in_clear && is_sealed() { Access::Restricted } else { access }
    }

    fn right(&self, source: SourceId, format: &str, access: Access, named: &[Reader]) -> Option<ReadRight> {
        if !self.visibility.access.contains(&access) {
            return None;
        }
        let granted = self.formats.get(format).map_or(&[][..], |reading| reading.readers.as_slice());
        self.asker.right_to(&Readable { access, is_own: self.own.contains(&source), named, granted })
    }

    /// Counts without their classes, of what the asker sees. Whom single submissions name is not looked at: restricted ones are counted for the organization whose they are,
    /// and for whom their format names.
    pub(crate) fn counts(&self, all: Vec<ClassCount>) -> Vec<DayCount> {
        let seen = |one: &ClassCount| {
            let ClassCount { access, in_clear, count } = one;
            let class = self.class(&count.format, *access, *in_clear);
            self.right(count.source, &count.format, class, &[]).is_some()
        };
        summed(all.into_iter().filter(seen))
    }
}

/// Counts without their classes, of everything.
pub(crate) fn summed(counts: impl Iterator<Item = ClassCount>) -> Vec<DayCount> {
    let mut sums: Vec<DayCount> = Vec::new();
    let mut counts: Vec<DayCount> = counts.map(|one| one.count).collect();
    counts.sort_unstable_by(|left, right| {
        (left.day, left.source, &left.format).cmp(&(right.day, right.source, &right.format))
    });
    for count in counts {
        match sums.last_mut() {
            Some(last) if (last.day, last.source, &last.format) == (count.day, count.source, &count.format) => {
                last.operations += count.operations;
            }
            _ => sums.push(count),
        }
    }
    sums
}

/// Sources of organizations, of all that are known.
pub(crate) fn sources_of<'a>(
    known: impl Iterator<Item = (&'a SourceId, &'a Arc<str>)>,
    organizations: &BTreeSet<String>,
) -> HashSet<SourceId> {
    known.filter(|(_, organization)| organizations.contains(&***organization)).map(|(source, _)| *source).collect()
}
