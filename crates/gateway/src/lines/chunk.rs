//! Lines of a stream that came together and are accepted together.

use super::Line;
use crate::limits::{MAX_CHUNK_BYTES, MAX_CHUNK_LINES};

/// Lines that came together, and the number of the first.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    pub(crate) first: u64,
    pub(crate) lines: Vec<Line>,
    bytes: usize,
}

impl Chunk {
    /// Adds a line of so many bytes.
    pub(crate) fn push(&mut self, line: Line, bytes: usize) {
        self.bytes += bytes;
        self.lines.push(line);
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether it has to leave before another line is added.
    pub(crate) const fn is_full(&self) -> bool {
        self.lines.len() >= MAX_CHUNK_LINES || self.bytes >= MAX_CHUNK_BYTES
    }

    /// What was gathered; the next chunk begins after it.
    pub(crate) fn take(&mut self) -> Self {
        let next = Self { first: self.next(), lines: Vec::new(), bytes: 0 };
        std::mem::replace(self, next)
    }

    /// The number of the line after it.
    pub(crate) const fn next(&self) -> u64 {
        self.first + self.lines.len() as u64
    }
}
