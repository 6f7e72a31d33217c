//! Values of a column, a batch at a time, as its declared type.

use parquet::{
    basic::{ConvertedType, LogicalType, TimeUnit, Type},
    column::{
        page::PageReader,
        reader::{ColumnReader, ColumnReaderImpl, get_column_reader},
    },
    data_type::{ByteArray, DataType},
    schema::types::{ColumnDescPtr, ColumnDescriptor},
};
use serde_json::Value as Json;

use super::{WRONG, unreadable};
use crate::extract::{
    ColumnType, ExtractError, MAX_FIELD_BYTES,
    value::{Value, from_json},
};

/// Longest number of a decimal, in bytes.
const MAX_DECIMAL_BYTES: usize = 16;

/// A value as it is stored. Bytes are shared with their page or dictionary.
enum Stored {
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Bytes(ByteArray),
}

/// What stored values stand for.
#[derive(Clone, Copy)]
enum Meaning {
    Plain,
    Text,
    Unsigned32,
    Unsigned64,
    Date,
    /// So many units are a second.
    Timestamp(i64),
    Decimal(i32),
    /// None of ours.
    Other,
}

pub(super) struct FieldReader {
    reader: ColumnReader,
    meaning: Meaning,
    max_level: i16,
    values: Vec<Option<Stored>>,
}

impl FieldReader {
    pub(super) fn new(column: ColumnDescPtr, pages: Box<dyn PageReader>) -> Result<Self, ExtractError> {
        if column.physical_type() == Type::INT96 {
            return Err(ExtractError::SourceMalformed("numbers of 96 bits are not read: write times as TIMESTAMP"));
        }
        let (meaning, max_level) = (meaning(&column), column.max_def_level());
        Ok(Self { reader: get_column_reader(column, pages), meaning, max_level, values: Vec::new() })
    }

    /// Reads the next values, in place of those before.
    pub(super) fn fill(&mut self, count: usize) -> Result<(), ExtractError> {
        let (level, into) = (self.max_level, &mut self.values);
        into.clear();
        match &mut self.reader {
            ColumnReader::BoolColumnReader(reader) => read(reader, count, level, into, Stored::Boolean),
            ColumnReader::Int32ColumnReader(reader) => {
                read(reader, count, level, into, |value| Stored::Integer(value.into()))
            }
            ColumnReader::Int64ColumnReader(reader) => read(reader, count, level, into, Stored::Integer),
            ColumnReader::FloatColumnReader(reader) => {
                read(reader, count, level, into, |value| Stored::Float(value.into()))
            }
            ColumnReader::DoubleColumnReader(reader) => read(reader, count, level, into, Stored::Float),
            ColumnReader::ByteArrayColumnReader(reader) => read(reader, count, level, into, Stored::Bytes),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                read(reader, count, level, into, |value| Stored::Bytes(value.into()))
            }
            ColumnReader::Int96ColumnReader(_) => Err(WRONG),
        }
    }

    /// A value of the batch as its declared type.
    pub(super) fn value(&self, row: usize, kind: ColumnType) -> Result<Value, &'static str> {
        let Some(stored) = self.values.get(row).and_then(Option::as_ref) else { return Ok(Value::Null) };
        match (stored, self.meaning, kind) {
            (Stored::Bytes(bytes), _, _) if bytes.len() > MAX_FIELD_BYTES => Err("longer than the bound of a field"),
            (Stored::Bytes(bytes), Meaning::Plain, ColumnType::Bytes) => Ok(Value::Bytes(bytes.data().to_vec())),
            (Stored::Bytes(bytes), Meaning::Text, ColumnType::Text) => {
                std::str::from_utf8(bytes.data()).map(|text| Value::Text(text.to_owned())).map_err(|_| "not UTF-8")
            }
            (Stored::Bytes(bytes), Meaning::Decimal(_), _) if bytes.len() > MAX_DECIMAL_BYTES => {
                Err("a decimal of more than 38 digits")
            }
            (Stored::Bytes(_), Meaning::Plain | Meaning::Other, _) => Err(OTHER),
            (Stored::Integer(days), Meaning::Date, ColumnType::Date) => {
                i32::try_from(*days).map(Value::Date).map_err(|_| "not a date")
            }
            (Stored::Integer(units), Meaning::Timestamp(a_second), ColumnType::Timestamp) => {
                microseconds(*units, a_second).map(Value::Timestamp).ok_or("not a time")
            }
            (Stored::Float(number), _, ColumnType::Float) if !number.is_finite() => Err("not a finite number"),
            (_, Meaning::Other, _) => Err(OTHER),
            // As a file of JSON with the same value.
            _ => from_json(kind, &self.json(row)),
        }
    }

    /// A value of the batch as JSON: for a condition, and for the file of rejects.
    pub(super) fn json(&self, row: usize) -> Json {
        let Some(stored) = self.values.get(row).and_then(Option::as_ref) else { return Json::Null };
        match (stored, self.meaning) {
            (Stored::Boolean(value), _) => (*value).into(),
            (Stored::Float(value), _) => (*value).into(),
            (Stored::Integer(value), Meaning::Decimal(scale)) => decimal((*value).into(), scale).into(),
            (Stored::Integer(value), Meaning::Unsigned32) => (*value & i64::from(u32::MAX)).into(),
            (Stored::Integer(value), Meaning::Unsigned64) => value.cast_unsigned().into(),
            (Stored::Integer(days), Meaning::Date) => {
                i32::try_from(*days).map_or(Json::Null, |days| Value::Date(days).to_json())
            }
            (Stored::Integer(units), Meaning::Timestamp(a_second)) => {
                microseconds(*units, a_second).map_or(Json::Null, |time| Value::Timestamp(time).to_json())
            }
            (Stored::Integer(value), _) => (*value).into(),
            (Stored::Bytes(bytes), Meaning::Decimal(scale)) if bytes.len() <= MAX_DECIMAL_BYTES => {
                decimal(big_endian(bytes.data()), scale).into()
            }
            (Stored::Bytes(bytes), Meaning::Text) => String::from_utf8_lossy(shown(bytes)).into_owned().into(),
            (Stored::Bytes(bytes), _) => format!("0x{}", hex::encode(shown(bytes))).into(),
        }
    }
}

const OTHER: &str = "of another type than declared";

/// What is kept of a value that is too long: one byte more than its bound.
fn shown(bytes: &ByteArray) -> &[u8] {
    let data = bytes.data();
    &data[..data.len().min(MAX_FIELD_BYTES + 1)]
}

fn read<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    count: usize,
    max_level: i16,
    into: &mut Vec<Option<Stored>>,
    stored: impl Fn(T::T) -> Stored,
) -> Result<(), ExtractError> {
    let (mut levels, mut values, mut read) = (Vec::new(), Vec::new(), 0);
    while read < count {
        let levels = (max_level > 0).then_some(&mut levels);
        let (records, ..) = reader.read_records(count - read, levels, None, &mut values).map_err(unreadable)?;
        if records == 0 {
            return Err(WRONG);
        }
        read += records;
    }
    let mut values = values.into_iter();
    if max_level == 0 {
        into.extend(values.by_ref().map(|value| Some(stored(value))));
    } else {
        for level in levels {
            into.push(if level == max_level { Some(stored(values.next().ok_or(WRONG)?)) } else { None });
        }
    }
    if into.len() == count && values.next().is_none() { Ok(()) } else { Err(WRONG) }
}

fn meaning(column: &ColumnDescriptor) -> Meaning {
    let unit = |unit: &TimeUnit| match unit {
        TimeUnit::MILLIS => 1_000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    };
    match column.logical_type_ref() {
        Some(LogicalType::String | LogicalType::Enum | LogicalType::Json) => return Meaning::Text,
        Some(LogicalType::Decimal(decimal)) => return Meaning::Decimal(decimal.scale),
        Some(LogicalType::Date) => return Meaning::Date,
        Some(LogicalType::Timestamp(time)) => return Meaning::Timestamp(unit(&time.unit)),
        Some(LogicalType::Integer(integer)) if integer.is_signed => return Meaning::Plain,
        Some(LogicalType::Integer(integer)) if integer.bit_width == 64 => return Meaning::Unsigned64,
        Some(LogicalType::Integer(_)) => return Meaning::Unsigned32,
        Some(_) => return Meaning::Other,
        None => {}
    }
    // As files had it before there were logical types.
    match column.converted_type() {
        ConvertedType::NONE
        | ConvertedType::INT_8
        | ConvertedType::INT_16
        | ConvertedType::INT_32
        | ConvertedType::INT_64 => Meaning::Plain,
        ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Meaning::Text,
        ConvertedType::DECIMAL => Meaning::Decimal(column.type_scale()),
        ConvertedType::DATE => Meaning::Date,
        ConvertedType::TIMESTAMP_MILLIS => Meaning::Timestamp(1_000),
        ConvertedType::TIMESTAMP_MICROS => Meaning::Timestamp(1_000_000),
        ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 => Meaning::Unsigned32,
        ConvertedType::UINT_64 => Meaning::Unsigned64,
        _ => Meaning::Other,
    }
}

/// What is smaller than a microsecond is cut off.
fn microseconds(units: i64, a_second: i64) -> Option<i64> {
    const MICROS: i64 = 1_000_000;
    if a_second <= MICROS { units.checked_mul(MICROS / a_second) } else { Some(units.div_euclid(a_second / MICROS)) }
}

fn big_endian(bytes: &[u8]) -> i128 {
    let sign = if bytes.first().is_some_and(|byte| *byte >= 0x80) { -1 } else { 0 };
    bytes.iter().fold(sign, |number, byte| (number << 8) | i128::from(*byte))
}

/// An unscaled number as text, with all its digits.
fn decimal(number: i128, scale: i32) -> String {
    let Some(scale) = usize::try_from(scale).ok().filter(|scale| (1..=38).contains(scale)) else {
        return number.to_string();
    };
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    // S-COL
    #[test]
    fn decimals_and_times_are_exact() {
        assert_eq!(decimal(-5, 2), "-0.05");
        assert_eq!(decimal(1280, 2), "12.80");
        assert_eq!(decimal(7, 0), "7");
        assert_eq!(big_endian(&[0xff, 0xfb]), -5);
        assert_eq!(big_endian(&[0x05, 0x00]), 1280);
        assert_eq!(microseconds(-1, 1_000_000_000), Some(-1));
        assert_eq!(microseconds(3, 1_000), Some(3_000));
        assert_eq!(microseconds(i64::MAX, 1_000), None);
    }
}
