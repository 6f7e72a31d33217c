//! What a process takes of the machine, as `/proc` says.

use std::time::Duration;

use anyhow::{Context, Result};

/// Ticks of the clock that `/proc/<pid>/stat` counts in, a second. The same on every Linux that Rust supports.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Resident memory now, in bytes.
    pub resident_bytes: u64,
    /// The most resident memory that it ever had, in bytes.
    pub peak_bytes: u64,
    /// CPU time of all threads since its start.
    pub cpu: Duration,
    /// Bytes that it had written to the disk since its start.
    pub written_bytes: u64,
}

impl Usage {
    /// What this program takes.
    ///
    /// # Errors
    /// Where there is no `/proc`.
    pub fn of_this_program() -> Result<Self> {
        Self::of(std::process::id())
    }

    /// Lets [`Self::peak_bytes`] of this program begin anew with what it takes now.
    ///
    /// # Errors
    /// Where there is no `/proc`.
    pub fn forget_peak() -> Result<()> {
        std::fs::write("/proc/self/clear_refs", "5").context("the peak of memory cannot be forgotten")
    }

    /// Reads it.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn of(pid: u32) -> Result<Self> {
        let read = |file: &str| {
            std::fs::read_to_string(format!("/proc/{pid}/{file}")).with_context(|| format!("no process {pid}"))
        };
        let (status, stat, io) = (read("status")?, read("stat")?, read("io")?);
        let field = |text: &str, name: &str| -> Option<u64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        // Fields are counted behind the name of the command, which may hold anything.
        let fields = stat.rsplit_once(") ").context("/proc has another form")?.1;
        let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(Self {
            resident_bytes: field(&status, "VmRSS:").unwrap_or_default() * 1024,
            peak_bytes: field(&status, "VmHWM:").unwrap_or_default() * 1024,
            cpu: Duration::from_secs_f64(ticks as f64 / TICKS_PER_SECOND),
            written_bytes: field(&io, "write_bytes:").unwrap_or_default(),
        })
    }
}
