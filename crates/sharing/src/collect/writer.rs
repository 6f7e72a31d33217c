//! One thread writes the spool: what waits is written together, with one wait for the disk.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
};

use tokio::sync::{mpsc, oneshot};

use super::{
    CollectError, Record,
    batches::{Batch, Batches},
    spool::{Known, Spool},
};

/// Appends that may wait.
const MAX_WAITING: usize = 256;
/// Appends that are written together.
const MAX_TOGETHER: usize = 64;
/// Records after which no further append joins.
const MAX_TOGETHER_RECORDS: usize = 20_000;
/// Bytes, as they came, after which no further append joins.
const MAX_TOGETHER_BYTES: usize = 8 * 1024 * 1024;

struct Append {
    records: Vec<Record>,
    /// As they came.
    bytes: usize,
    sender: Sender,
    /// Which of its sender's they are, where it numbers them.
    batch: Option<Batch>,
}

/// Who is told what became of an append.
enum Sender {
    Waiting(oneshot::Sender<Result<(), CollectError>>),
    /// Nobody: it is counted when it is lost.
    Counted(Dropped),
}

/// Counts what found no room.
#[derive(Clone, Default)]
pub(super) struct Dropped(Arc<AtomicU64>);

impl Dropped {
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self) {
        let dropped = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        if dropped.is_power_of_two() {
            tracing::warn!(dropped, "datagrams find no room in the spool");
        }
    }
}

/// Gives records to the spool.
#[derive(Clone)]
pub(super) struct Writer {
    waiting: mpsc::Sender<Append>,
}

/// The thread that writes, and why it ended by itself.
pub(super) struct Writing {
    pub(super) thread: JoinHandle<()>,
    pub(super) failed: mpsc::Receiver<CollectError>,
}

impl Writer {
    /// Begins; the thread ends, and closes the spool, with the last of these handles, or when the spool cannot be written.
    pub(super) fn start(spool: Spool) -> Result<(Self, Writing), CollectError> {
        let (waiting, appends) = mpsc::channel(MAX_WAITING);
        let (fails, failed) = mpsc::channel(1);
        let thread = std::thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || {
                if let Err(error) = write(spool, appends) {
                    fails.try_send(error).ok();
                }
            })
            .map_err(|error| CollectError::Stopped(error.to_string()))?;
        Ok((Self { waiting }, Writing { thread, failed }))
    }

    /// Returns when the records are on disk, all of them, or none.
    pub(super) async fn append(&self, records: Vec<Record>, bytes: usize) -> Result<(), CollectError> {
        self.append_batch(records, bytes, None).await
    }

    /// The same; records of a batch that is on disk already are not written again.
    pub(super) async fn append_batch(
        &self,
        records: Vec<Record>,
        bytes: usize,
        batch: Option<Batch>,
    ) -> Result<(), CollectError> {
        let (done, answer) = oneshot::channel();
        let gone = || CollectError::Stopped("the spool is closed".to_owned());
        let append = Append { records, bytes, sender: Sender::Waiting(done), batch };
        self.waiting.send(append).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Leaves a record to the writer, if there is room; nobody waits for it, and it is counted when it is lost.
    pub(super) fn leave(&self, record: Record, bytes: usize, dropped: &Dropped) {
        let append = Append { records: vec![record], bytes, sender: Sender::Counted(dropped.clone()), batch: None };
        if self.waiting.try_send(append).is_err() {
            dropped.add();
        }
    }
}

/// Appends that are written with one wait for the disk.
#[derive(Default)]
struct Together {
    records: Vec<Record>,
    /// As they came.
    bytes: usize,
    senders: Vec<Sender>,
    batches: Batches,
}

impl Together {
    fn has_room_for(&self, next: &Append) -> bool {
        self.records.len() + next.records.len() <= MAX_TOGETHER_RECORDS && self.bytes + next.bytes <= MAX_TOGETHER_BYTES
    }

    /// Takes an append, unless it is there already, or is not taken at all: then its sender is told so.
    fn take(&mut self, append: Append, spool: &Spool) {
        let Append { records, bytes, sender, batch } = append;
        let known = batch.as_ref().map_or(Ok(Known::New), |batch| spool.knows(batch, &self.batches));
        match known {
            Ok(Known::OnDisk) => sender.tell(&Ok(())),
            Err(error) => sender.tell(&Err(error)),
            // The same batch once more: both wait for the same records.
            Ok(Known::AboutToBe) => self.senders.push(sender),
            Ok(Known::New) => {
                if let Some(batch) = batch {
                    self.batches.add(batch);
                }
                self.records.extend(records);
                self.bytes += bytes;
                self.senders.push(sender);
            }
        }
    }
}

impl Sender {
    fn tell(self, written: &Result<(), CollectError>) {
        match self {
            Self::Waiting(done) => {
                done.send(written.clone()).ok();
            }
            Self::Counted(dropped) if written.is_err() => dropped.add(),
            Self::Counted(_) => {}
        }
    }
}

/// Ends with the channel, or with an error that does not pass: not with a spool that is full, or a disk that takes nothing at present.
fn write(mut spool: Spool, mut appends: mpsc::Receiver<Append>) -> Result<(), CollectError> {
    let (mut held, mut takes_nothing) = (None, false);
    while let Some(first) = held.take().or_else(|| appends.blocking_recv()) {
        let mut together = Together::default();
        together.take(first, &spool);
        while together.senders.len() < MAX_TOGETHER {
            let Ok(next) = appends.try_recv() else { break };
            if !together.has_room_for(&next) {
                held = Some(next);
                break;
            }
            together.take(next, &spool);
        }
        if together.senders.is_empty() {
            continue;
        }
        let written = spool.append(together.records);
        together.senders.into_iter().for_each(|sender| sender.tell(&written));
        match written {
            Ok(()) if std::mem::take(&mut takes_nothing) => tracing::info!("the spool has room again"),
            Ok(()) => {}
            Err(error) if error.passes() => {
                if !std::mem::replace(&mut takes_nothing, true) {
                    tracing::warn!(%error);
                }
            }
            Err(error) => {
                tracing::error!(%error, "nothing more is collected");
                return Err(error);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;
    use crate::collect::spool::segments;

    fn record(text: &str) -> Record {
        Record::from_iter([("line".to_owned(), json!(text))])
    }

    // S-COL
    #[tokio::test]
    async fn what_a_full_spool_drops_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, mut writing) = Writer::start(Spool::open(folder.path(), 100).unwrap()).unwrap();
        let dropped = Dropped::default();
        writer.leave(record(&"x".repeat(100)), 100, &dropped);
        // One after the other: what comes behind it is told when it was written.
        let full = writer.append(vec![record(&"x".repeat(100))], 100).await;
        assert!(matches!(full, Err(CollectError::Full(_))), "{full:?}");
        assert_eq!(dropped.count(), 1);
        drop(writer);
        writing.thread.join().unwrap();
        assert!(writing.failed.recv().await.is_none(), "it was told to end");
    }

    // S-COL
    #[tokio::test]
    async fn a_batch_that_comes_again_is_written_once_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let batch = |number: u64| Batch::parse(&format!("{}-{number}", "a".repeat(32))).unwrap();
        let records = |batch: &Batch| {
            let mut record = record("of a batch");
            record.insert(crate::collect::batches::BATCH.to_owned(), json!(batch.to_string()));
            vec![record.clone(), record]
        };
        let lines = || {
            let segment = segments(folder.path()).unwrap()[0].path.clone();
            std::fs::read_to_string(segment).unwrap().lines().count()
        };
        for (number, count) in [(1, 2), (1, 2), (2, 4)] {
            let (writer, writing) = Writer::start(Spool::open(folder.path(), 1 << 20).unwrap()).unwrap();
            let append = || writer.append_batch(records(&batch(number)), 10, Some(batch(number)));
            let (one, other) = tokio::join!(append(), append());
            one.unwrap();
            other.unwrap();
            append().await.unwrap();
            assert_eq!(lines(), count, "batch {number}");
            drop(writer);
            writing.thread.join().unwrap();
        }
    }

    // S-COL, SHARE-3: whatever comes under a number that was used is compared, and never acknowledged unread.
    #[tokio::test]
    async fn another_content_under_a_number_that_was_used_is_refused_and_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, writing) = Writer::start(Spool::open(folder.path(), 1 << 20).unwrap()).unwrap();
        let append = |number: u64, text: &'static str| {
            let batch = Batch::of_request(&format!("{}-{number}", "b".repeat(32)), text.as_bytes()).unwrap();
            let mut record = record(text);
            record.insert(crate::collect::batches::BATCH.to_owned(), json!(batch.to_string()));
            writer.append_batch(vec![record], 10, Some(batch))
        };
        append(2, "one").await.unwrap();
        append(2, "one").await.unwrap();
        let changed = append(2, "other").await;
        assert!(matches!(changed, Err(CollectError::BatchChanged(_))), "{changed:?}");
        let passed = append(1, "one").await;
        assert!(matches!(passed, Err(CollectError::BatchPassed { last: 2, .. })), "{passed:?}");
        // At the same time: one of the two is there, and the other is told that it is not.
        let (one, other) = tokio::join!(append(3, "one"), append(3, "other"));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        drop(writer);
        writing.thread.join().unwrap();
        let segment = segments(folder.path()).unwrap()[0].path.clone();
        assert_eq!(std::fs::read_to_string(segment).unwrap().lines().count(), 2);
    }

    // S-COL
    #[tokio::test]
    async fn a_spool_that_cannot_be_written_ends_the_writer() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, mut writing) = Writer::start(Spool::open(folder.path(), 1 << 30).unwrap()).unwrap();
        // The name of the next segment is taken by what holds records of another.
        let large = vec![record(&"x".repeat(17 << 20))];
        writer.append(large, 17 << 20).await.unwrap();
        let first = segments(folder.path()).unwrap()[0].path.clone();
        std::fs::copy(&first, first.with_file_name(format!("{:020}.ndjson", 2))).unwrap();
        let refused = writer.append(vec![record("y")], 1).await;
        assert!(matches!(refused, Err(CollectError::Spool { .. })), "{refused:?}");
        assert!(matches!(writing.failed.recv().await, Some(CollectError::Spool { .. })));
        assert!(matches!(writer.append(vec![record("y")], 1).await, Err(CollectError::Stopped(_))));
    }
}
