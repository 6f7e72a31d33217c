//! Who is told, and what is recorded of it (WATCH-6): a receiver is recorded before it counts, and a process may end between both.
//!
//! ```text
//!  recorded   kept here   what became of it                 what the next start does
//!  added      no          nobody has seen its secret        records that it is not told
//!  removed    yes         it would be told for ever         removes it
//!  nothing    yes         of a version that recorded none   leaves it
//! ```

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use alloy_primitives::Address;
use chancery_reference_points::{
    DoorResult,
    alert::{RECEIVER_SETTING, read_receiver_facts},
    m2r::M2r,
    o2c::{Change, Mode},
    v2m::{EventFilter, Happening, MAX_TOLD},
};

use super::AlertDesk;

/// Most changes of the configuration that are looked through.
const MAX_CHANGES: usize = 100 + MAX_TOLD;
/// The pause before what is recorded is asked for again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest.
const MAX_PAUSE: Duration = Duration::from_secs(60);

impl AlertDesk {
    /// Compares who is told with what is recorded, once, as soon as that can be read; what differs is mended and logged. Needs a tokio runtime.
    pub fn mend(self: &Arc<Self>, recorded: Arc<dyn M2r>) {
        let desk = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut pause = FIRST_PAUSE;
            while let Some(desk) = desk.upgrade() {
                let Err(error) = desk.compare(recorded.as_ref()).await else { return };
                drop(desk);
                tracing::info!(%error, "whether those are told of alerts who are recorded is not known yet");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(MAX_PAUSE);
            }
        });
    }

    /// Compares, and mends what differs.
    ///
    /// # Errors
    /// Those of M2R and C2R; what is mended by then is mended.
    pub(super) async fn compare(&self, recorded: &dyn M2r) -> DoorResult<()> {
        // Nobody's change is between its record and its effect meanwhile.
        let _alone = self.changing.write().await;
        let filter =
            EventFilter { happenings: vec![Happening::Configured], limit: Some(MAX_CHANGES), ..EventFilter::default() };
        let mut newest = BTreeMap::new();
        for entry in recorded.journal(&filter).await? {
            if entry.name == RECEIVER_SETTING {
                newest.entry(entry.subject.clone()).or_insert(entry);
            }
        }
        for (receiver, entry) in newest {
            let is_told = self.alerts.book.lock().receiver(&receiver).is_some();
            match read_receiver_facts(&entry.facts) {
                Some((false, origin)) if is_told => {
                    tracing::warn!(
                        receiver,
                        origin,
                        "it is recorded as removed, and was still told of alerts: it is removed"
                    );
                    self.alerts
                        .configure(move |book, _, _| {
                            book.remove(&receiver);
                            Ok(())
                        })
                        .await?;
                }
                Some((true, origin)) if !is_told => {
                    tracing::warn!(
                        receiver,
                        origin,
                        "it is recorded as added, and is not told of alerts: that is recorded; add it again"
                    );
                    let (origin, by) = (origin.to_owned(), entry.by.unwrap_or(Address::ZERO));
                    let change = Change::TellOfAlerts { receiver, origin, told: false, by };
                    self.records.control(&change, Mode::Apply).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}
