//! JSON Canonicalization Scheme (RFC 8785), for schemas: the same schema has one hash wherever it is computed.

use std::fmt::Write;

use serde_json::{Map, Value};

/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 64;

/// Why a value has no canonical form here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// A number that JavaScript writes in its own way.
    #[error("a number of it is not an integer of at most 2^53: write it as text")]
    Number,
    /// Too deep.
    #[error("it is nested deeper than {MAX_DEPTH}")]
    Depth,
}

/// The canonical text of a value whose numbers are integers up to 2^53 (RFC 8785 3.2.2.3 writes those without exponent or fraction).
///
/// # Errors
/// Other numbers, and nesting beyond the bound.
pub fn canonical_json(value: &Value) -> Result<String, CanonicalError> {
    let mut text = String::new();
    write_value(&mut text, value, 0)?;
    Ok(text)
}

fn write_value(text: &mut String, value: &Value, depth: usize) -> Result<(), CanonicalError> {
    if depth > MAX_DEPTH {
        return Err(CanonicalError::Depth);
    }
    match value {
        Value::Object(members) => write_object(text, members, depth),
        Value::Array(items) => {
            text.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                write_value(text, item, depth + 1)?;
            }
            text.push(']');
            Ok(())
        }
        Value::Number(number) => {
            const MAX_SAFE: i64 = 1 << 53;
            let integer = number.as_i64().filter(|integer| (-MAX_SAFE..=MAX_SAFE).contains(integer));
            let integer = integer.ok_or(CanonicalError::Number)?;
            write!(text, "{integer}").map_err(|_| CanonicalError::Number)
        }
        Value::String(string) => {
            write_string(text, string);
            Ok(())
        }
        Value::Bool(true) => {
            text.push_str("true");
            Ok(())
        }
        Value::Bool(false) => {
            text.push_str("false");
            Ok(())
        }
        Value::Null => {
            text.push_str("null");
            Ok(())
        }
    }
}

fn write_object(text: &mut String, members: &Map<String, Value>, depth: usize) -> Result<(), CanonicalError> {
    // RFC 8785 3.2.3: by UTF-16 code units, which differs from UTF-8 order beyond the basic plane.
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    sorted.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    text.push('{');
    for (position, (name, value)) in sorted.into_iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        write_string(text, name);
        text.push(':');
        write_value(text, value, depth + 1)?;
    }
    text.push('}');
    Ok(())
}

/// RFC 8785 3.2.2.2: the short escapes, `\u00xx` for other control characters, everything else as it is.
fn write_string(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\u{9}' => text.push_str("\\t"),
            '\u{a}' => text.push_str("\\n"),
            '\u{c}' => text.push_str("\\f"),
            '\u{d}' => text.push_str("\\r"),
            control if control < ' ' => {
                // Writing to a String does not fail.
                let _ = write!(text, "\\u{:04x}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_sorted_by_utf_16_and_nothing_is_escaped_needlessly() {
        // The order of RFC 8785 3.2.3, where U+1F600 (surrogates d83d de00) comes before U+FB33.
        let value = json!({ "\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7 });
        let expected = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}";
        assert_eq!(canonical_json(&value).unwrap(), expected);
        assert_eq!(canonical_json(&json!("\u{20ac}$\u{f}\nA'B\"\\/")).unwrap(), "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\/\"");
    }

    #[test]
    fn numbers_that_javascript_writes_otherwise_are_refused() {
        assert_eq!(canonical_json(&json!([0, -7, 9_007_199_254_740_992_i64])).unwrap(), "[0,-7,9007199254740992]");
        for number in [json!(1.5), json!(1e30), json!(9_007_199_254_740_993_i64), json!(u64::MAX)] {
            assert_eq!(canonical_json(&number), Err(CanonicalError::Number));
        }
    }

    #[test]
    fn depth_is_bounded() {
        let mut value = json!(1);
        for _ in 0..=MAX_DEPTH {
            value = json!([value]);
        }
        assert_eq!(canonical_json(&value), Err(CanonicalError::Depth));
    }
}
