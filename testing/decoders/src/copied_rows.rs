//! Rows of a database as its binary COPY sends them.

use chancery_sharing::extract::{Column, ColumnType, Declaration, read_copy};

/// A table with one column of each type, the first of them the cursor.
fn table() -> Declaration {
    use ColumnType::{Boolean, Bytes, Date, Float, Integer, Text, Timestamp};
    let kinds = [Integer, Boolean, Float, Text, Bytes, Date, Timestamp];
    let named = |(at, kind)| Column { name: format!("column_{at}"), kind };
    Declaration {
        schema: "public".into(),
        table: "rows".into(),
        columns: kinds.into_iter().enumerate().map(named).collect(),
        conditions: Vec::new(),
        cursor: Some("column_0".into()),
        part_rows: 1,
    }
}

/// A stream has the same rows in whatever pieces it comes. The first byte says how long they are.
pub fn check(data: &[u8]) {
    let Some((step, stream)) = data.split_first() else { return };
    let table = table();
    let whole = read_copy([stream], &table);
    let pieces = read_copy(stream.chunks(usize::from(*step) + 1), &table);
    assert_eq!(whole.ok(), pieces.ok(), "a stream is read otherwise in pieces");
}

/// Rows with values and without.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let header = [b"PGCOPY\n\xff\r\n\0".as_slice(), &[0; 8]].concat();
    let field = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
    let null = (-1_i32).to_be_bytes().to_vec();
    let count = 7_i16.to_be_bytes();
    let row = [
        &count[..],
        &field(&9_i64.to_be_bytes()),
        &field(&[1]),
        &field(&1.5_f64.to_be_bytes()),
        &field("a\u{4e2d}".as_bytes()),
        &field(&[0xff, 0]),
        &field(&8_000_i32.to_be_bytes()),
        &field(&i64::MAX.to_be_bytes()),
    ]
    .concat();
    let small = [&count[..], &field(&[0, 7]), &field(&[0]), &field(&1.5_f32.to_be_bytes()), &null, &null, &null, &null]
        .concat();
    let nothing = [&count[..], &null, &null, &null, &null, &null, &null, &null].concat();
    let end = (-1_i16).to_be_bytes();
    [(255, [&row, &small, &row].map(|row| row.as_slice()).concat()), (2, row.clone()), (0, nothing), (6, vec![])]
        .into_iter()
        .map(|(step, rows)| [&[step][..], &header, &rows, &end].concat())
        .collect()
}
