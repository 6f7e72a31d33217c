//! JSON that has one reading (RFC 8259, section 4): members of an object have different names. Of a name that stands twice one reader takes the first value and
//! another the last, and the signature is on both.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Why a text has no reading, or none that is the only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmbiguousError {
    /// A name stands twice in one object. Which is not said: it may be content.
    #[error("a member stands twice in one object")]
    Twice,
    /// It is no JSON, or nested too deep.
    #[error("it is no JSON, or nested too deep")]
    Form,
}

/// Reads a text as the one value that it is.
///
/// # Errors
/// [`AmbiguousError`].
pub fn value(text: &str) -> Result<Value, AmbiguousError> {
    let is_twice = Cell::new(false);
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = OneReading(&is_twice).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    read.map_err(|_| if is_twice.get() { AmbiguousError::Twice } else { AmbiguousError::Form })
}

/// Reads a value, and notes whether a name stood twice.
#[derive(Clone, Copy)]
struct OneReading<'a>(&'a Cell<bool>);

impl<'de> DeserializeSeed<'de> for OneReading<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneReading<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(self)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.insert(name, members.next_value_seed(self)?).is_some() {
                self.0.set(true);
                return Err(A::Error::custom(AmbiguousError::Twice));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    // DATA-6
    #[test]
    fn a_name_that_stands_twice_has_no_reading_however_it_is_written() {
        for twice in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":2,"a":null}"#,
            r#"[{"x":{"a":[],"a":{}}}]"#,
            // The same name, once escaped.
            r#"{"celsius":21,"c\u0065lsius":99}"#,
        ] {
            assert_eq!(value(twice), Err(AmbiguousError::Twice), "{twice}");
        }
        assert_eq!(
            value(r#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#),
            Ok(json!({"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}))
        );
        // A name that the reader of this library keeps for itself is a name.
        let own = r#"{"$serde_json::private::RawValue":"1"}"#;
        assert!(value(own).unwrap().is_object());
        for wrong in ["", "{", "1 2", "nul", &"[".repeat(200)] {
            assert_eq!(value(wrong), Err(AmbiguousError::Form), "{wrong}");
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC*".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("\\PC*", inner, 0..4).prop_map(|map| map.into_iter().collect::<Value>()),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        // DATA-6
        #[test]
        fn what_has_one_reading_is_read_as_ever(written in json()) {
            let text = written.to_string();
            prop_assert_eq!(value(&text).ok(), serde_json::from_str::<Value>(&text).ok());
        }
    }
}
