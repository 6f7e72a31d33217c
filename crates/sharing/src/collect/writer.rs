//! One thread writes the spool: what waits is written together, with one wait for the disk.

use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::{CollectError, Record, spool::Spool};

/// Appends that may wait.
const MAX_WAITING: usize = 256;
/// Appends that are written together.
const MAX_TOGETHER: usize = 64;
/// Bytes, as they came, after which no further append joins.
const MAX_TOGETHER_BYTES: usize = 8 * 1024 * 1024;

struct Append {
    records: Vec<Record>,
    /// As they came.
    bytes: usize,
    done: oneshot::Sender<Result<(), CollectError>>,
}

/// Gives records to the spool.
#[derive(Clone)]
pub(super) struct Writer {
    waiting: mpsc::Sender<Append>,
}

impl Writer {
    /// Begins; the thread ends, and closes the spool, with the last of these handles.
    pub(super) fn start(spool: Spool) -> Result<(Self, JoinHandle<()>), CollectError> {
        let (waiting, appends) = mpsc::channel(MAX_WAITING);
        let thread = std::thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || write(spool, appends))
            .map_err(|error| CollectError::Stopped(error.to_string()))?;
        Ok((Self { waiting }, thread))
    }

    /// Returns when the records are on disk, all of them, or none.
    pub(super) async fn append(&self, records: Vec<Record>, bytes: usize) -> Result<(), CollectError> {
        let (done, answer) = oneshot::channel();
        let gone = || CollectError::Stopped("the spool is closed".to_owned());
        self.waiting.send(Append { records, bytes, done }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Leaves a record to the writer, if there is room; nobody waits for it.
    pub(super) fn leave(&self, record: Record, bytes: usize) -> bool {
        let (done, _) = oneshot::channel();
        self.waiting.try_send(Append { records: vec![record], bytes, done }).is_ok()
    }
}

fn write(mut spool: Spool, mut appends: mpsc::Receiver<Append>) {
    while let Some(first) = appends.blocking_recv() {
        let (mut records, mut bytes) = (first.records, first.bytes);
        let mut waiting = vec![(records.len(), first.done)];
        while waiting.len() < MAX_TOGETHER
            && bytes < MAX_TOGETHER_BYTES
            && let Ok(next) = appends.try_recv()
        {
            waiting.push((next.records.len(), next.done));
            records.extend(next.records);
            bytes += next.bytes;
        }
        match spool.append(records) {
            Ok(()) => {
                for (_, done) in waiting {
                    done.send(Ok(())).ok();
                }
            }
            Err(error) => {
                tracing::warn!(%error, "nothing was written");
                for (_, done) in waiting {
                    done.send(Err(error.clone())).ok();
                }
            }
        }
    }
}
