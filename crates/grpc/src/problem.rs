//! From an error at a door to a problem on the wire, and to the code of a gRPC status. The cause stays behind.

use chancery_reference_points::{Class, Code, DoorError};
use serde_json::Value;
use tonic::Code as GrpcCode;

pub use crate::wire::problem::v1::{Class as WireClass, Problem};

/// The problem of an error; `instance` names this occurrence, as `urn:uuid:...`.
#[must_use]
pub fn problem(error: &DoorError, instance: String) -> Problem {
    let code = error.code();
    let is_broken = code.class() == Class::Broken;
    // Whatever broke, the reader gets the occurrence and nothing else.
    let members = if is_broken || error.members().is_empty() {
        String::new()
    } else {
        Value::Object(error.members().clone()).to_string()
    };
    Problem {
        code: code.name().to_owned(),
        class: class(code.class()).into(),
        title: code.title().to_owned(),
        detail: if is_broken { String::new() } else { error.detail().to_owned() },
        remedy: code.remedy().to_owned(),
        instance,
        members_json: members,
        retry_after_ms: retry_after_ms(error),
    }
}

/// After how many milliseconds to try again what may succeed later, where the door has said it.
#[must_use]
pub fn retry_after_ms(error: &DoorError) -> Option<u64> {
    let told = || error.members().get("retryAfterMs").and_then(Value::as_u64);
    (error.class() == Class::Temporary).then(told).flatten()
}

/// The code as a type; `None` when a newer city answers with one that this release does not know.
#[must_use]
pub fn known_code(problem: &Problem) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.name() == problem.code)
}

const fn class(class: Class) -> WireClass {
    match class {
        Class::Invalid => WireClass::Invalid,
        Class::Unauthenticated => WireClass::Unauthenticated,
        Class::Refused => WireClass::Refused,
        Class::Missing => WireClass::Missing,
        Class::Conflict => WireClass::Conflict,
        Class::Temporary => WireClass::Temporary,
        Class::Broken => WireClass::Broken,
    }
}

/// The code of a gRPC status: the class decides, and gRPC has finer words for a few (<https://grpc.io/docs/guides/status-codes>).
#[must_use]
pub const fn grpc_code(code: Code) -> GrpcCode {
    match code.class() {
        Class::Invalid => GrpcCode::InvalidArgument,
        Class::Unauthenticated => GrpcCode::Unauthenticated,
        Class::Refused => GrpcCode::PermissionDenied,
        Class::Missing => match code {
            Code::UnknownRoute => GrpcCode::Unimplemented,
            _ => GrpcCode::NotFound,
        },
        Class::Conflict => GrpcCode::FailedPrecondition,
        Class::Temporary => match code {
            Code::TooManyRequests | Code::QuotaExceeded => GrpcCode::ResourceExhausted,
            Code::TimedOut => GrpcCode::DeadlineExceeded,
            _ => GrpcCode::Unavailable,
        },
        Class::Broken => GrpcCode::Internal,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // GRPC-4
    #[test]
    fn every_code_has_its_class_and_a_status_that_is_an_error() {
        for code in Code::ALL {
            let problem = problem(&DoorError::new(*code, "here").with("limit", 7), "urn:uuid:x".into());
            assert_eq!((known_code(&problem), problem.class()), (Some(*code), class(code.class())), "{}", code.name());
            assert!(!matches!(grpc_code(*code), GrpcCode::Ok | GrpcCode::Unknown | GrpcCode::OutOfRange));
            let is_broken = code.class() == Class::Broken;
            assert_eq!((problem.detail.is_empty(), problem.members_json.is_empty()), (is_broken, is_broken));
        }
        assert_eq!(known_code(&Problem { code: "of-tomorrow".into(), ..Problem::default() }), None);
    }

    // GRPC-4, QUOTA-4
    #[test]
    fn what_is_used_up_is_an_exhausted_resource() {
        for code in [Code::TooManyRequests, Code::QuotaExceeded] {
            assert_eq!(grpc_code(code), GrpcCode::ResourceExhausted);
        }
    }

    #[test]
    fn only_what_may_succeed_later_says_when() {
        let error = |code| DoorError::new(code, "").with("retryAfterMs", 250);
        assert_eq!(problem(&error(Code::TooManyRequests), String::new()).retry_after_ms, Some(250));
        assert_eq!(problem(&error(Code::SignatureInvalid), String::new()).retry_after_ms, None);
        assert_eq!(problem(&DoorError::new(Code::JournalUnavailable, ""), String::new()).retry_after_ms, None);
    }
}
