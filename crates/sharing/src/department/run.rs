//! A run of `extract`: parts one after the other, until there is nothing more or the run is at its bound.

use std::time::{Duration, Instant};

use super::{Department, DepartmentError};
use crate::{
    extract::{Declaration, PART_REJECTS, PublishedPart, Source},
    private_folder::FolderLock,
};

/// Most parts of a run of a source that keeps a position; the next run goes on behind them.
pub const MAX_RUN_PARTS: usize = 10_000;
/// How long a run that has fetched waits for another command that works on the folder of state.
const LOCK_PATIENCE: Duration = Duration::from_secs(60);
const LOCK_PAUSE: Duration = Duration::from_millis(100);

impl Department {
    /// Extracts the parts of a run, each of which is told when it is in the store. A source that keeps a position and fetches leaves the folder of state to
    /// others meanwhile: it is held while the run begins, and again for each part.
    ///
    /// # Errors
    /// [`DepartmentError`], [`DepartmentError::Busy`] among them; parts that are in the store by then stay, and the next run goes on behind them.
    pub async fn extract_run(
        &self,
        source: &dyn Source,
        declaration: &Declaration,
        mut tell: impl FnMut(&[PublishedPart]),
    ) -> Result<Vec<PublishedPart>, DepartmentError> {
        let begun = self.folder.lock()?;
        self.check_newest().await?;
        source.begin(self.folder.extract()?.after(source).as_ref()).await?;
        let whole = if source.keeps_position() {
            drop(begun);
            source.gather().await?;
            None
        } else {
            Some(begun)
        };
        let mut parts: Vec<PublishedPart> = Vec::new();
        loop {
            let of_the_part = if whole.is_some() { None } else { Some(self.lock_in_time().await?) };
            let Some(part) = self.extract(source, declaration).await? else { return Ok(parts) };
            drop(of_the_part);
            let last = is_last(declaration, source.keeps_position(), &part, parts.len() + 1);
            parts.push(part);
            tell(&parts);
            if last {
                if source.keeps_position() {
                    tracing::warn!(parts = parts.len(), "a run has no more parts: run again for what is left");
                }
                return Ok(parts);
            }
        }
    }

    async fn lock_in_time(&self) -> Result<FolderLock, DepartmentError> {
        let ends = Instant::now() + LOCK_PATIENCE;
        loop {
            match self.folder.lock() {
                Err(DepartmentError::Busy(_)) if Instant::now() < ends => tokio::time::sleep(LOCK_PAUSE).await,
                other => return other,
            }
        }
    }
}

/// Without a cursor each part is the whole table. With one, a part that is not full ends a run: a source that always has a little more has an end too.
/// A source with a position of its own ends when it has no further files, and what it has is fixed at the beginning of a run: a part may end before one that
/// cannot be read, and the run is to say so.
fn is_last(declaration: &Declaration, keeps_position: bool, part: &PublishedPart, parts: usize) -> bool {
    if keeps_position {
        return parts >= MAX_RUN_PARTS;
    }
    let is_full = part.rows + part.rejected >= declaration.part_rows || part.rejected >= PART_REJECTS;
    declaration.cursor.is_none() || !is_full
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    // S-COL, SHARE-3
    #[test]
    fn a_run_ends_with_a_part_that_is_not_full_or_at_its_bound() {
        let declared = |cursor: Option<&str>| -> Declaration {
            serde_json::from_value(json!({
                "schema": "main", "table": "t", "columns": [{"name": "id", "type": "integer"}], "cursor": cursor, "part_rows": 1000
            }))
            .unwrap()
        };
        let part = |rows: u64, rejected: u64| -> PublishedPart {
            let location = json!({"name": "a/1"});
            serde_json::from_value(json!({
                "location": location, "fingerprint": "00".repeat(32), "bytes": 1, "rows": rows, "rejected": rejected
            }))
            .unwrap()
        };
        for (cursor, rows, rejected, last) in
            [(Some("id"), 1000, 0, false), (Some("id"), 999, 1, false), (Some("id"), 1, 0, true), (None, 1000, 0, true)]
        {
            assert_eq!(is_last(&declared(cursor), false, &part(rows, rejected), 1), last, "{rows} {rejected}");
        }
        assert!(!is_last(&declared(None), true, &part(1, 0), MAX_RUN_PARTS - 1), "further files may wait");
        assert!(is_last(&declared(None), true, &part(1000, 0), MAX_RUN_PARTS), "a run has an end");
    }
}
