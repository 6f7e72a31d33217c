//! Of a file that is still written, the records that have an end (S-COL, SHARE-3). What stands behind the last of them is not given: it comes with the rest of
//! its line, at the next run.

use std::io::{self, Read};

use super::Followed;
use crate::extract::file::{BUFFER_BYTES, FileFormat, MAX_RECORD_BYTES};

/// What is held back of a record whose end is not found, in bytes; beyond it the record is given as it is, and whoever reads it says that it is too long.
const MAX_HELD_BYTES: u64 = MAX_RECORD_BYTES + BUFFER_BYTES as u64;

/// Gives the bytes of a file up to the end of its last record.
pub(super) struct WholeRecords<'a> {
    followed: &'a mut Followed,
    /// What was read and is not behind us.
    ahead: Vec<u8>,
    /// How much of it was given.
    given: usize,
    /// How much of it may be given.
    whole: usize,
    has_ended: bool,
}

impl<'a> WholeRecords<'a> {
    /// Goes on where a file is read to.
    pub(super) const fn new(followed: &'a mut Followed) -> Self {
        Self { followed, ahead: Vec::new(), given: 0, whole: 0, has_ended: false }
    }

    /// Reads on; at the end of the file, decides what becomes of the line that has none.
    fn fill(&mut self) -> io::Result<()> {
        self.ahead.drain(..self.given);
        (self.given, self.whole) = (0, 0);
        let before = self.ahead.len();
        let count = (&self.followed.file).take(BUFFER_BYTES as u64).read_to_end(&mut self.ahead)?;
        self.has_ended = count == 0;
        if self.has_ended {
            // A header alone is looked at: it brings no row, and tells whoever declared other columns.
            let is_header = self.followed.format == FileFormat::Csv && self.followed.bytes == 0;
            if self.followed.is_final || is_header {
                self.whole = before;
            } else {
                self.followed.waiting = before as u64;
            }
            return Ok(());
        }
        self.whole = if self.followed.format == FileFormat::Csv {
            self.followed.csv.update(&self.ahead[before..]);
            let end = self.followed.csv.last_end().saturating_sub(self.followed.bytes);
            usize::try_from(end).unwrap_or(0)
        } else {
            self.ahead[before..].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| before + at + 1)
        };
        if self.whole == 0 && self.ahead.len() as u64 > MAX_HELD_BYTES {
            self.whole = self.ahead.len();
        }
        Ok(())
    }
}

impl Read for WholeRecords<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.whole && !self.has_ended {
            self.fill()?;
        }
        let count = out.len().min(self.whole - self.given);
        let bytes = &self.ahead[self.given..self.given + count];
        out[..count].copy_from_slice(bytes);
        self.followed.take_in(bytes);
        self.given += count;
        Ok(count)
    }
}
