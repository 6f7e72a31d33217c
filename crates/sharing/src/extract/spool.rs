//! A spool of collected logs as a source: records by their number, `_seq`.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value as Json};

use super::{
    Cursor, Declaration, DeclarationError, ExtractError, Source, Stage, Staged, file::record::take, staging::StagedRows,
};
use crate::{
    collect::{SEQUENCE, Segment, identity, segments},
    sealing::DataKey,
};

/// Longest line of a spool.
const MAX_LINE_BYTES: u64 = 64 * 1024 * 1024;

/// A spool that a collector writes, or wrote. It belongs to one data set: what was extracted and recorded is taken away, a segment at a time.
#[derive(Clone, Debug)]
pub struct SpoolSource {
    folder: PathBuf,
}

impl SpoolSource {
    /// Names the folder. The declaration's cursor is `_seq`, or none.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }
}

#[async_trait]
impl Source for SpoolSource {
    async fn stage(
        &self,
        declaration: &Declaration,
        after: Option<&Cursor>,
        directory: &Path,
        key: &DataKey,
    ) -> Result<Staged, ExtractError> {
        declaration.check()?;
        if let Some(cursor) = declaration.cursor.as_ref().filter(|cursor| *cursor != SEQUENCE) {
            return Err(DeclarationError::Cursor(cursor.clone()).into());
        }
        let after = after.filter(|_| declaration.cursor.is_some()).cloned();
        let (source, declaration) = (self.clone(), declaration.clone());
        let (directory, key) = (directory.to_owned(), key.clone());
        tokio::task::spawn_blocking(move || {
            let rows = Stage { directory: &directory, key: &key }.rows(&declaration)?;
            source.read(&declaration, after.as_ref(), rows)
        })
        .await
        .map_err(|error| ExtractError::Writing(error.to_string()))?
    }
}

impl SpoolSource {
    fn read(
        &self,
        declaration: &Declaration,
        after: Option<&Cursor>,
        mut rows: StagedRows,
    ) -> Result<Staged, ExtractError> {
        let id = identity(&self.folder).map_err(lost)?.ok_or_else(|| {
            ExtractError::SourceLost(format!("{:?} is no spool: `chancery share collect` makes it", self.folder))
        })?;
        let all = segments(&self.folder).map_err(lost)?;
        let mut reading = Reading { folder: &self.folder, id, after, found: after.is_none(), last: None, next: None };
        let from = match after {
            None => 0,
            Some(after) => {
                let held = all.iter().rposition(|segment| i64::try_from(segment.first).is_ok_and(|n| n <= after.value));
                held.ok_or_else(|| reading.replaced())?
            }
        };
        for segment in &all[from..] {
            if reading.segment(segment, declaration, &mut rows)? {
                break;
            }
        }
        if !reading.found {
            return Err(reading.replaced());
        }
        // The cursor is recorded, and what stands under it is what was read there: what is before is needed no more.
        for segment in all.iter().take(from) {
            std::fs::remove_file(&segment.path).map_err(lost)?;
        }
        let (cursor, mark) = match reading.last {
            Some((number, mark)) if declaration.cursor.is_some() => (Some(number), Some(mark)),
            _ => (None, None),
        };
        Ok(Staged { mark, ..rows.finish(cursor)? })
    }
}

struct Reading<'a> {
    folder: &'a Path,
    id: String,
    after: Option<&'a Cursor>,
    /// Whether the record under the cursor was seen, and is the one that was read there.
    found: bool,
    /// Number and mark of the last record that was taken.
    last: Option<(i64, String)>,
    /// Number of the record that comes next, once one was read.
    next: Option<u64>,
}

impl Reading<'_> {
    fn replaced(&self) -> ExtractError {
        let number = self.after.map_or(0, |after| after.value);
        ExtractError::SourceReplaced(format!(
            "the spool {:?} is another than the one that was read up to record {number}, or that record was changed: \
             put the old one back, or begin with another folder of state",
            self.folder
        ))
    }

    /// Reads what is whole in a segment; true when the part is full.
    fn segment(
        &mut self,
        segment: &Segment,
        declaration: &Declaration,
        rows: &mut StagedRows,
    ) -> Result<bool, ExtractError> {
        const WRONG: ExtractError = ExtractError::SourceMalformed("records of the spool are missing or changed");
        if self.next.is_some_and(|next| next != segment.first) {
            return Err(WRONG);
        }
        let file = File::open(&segment.path).map_err(lost)?;
        // What is read here is on disk: a record that a crash takes back is in no part.
        file.sync_data().map_err(lost)?;
        let length = file.metadata().map_err(lost)?.len();
        let mut lines = BufReader::new(file.take(length));
        let (mut line, mut expected) = (Vec::new(), segment.first);
        loop {
            line.clear();
            (&mut lines).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).map_err(lost)?;
            if line.last() != Some(&b'\n') {
                // The end, or a record that is being written.
                return Ok(false);
            }
            let mut record: Map<String, Json> = serde_json::from_slice(&line).map_err(|_| WRONG)?;
            if record.get(SEQUENCE).and_then(Json::as_u64) != Some(expected) {
                return Err(WRONG);
            }
            let number = i64::try_from(expected).map_err(|_| WRONG)?;
            expected += 1;
            self.next = Some(expected);
            if let Some(after) = self.after
                && number <= after.value
            {
                if number == after.value {
                    if after.mark.as_deref() != Some(self.mark(&line).as_str()) {
                        return Err(self.replaced());
                    }
                    self.found = true;
                }
                continue;
            }
            if !self.found {
                return Err(self.replaced());
            }
            self.last = Some((number, self.mark(&line)));
            // The collector's own.
            record.remove("_position");
            take(number.unsigned_abs(), record, declaration, rows)?;
            if declaration.cursor.is_some() && rows.count() >= declaration.part_rows {
                return Ok(true);
            }
        }
    }

    fn mark(&self, line: &[u8]) -> String {
        format!("{}:{}", self.id, hex::encode(digest(&SHA256, line)))
    }
}

fn lost(error: io::Error) -> ExtractError {
    ExtractError::SourceLost(error.to_string())
}
