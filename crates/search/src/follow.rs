//! The thread that brings the index up to the journal, behind its writer and never waited for by it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chancery_ingest::reading::JournalReader;
use tokio::{runtime::Handle, sync::watch};

use crate::{SearchError, kept::KeptIndex};

/// Follows until the journal's writer ends. Says in `indexed` how far it is; closing it says that it has ended. An index that cannot be written, or a journal that cannot be read, is
/// tried again after a pause, with the index opened anew.
pub(crate) fn follow(kept: &Arc<KeptIndex>, mut reader: JournalReader, indexed: &watch::Sender<u64>, runtime: &Handle) {
    loop {
        match caught_up(kept, &reader) {
            Ok(next) => {
                indexed.send_replace(next);
                // Whoever asks is answered again once all of it is there.
                kept.standing.goes_on();
                if !runtime.block_on(reader.grows_beyond(next)) {
                    return;
                }
            }
            Err(error) => {
                kept.standing.failed(&error);
                let until = kept.standing.next_try().unwrap_or_else(Instant::now);
                if runtime.block_on(ends_before(&mut reader, until)) {
                    return;
                }
            }
        }
    }
}

/// Everything durable into the index; the first place that is not in it.
fn caught_up(kept: &KeptIndex, reader: &JournalReader) -> Result<u64, SearchError> {
    if kept.standing.stands() {
        kept.open_anew(reader.durable())?;
    }
    let index = kept.open_now()?;
    for group in reader.groups_beyond(index.position(), index.next_place())? {
        index.add(&group?)?;
    }
    Ok(index.next_place())
}

/// Whether the journal's writer ends before a time.
async fn ends_before(reader: &mut JournalReader, until: Instant) -> bool {
    let pause = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    // No journal grows beyond that: what comes is its end.
    tokio::time::timeout(pause, reader.grows_beyond(u64::MAX)).await.is_ok()
}
