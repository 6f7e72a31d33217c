//! What can be kept of a damaged journal, and what would be lost: said before it is done.

use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
};

use super::{JournalError, scan, segment_path};

/// What a repair does: cuts a segment where it stops to read, and sets the segments after it aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// The segment that is cut.
    pub segment: PathBuf,
    /// What does not read there.
    pub problem: String,
    /// Where it is cut.
    pub keep_bytes: u64,
    /// Bytes after that, kept in a file beside it.
    pub dropped_bytes: u64,
    /// The first place that is lost.
    pub lost_from_place: u64,
    /// Segments that are set aside: what they hold follows on what is lost.
    pub set_aside: Vec<PathBuf>,
}

/// What a repair would do; `None` when everything reads.
///
/// # Errors
/// [`JournalError`] for another chain or an unreadable disk.
pub fn plan_repair(directory: &Path, chain_id: u64) -> Result<Option<Repair>, JournalError> {
    let segments = scan::segments(directory)?;
    for (position, first_place) in segments.iter().enumerate() {
        let path = segment_path(directory, *first_place);
        let scanned = scan::scan(&path, chain_id, *first_place)?;
        let follows = segments.get(position + 1).is_none_or(|next| *next == scanned.end.next_place);
        if scanned.problem.is_none() && follows {
            continue;
        }
        let length = fs::metadata(&path).map_err(|source| JournalError::io(&path, source))?.len();
        return Ok(Some(Repair {
            segment: path,
            problem: scanned.problem.unwrap_or_else(|| "the next segment does not follow on it".into()),
            keep_bytes: scanned.end.offset,
            dropped_bytes: length - scanned.end.offset,
            lost_from_place: scanned.end.next_place,
            set_aside: segments[position + 1..].iter().map(|later| segment_path(directory, *later)).collect(),
        }));
    }
    Ok(None)
}

impl Repair {
    /// Does it. Nothing is deleted: what is cut off is in `*.dropped` beside it.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn apply(&self) -> Result<(), JournalError> {
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |source| JournalError::io(&path, source)
        };
        let aside = |path: &Path| path.with_extension("journal.dropped");
        fs::copy(&self.segment, aside(&self.segment)).map_err(failed(&self.segment))?;
        for later in self.set_aside.iter().rev() {
            fs::rename(later, aside(later)).map_err(failed(later))?;
        }
        let file = OpenOptions::new().write(true).open(&self.segment).map_err(failed(&self.segment))?;
        file.set_len(self.keep_bytes).and_then(|()| file.sync_all()).map_err(failed(&self.segment))
    }
}
