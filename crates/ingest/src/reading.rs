//! Reading the journal beside its writer: what is durable, and nothing after it.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use alloy_primitives::B256;
use chancery_data::SourceId;
use chancery_reference_points::{data_block::TransactionLocator, quota::QuotaSetting, source_data::Source};
use tokio::sync::watch;

use crate::{
    entry::{self, BlockBounds, BlockRecord, HEAD_BYTES, Head},
    journal::{self, FRAME_HEADER_BYTES, Group, JournalError, Position},
};

/// A reader of a journal that may be growing. Cheap to clone.
#[derive(Clone, Debug)]
pub struct JournalReader {
    directory: PathBuf,
    durable: watch::Receiver<u64>,
}

/// A submission with where its operations stand in the file.
#[derive(Clone, Debug)]
pub struct SubmissionEntry {
    /// Its place.
    pub place: u64,
    /// When it was accepted, Unix milliseconds.
    pub accepted_at_ms: u64,
    /// SHA-256 of what was signed, as it was kept.
    pub digest: B256,
    /// Whose it is.
    pub source: SourceId,
    /// Root of the operations, as it was kept.
    pub content_hash: B256,
    /// Signed time, Unix seconds, as it was kept.
    pub time_s: u64,
    /// What was signed: JWS.
    pub jws: String,
    /// The operations' bytes.
    pub operations: Vec<Vec<u8>>,
    /// Byte in the segment where each begins.
    pub offsets: Vec<u64>,
}

/// An entry of the journal.
#[derive(Clone, Debug)]
pub enum JournalEntry {
    /// A submission.
    Submission(Box<SubmissionEntry>),
    /// What a change made of a source.
    Source {
        /// The source after the change.
        source: Box<Source>,
        /// When, whose, and what the data block holds of it.
        head: Head,
    },
    /// A quota was set or taken away; `place`, `digest` and all but where it is recorded.
    Quota {
        /// The setting.
        setting: Box<QuotaSetting>,
        /// When, by whom, and what the data block holds of it.
        head: Head,
    },
    /// The bounds of a data block: first and last place, leaves, Unix milliseconds.
    Closed {
        /// First place.
        first: u64,
        /// Last place.
        last: u64,
        /// Leaves between them.
        count: u32,
        /// When, Unix milliseconds.
        closed_at_ms: u64,
    },
    /// Where a data block is recorded.
    Recorded {
        /// Its first place.
        first: u64,
        /// Its root.
        root: B256,
        /// Where.
        at: TransactionLocator,
    },
}

impl JournalReader {
    pub(crate) const fn new(directory: PathBuf, durable: watch::Receiver<u64>) -> Self {
        Self { directory, durable }
    }

    /// The place after the last durable entry.
    #[must_use]
    pub fn durable(&self) -> u64 {
        *self.durable.borrow()
    }

    /// Waits until more than the entries before `place` are durable; `false` when the writer has ended.
    pub async fn grows_beyond(&mut self, place: u64) -> bool {
        self.durable.wait_for(|durable| *durable > place).await.is_ok()
    }

    /// Durable groups from a position on; from the first without one.
    ///
    /// # Errors
    /// [`JournalError`] where the journal cannot be read; it is also an item where a group does not read.
    pub fn groups(
        &self,
        from: Option<Position>,
    ) -> Result<impl Iterator<Item = Result<Group, JournalError>> + use<>, JournalError> {
        self.groups_beyond(from, 0)
    }

    /// The same without groups of which every entry is before a place: whoever has read them before need not read them again.
    ///
    /// # Errors
    /// As [`Self::groups`].
    pub fn groups_beyond(
        &self,
        from: Option<Position>,
        place: u64,
    ) -> Result<impl Iterator<Item = Result<Group, JournalError>> + use<>, JournalError> {
        let durable = self.durable();
        let from = match from {
            Some(from) => Some(from),
            None => journal::first_position(&self.directory)?,
        };
        let mut groups = match from {
            Some(from) if durable > 0 => Some(journal::read_beyond(&self.directory, from, place)?),
            _ => None,
        };
        let mut next = place;
        Ok(std::iter::from_fn(move || {
            // What stands behind the last durable place is being written: it is not looked at.
            let group = if next < durable { groups.as_mut()?.next() } else { None };
            match group {
                Some(Ok(group)) if group.first_place < durable => {
                    next = group.first_place + group.entries.len() as u64;
                    Some(Ok(group))
                }
                Some(Err(error)) => {
                    groups = None;
                    Some(Err(error))
                }
                _ => None,
            }
        }))
    }

    /// Bytes of a segment.
    ///
    /// # Errors
    /// [`JournalError::Io`], [`JournalError::Damaged`] beyond the end.
    pub fn bytes_at(&self, segment: u64, offset: u64, count: usize) -> Result<Vec<u8>, JournalError> {
        let path = self.directory.join(segment_name(segment));
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(offset))?;
            let mut bytes = vec![0; count];
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(|source| JournalError::Io { path: path.clone(), source })
    }

    /// The folder.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }
}

/// The name of a segment's file.
#[must_use]
pub fn segment_name(segment: u64) -> String {
    format!("{segment:020}.journal")
}

/// Place and meaning of each entry of a group; `None` for one that does not read, which a checksummed entry of this version does.
pub fn entries_of(group: &Group) -> impl Iterator<Item = (u64, Option<JournalEntry>)> + '_ {
    let mut offset = group.position.offset + FRAME_HEADER_BYTES as u64;
    (group.first_place..).zip(&group.entries).map(move |(place, (kind, body))| {
        let body_at = offset + 5;
        offset = body_at + body.len() as u64;
        (place, read_entry(place, *kind, body, body_at))
    })
}

/// Kind and body of a submission's entry, for whoever makes a journal without an ingest.
#[must_use]
pub fn submission_entry(submission: &chancery_data::Submission, accepted_at_ms: u64) -> (u8, Vec<u8>) {
    (entry::SUBMISSION, entry::submission(submission, accepted_at_ms))
}

fn read_entry(place: u64, kind: u8, body: &[u8], body_at: u64) -> Option<JournalEntry> {
    match kind {
        entry::SUBMISSION => {
            let kept = entry::read_submission(body)?;
            let Head { accepted_at_ms, digest, source, content_hash, time_s } = kept.head;
            let mut offset = body_at + (HEAD_BYTES + 16 + 4 + kept.jws.len() + 4) as u64;
            let offsets = kept.operations.iter().map(|operation| {
                let begin = offset + 4;
                offset = begin + operation.len() as u64;
                begin
            });
            let offsets = offsets.collect();
            Some(JournalEntry::Submission(Box::new(SubmissionEntry {
                place,
                accepted_at_ms,
                digest,
                source,
                content_hash,
                time_s,
                jws: kept.jws,
                operations: kept.operations,
                offsets,
            })))
        }
        entry::SOURCE => {
            let source = Box::new(entry::read_source(body)?);
            Some(JournalEntry::Source { source, head: Head::read(body)? })
        }
        entry::QUOTA => {
            let (head, change) = entry::QuotaChange::read(body)?;
            let setting = Box::new(change.setting(place, head.digest));
            Some(JournalEntry::Quota { setting, head })
        }
        entry::CLOSED => {
            let BlockBounds { first, last, count, closed_at_ms } = serde_json::from_slice(body).ok()?;
            Some(JournalEntry::Closed { first, last, count, closed_at_ms })
        }
        entry::RECORDED => {
            let BlockRecord { first, root, recorded } = serde_json::from_slice(body).ok()?;
            Some(JournalEntry::Recorded { first, root, at: recorded })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{fs::OpenOptions, io::Write as _};

    use super::*;
    use crate::journal::{Entry, Journal};

    // SEARCH-1, DATA-7: who follows reads each group once, and never what is only being written.
    #[test]
    fn what_was_read_before_is_passed_over_and_what_is_not_durable_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path(), 7100, 0).unwrap();
        let positions: Vec<Position> = ["one", "two", "three"]
            .iter()
            .map(|body| journal.append(&[Entry { kind: entry::CLOSED, body: body.as_bytes() }; 2]).unwrap())
            .collect();
        let path = folder.path().join(segment_name(0));
        // The first group is damaged, and behind the last a group is being written.
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[usize::try_from(positions[1].offset).unwrap() - 1] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(&bytes[usize::try_from(positions[2].offset).unwrap()..][..9]).unwrap();

        let reader = |durable| JournalReader::new(folder.path().into(), watch::channel(durable).1);
        let firsts = |durable, place| -> Result<Vec<u64>, JournalError> {
            let groups = reader(durable).groups_beyond(Some(positions[0]), place)?;
            groups.map(|group| group.map(|group| group.first_place)).collect()
        };
        assert_eq!(firsts(6, 2).unwrap(), [2, 4]);
        assert_eq!(firsts(6, 3).unwrap(), [2, 4], "of a group that is read in part all is given");
        assert_eq!(firsts(6, 4).unwrap(), [4]);
        assert_eq!(firsts(4, 2).unwrap(), [2]);
        assert_eq!(firsts(6, 6).unwrap(), [0_u64; 0]);
        assert!(firsts(6, 1).is_err(), "what is read is checked");
        assert!(reader(6).groups(Some(positions[0])).unwrap().any(|group| group.is_err()));
    }
}
