//! PostgreSQL's binary COPY format (its manual, "COPY", "Binary Format"), decoded as it comes, straight into columns.

use super::{
    Column, ExtractError, MAX_FIELD_BYTES,
    columns::{Columns, integer},
};

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
const HEADER_BYTES: usize = 19;
const TRAILER: i16 = -1;
const NULL: i32 = -1;

/// Reads a stream that comes in pieces, of which the first column is the cursor: how many rows it has, and the cursor of the last.
///
/// # Errors
/// [`ExtractError::SourceMalformed`], [`ExtractError::SourceLost`] for a stream that breaks off.
pub fn read_copy<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    columns: &[Column],
) -> Result<(u64, Option<i64>), ExtractError> {
    let (mut decoder, mut columns) = (CopyDecoder::new(Some(0)), Columns::new(columns));
    for piece in pieces {
        decoder.update(piece, &mut columns, |full| full.take().map(drop))?;
    }
    decoder.finish()?;
    Ok((decoder.rows, decoder.cursor))
}

/// A decoder between two pieces of the stream.
pub(super) struct CopyDecoder {
    rest: Vec<u8>,
    begun: bool,
    ended: bool,
    cursor_index: Option<usize>,
    /// Of the last whole row.
    pub(super) cursor: Option<i64>,
    pub(super) rows: u64,
}

impl CopyDecoder {
    pub(super) fn new(cursor_index: Option<usize>) -> Self {
        Self { rest: Vec::new(), begun: false, ended: false, cursor_index, cursor: None, rows: 0 }
    }

    /// Takes a piece, of any length, and gives each full batch to `full`.
    pub(super) fn update(
        &mut self,
        piece: &[u8],
        columns: &mut Columns,
        mut full: impl FnMut(&mut Columns) -> Result<(), ExtractError>,
    ) -> Result<(), ExtractError> {
        let mut joined = std::mem::take(&mut self.rest);
        let data = if joined.is_empty() {
            piece
        } else {
            joined.extend_from_slice(piece);
            joined.as_slice()
        };
        let mut at = 0;
        while let Some(length) = self.tuple(&data[at..], columns)? {
            at += length;
            if columns.is_full() {
                full(columns)?;
            }
        }
        self.rest = data[at..].to_vec();
        Ok(())
    }

    /// Refuses a stream that broke off.
    pub(super) fn finish(&self) -> Result<(), ExtractError> {
        if self.ended && self.rest.is_empty() {
            Ok(())
        } else {
            Err(ExtractError::SourceLost("the stream of rows broke off".to_owned()))
        }
    }

    /// Length of the header, tuple or trailer at the beginning of `data`; none while it is not whole.
    fn tuple(&mut self, data: &[u8], columns: &mut Columns) -> Result<Option<usize>, ExtractError> {
        if !self.begun {
            return self.header(data);
        }
        if data.is_empty() {
            return Ok(None);
        }
        if self.ended {
            return Err(ExtractError::SourceMalformed("something follows the end of a COPY"));
        }
        let Some(count) = data.first_chunk::<2>().map(|bytes| i16::from_be_bytes(*bytes)) else { return Ok(None) };
        if count == TRAILER {
            self.ended = true;
            return Ok(Some(2));
        }
        let width = columns.width();
        if usize::try_from(count) != Ok(width) {
            return Err(ExtractError::SourceMalformed("a row has another number of fields"));
        }
        let Some(end) = whole(data, width)? else { return Ok(None) };
        let mut at = 2;
        for column in 0..width {
            let length = length_at(data, at).unwrap_or(NULL);
            at += 4;
            let value = usize::try_from(length).ok().map(|length| &data[at..at + length]);
            at += value.map_or(0, <[u8]>::len);
            columns.push_binary(column, value)?;
            if self.cursor_index == Some(column) {
                self.cursor = value.map(integer).transpose()?;
            }
        }
        columns.end_row();
        self.rows += 1;
        Ok(Some(end))
    }

    fn header(&mut self, data: &[u8]) -> Result<Option<usize>, ExtractError> {
        if data.len() < HEADER_BYTES {
            return Ok(None);
        }
        let plain = data[..11] == *SIGNATURE && data[11..HEADER_BYTES] == [0; 8];
        if !plain {
            return Err(ExtractError::SourceMalformed("this is no binary COPY"));
        }
        self.begun = true;
        Ok(Some(HEADER_BYTES))
    }
}

/// End of a tuple whose fields are all there.
fn whole(data: &[u8], width: usize) -> Result<Option<usize>, ExtractError> {
    let mut at = 2;
    for _ in 0..width {
        let Some(length) = length_at(data, at) else { return Ok(None) };
        at += 4;
        if length != NULL {
            match usize::try_from(length) {
                Ok(length) if length <= MAX_FIELD_BYTES => at += length,
                _ => return Err(ExtractError::SourceMalformed("a field is longer than its bound")),
            }
        }
    }
    Ok((at <= data.len()).then_some(at))
}

fn length_at(data: &[u8], at: usize) -> Option<i32> {
    data.get(at..at + 4)?.try_into().ok().map(i32::from_be_bytes)
}
