//! What the process uses, from `/proc` and the disk.

use std::{
    path::Path,
    time::{Duration, Instant},
};

/// Background work is over when the process has used no more than this share of a core for a while.
const IDLE_SHARE: f64 = 0.05;

/// Waits until the store has brought its tables into order.
pub(crate) fn wait_until_idle() {
    let longest = Instant::now() + Duration::from_secs(60);
    while Instant::now() < longest {
        let (before, cpu) = (Instant::now(), cpu_seconds());
        std::thread::sleep(Duration::from_millis(500));
        if cpu_seconds() - cpu < IDLE_SHARE * before.elapsed().as_secs_f64() {
            return;
        }
    }
}

pub(crate) fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or("VmRSS unknown");
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// CPU time of this process, all threads.
pub(crate) fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: u64 = stat.split_whitespace().skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}

/// Bytes that this process had written to the disk.
pub(crate) fn written_bytes() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    line.and_then(|bytes| bytes.parse().ok()).unwrap_or_default()
}

pub(crate) fn disk_bytes(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => disk_bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
