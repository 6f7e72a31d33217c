//! What was accepted in clear of a format that is about to be sealed: a dry run says it (DATA-11).

use chancery_data::{
    Jws, Operation, sealed,
    submission::{self, Access, Statement},
};
use chancery_ingest::{
    journal::JournalError,
    reading::{JournalEntry, JournalReader, SubmissionEntry, entries_of},
};
use chancery_reference_points::{Code, DoorError, DoorResult, data_format::FormatId};

/// Most operations that are looked at for one answer.
const MAX_OPERATIONS: u64 = 500_000;

/// Operations in clear, counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct InClear {
    operations: u64,
    /// Those of them that are not restricted already.
    shown: u64,
    looked_at: u64,
    complete: bool,
}

impl InClear {
    /// Counts from the oldest on. Reads the journal: not on a thread that others wait for.
    ///
    /// # Errors
    /// `JournalUnavailable`.
    pub(crate) fn count(reader: &JournalReader, format: &FormatId) -> DoorResult<Self> {
        let mut counted = Self { complete: true, ..Self::default() };
        for group in reader.groups(None).map_err(unreadable)? {
            for (_, entry) in entries_of(&group.map_err(unreadable)?) {
                if counted.looked_at >= MAX_OPERATIONS {
                    counted.complete = false;
                    return Ok(counted);
                }
                if let Some(JournalEntry::Submission(entry)) = entry {
                    counted.add(&entry, format);
                }
            }
        }
        Ok(counted)
    }

    fn add(&mut self, entry: &SubmissionEntry, format: &FormatId) {
        self.looked_at += entry.operations.len() as u64;
        let jws = Jws::parse(&entry.jws, submission::TYP).ok();
        let Some(statement) = jws.and_then(|jws| serde_json::from_slice::<Statement>(&jws.payload).ok()) else {
            return;
        };
        if statement.format != format.0 {
            return;
        }
        let in_clear =
            |bytes: &&Vec<u8>| Operation::parse(bytes).is_ok_and(|operation| sealed::is_in_clear(&operation));
        let found = entry.operations.iter().filter(in_clear).count() as u64;
        self.operations += found;
        if statement.control.access != Access::Restricted {
            self.shown += found;
        }
    }

    /// In words, for who configures.
    pub(crate) fn effects(&self) -> Vec<String> {
        let mut effects = Vec::new();
        if self.operations > 0 {
            effects.push(format!(
                "accepted before: {} operations are in clear and would be refused now; they stay, and are served as restricted from now on, {} of which are not yet",
                self.operations, self.shown
            ));
        }
        if !self.complete {
            effects.push(format!("accepted before: only the oldest {} operations were looked at", self.looked_at));
        }
        effects
    }
}

fn unreadable(error: JournalError) -> DoorError {
    DoorError::new(Code::JournalUnavailable, "what was kept cannot be read at present").caused_by(error)
}
