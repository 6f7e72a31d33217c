//! Chunks: how they are written one after the other, and what is checked of each before anything in it is looked at.

use std::io::{self, Read, Write};

use alloy_primitives::{B256, Keccak256};

use super::{FORMAT_VERSION, MAGIC, SnapshotError};

/// What a chunk of state holds before it is compressed, about.
pub(super) const STATE_CHUNK_BYTES: usize = 1 << 20;
/// Most that a chunk of any kind holds: a block of the largest size with its receipts.
pub(super) const MAX_CHUNK_BYTES: usize = 64 << 20;
/// Compression of zstd: the fastest level that still halves a state.
const LEVEL: i32 = 3;
/// Kind, index, length, stored length.
const HEADER_BYTES: usize = 13;

/// What a chunk is, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Kind {
    Head = 1,
    Handover = 2,
    Ancestors = 3,
    Anchor = 4,
    Slots = 5,
    Accounts = 6,
    Block = 7,
    End = 8,
}

impl Kind {
    pub(super) fn of(byte: u8) -> Option<Self> {
        use Kind::{Accounts, Ancestors, Anchor, Block, End, Handover, Head, Slots};
        [Head, Handover, Ancestors, Anchor, Slots, Accounts, Block, End].into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// Writes chunks.
pub(super) struct FrameWriter<W> {
    out: W,
    index: u32,
    digest: B256,
}

impl<W: Write> FrameWriter<W> {
    pub(super) fn start(mut out: W) -> Result<Self, SnapshotError> {
        out.write_all(MAGIC)?;
        out.write_all(&FORMAT_VERSION.to_be_bytes())?;
        Ok(Self { out, index: 0, digest: B256::ZERO })
    }

    pub(super) fn write(&mut self, kind: Kind, bytes: &[u8]) -> Result<(), SnapshotError> {
        if bytes.len() > MAX_CHUNK_BYTES {
            return Err(SnapshotError::Malformed { index: self.index, problem: "it is too large" });
        }
        let stored = zstd::bulk::compress(bytes, LEVEL)?;
        let header = header(kind, self.index, bytes.len(), stored.len());
        let hash = hash(&header, &stored);
        self.out.write_all(&header)?;
        self.out.write_all(hash.as_slice())?;
        self.out.write_all(&stored)?;
        self.index += 1;
        self.digest = chain(self.digest, hash);
        Ok(())
    }

    /// Chunks so far.
    pub(super) fn frames(&self) -> u64 {
        self.index.into()
    }

    /// Hash of the hashes so far.
    pub(super) fn digest(&self) -> B256 {
        self.digest
    }

    pub(super) fn flush(mut self) -> Result<(), SnapshotError> {
        Ok(self.out.flush()?)
    }
}

/// Reads chunks, each checked against its own hash and its place.
pub(super) struct FrameReader<R> {
    from: R,
    index: u32,
    digest: B256,
}

impl<R: Read> FrameReader<R> {
    pub(super) fn start(mut from: R) -> Result<Self, SnapshotError> {
        let (mut magic, mut version) = ([0; MAGIC.len()], [0; 4]);
        from.read_exact(&mut magic).map_err(|error| cut(error, || SnapshotError::NotASnapshot))?;
        if magic != *MAGIC {
            return Err(SnapshotError::NotASnapshot);
        }
        from.read_exact(&mut version).map_err(|error| cut(error, || SnapshotError::Truncated { after: 0 }))?;
        let found = u32::from_be_bytes(version);
        if found != FORMAT_VERSION {
            return Err(SnapshotError::Version { found });
        }
        Ok(Self { from, index: 0, digest: B256::ZERO })
    }

    /// The next chunk.
    pub(super) fn read(&mut self) -> Result<(Kind, Vec<u8>), SnapshotError> {
        let index = self.index;
        let truncated = |error| cut(error, || SnapshotError::Truncated { after: index });
        let malformed = |problem| SnapshotError::Malformed { index, problem };
        let (mut header, mut expected) = ([0; HEADER_BYTES], B256::ZERO);
        self.from.read_exact(&mut header).map_err(truncated)?;
        self.from.read_exact(expected.as_mut_slice()).map_err(truncated)?;
        let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (found, length, stored_length) = (number(1), number(5) as usize, number(9) as usize);
        if length > MAX_CHUNK_BYTES || stored_length > zstd::zstd_safe::compress_bound(MAX_CHUNK_BYTES) {
            return Err(malformed("it is too large"));
        }
        let mut stored = Vec::new();
        // Grows with what is there, not with what is claimed.
        (&mut self.from).take(stored_length as u64).read_to_end(&mut stored)?;
        if stored.len() < stored_length {
            return Err(SnapshotError::Truncated { after: index });
        }
        let hash = hash(&header, &stored);
        if hash != expected {
            return Err(SnapshotError::Damaged { index });
        }
        if found != index {
            return Err(SnapshotError::OutOfOrder { expected: index, found });
        }
        let kind = Kind::of(header[0]).ok_or_else(|| malformed("its kind is unknown"))?;
        let bytes = zstd::bulk::decompress(&stored, length).map_err(|_| malformed("it cannot be decompressed"))?;
        if bytes.len() != length {
            return Err(malformed("its length is another"));
        }
        self.index += 1;
        self.digest = chain(self.digest, hash);
        Ok((kind, bytes))
    }

    /// Chunks so far.
    pub(super) fn frames(&self) -> u64 {
        self.index.into()
    }

    /// Hash of the hashes so far.
    pub(super) fn digest(&self) -> B256 {
        self.digest
    }

    /// Index of the chunk that was read last.
    pub(super) fn last(&self) -> u32 {
        self.index.saturating_sub(1)
    }

    /// Nothing may follow.
    pub(super) fn finish(mut self) -> Result<(), SnapshotError> {
        match self.from.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(SnapshotError::TrailingBytes),
        }
    }
}

fn header(kind: Kind, index: u32, length: usize, stored: usize) -> [u8; HEADER_BYTES] {
    let mut out = [kind as u8; HEADER_BYTES];
    out[1..5].copy_from_slice(&index.to_be_bytes());
    // Both are far below 2^32: see MAX_CHUNK_BYTES.
    out[5..9].copy_from_slice(&(length as u32).to_be_bytes());
    out[9..].copy_from_slice(&(stored as u32).to_be_bytes());
    out
}

fn hash(header: &[u8], stored: &[u8]) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update(header);
    hasher.update(stored);
    hasher.finalize()
}

fn chain(before: B256, hash: B256) -> B256 {
    self::hash(before.as_slice(), hash.as_slice())
}

fn cut(error: io::Error, truncated: impl FnOnce() -> SnapshotError) -> SnapshotError {
    if error.kind() == io::ErrorKind::UnexpectedEof { truncated() } else { error.into() }
}
