//! An error of a door taken apart, as it crosses from one process of a city to another: every field, with the cause as text for the other process's
//! log. It is not what anybody outside reads: the gateway makes problems of errors, and they show no cause.
//!
//! The functions are for `#[serde(with = "chancery_reference_points::error::parts")]`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value};

use super::{Code, DoorError};

/// What an error is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorParts {
    /// Name of the code.
    pub code: String,
    /// What was wrong in this case.
    pub detail: String,
    /// Machine-readable members.
    pub members: Map<String, Value>,
    /// The cause, for the log only.
    pub cause: Option<String>,
}

/// The cause of an error of another process, in that process's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RemoteCause(pub String);

/// A code that this release does not know: the other process is of another release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no release that this one knows has a code `{0}`: run one release in all processes of a city")]
pub struct UnknownCode(pub String);

impl From<&DoorError> for ErrorParts {
    fn from(error: &DoorError) -> Self {
        Self {
            code: error.code().name().to_owned(),
            detail: error.detail().to_owned(),
            members: error.members().clone(),
            cause: error.cause().map(ToString::to_string),
        }
    }
}

impl TryFrom<ErrorParts> for DoorError {
    type Error = UnknownCode;

    fn try_from(parts: ErrorParts) -> Result<Self, UnknownCode> {
        let code = Code::ALL.iter().copied().find(|code| code.name() == parts.code);
        let mut error = Self::new(code.ok_or(UnknownCode(parts.code))?, parts.detail);
        error.members = parts.members;
        Ok(match parts.cause {
            Some(cause) => error.caused_by(RemoteCause(cause)),
            None => error,
        })
    }
}

/// Writes an error's parts.
///
/// # Errors
/// The serializer's.
pub fn serialize<S: Serializer>(error: &DoorError, serializer: S) -> Result<S::Ok, S::Error> {
    ErrorParts::from(error).serialize(serializer)
}

/// Reads an error's parts.
///
/// # Errors
/// The deserializer's; [`UnknownCode`].
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DoorError, D::Error> {
    ErrorParts::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    // DOORS-3
    #[test]
    fn every_code_crosses_with_all_its_fields() {
        for code in Code::ALL.iter().copied() {
            let cause = std::io::Error::other("the disk says no");
            let error = DoorError::new(code, "what was wrong").with("limit", 7).with("path", json!(["a", null]));
            let error = error.caused_by(cause);
            let text = serde_json::to_string(&ErrorParts::from(&error)).unwrap();
            let back = DoorError::try_from(serde_json::from_str::<ErrorParts>(&text).unwrap()).unwrap();
            assert_eq!(format!("{back:?}"), format!("{error:?}"));
        }
    }

    #[test]
    fn a_code_of_another_release_is_named() {
        let parts = json!({"code": "of-tomorrow", "detail": "", "members": {}, "cause": null});
        let refused = deserialize(parts).unwrap_err();
        assert!(refused.to_string().contains("of-tomorrow"), "{refused}");
    }
}
