//! The thread that brings the index up to the journal, behind its writer and never waited for by it.

use std::sync::Arc;

use chancery_ingest::reading::JournalReader;
use tokio::{runtime::Handle, sync::watch};

use crate::{SearchError, index::SearchIndex};

/// Follows until the journal's writer ends, or the index cannot be written. Says in `indexed` how far it is; closing it says that it has ended.
pub(crate) fn follow(
    index: &Arc<SearchIndex>,
    mut reader: JournalReader,
    indexed: &watch::Sender<u64>,
    runtime: &Handle,
) {
    loop {
        match catch_up(index, &reader) {
            Ok(()) => {
                indexed.send_replace(index.next_place());
            }
            Err(error) => {
                tracing::error!(%error, "the search index stands still");
                return;
            }
        }
        if !runtime.block_on(reader.grows_beyond(index.next_place())) {
            return;
        }
    }
}

/// Everything durable that is not in the index yet.
pub(crate) fn catch_up(index: &SearchIndex, reader: &JournalReader) -> Result<(), SearchError> {
    for group in reader.groups_beyond(index.position(), index.next_place())? {
        index.add(&group?)?;
    }
    Ok(())
}
