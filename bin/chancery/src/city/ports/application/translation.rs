//! The same JSON in the other side's type. What does not fit was never seen by a person, so its values go nowhere: not to the caller, not to the log.

use std::{any::type_name, fmt};

use chancery_reference_points::{Code, DoorError, DoorResult};
use serde::{Serialize, de::DeserializeOwned};

/// What one side writes and the other does not read. It names the type; the decoder's message may quote personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mismatch {
    into: &'static str,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "what was given is no {}", self.into)
    }
}

impl std::error::Error for Mismatch {}

fn translate<T: DeserializeOwned>(value: &impl Serialize) -> Result<T, Mismatch> {
    serde_json::to_value(value).and_then(serde_json::from_value).map_err(|_| Mismatch { into: type_name::<T>() })
}

/// A request in the application's type.
///
/// # Errors
/// `MalformedRequest`: the gateway's type lets through what the application's does not.
pub(super) fn request<T: DeserializeOwned>(value: &impl Serialize) -> DoorResult<T> {
    let malformed = |_| DoorError::new(Code::MalformedRequest, "a member has a value that is not allowed");
    translate(value).map_err(malformed)
}

/// An answer in the gateway's type.
///
/// # Errors
/// `Internal`, with a cause that holds no value.
pub(super) fn answer<T: DeserializeOwned>(value: &impl Serialize) -> DoorResult<T> {
    translate(value).map_err(DoorError::internal)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    type Numbers = BTreeMap<String, u64>;

    // nothing logged that is personal
    #[test]
    fn what_does_not_fit_is_refused_without_quoting_it() {
        let personal = json!({"name": "Zhang San"});
        let asked = request::<Numbers>(&personal).unwrap_err();
        assert_eq!(asked.code(), Code::MalformedRequest);
        let answered = answer::<Numbers>(&personal).unwrap_err();
        assert_eq!(answered.code(), Code::Internal);
        assert!(answered.cause().unwrap().to_string().contains("BTreeMap"));
        for error in [asked, answered] {
            assert!(!format!("{error:?} {error}").contains("Zhang"), "{error:?}");
        }
    }

    #[test]
    fn what_fits_crosses_unchanged() {
        let numbers: Numbers = request(&json!({"one": 1})).unwrap();
        assert_eq!(answer::<serde_json::Value>(&numbers).unwrap(), json!({"one": 1}));
    }
}
