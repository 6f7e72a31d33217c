//! PostgreSQL's binary COPY format (its manual, "COPY", "Binary Format"), decoded as it comes, straight into columns.

use super::{
    Column, Declaration, ExtractError, Reject, Rejects,
    columns::Columns,
    postgres_value::{Untaken, integer, record},
};

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
const HEADER_BYTES: usize = 19;
const TRAILER: i16 = -1;
const NULL: i32 = -1;
/// Longest row, in bytes: PostgreSQL's own bound.
const MAX_ROW_BYTES: usize = 1024 * 1024 * 1024;

/// Reads a stream that comes in pieces: how many rows it has, without those that cannot be read, and the cursor of the last. Rows that cannot be read are kept, while it reads, in the
/// system's folder of temporary files.
///
/// # Errors
/// [`ExtractError::SourceMalformed`], [`ExtractError::SourceLost`] for a stream that breaks off, [`ExtractError::TooManyRejects`].
pub fn read_copy<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    declaration: &Declaration,
) -> Result<(u64, Option<i64>), ExtractError> {
    let (mut decoder, mut columns) = (CopyDecoder::new(declaration), Columns::new(&declaration.columns));
    let mut rejects = Rejects::new(&std::env::temp_dir());
    for piece in pieces {
        decoder.update(piece, &mut columns, &mut rejects, |full| full.take().map(drop))?;
    }
    decoder.finish()?;
    Ok((decoder.rows, decoder.cursor))
}

/// A decoder between two pieces of the stream.
pub(super) struct CopyDecoder {
    rest: Vec<u8>,
    begun: bool,
    ended: bool,
    declared: Vec<Column>,
    cursor_index: Option<usize>,
    /// Of the last whole row, also of one that was set aside.
    pub(super) cursor: Option<i64>,
    /// Without those that were set aside.
    pub(super) rows: u64,
}

impl CopyDecoder {
    pub(super) fn new(declaration: &Declaration) -> Self {
        let (declared, cursor_index) = (declaration.columns.clone(), declaration.cursor_index());
        Self { rest: Vec::new(), begun: false, ended: false, declared, cursor_index, cursor: None, rows: 0 }
    }

    /// Whether the part ends before the rows do: they come in the order of a cursor, and many of them were set aside.
    pub(super) const fn is_over(&self, rejects: &Rejects) -> bool {
        self.cursor_index.is_some() && rejects.are_many()
    }

    /// Takes a piece, of any length, and gives each full batch to `full`. A row that cannot be read goes to the rejects, and the next one is taken; where a part ends with so many of
    /// them, what follows is not.
    pub(super) fn update(
        &mut self,
        piece: &[u8],
        columns: &mut Columns,
        rejects: &mut Rejects,
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
        while let Some(length) = self.tuple(&data[at..], columns, rejects)? {
            at += length;
            if columns.is_full() {
                full(columns)?;
            }
            if self.is_over(rejects) {
                break;
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
    fn tuple(
        &mut self,
        data: &[u8],
        columns: &mut Columns,
        rejects: &mut Rejects,
    ) -> Result<Option<usize>, ExtractError> {
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
            if let Err(untaken) = columns.push_binary(column, value) {
                self.set_aside(&data[..end], column, untaken, columns, rejects)?;
                return Ok(Some(end));
            }
            if self.cursor_index == Some(column) {
                self.cursor = value.map(integer).transpose()?;
            }
        }
        columns.end_row();
        self.rows += 1;
        Ok(Some(end))
    }

    /// Keeps a row aside of which the field of this column was not taken. No good row comes here.
    #[cold]
    fn set_aside(
        &mut self,
        tuple: &[u8],
        column: usize,
        untaken: Untaken,
        columns: &mut Columns,
        rejects: &mut Rejects,
    ) -> Result<(), ExtractError> {
        let Untaken::Unreadable(reason) = untaken else { return Err(untaken.into()) };
        columns.abandon_row(column);
        if let Some(index) = self.cursor_index {
            self.cursor = fields(tuple).nth(index).flatten().map(integer).transpose()?;
        }
        rejects.push(&Reject {
            file: None,
            position: self.rows + rejects.count + 1,
            column: self.declared.get(column).map(|column| column.name.clone()),
            reason: reason.to_owned(),
            fields: record(&self.declared, fields(tuple))?,
        })
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
                Ok(length) if at + length <= MAX_ROW_BYTES => at += length,
                _ => return Err(ExtractError::SourceMalformed("a row is longer than its bound")),
            }
        }
    }
    Ok((at <= data.len()).then_some(at))
}

/// The fields of a tuple that is whole.
fn fields(tuple: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    let mut at = 2;
    std::iter::from_fn(move || {
        let length = length_at(tuple, at)?;
        at += 4;
        let value = usize::try_from(length).ok().and_then(|length| tuple.get(at..at + length));
        at += value.map_or(0, <[u8]>::len);
        Some(value)
    })
}

fn length_at(data: &[u8], at: usize) -> Option<i32> {
    data.get(at..at + 4)?.try_into().ok().map(i32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use arrow_array::{Array as _, Int64Array, RecordBatch, StringArray, cast::AsArray as _};
    use serde_json::json;

    use super::*;
    use crate::extract::MAX_FIELD_BYTES;

    fn stream(rows: &[(i64, i32, Option<&[u8]>)]) -> Vec<u8> {
        let mut bytes = [SIGNATURE.as_slice(), &[0; 8]].concat();
        for (number, day, word) in rows {
            bytes.extend(3_i16.to_be_bytes());
            for field in [Some(number.to_be_bytes().as_slice()), Some(day.to_be_bytes().as_slice()), *word] {
                bytes.extend(field.map_or(NULL, |field| i32::try_from(field.len()).unwrap()).to_be_bytes());
                bytes.extend(field.unwrap_or_default());
            }
        }
        bytes.extend(TRAILER.to_be_bytes());
        bytes
    }

    // SHARE-3: whatever the size of the pieces in which rows come.
    #[test]
    fn a_row_that_cannot_be_read_goes_aside_and_leaves_its_neighbours_as_they_are() {
        let declaration: Declaration = serde_json::from_value(json!({
            "schema": "s", "table": "t", "cursor": "n", "part_rows": 10, "columns": [
                {"name": "n", "type": "integer"}, {"name": "day", "type": "date"}, {"name": "word", "type": "text"}
            ]
        }))
        .unwrap();
        let long = vec![b'x'; MAX_FIELD_BYTES + 1];
        let rows: [(i64, i32, Option<&[u8]>); 6] = [
            (1, i32::MAX, Some(b"a")),
            (2, 2, Some(b"b")),
            (3, 3, Some(b"\xff")),
            (4, 4, Some(&long)),
            (5, 5, None),
            (6, i32::MIN, None),
        ];
        for (rows, piece) in [(&rows[..], usize::MAX), (&rows[..], 300_000), (&rows[..3], 1)] {
            let directory = tempfile::tempdir().unwrap();
            let mut rejects = Rejects::new(directory.path());
            let (mut columns, mut decoder) = (Columns::new(&declaration.columns), CopyDecoder::new(&declaration));
            let bytes = stream(rows);
            for piece in bytes.chunks(piece.min(bytes.len())) {
                decoder.update(piece, &mut columns, &mut rejects, |_| Ok(())).unwrap();
            }
            decoder.finish().unwrap();
            let batches: Vec<RecordBatch> = columns.take().unwrap();
            let numbers = batches.iter().flat_map(|batch| {
                let numbers: &Int64Array = batch.column(0).as_primitive();
                numbers.values().to_vec()
            });
            let good = if rows.len() == 3 { vec![2] } else { vec![2, 5] };
            assert_eq!(numbers.collect::<Vec<_>>(), good);
            let words: &StringArray = batches[0].column(2).as_string();
            assert_eq!((words.len(), words.value(0)), (1, "b"));
            assert_eq!(decoder.cursor, rows.last().map(|(number, ..)| *number), "rejects do not hold it up");
            assert_eq!((decoder.rows, rejects.count), (good.len() as u64, (rows.len() - good.len()) as u64));
            let kept = std::fs::read_to_string(rejects.keep("kept").unwrap().unwrap()).unwrap();
            let kept: Vec<Reject> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!((kept[0].position, kept[0].column.as_deref()), (1, Some("day")));
            assert_eq!((kept[1].position, kept[1].column.as_deref()), (3, Some("word")));
            assert_eq!(kept[0].fields, *json!({"n": 1, "day": "infinity", "word": "a"}).as_object().unwrap());
        }
    }

    #[test]
    fn a_number_of_another_length_ends_the_reading() {
        let declaration: Declaration = serde_json::from_value(json!({
            "schema": "s", "table": "t", "cursor": null, "part_rows": 10, "columns": [{"name": "n", "type": "integer"}]
        }))
        .unwrap();
        let directory = tempfile::tempdir().unwrap();
        let mut rejects = Rejects::new(directory.path());
        let mut wrong = [SIGNATURE.as_slice(), &[0; 8]].concat();
        wrong.extend([0, 1, 0, 0, 0, 3, 1, 2, 3]);
        let (mut columns, mut decoder) = (Columns::new(&declaration.columns), CopyDecoder::new(&declaration));
        let refused = decoder.update(&wrong, &mut columns, &mut rejects, |_| Ok(()));
        assert!(matches!(refused, Err(ExtractError::SourceMalformed(_))), "{refused:?}");
    }
}
