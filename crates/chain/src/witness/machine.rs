//! The machine under the node: room on the disk, and the clock.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use chancery_rpc::DiskStatus;

use super::{Witness, signed_difference, unix_ms};
use crate::{NodeError, error::MIN_FREE_MEBIBYTES};

/// Files that the stores lock while they are open.
const LOCK_FILES: [&str; 2] = ["lock", ".hold"];
/// How often the clocks are compared.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The two clocks are read one after the other; if that takes longer, they are read again.
const READ_WITHIN: Duration = Duration::from_millis(100);
/// A smaller difference is what adjusting a clock or a busy machine makes of it.
const LEAST_STEP_MS: u64 = 1_000;

/// The file system that a path lies on.
pub(super) fn disk(path: &Path) -> io::Result<DiskStatus> {
    let found = rustix::fs::statvfs(path)?;
    Ok(DiskStatus {
        path: path.display().to_string(),
        free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
        total_bytes: found.f_blocks.saturating_mul(found.f_frsize),
    })
}

/// Bytes that may still be written below a path.
///
/// # Errors
/// When the path is not there.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    disk(path).map(|disk| disk.free_bytes)
}

/// The error of a chain whose file system has less room than a node needs. A folder that does not exist yet counts as its parent.
pub(crate) fn disk_full(chain: &str, data_dir: &Path) -> Option<NodeError> {
    let existing = data_dir.ancestors().find(|path| path.exists())?;
    let free_mebibytes = free_bytes(existing).ok()? >> 20;
    (free_mebibytes < MIN_FREE_MEBIBYTES).then(|| NodeError::DiskFull {
        chain: chain.to_owned(),
        path: data_dir.to_owned(),
        free_mebibytes,
    })
}

/// Whether a running process has a node's folder open, the chain's or that of consensus. Nothing is changed: a lock that was free is free again
/// when this returns.
///
/// # Errors
/// When the folder cannot be written by this process.
pub fn is_locked(directory: &Path) -> io::Result<bool> {
    rustix::fs::access(directory, rustix::fs::Access::WRITE_OK)?;
    for name in LOCK_FILES {
        let file = match File::open(directory.join(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => file.unlock()?,
            Err(TryLockError::WouldBlock) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(false)
}

/// Finds out that somebody has set the machine's clock: by the other clock, which nobody can set.
#[derive(Debug)]
pub(crate) struct ClockWatch {
    wall: SystemTime,
    steady: Instant,
}

impl ClockWatch {
    pub(crate) const fn new(wall: SystemTime, steady: Instant) -> Self {
        Self { wall, steady }
    }

    /// By how many milliseconds the clock was put forward since the last look (negative: back), if it was.
    pub(crate) fn look(&mut self, wall: SystemTime, steady: Instant) -> Option<i64> {
        let expected = self.wall + steady.saturating_duration_since(self.steady);
        (self.wall, self.steady) = (wall, steady);
        let by_ms = signed_difference(unix_ms(wall), unix_ms(expected));
        (by_ms.unsigned_abs() >= LEAST_STEP_MS).then_some(by_ms)
    }
}

impl Witness {
    /// Watches the machine for ever; returns when the node cannot go on with it: when its disk is full, or its clock was put back by more than
    /// `tolerated`.
    ///
    /// Smaller steps, and steps forward, are noted and logged: timers that were set before fire early. After a step back they would fire late
    /// by as much, so a node has to start again.
    pub(crate) async fn watch_machine(self, tolerated: Duration) -> NodeError {
        let chain = self.0.chain.genesis_config().name.clone();
        let mut watch = ClockWatch::new(SystemTime::now(), Instant::now());
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if let Some(full) = disk_full(&chain, &self.0.data_dir) {
                return full;
            }
            let (steady, wall) = (Instant::now(), SystemTime::now());
            if steady.elapsed() > READ_WITHIN {
                // This thread was stopped between the two, so they are not of one moment.
                continue;
            }
            let Some(by_ms) = watch.look(wall, steady) else { continue };
            self.note_clock_set(by_ms);
            tracing::warn!(by_ms, "the clock of this machine was set");
            if by_ms < 0 && Duration::from_millis(by_ms.unsigned_abs()) > tolerated {
                return NodeError::ClockSetBack { chain, by_ms: by_ms.unsigned_abs() };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_is_noticed_and_one_that_goes_on_is_not() {
        let (wall, steady) = (SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000), Instant::now());
        let later = |seconds| steady + Duration::from_secs(seconds);
        let mut watch = ClockWatch::new(wall, steady);
        assert_eq!(watch.look(wall + Duration::from_millis(1_400), later(1)), None, "adjusted a little");
        assert_eq!(watch.look(wall + Duration::from_secs(3_602), later(2)), Some(3_599_600));
        assert_eq!(watch.look(wall + Duration::from_secs(3_612), later(12)), None, "a pause is no step");
        assert_eq!(watch.look(wall + Duration::from_secs(13), later(13)), Some(-3_600_000));
    }
}
