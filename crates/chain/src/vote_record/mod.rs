//! Which views a validator's key may have voted in, kept where its journal of votes is not.
//!
//! Consensus journals each vote before it sends it, so a validator that is killed never contradicts itself. One whose journal is lost, or was put back
//! to an earlier state, knows nothing of its votes: in a view that is still open it would vote again, against itself. Its peers would take it for a
//! traitor, and rightly. So a bound above all votes is kept in a small file of its own, beside the keys: no vote leaves this node for a view beyond the
//! bound before a higher bound is on disk. A validator that finds its journal missing only verifies until a view beyond the bound is final (CHAIN-7).
//!
//! ```text
//!   vote of view v --> v <= bound? --yes--> network
//!                          | no
//!                          +--> bound := v + HEADROOM, synced (record, then its copy in the data folder) --> network
//! ```
//!
//! The copy in the data folder finds out a folder that was put back: it then has an older bound than the record. What is put back by fewer views
//! than the headroom is not found out, so votes belong in no backup.

mod covered;
mod file;
#[cfg(test)]
mod tests;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use commonware_consensus::types::Round;
use tokio::sync::mpsc;
use tracing::warn;

pub(crate) use covered::CoveredVotes;
use file::{Bound, Record};

use crate::NodeError;

/// The bound is raised so far above the vote that needs it: seldom enough to cost nothing, and a validator that has lost its journal waits for so many
/// views at most.
const HEADROOM: u64 = 64;
/// What the names of the files begin with.
const FILE_NAME: &str = "votes-";

/// How a validator may take part in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It knows its votes.
    Votes,
    /// It may have voted in views up to this one, and does not know how.
    Abstains {
        /// The last of them.
        through: u64,
    },
}

/// The record of one validator of one chain.
#[derive(Clone, Debug)]
pub(crate) struct VoteRecord(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    record: PathBuf,
    copy: PathBuf,
    state: Mutex<State>,
    failures: mpsc::UnboundedSender<io::Error>,
}

#[derive(Debug)]
struct State {
    bound: Option<Bound>,
    /// Whether the data folder is of the same time as the record.
    is_consistent: bool,
}

impl VoteRecord {
    /// Reads the record of the validator whose consensus files begin with `partition`; also what tells of a record that cannot be written.
    ///
    /// # Errors
    /// [`NodeError::VoteRecord`] for a file that cannot be read or is damaged.
    pub(crate) fn open(
        votes_dir: &Path,
        data_dir: &Path,
        partition: &str,
    ) -> Result<(Self, mpsc::UnboundedReceiver<io::Error>), NodeError> {
        let record = votes_dir.join(format!("{FILE_NAME}{partition}"));
        let copy = data_dir.join(format!("{FILE_NAME}{partition}.copy"));
        let read =
            |path: &Path| Record::read(path).map_err(|source| NodeError::VoteRecord { path: path.to_owned(), source });
        let (recorded, copied) = (read(&record)?, read(&copy)?);
        let state = State {
            // The copy is as good a bound where the record was left behind, or an older one was put back.
            bound: recorded.map(|record| record.bound).max(copied.map(|copy| copy.bound)),
            is_consistent: is_consistent(recorded, copied.map(|copy| copy.bound)),
        };
        let (failures, failed) = mpsc::unbounded_channel();
        Ok((Self(Arc::new(Shared { record, copy, state: Mutex::new(state), failures })), failed))
    }

    /// Tries, before anything is voted for, whether the record can be written.
    ///
    /// # Errors
    /// [`NodeError::VoteRecord`].
    pub(crate) fn try_to_write(&self) -> Result<(), NodeError> {
        let record = &self.0.record;
        file::try_beside(record).map_err(|source| NodeError::VoteRecord { path: record.clone(), source })
    }

    /// How the validator may take part in an epoch, given whether there is a journal of its votes in it.
    pub(crate) fn standing(&self, epoch: u64, has_journal: bool) -> Standing {
        let state = self.state();
        match state.bound {
            Some(bound) if bound.epoch > epoch => Standing::Abstains { through: u64::MAX },
            Some(bound) if bound.epoch == epoch && !(has_journal && state.is_consistent) => {
                Standing::Abstains { through: bound.view }
            }
            _ => Standing::Votes,
        }
    }

    /// Votes that leave through `sender` are covered by the record.
    pub(crate) fn guard<S>(&self, sender: S) -> CoveredVotes<S> {
        CoveredVotes::new(sender, self.clone())
    }

    /// Makes the bound at least as high as a round; whether a vote of the round may leave.
    fn covers(&self, round: Round) -> bool {
        let wanted = Bound { epoch: round.epoch().get(), view: round.view().get() };
        let mut state = self.state();
        if state.bound.is_some_and(|bound| bound >= wanted) {
            return true;
        }
        let bound = Bound { view: wanted.view.saturating_add(HEADROOM), ..wanted };
        let record = Record { bound, before: state.bound };
        match record.write(&self.0.record).and_then(|()| record.write(&self.0.copy)) {
            Ok(()) => {
                *state = State { bound: Some(bound), is_consistent: true };
                true
            }
            Err(error) => {
                warn!(%error, "a vote is held back: the record of votes cannot be written");
                // Whoever listens ends the node; the first word is enough.
                let _ = self.0.failures.send(error);
                false
            }
        }
    }

    /// Where the record is.
    pub(crate) fn path(&self) -> &Path {
        &self.0.record
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A kill between the two writes leaves the copy one step behind, and no more than that is right. A copy without a record was put back, or its record was left behind.
fn is_consistent(record: Option<Record>, copy: Option<Bound>) -> bool {
    match (record, copy) {
        (None, copy) => copy.is_none(),
        (Some(record), copy) => copy == Some(record.bound) || copy == record.before,
    }
}
