//! Messages and what is in them: arguments, results, errors.

use bytes::Bytes;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    error::parts::{ErrorParts, RemoteCause},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::limits::MAX_MESSAGE_BYTES;

pub(crate) use v1::{Answer, Call, Refusal, answer::Outcome};

/// `chancery.doors.v1`.
#[allow(missing_docs, unreachable_pub, rust_2018_idioms, clippy::all)]
mod v1 {
    tonic::include_proto!("chancery.doors.v1");
}

/// Version of the messages and of the types in them.
pub const WIRE_VERSION: u32 = 2;

/// What a process says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// Name of the entity.
    pub entity: String,
    /// Release of the binary.
    pub release: String,
    /// Process id.
    pub process_id: u32,
    /// Names of the services that it offers: `P2r`, ...
    pub services: Vec<String>,
}

/// An argument as it crosses.
///
/// # Errors
/// `Internal` when its type has no JSON, which would be a bug.
pub(crate) fn argument(value: &(impl Serialize + ?Sized)) -> DoorResult<Bytes> {
    serde_json::to_vec(value).map(Bytes::from).map_err(DoorError::internal)
}

/// The arguments of a call, one after the other.
pub(crate) struct Arguments(std::vec::IntoIter<Bytes>);

impl Arguments {
    /// Those of a call of this version.
    ///
    /// # Errors
    /// `Internal` for another version.
    pub(crate) fn of(call: Call) -> DoorResult<Self> {
        if call.version == WIRE_VERSION {
            return Ok(Self(call.arguments.into_iter()));
        }
        Err(broken(format!("a call of version {}, where {WIRE_VERSION} is spoken", call.version)))
    }

    /// The next one.
    ///
    /// # Errors
    /// `Internal` when it is missing or of another type.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, name: &str) -> DoorResult<T> {
        let bytes = self.0.next().ok_or_else(|| broken(format!("argument `{name}` is missing")))?;
        serde_json::from_slice(&bytes).map_err(|error| broken(format!("argument `{name}`: {error}")))
    }

    /// There are no more.
    ///
    /// # Errors
    /// `Internal` when there are.
    pub(crate) fn end(self) -> DoorResult<()> {
        match self.0.len() {
            0 => Ok(()),
            more => Err(broken(format!("{more} arguments more than the operation has"))),
        }
    }
}

/// Both ends are ours and of one release: what does not fit is a bug.
pub(crate) fn broken(what: String) -> DoorError {
    DoorError::internal(RemoteCause(what))
}

/// Whether a message is within its bound (DOORS-4). The doors' own bounds keep everything below it.
///
/// # Errors
/// `Internal`.
pub(crate) fn bounded(bytes: usize) -> DoorResult<()> {
    if bytes <= MAX_MESSAGE_BYTES {
        return Ok(());
    }
    Err(broken(format!("a message of {bytes} bytes, where {MAX_MESSAGE_BYTES} may cross")))
}

/// What a door answered, as it crosses.
pub(crate) fn answer<T: Serialize>(outcome: DoorResult<T>) -> Answer {
    // The tag, and the length in five bytes.
    const FRAME_BYTES: usize = 6;
    let value = outcome.and_then(|value| serde_json::to_vec(&value).map_err(DoorError::internal));
    let value = value.and_then(|value| bounded(value.len() + FRAME_BYTES).map(|()| value));
    let outcome = match value {
        Ok(value) => Outcome::Value(value.into()),
        Err(error) => Outcome::Refusal(refusal(&error)),
    };
    Answer { outcome: Some(outcome) }
}

fn refusal(error: &DoorError) -> Refusal {
    let ErrorParts { code, detail, members, cause } = ErrorParts::from(error);
    Refusal { code, detail, members: serde_json::Value::Object(members).to_string().into(), cause }
}

/// What a door answered, as it was.
///
/// # Errors
/// The door's own; `Internal` for what cannot be read.
pub(crate) fn outcome<T: DeserializeOwned>(answer: Answer) -> DoorResult<T> {
    match answer.outcome {
        Some(Outcome::Value(value)) => {
            serde_json::from_slice(&value).map_err(|error| broken(format!("an answer cannot be read: {error}")))
        }
        Some(Outcome::Refusal(Refusal { code, detail, members, cause })) => {
            let members = serde_json::from_slice(&members).map_err(|error| broken(format!("members: {error}")))?;
            let parts = ErrorParts { code, detail, members, cause };
            Err(DoorError::try_from(parts).unwrap_or_else(DoorError::internal))
        }
        None => Err(broken("an answer without outcome".into())),
    }
}

/// The error for a call that took too long.
pub(crate) fn timed_out(entity: &str) -> DoorError {
    DoorError::new(Code::TimedOut, format!("{entity} did not answer in time")).with("entity", entity)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use prost::Message as _;

    use super::*;

    // DOORS-1: what is on the wire is as the specification says, byte by byte.
    #[test]
    fn messages_are_as_specified() {
        let call = Call { version: 2, arguments: vec![argument("a\"b").unwrap(), argument(&7_u64).unwrap()] };
        assert_eq!(call.encode_to_vec(), b"\x08\x02\x12\x06\"a\\\"b\"\x12\x017");
        let refused = answer::<()>(Err(DoorError::new(Code::UnknownChain, "x").with("chain", "y")));
        let expected = b"\x12\x21\x0a\x0dunknown-chain\x12\x01x\x1a\x0d{\"chain\":\"y\"}";
        assert_eq!(refused.encode_to_vec(), expected);
    }

    // DOORS-4, bad input: what does not fit is an error by name and no panic.
    #[test]
    fn calls_that_do_not_fit_are_refused() {
        let call = |version, arguments: &[&'static [u8]]| Call {
            version,
            arguments: arguments.iter().map(|bytes| Bytes::from_static(bytes)).collect(),
        };
        let cause = |error: DoorError| error.cause().unwrap().to_string();
        assert!(cause(Arguments::of(call(1, &[])).err().unwrap()).contains("version 1"));
        let mut arguments = Arguments::of(call(2, &[b"7", b"no json", b"1"])).unwrap();
        assert_eq!(arguments.take::<u64>("block").unwrap(), 7);
        assert!(cause(arguments.take::<u64>("index").unwrap_err()).contains("`index`"));
        assert!(cause(arguments.end().unwrap_err()).contains("1 arguments more"));
        let mut none = Arguments::of(call(2, &[])).unwrap();
        assert!(cause(none.take::<u64>("block").unwrap_err()).contains("`block` is missing"));
    }

    #[test]
    fn answers_that_cannot_be_read_are_internal() {
        let value = |bytes: &'static [u8]| Answer { outcome: Some(Outcome::Value(Bytes::from_static(bytes))) };
        for unreadable in [value(b"{"), Answer { outcome: None }] {
            assert_eq!(outcome::<u64>(unreadable).unwrap_err().code(), Code::Internal);
        }
        let refusal = Refusal { code: "of-tomorrow".into(), members: Bytes::from_static(b"{}"), ..Refusal::default() };
        let unknown = Answer { outcome: Some(Outcome::Refusal(refusal)) };
        assert_eq!(outcome::<u64>(unknown).unwrap_err().code(), Code::Internal);
    }
}
