//! A field of a file or of a loosely typed database, read as its declared type or refused with the reason.

use serde_json::Value as Json;

use super::{ColumnType, MAX_FIELD_BYTES};

/// A field that has its declared type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
}

impl Value {
    /// As JSON that `from_json` reads as the same value.
    pub(crate) fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Boolean(value) => (*value).into(),
            Self::Integer(value) => (*value).into(),
            Self::Float(value) => (*value).into(),
            Self::Text(value) => value.as_str().into(),
            Self::Bytes(value) => format!("0x{}", hex::encode(value)).into(),
            Self::Date(days) => {
                let span = jiff::Span::new().try_days(*days);
                let date = span.and_then(|span| jiff::civil::date(1970, 1, 1).checked_add(span));
                date.map_or(Json::Null, |date| date.to_string().into())
            }
            Self::Timestamp(microseconds) => match jiff::Timestamp::from_microsecond(*microseconds) {
                Ok(time) => time.to_string().into(),
                Err(_) => {
                    let since = jiff::SignedDuration::from_micros(*microseconds);
                    let time = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0).checked_add(since);
                    time.map_or(Json::Null, |time| format!("{time}Z").into())
                }
            },
        }
    }

    /// As JSON that an extract from NDJSON reads as this value and no other, also where numbers are read as `serde_json` does, which may miss the last bit: such a number is written as text.
    /// `None` for what is no finite number, and for a date or time beyond the years that are written.
    pub(crate) fn exact_json(&self) -> Option<Json> {
        let kind = match self {
            Self::Float(number) => {
                let read = serde_json::to_string(number).and_then(|text| serde_json::from_str::<f64>(&text));
                let is_exact = read.is_ok_and(|read| read.to_bits() == number.to_bits());
                return number
                    .is_finite()
                    .then(|| if is_exact { (*number).into() } else { format!("{number:e}").into() });
            }
            Self::Date(_) => ColumnType::Date,
            Self::Timestamp(_) => ColumnType::Timestamp,
            Self::Null | Self::Boolean(_) | Self::Integer(_) | Self::Text(_) | Self::Bytes(_) => {
                return Some(self.to_json());
            }
        };
        let json = self.to_json();
        (from_json(kind, &json).as_ref() == Ok(self)).then_some(json)
    }

    /// In words, where there is no JSON of it.
    pub(crate) fn said(&self) -> String {
        match self {
            Self::Float(number) => number.to_string(),
            Self::Date(days) => format!("{days} days since 1970-01-01"),
            Self::Timestamp(microseconds) => format!("{microseconds} microseconds since 1970-01-01T00:00:00Z"),
            other => other.to_json().to_string(),
        }
    }

    /// Bytes that it takes in a column, about.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            _ => size_of::<i64>(),
        }
    }
}

pub(super) const TOO_LONG: &str = "longer than the bound of a field";

/// Reads text: `true`/`false`, decimal integers, decimal numbers, `0x` and hexadecimal digits, `YYYY-MM-DD`, RFC 3339. Empty is null,
/// other than for text.
pub(super) fn from_text(kind: ColumnType, text: &str) -> Result<Value, &'static str> {
    // Two digits a byte.
    let most = if kind == ColumnType::Bytes { 2 + 2 * MAX_FIELD_BYTES } else { MAX_FIELD_BYTES };
    if text.len() > most {
        return Err(TOO_LONG);
    }
    if text.is_empty() && kind != ColumnType::Text {
        return Ok(Value::Null);
    }
    match kind {
        ColumnType::Text => Ok(Value::Text(text.to_owned())),
        ColumnType::Boolean => text.parse().map(Value::Boolean).map_err(|_| "not true or false"),
        ColumnType::Integer => text.parse().map(Value::Integer).map_err(|_| "not an integer of 64 bits"),
        ColumnType::Float => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            _ => Err("not a finite number"),
        },
        ColumnType::Bytes => {
            let digits = text.strip_prefix("0x").ok_or("not 0x and hexadecimal digits")?;
            hex::decode(digits).map(Value::Bytes).map_err(|_| "not 0x and hexadecimal digits")
        }
        ColumnType::Date => {
            let date: jiff::civil::Date = text.parse().map_err(|_| "not a date of the form YYYY-MM-DD")?;
            Ok(Value::Date(days(date).ok_or("not a date of the form YYYY-MM-DD")?))
        }
        ColumnType::Timestamp => {
            if let Ok(time) = text.parse::<jiff::Timestamp>() {
                return Ok(Value::Timestamp(time.as_microsecond()));
            }
            // The last day of the year 9999 is beyond what has a place in every zone.
            let civil = text.strip_suffix('Z').filter(|text| text.contains('T')).and_then(|text| text.parse().ok());
            civil.and_then(microseconds).map(Value::Timestamp).ok_or("not a time of RFC 3339")
        }
    }
}

/// Reads JSON: numbers and booleans as they are, everything else as text has it.
pub(super) fn from_json(kind: ColumnType, json: &Json) -> Result<Value, &'static str> {
    match (kind, json) {
        (_, Json::Null) => Ok(Value::Null),
        (_, Json::String(text)) => from_text(kind, text),
        (ColumnType::Boolean, Json::Bool(value)) => Ok(Value::Boolean(*value)),
        (ColumnType::Integer, Json::Number(number)) => {
            number.as_i64().map(Value::Integer).ok_or("not an integer of 64 bits")
        }
        (ColumnType::Float, Json::Number(number)) => number.as_f64().map(Value::Float).ok_or("not a finite number"),
        (ColumnType::Text, Json::Number(number)) => Ok(Value::Text(number.to_string())),
        _ => Err("of another type than declared"),
    }
}

/// A time of UTC.
pub(super) fn microseconds(time: jiff::civil::DateTime) -> Option<i64> {
    let since = time.duration_since(jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0));
    i64::try_from(since.as_micros()).ok()
}

fn days(date: jiff::civil::Date) -> Option<i32> {
    let epoch = jiff::civil::date(1970, 1, 1);
    epoch.until((jiff::Unit::Day, date)).ok().map(|span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    // SHARE-3
    #[test]
    fn a_value_is_read_again_from_its_json() {
        for (kind, value) in [
            (ColumnType::Boolean, Value::Boolean(true)),
            (ColumnType::Integer, Value::Integer(i64::MIN)),
            (ColumnType::Float, Value::Float(0.1)),
            (ColumnType::Text, Value::Text("a".to_owned())),
            (ColumnType::Bytes, Value::Bytes(vec![0, 255])),
            (ColumnType::Date, Value::Date(-719_000)),
            (ColumnType::Timestamp, Value::Timestamp(-1_500_000)),
            (ColumnType::Timestamp, Value::Timestamp(253_402_300_799_999_999)),
            (ColumnType::Date, Value::Null),
        ] {
            assert_eq!(from_json(kind, &value.to_json()), Ok(value));
        }
    }

    // SHARE-3, S-COL
    #[test]
    fn what_json_does_not_say_is_said_in_words_and_not_changed() {
        for (value, said) in [
            (Value::Float(f64::NAN), "NaN"),
            (Value::Float(f64::NEG_INFINITY), "-inf"),
            (Value::Date(i32::MAX), "2147483647 days since 1970-01-01"),
            (Value::Timestamp(i64::MAX), "9223372036854775807 microseconds since 1970-01-01T00:00:00Z"),
            (Value::Timestamp(i64::MIN), "-9223372036854775808 microseconds since 1970-01-01T00:00:00Z"),
        ] {
            assert_eq!((value.exact_json(), value.said().as_str()), (None, said));
        }
        assert_eq!(Value::Null.exact_json(), Some(Json::Null));
    }

    proptest::proptest! {
        // SHARE-3, S-COL
        #[test]
        fn a_number_is_the_same_behind_the_text_of_its_json(bits in proptest::num::u64::ANY) {
            let value = Value::Float(f64::from_bits(bits));
            if let Some(json) = value.exact_json() {
                let text = serde_json::to_vec(&json).unwrap_or_default();
                let read = serde_json::from_slice::<Json>(&text).map(|json| from_json(ColumnType::Float, &json));
                proptest::prop_assert_eq!(read.ok(), Some(Ok(value)));
            } else {
                proptest::prop_assert!(!f64::from_bits(bits).is_finite());
            }
        }
    }

    #[test]
    fn fields_are_read_strictly() {
        assert_eq!(from_text(ColumnType::Date, "1970-01-02"), Ok(Value::Date(1)));
        assert_eq!(from_text(ColumnType::Date, "1969-12-31"), Ok(Value::Date(-1)));
        assert_eq!(from_text(ColumnType::Timestamp, "1970-01-01T01:00:00.5+01:00"), Ok(Value::Timestamp(500_000)));
        assert_eq!(from_text(ColumnType::Bytes, "0x0aff"), Ok(Value::Bytes(vec![10, 255])));
        assert_eq!(from_text(ColumnType::Integer, ""), Ok(Value::Null));
        assert_eq!(from_text(ColumnType::Text, ""), Ok(Value::Text(String::new())));
        for (kind, wrong) in [
            (ColumnType::Integer, "1.5"),
            (ColumnType::Integer, "9223372036854775808"),
            (ColumnType::Integer, " 1"),
            (ColumnType::Float, "NaN"),
            (ColumnType::Float, "1e999"),
            (ColumnType::Boolean, "yes"),
            (ColumnType::Date, "2023-02-29"),
            (ColumnType::Timestamp, "2023-02-28"),
            (ColumnType::Bytes, "0xa"),
        ] {
            assert!(from_text(kind, wrong).is_err(), "{kind:?} took {wrong:?}");
        }
        assert!(from_json(ColumnType::Integer, &serde_json::json!(1.5)).is_err());
        assert!(from_json(ColumnType::Text, &serde_json::json!({})).is_err());
    }
}
