//! Fields in PostgreSQL's binary form (its manual, "COPY", "Binary Format", and what its types send), read as their declared types; and the row of one
//! that cannot be read, for the file of rejects (SHARE-3).

use serde_json::{Map, Value as Json, json};

use super::{
    Column, ColumnType, ExtractError, MAX_FIELD_BYTES,
    value::{TOO_LONG, Value},
};

/// PostgreSQL counts from 2000-01-01.
const DAYS_TO_2000: i32 = 10_957;
const MICROSECONDS_TO_2000: i64 = 946_684_800_000_000;
/// Bytes that are kept of a field that is not kept whole.
const BEGINNING_BYTES: usize = 1024;
/// Most bytes of a row as JSON with which it is kept whole: below what a line may have that is replayed.
const MAX_KEPT_BYTES: usize = 3 * 1024 * 1024;

/// Why a field is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Untaken {
    /// It is no value of the declared type: its row goes aside, for this reason.
    Unreadable(&'static str),
    /// It is nothing that PostgreSQL sends.
    Malformed(&'static str),
}

impl From<Untaken> for ExtractError {
    fn from(untaken: Untaken) -> Self {
        let (Untaken::Unreadable(reason) | Untaken::Malformed(reason)) = untaken;
        Self::SourceMalformed(reason)
    }
}

const WRONG_LENGTH: Untaken = Untaken::Malformed("a field has not the length of its type");

/// `bool`.
#[inline]
pub(super) fn boolean(bytes: &[u8]) -> Result<bool, Untaken> {
    match bytes {
        [byte] => Ok(*byte != 0),
        _ => Err(WRONG_LENGTH),
    }
}

/// `int2`, `int4` or `int8`.
#[inline]
pub(super) fn integer(bytes: &[u8]) -> Result<i64, Untaken> {
    match *bytes {
        [a, b] => Ok(i16::from_be_bytes([a, b]).into()),
        [a, b, c, d] => Ok(i32::from_be_bytes([a, b, c, d]).into()),
        [a, b, c, d, e, f, g, h] => Ok(i64::from_be_bytes([a, b, c, d, e, f, g, h])),
        _ => Err(Untaken::Malformed("an integer has not 2, 4 or 8 bytes")),
    }
}

/// `float4` or `float8`; also what is no finite number.
#[inline]
pub(super) fn float(bytes: &[u8]) -> Result<f64, Untaken> {
    match *bytes {
        [a, b, c, d] => Ok(f64::from(f32::from_be_bytes([a, b, c, d]))),
        _ => Ok(f64::from_be_bytes(bytes.try_into().map_err(|_| WRONG_LENGTH)?)),
    }
}

/// Texts of any type. A database that does not say its encoding (`SQL_ASCII`) holds any bytes.
#[inline]
pub(super) fn text(bytes: &[u8]) -> Result<&str, Untaken> {
    std::str::from_utf8(bytes).map_err(|_| Untaken::Unreadable("not UTF-8"))
}

/// `date`: days since 1970-01-01. The largest and the smallest number are PostgreSQL's infinities.
#[inline]
pub(super) fn date(bytes: &[u8]) -> Result<i32, Untaken> {
    let days = i32::from_be_bytes(bytes.try_into().map_err(|_| WRONG_LENGTH)?);
    let known = if days == i32::MIN { None } else { days.checked_add(DAYS_TO_2000) };
    known.ok_or(Untaken::Unreadable("no day of any calendar"))
}

/// `timestamp` or `timestamptz`: microseconds since 1970-01-01T00:00:00Z.
#[inline]
pub(super) fn timestamp(bytes: &[u8]) -> Result<i64, Untaken> {
    let moment = i64::from_be_bytes(bytes.try_into().map_err(|_| WRONG_LENGTH)?);
    let known = if moment == i64::MIN { None } else { moment.checked_add(MICROSECONDS_TO_2000) };
    known.ok_or(Untaken::Unreadable("no time that 64 bits of microseconds since 1970 hold"))
}

fn value(kind: ColumnType, bytes: &[u8]) -> Result<Value, Untaken> {
    if bytes.len() > MAX_FIELD_BYTES {
        return Err(Untaken::Unreadable(TOO_LONG));
    }
    Ok(match kind {
        ColumnType::Boolean => Value::Boolean(boolean(bytes)?),
        ColumnType::Integer => Value::Integer(integer(bytes)?),
        ColumnType::Float => Value::Float(float(bytes)?),
        ColumnType::Text => Value::Text(text(bytes)?.to_owned()),
        ColumnType::Bytes => Value::Bytes(bytes.to_vec()),
        ColumnType::Date => Value::Date(date(bytes)?),
        ColumnType::Timestamp => Value::Timestamp(timestamp(bytes)?),
    })
}

/// A row for the file of rejects. What is right is there as a replay reads it, as long as a line holds it. Nothing else is anything that a replay takes as it
/// stands: what is no day or time is there in words, and what is too long or no text by its first bytes, as `{"begins": ...}`.
pub(super) fn record<'a>(
    columns: &[Column],
    fields: impl Iterator<Item = Option<&'a [u8]>>,
) -> Result<Map<String, Json>, ExtractError> {
    let (mut kept, mut bytes_kept) = (Map::new(), 0);
    for (column, field) in columns.iter().zip(fields) {
        let Some(bytes) = field else {
            kept.insert(column.name.clone(), Json::Null);
            continue;
        };
        let whole = match value(column.kind, bytes) {
            Ok(value) => value.exact_json().unwrap_or_else(|| value.said().into()),
            Err(malformed @ Untaken::Malformed(_)) => return Err(malformed.into()),
            Err(Untaken::Unreadable(_)) => unreadable(column.kind, bytes),
        };
        let length = whole.to_string().len();
        if bytes_kept + length <= MAX_KEPT_BYTES {
            bytes_kept += length;
            kept.insert(column.name.clone(), whole);
        } else {
            kept.insert(column.name.clone(), beginning(column.kind, bytes));
        }
    }
    Ok(kept)
}

/// As PostgreSQL writes it, or in words; as no date or time is written that is read.
fn unreadable(kind: ColumnType, bytes: &[u8]) -> Json {
    let number = match kind {
        ColumnType::Date | ColumnType::Timestamp => integer(bytes).ok(),
        _ => None,
    };
    let is_end = |number: i64, date: i32, time: i64| match kind {
        ColumnType::Date => number == i64::from(date),
        _ => number == time,
    };
    match number {
        None => beginning(kind, bytes),
        Some(number) if is_end(number, i32::MAX, i64::MAX) => "infinity".into(),
        Some(number) if is_end(number, i32::MIN, i64::MIN) => "-infinity".into(),
        Some(number) if kind == ColumnType::Date => format!("{number} days since 2000-01-01").into(),
        Some(number) => format!("{number} microseconds since 2000-01-01T00:00:00Z").into(),
    }
}

fn beginning(kind: ColumnType, bytes: &[u8]) -> Json {
    let begins = &bytes[..bytes.len().min(BEGINNING_BYTES)];
    let text = match std::str::from_utf8(begins) {
        _ if kind == ColumnType::Bytes => None,
        Ok(text) => Some(text),
        // A letter that is cut in two.
        Err(error) if error.error_len().is_none() && bytes.len() > BEGINNING_BYTES => {
            std::str::from_utf8(&begins[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    match text {
        Some(text) => json!({ "begins": text }),
        None => json!({ "begins": format!("0x{}", hex::encode(begins)) }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::extract::value::from_json;

    // S-COL, SHARE-3
    #[test]
    fn what_no_type_holds_is_no_other_value_and_is_not_replayed_as_it_stands() {
        let columns = [
            ("day", ColumnType::Date, i32::MAX.to_be_bytes().to_vec(), json!("infinity")),
            ("night", ColumnType::Date, i32::MIN.to_be_bytes().to_vec(), json!("-infinity")),
            ("at", ColumnType::Timestamp, i64::MAX.to_be_bytes().to_vec(), json!("infinity")),
            ("until", ColumnType::Timestamp, i64::MIN.to_be_bytes().to_vec(), json!("-infinity")),
            ("word", ColumnType::Text, vec![b'a', 0xff], json!({"begins": "0x61ff"})),
            ("long", ColumnType::Text, "é".repeat(MAX_FIELD_BYTES).into_bytes(), json!({"begins": "é".repeat(512)})),
            (
                "late",
                ColumnType::Timestamp,
                (i64::MAX - 1).to_be_bytes().to_vec(),
                json!("9223372036854775806 microseconds since 2000-01-01T00:00:00Z"),
            ),
        ];
        for (name, kind, bytes, shown) in columns {
            assert!(matches!(value(kind, &bytes), Err(Untaken::Unreadable(_))), "{name}");
            let column = Column { name: name.to_owned(), kind };
            let kept = record(&[column], [Some(bytes.as_slice())].into_iter()).unwrap();
            assert_eq!(kept[name], shown);
            assert!(from_json(kind, &kept[name]).is_err(), "{name} would be replayed");
        }
        assert_eq!(date(&0_i32.to_be_bytes()), Ok(DAYS_TO_2000));
        assert_eq!(timestamp(&(-1_i64).to_be_bytes()), Ok(MICROSECONDS_TO_2000 - 1));
    }

    // S-COL, SHARE-3
    #[test]
    fn a_row_is_kept_as_far_as_a_line_holds_it() {
        let long = vec![7; MAX_FIELD_BYTES];
        let columns = ["a", "b"].map(|name| Column { name: name.to_owned(), kind: ColumnType::Bytes });
        let kept = record(&columns, [Some(long.as_slice()), Some(long.as_slice())].into_iter()).unwrap();
        assert_eq!(from_json(ColumnType::Bytes, &kept["a"]), Ok(Value::Bytes(long)));
        assert!(from_json(ColumnType::Bytes, &kept["b"]).is_err(), "what is cut would be replayed");
        assert!(serde_json::to_vec(&kept).unwrap().len() as u64 <= crate::extract::MAX_RECORD_BYTES);
    }
}
