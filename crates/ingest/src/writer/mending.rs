//! Going on after a write that failed: a disk that was full, or a sync that was refused (STORE-1, STORE-2). What was not accepted is taken back; a group that is durable and not in the
//! index is read from the journal, as at a start.

use std::sync::Arc;

use chancery_reference_points::{DoorError, DoorResult};
use chancery_stores::check_room;
use tokio::sync::oneshot;

use super::{Command, Reply, Writer, answer};
use crate::{
    OpenError,
    journal::JournalError,
    open::{Followed, follow},
    receipts::GroupReceipts,
    unkept::unwritten,
};

impl Writer {
    /// Whether it can be written: it does not stand, or what failed is made up for now.
    ///
    /// # Errors
    /// `JournalUnavailable`, until the pause is over and the disk takes what is written.
    pub(super) fn go_on(&mut self) -> DoorResult<()> {
        if !self.standing.stands() {
            return Ok(());
        }
        // A group that is durable and not in the index, or whose sync has failed, may be kept.
        let is_known = !self.index_is_behind && self.journal.goes_on();
        if self.standing.waits() {
            return Err(unwritten(is_known));
        }
        self.mend().map_err(|error| {
            self.standing.failed(&error);
            unwritten(is_known)
        })?;
        self.standing.goes_on();
        Ok(())
    }

    fn mend(&mut self) -> Result<(), OpenError> {
        let io = |source| JournalError::Io { path: self.directory.clone(), source };
        check_room(&self.directory, 0).map_err(io)?;
        self.journal.mend()?;
        if !self.index_is_behind {
            return Ok(());
        }
        // What was kept is found in it as long as there is no room.
        self.index.check_room().map_err(io)?;
        let opened = self.index.closed_and_opened()?;
        let Followed { sources, quotas, open, unrecorded } =
            follow(&self.directory, &opened, self.journal.next_place())?;
        self.index.take_over(opened);
        *self.sources.write() = sources;
        *self.quotas.write() = quotas;
        (self.open, self.unrecorded) = (open, unrecorded.len());
        // Of blocks that the group has recorded the entry is there.
        self.unwritten.retain(|record| unrecorded.iter().any(|bounds| bounds.first == record.first));
        for bounds in unrecorded {
            if !self.handed.contains(&bounds.first) {
                self.hand(bounds);
            }
        }
        self.index_is_behind = false;
        self.durable.send_replace(self.journal.next_place());
        Ok(())
    }

    /// Tells whoever sent a command that nothing is written at present. A block that is recorded waits.
    pub(super) fn refuse(
        &mut self,
        command: Option<Command>,
        stopped: &mut Option<oneshot::Sender<()>>,
        error: &DoorError,
    ) {
        let reply = match command {
            None => return,
            Some(Command::Recorded(record)) => return self.unwritten.push(record),
            Some(Command::Stop(reply)) => {
                *stopped = Some(reply);
                return;
            }
            Some(Command::Submissions { checked, reply, permit, .. }) => {
                let placed = checked.iter().map(|_| Err(error.clone())).collect();
                Reply::Submissions { reply, placed, _permit: permit }
            }
            Some(Command::Source { reply, .. }) => Reply::Source(reply, Err(error.clone())),
            Some(Command::Quota { reply, .. }) => Reply::Quota(reply, Err(error.clone())),
            Some(Command::Setting { reply, .. }) => Reply::Setting(reply, Err(error.clone())),
        };
        answer(vec![reply], &Arc::new(GroupReceipts::default()), None);
    }
}
