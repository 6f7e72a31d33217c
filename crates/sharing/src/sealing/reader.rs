//! Opening while reading: no byte is given out before its chunk was verified.

use std::io::{self, Read};

use ring::aead::{Aad, LessSafeKey};
use zeroize::Zeroize;

use super::{
    CHUNK_BYTES, DataKey, HEADER_BYTES, MAX_CHUNKS, SealError, TAG_BYTES,
    format::{Header, check_header, file_key, nonce},
};

/// Bytes of a sealed file that [`is_sealed_under`] looks at: header, first chunk, and by one byte more whether it is the last.
pub const BEGINNING_BYTES: usize = HEADER_BYTES + CHUNK_BYTES + TAG_BYTES + 1;

/// Whether a file is sealed under this key, as far as its beginning tells: the first [`BEGINNING_BYTES`] of it or more, or all that it has.
#[must_use]
pub fn is_sealed_under(beginning: &[u8], data_key: &DataKey) -> bool {
    OpeningReader::new(beginning, data_key).and_then(|mut reader| reader.open_next()).is_ok()
}

/// Opens a sealed file while it is read (SHARE-5). An error ends it for good.
pub struct OpeningReader<R> {
    inner: R,
    key: LessSafeKey,
    header: Header,
    chunk: u32,
    /// One chunk and one byte of the next: whether a chunk is the last is known by what follows.
    buffer: Vec<u8>,
    filled: usize,
    plain: Vec<u8>,
    position: usize,
    done: bool,
}

impl<R: Read> OpeningReader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`SealError::Malformed`] for what is no sealed file, [`SealError::Io`].
    pub fn new(mut inner: R, data_key: &DataKey) -> Result<Self, SealError> {
        let mut header = [0; HEADER_BYTES];
        inner.read_exact(&mut header).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => SealError::Malformed,
            _ => SealError::Io(error),
        })?;
        check_header(&header)?;
        let key = file_key(data_key, &header)?;
        let buffer = vec![0; CHUNK_BYTES + TAG_BYTES + 1];
        Ok(Self { inner, key, header, chunk: 0, buffer, filled: 0, plain: Vec::new(), position: 0, done: false })
    }

    fn open_next(&mut self) -> Result<(), SealError> {
        while self.filled < self.buffer.len() {
            match self.inner.read(&mut self.buffer[self.filled..]) {
                Ok(0) => break,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        let last = self.filled < self.buffer.len();
        let length = if last { self.filled } else { CHUNK_BYTES + TAG_BYTES };
        let chunk = self.chunk;
        if chunk >= MAX_CHUNKS {
            return Err(SealError::TooLong);
        }
        self.plain.clear();
        self.plain.extend_from_slice(&self.buffer[..length]);
        let opened = self
            .key
            .open_in_place(nonce(chunk, last), Aad::from(&self.header), &mut self.plain)
            .map_err(|_| SealError::Refused { chunk })?
            .len();
        self.plain.truncate(opened);
        self.position = 0;
        self.chunk += 1;
        self.done = last;
        if last {
            self.filled = 0;
        } else {
            self.buffer[0] = self.buffer[length];
            self.filled = 1;
        }
        Ok(())
    }
}

impl<R: Read> Read for OpeningReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.position == self.plain.len() {
            if self.done || out.is_empty() {
                return Ok(0);
            }
            if let Err(error) = self.open_next() {
                // What failed once must not be read past.
                self.done = true;
                self.plain.clear();
                self.position = 0;
                return Err(error.into());
            }
        }
        let count = out.len().min(self.plain.len() - self.position);
        out[..count].copy_from_slice(&self.plain[self.position..self.position + count]);
        self.position += count;
        Ok(count)
    }
}

impl<R> Drop for OpeningReader<R> {
    fn drop(&mut self) {
        self.plain.zeroize();
    }
}
