//! A JSON object a line: records, or rejects that were corrected.

use std::io::{self, BufRead, BufReader, Read};

use ring::digest::{Context, SHA256};
use serde_json::{Map, Value as Json};

use super::{
    BUFFER_BYTES, MAX_RECORD_BYTES, lost,
    record::{take, take_again},
};
use crate::{
    extract::{Declaration, ExtractError, Reject, staging::StagedRows},
    sealing::Fingerprint,
};

/// What a line is.
#[derive(Clone, Copy)]
pub(super) enum Lines {
    /// A record.
    Records,
    /// A reject of an earlier run, with its record in it.
    Rejects,
}

/// Takes the lines of a file, of which so many were taken before; how many there are then.
pub(super) fn lines(
    file: impl Read,
    declaration: &Declaration,
    rows: &mut StagedRows,
    kind: Lines,
    before: u64,
) -> Result<u64, ExtractError> {
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, file);
    let mut line = Vec::new();
    let mut position = before;
    loop {
        line.clear();
        let count = (&mut reader).take(MAX_RECORD_BYTES + 1).read_until(b'\n', &mut line).map_err(lost)?;
        if count == 0 {
            return Ok(position);
        }
        if count as u64 > MAX_RECORD_BYTES {
            return Err(ExtractError::SourceMalformed("a record is longer than its bound"));
        }
        position += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let fields = match kind {
            Lines::Records => serde_json::from_slice(&line).ok(),
            Lines::Rejects => serde_json::from_slice::<Reject>(&line).ok().map(|reject| reject.fields),
        };
        match (fields, kind) {
            (Some(fields), Lines::Records) => take(position, fields, declaration, rows)?,
            (Some(fields), Lines::Rejects) => take_again(position, fields, declaration, rows)?,
            (None, _) => {
                let line = Json::String(String::from_utf8_lossy(&line).trim_end().to_owned());
                rows.reject(
                    position,
                    None,
                    "not a JSON object as expected",
                    Map::from_iter([("line".to_owned(), line)]),
                )?;
            }
        }
    }
}

/// Knows the SHA-256 of what was read.
pub(super) struct Hashed<R> {
    inner: R,
    hash: Context,
}

impl<R> Hashed<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, hash: Context::new(&SHA256) }
    }

    pub(super) fn fingerprint(self) -> Fingerprint {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.hash.finish().as_ref());
        Fingerprint(bytes)
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.hash.update(&out[..count]);
        Ok(count)
    }
}
