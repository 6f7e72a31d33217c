//! Sealing while writing: chunks are sealed by the caller's thread, hashed and written by another, so that a file costs the slower of the two.

use std::{
    fmt,
    io::{self, Write},
    mem,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::JoinHandle,
};

use ring::{
    aead::{Aad, LessSafeKey},
    digest::{Context, SHA256},
};
use serde::{Deserialize, Serialize};

use super::{
    CHUNK_BYTES, DataKey, MAX_CHUNKS, SealError, TAG_BYTES,
    format::{Header, file_key, new_header, nonce},
};

/// SHA-256 of a sealed file's bytes (SHARE-6).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(pub [u8; 32]);

impl TryFrom<String> for Fingerprint {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, hex::FromHexError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        hex::encode(fingerprint.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

/// What was made of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// SHA-256 of the sealed bytes.
    pub fingerprint: Fingerprint,
    /// Length of the sealed bytes.
    pub bytes: u64,
}

/// Chunks that go to the writing thread at once.
const CHUNKS_PER_BATCH: usize = 16;
/// Batches that may wait for the writing thread: memory is bounded by these.
const MAX_WAITING_BATCHES: usize = 4;
const BATCH_BYTES: usize = CHUNKS_PER_BATCH * (CHUNK_BYTES + TAG_BYTES);

/// Seals what is written to it. The file is whole only after [`Self::finish`]; what was dropped before does not open.
pub struct SealingWriter<W> {
    key: LessSafeKey,
    header: Header,
    chunk: u32,
    plain: Vec<u8>,
    batch: Vec<u8>,
    batches: Option<SyncSender<Vec<u8>>>,
    spare: Receiver<Vec<u8>>,
    written: Option<JoinHandle<io::Result<(W, Sealed)>>>,
}

impl<W: Write + Send + 'static> SealingWriter<W> {
    /// Begins a sealed file under a data key.
    ///
    /// # Errors
    /// [`SealError::Randomness`]; [`SealError::Io`] when no thread can be started.
    pub fn new(inner: W, data_key: &DataKey) -> Result<Self, SealError> {
        let header = new_header()?;
        let key = file_key(data_key, &header)?;
        let (batches, waiting) = sync_channel::<Vec<u8>>(MAX_WAITING_BATCHES);
        let (give_back, spare) = sync_channel(MAX_WAITING_BATCHES + 2);
        let written = std::thread::Builder::new()
            .name("sealed-file".to_owned())
            .spawn(move || hash_and_write(inner, &waiting, &give_back))?;
        let mut batch = Vec::with_capacity(BATCH_BYTES);
        batch.extend_from_slice(&header);
        Ok(Self {
            key,
            header,
            chunk: 0,
            plain: Vec::with_capacity(CHUNK_BYTES),
            batch,
            batches: Some(batches),
            spare,
            written: Some(written),
        })
    }

    /// Seals the last chunk and gives back what was written to, with what was made.
    ///
    /// # Errors
    /// [`SealError::TooLong`], [`SealError::Io`].
    pub fn finish(mut self) -> Result<(W, Sealed), SealError> {
        let last = mem::take(&mut self.plain);
        self.seal(&last, true)?;
        let batch = mem::take(&mut self.batch);
        if let Some(batches) = self.batches.take()
            && batches.send(batch).is_err()
        {
            return Err(self.end());
        }
        let written = self.written.take().ok_or(SealError::Stopped)?;
        Ok(written.join().map_err(|_| SealError::Stopped)??)
    }

    fn seal(&mut self, plain: &[u8], last: bool) -> Result<(), SealError> {
        if self.chunk >= MAX_CHUNKS {
            return Err(SealError::TooLong);
        }
        let start = self.batch.len();
        self.batch.extend_from_slice(plain);
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce(self.chunk, last), Aad::from(&self.header), &mut self.batch[start..])
            .map_err(|_| SealError::TooLong)?;
        self.batch.extend_from_slice(tag.as_ref());
        self.chunk += 1;
        if self.batch.len() + CHUNK_BYTES + TAG_BYTES > BATCH_BYTES {
            self.hand_over()?;
        }
        Ok(())
    }

    fn hand_over(&mut self) -> Result<(), SealError> {
        let mut next = self.spare.try_recv().unwrap_or_else(|_| Vec::with_capacity(BATCH_BYTES));
        next.clear();
        let batch = mem::replace(&mut self.batch, next);
        match self.batches.as_ref().map(|batches| batches.send(batch)) {
            Some(Ok(())) => Ok(()),
            _ => Err(self.end()),
        }
    }

    /// What the writing thread stopped with.
    fn end(&mut self) -> SealError {
        match self.written.take().map(JoinHandle::join) {
            Some(Ok(Err(error))) => SealError::Io(error),
            _ => SealError::Stopped,
        }
    }
}

impl<W: Write + Send + 'static> Write for SealingWriter<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let mut rest = data;
        while !rest.is_empty() {
            // A full chunk is sealed when more follows: only then is it known not to be the last.
            if self.plain.len() == CHUNK_BYTES {
                let plain = mem::take(&mut self.plain);
                self.seal(&plain, false)?;
                self.plain = plain;
                self.plain.clear();
            }
            // Whole chunks that are not the last are sealed without a copy in between.
            if self.plain.is_empty() && rest.len() > CHUNK_BYTES {
                let (whole, left) = rest.split_at(CHUNK_BYTES);
                self.seal(whole, false)?;
                rest = left;
                continue;
            }
            let (taken, left) = rest.split_at(rest.len().min(CHUNK_BYTES - self.plain.len()));
            self.plain.extend_from_slice(taken);
            rest = left;
        }
        Ok(data.len())
    }

    /// Nothing is forced out: a chunk is sealed when it is full.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hash_and_write<W: Write>(
    mut inner: W,
    waiting: &Receiver<Vec<u8>>,
    give_back: &SyncSender<Vec<u8>>,
) -> io::Result<(W, Sealed)> {
    let mut hash = Context::new(&SHA256);
    let mut bytes = 0;
    while let Ok(batch) = waiting.recv() {
        hash.update(&batch);
        inner.write_all(&batch)?;
        bytes += batch.len() as u64;
        // A full channel only means that the buffer is not used again.
        let _ = give_back.try_send(batch);
    }
    inner.flush()?;
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(hash.finish().as_ref());
    Ok((inner, Sealed { fingerprint: Fingerprint(fingerprint), bytes }))
}
