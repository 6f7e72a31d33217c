//! Which roots of data blocks the journal has: for whoever finds them on the chain (M-MON-4).

use std::sync::Arc;

use alloy_primitives::B256;
use chancery_reference_points::DoorResult;

use crate::{
    Ingest,
    blocks::{leaves, tree},
    engine::blocking,
    group::broken,
    index::Index,
};

impl Ingest {
    /// Those of these roots that no data block of the journal has, recorded or on its way.
    ///
    /// # Errors
    /// `JournalUnavailable`.
    pub async fn unknown_roots(&self, roots: Vec<B256>) -> DoorResult<Vec<B256>> {
        let (shared, reader) = (Arc::clone(&self.shared), self.reader());
        blocking(move || {
            let index = shared.index.as_ref();
            let mut unknown = without_recorded(index, roots)?;
            if unknown.is_empty() {
                return Ok(unknown);
            }
            // The chain may have it already, and the journal not yet say so.
            for bounds in index.unrecorded().map_err(broken)? {
                let root = tree(&leaves(reader.directory(), index, &bounds)?)?.root().0;
                unknown.retain(|known| *known != root);
            }
            // Meanwhile it may have been said.
            without_recorded(index, unknown)
        })
        .await
    }
}

fn without_recorded(index: &Index, roots: Vec<B256>) -> DoorResult<Vec<B256>> {
    let mut left = Vec::new();
    for root in roots {
        if !index.has_root(root).map_err(broken)? {
            left.push(root);
        }
    }
    Ok(left)
}
