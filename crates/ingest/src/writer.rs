//! The one thread that writes: gathers what waits into a group, syncs it, answers (decision 0019).
//!
//! ```text
//! commands --> group (until nothing waits, or it is full) --> append + sync --> index --> replies
//!                 ^ bounds of data blocks: when one is full, or when its time is over and a place for it is free
//! ```
//!
//! A write that fails is told to whoever waits for it, and made up for after a pause ([`mending`]).

mod mending;

use std::{collections::HashSet, path::PathBuf, sync::Arc, time::Instant};

use alloy_primitives::Address;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult,
    journal::Clock,
    quota::{MAX_SETTINGS, Quota, QuotaSetting, QuotaSubject},
    source_data::{Source, SourceChange},
};
use chancery_stores::Standing;
use chancery_traces::{Parent, TARGET};
use parking_lot::RwLock;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, mpsc, oneshot},
};
use tracing::info_span;

use crate::{
    entry::{BlockBounds, BlockRecord, QuotaChange},
    group::{Checked, Group, Placed, broken},
    index::Index,
    journal::{Journal, JournalLock},
    limits::{Limits, MAX_BLOCKS_IN_FLIGHT, MAX_UNRECORDED_BLOCKS},
    quotas::Quotas,
    receipts::GroupReceipts,
    settings::Setting,
    sources::Sources,
    unkept,
};

/// A group takes no further command beyond this; with the largest command it stays below `MAX_GROUP_BYTES`.
const GROUP_TARGET_BYTES: usize = 3 * 1024 * 1024;
/// Largest command, in bytes of its submissions.
pub(crate) const MAX_COMMAND_BYTES: usize = 4 * 1024 * 1024;

/// What became of submissions: where each stands, and the receipts of the group that they were written with.
pub(crate) struct Written {
    pub(crate) placed: Vec<DoorResult<Placed>>,
    pub(crate) receipts: Arc<GroupReceipts>,
}

/// What the writer is asked to do.
pub(crate) enum Command {
    Submissions {
        checked: Vec<Checked>,
        reply: oneshot::Sender<Written>,
        /// Its share of the memory that all may take.
        permit: Arc<OwnedSemaphorePermit>,
        /// The request that they came with, where that is followed.
        parent: Option<Parent>,
    },
    Source {
        actor: Actor,
        change: SourceChange,
        reply: oneshot::Sender<DoorResult<Source>>,
    },
    Quota {
        subject: QuotaSubject,
        quota: Option<Quota>,
        by: Address,
        reply: oneshot::Sender<DoorResult<QuotaSetting>>,
    },
    Setting {
        setting: Setting,
        reply: oneshot::Sender<DoorResult<u64>>,
    },
    Recorded(BlockRecord),
    Stop(oneshot::Sender<()>),
}

/// A data block that is being gathered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenBlock {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) count: u32,
    pub(crate) opened: Instant,
}

pub(crate) struct Writer {
    pub(crate) journal: Journal,
    /// As long as anybody writes. Given back before the index is.
    pub(crate) _lock: JournalLock,
    pub(crate) index: Arc<Index>,
    pub(crate) sources: Arc<RwLock<Sources>>,
    pub(crate) quotas: Arc<RwLock<Quotas>>,
    pub(crate) open: Option<OpenBlock>,
    pub(crate) unrecorded: usize,
    /// First places of the blocks that were given to whoever records them, and whose record is not written.
    pub(crate) handed: HashSet<u64>,
    /// Blocks that are recorded, and whose entry could not be written yet.
    pub(crate) unwritten: Vec<BlockRecord>,
    /// Whether a write failed, and is not made up for.
    pub(crate) standing: Standing,
    /// The journal has a group that the index does not have.
    pub(crate) index_is_behind: bool,
    /// Of the journal.
    pub(crate) directory: PathBuf,
    pub(crate) closed: mpsc::UnboundedSender<BlockBounds>,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) chain_id: u64,
    /// The place after the last entry that is durable and in the index.
    pub(crate) durable: tokio::sync::watch::Sender<u64>,
}

enum Reply {
    Submissions { reply: oneshot::Sender<Written>, placed: Vec<DoorResult<Placed>>, _permit: Arc<OwnedSemaphorePermit> },
    Source(oneshot::Sender<DoorResult<Source>>, DoorResult<Source>),
    Quota(oneshot::Sender<DoorResult<QuotaSetting>>, DoorResult<QuotaSetting>),
    Setting(oneshot::Sender<DoorResult<u64>>, DoorResult<u64>),
}

/// What a group changes of what the next ones are judged by.
enum Changed {
    Source(Source),
    Quota(QuotaSetting),
}

impl Writer {
    /// Runs until it is told to stop, or nobody is left to tell it anything.
    pub(crate) fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>, runtime: &Handle) {
        let mut stopped = None;
        while stopped.is_none() {
            let first = match self.wakes_at() {
                None => match commands.blocking_recv() {
                    None => return,
                    first => first,
                },
                Some(at) => {
                    // The timer is made within the runtime, which has the clock.
                    let wait = async { tokio::time::timeout_at(at.into(), commands.recv()).await };
                    match runtime.block_on(wait) {
                        Ok(None) => return,
                        Ok(first) => first,
                        Err(_) => None,
                    }
                }
            };
            self.turn(first, &mut commands, &mut stopped);
        }
        drop(self);
        if let Some(reply) = stopped {
            // Who asked may not wait any more.
            let _ = reply.send(());
        }
    }

    /// When something is due that nobody asks for. While it stands, nothing is but the next try.
    fn wakes_at(&self) -> Option<Instant> {
        self.standing.next_try().or_else(|| self.closes_at())
    }

    /// When the open block's time is over; `None` while there is no block, or no free place to record it.
    fn closes_at(&self) -> Option<Instant> {
        let open = self.open.as_ref().filter(|_| self.unrecorded < MAX_BLOCKS_IN_FLIGHT)?;
        Some(open.opened + self.limits.max_block_time)
    }

    /// One group.
    fn turn(
        &mut self,
        first: Option<Command>,
        commands: &mut mpsc::UnboundedReceiver<Command>,
        stopped: &mut Option<oneshot::Sender<()>>,
    ) {
        if let Err(error) = self.go_on() {
            return self.refuse(first, stopped, &error);
        }
        let index = Arc::clone(&self.index);
        let mut group = match Group::new(&index, self.journal.next_place(), (self.clock)()) {
            Ok(group) => group,
            Err(error) => return self.refuse(first, stopped, &broken(error)),
        };
        let (before, mut replies, mut closed) = ((self.open, self.unrecorded), Vec::new(), Vec::new());
        let mut changed = None;
        let mut parents = Vec::new();
        let mut next = first;
        while let Some(command) = next.take() {
            match command {
                Command::Submissions { checked, reply, permit, parent } => {
                    parents.extend(parent);
                    let placed = checked.iter().map(|one| self.submission(&mut group, one, &mut closed)).collect();
                    replies.push(Reply::Submissions { reply, placed, _permit: permit });
                }
                Command::Source { actor, change, reply } => {
                    let result = self.source(&mut group, &actor, change, &mut closed);
                    changed = result.as_ref().ok().cloned().map(Changed::Source);
                    replies.push(Reply::Source(reply, result));
                }
                Command::Quota { subject, quota, by, reply } => {
                    let result = self.quota(&mut group, (subject, quota, by), &mut closed);
                    changed = result.as_ref().ok().cloned().map(Changed::Quota);
                    replies.push(Reply::Quota(reply, result));
                }
                Command::Setting { setting, reply } => {
                    let result = self.setting(&mut group, &setting, &mut closed);
                    replies.push(Reply::Setting(reply, result));
                }
                Command::Recorded(record) => self.unwritten.push(record),
                Command::Stop(reply) => *stopped = Some(reply),
            }
            // What follows a change of a source or a quota is judged by what it changed: in the next group.
            if changed.is_none() && stopped.is_none() && group.bytes() < GROUP_TARGET_BYTES {
                next = commands.try_recv().ok();
            }
        }
        for record in &self.unwritten {
            if let Err(error) = group.recorded(record) {
                tracing::error!(%error, "a recorded data block is missing in the index");
            }
        }
        self.unrecorded = self.unrecorded.saturating_sub(self.unwritten.len());
        if self.closes_at().is_some_and(|at| at <= Instant::now()) {
            self.close(&mut group, &mut closed);
        }
        let receipts = Arc::new(group.receipts());
        let span = Parent::together(
            &parents,
            || info_span!(target: TARGET, "journal group", commands = replies.len(), bytes = group.bytes()),
        );
        match span.in_scope(|| self.write(group)) {
            Ok(()) => {
                self.durable.send_replace(self.journal.next_place());
                for record in self.unwritten.drain(..) {
                    self.handed.remove(&record.first);
                }
                match changed {
                    Some(Changed::Source(source)) => {
                        if let Err(error) = self.sources.write().put(source) {
                            tracing::error!(%error, "a source does not read");
                        }
                    }
                    Some(Changed::Quota(setting)) => self.quotas.write().put(setting),
                    None => {}
                }
                closed.into_iter().for_each(|bounds| self.hand(bounds));
                answer(replies, &receipts, None);
            }
            Err(error) => {
                (self.open, self.unrecorded) = before;
                answer(replies, &receipts, Some(&error));
            }
        }
    }

    fn write(&mut self, group: Group<'_>) -> DoorResult<()> {
        if group.is_empty() {
            return Ok(());
        }
        let position = self.journal.append(&group.entries()).map_err(|error| {
            self.standing.failed(&error);
            unkept::unwritten(self.journal.goes_on())
        })?;
        // It is durable, and not to be found: until the index has it, nothing can be told apart from a repetition.
        group.commit(position).map_err(|error| {
            self.index_is_behind = true;
            self.standing.failed(&error);
            unkept::unwritten(false)
        })
    }

    /// Gives a closed block to whoever records it.
    fn hand(&mut self, bounds: BlockBounds) {
        self.handed.insert(bounds.first);
        // Nobody records any more when the process ends.
        let _ = self.closed.send(bounds);
    }

    fn submission(
        &mut self,
        group: &mut Group<'_>,
        checked: &Checked,
        closed: &mut Vec<BlockBounds>,
    ) -> DoorResult<Placed> {
        self.make_room(group, closed)?;
        let placed = group.submission(&self.sources.read(), &self.quotas.read(), checked)?;
        if !placed.repeated {
            self.enter(placed.place);
        }
        Ok(placed)
    }

    fn source(
        &mut self,
        group: &mut Group<'_>,
        actor: &Actor,
        change: SourceChange,
        closed: &mut Vec<BlockBounds>,
    ) -> DoorResult<Source> {
        self.make_room(group, closed)?;
        let (source, head) = self.sources.read().change(actor, change, self.chain_id, (self.clock)())?;
        let place = group.source(&head, &source)?;
        self.enter(place);
        Ok(source)
    }

    fn quota(
        &mut self,
        group: &mut Group<'_>,
        (subject, quota, by): (QuotaSubject, Option<Quota>, Address),
        closed: &mut Vec<BlockBounds>,
    ) -> DoorResult<QuotaSetting> {
        self.make_room(group, closed)?;
        if quota.is_some() && !self.quotas.read().has_place_for(&subject) {
            let detail = format!("there are {MAX_SETTINGS} settings: take one away first");
            return Err(DoorError::new(Code::ConfigurationInvalid, detail));
        }
        let setting = group.quota(QuotaChange { subject, quota, by, at_ms: (self.clock)() })?;
        self.enter(setting.place);
        Ok(setting)
    }

    fn setting(&mut self, group: &mut Group<'_>, setting: &Setting, closed: &mut Vec<BlockBounds>) -> DoorResult<u64> {
        self.make_room(group, closed)?;
        let place = group.setting(setting)?;
        self.enter(place);
        Ok(place)
    }

    /// A leaf more in the open block.
    fn enter(&mut self, place: u64) {
        let open =
            self.open.get_or_insert_with(|| OpenBlock { first: place, last: place, count: 0, opened: Instant::now() });
        open.last = place;
        open.count += 1;
    }

    /// Closes the open block when it takes no more.
    fn make_room(&mut self, group: &mut Group<'_>, closed: &mut Vec<BlockBounds>) -> DoorResult<()> {
        if self.unrecorded >= MAX_UNRECORDED_BLOCKS {
            return Err(DoorError::new(Code::TooManyRequests, "too many data blocks wait for their chain")
                .with("retryAfterMs", 5000));
        }
        if self.open.is_some_and(|open| open.count >= self.limits.max_block_submissions) {
            self.close(group, closed);
        }
        Ok(())
    }

    fn close(&mut self, group: &mut Group<'_>, closed: &mut Vec<BlockBounds>) {
        let Some(open) = self.open else { return };
        let bounds =
            BlockBounds { first: open.first, last: open.last, count: open.count, closed_at_ms: (self.clock)() };
        if let Err(error) = group.closed(&bounds) {
            tracing::error!(%error, "a data block stays open");
            return;
        }
        self.open = None;
        self.unrecorded += 1;
        closed.push(bounds);
    }
}

/// Nothing of what was sent is in the journal.
fn answer(replies: Vec<Reply>, receipts: &Arc<GroupReceipts>, failed: Option<&DoorError>) {
    for reply in replies {
        // Who does not wait any more asks again with the same key (DATA-3).
        match reply {
            Reply::Submissions { reply, placed, .. } => {
                let placed = placed.into_iter().map(|one| failed.map_or(one, |error| Err(error.clone())));
                let _ = reply.send(Written { placed: placed.collect(), receipts: Arc::clone(receipts) });
            }
            Reply::Source(reply, source) => {
                let _ = reply.send(failed.map_or(source, |error| Err(error.clone())));
            }
            Reply::Setting(reply, place) => {
                let _ = reply.send(failed.map_or(place, |error| Err(error.clone())));
            }
            Reply::Quota(reply, setting) => {
                let _ = reply.send(failed.map_or(setting, |error| Err(error.clone())));
            }
        }
    }
}
