//! A page of operations as a stream of Apache Arrow's IPC format: the schema, then batches as they are asked for, then the end.

use arrow_ipc::writer::StreamEncoder;
use bytes::Bytes;

use super::columns::{Columns, ColumnsError};

/// The messages of a stream, a batch at a time. After an error nothing follows, so that a reader misses the end.
pub(super) struct Messages<B> {
    encoder: Option<StreamEncoder>,
    batches: B,
}

impl<B: Columns> Messages<B> {
    pub(super) fn new(batches: B) -> Result<Self, ColumnsError> {
        Ok(Self { encoder: Some(StreamEncoder::try_new(&batches.schema())?), batches })
    }
}

impl<B: Columns> Iterator for Messages<B> {
    type Item = Result<Bytes, ColumnsError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut encoder = self.encoder.take()?;
        let buffers = match self.batches.next() {
            None => encoder.finish(),
            Some(Err(error)) => return Some(Err(error)),
            Some(Ok(batch)) => {
                let buffers = encoder.encode(&batch);
                self.encoder = buffers.is_ok().then_some(encoder);
                buffers
            }
        };
        let together = buffers.map(|buffers| {
            let mut bytes = Vec::with_capacity(buffers.iter().map(|buffer| buffer.len()).sum());
            buffers.iter().for_each(|buffer| bytes.extend_from_slice(buffer.as_slice()));
            Bytes::from(bytes)
        });
        Some(together.map_err(ColumnsError::from))
    }
}
