//! Errors of the identity database in the terms of the doors.

use chancery_identity::{Conflict, IdentityError};
use chancery_reference_points::{Code, DoorError};
use serde_json::json;

pub(crate) fn door_error(error: IdentityError) -> DoorError {
    let public = error.to_string();
    match error {
        IdentityError::DatabaseUnreachable { .. } => DoorError::new(Code::DatabaseUnreachable, "").caused_by(error),
        // Who is silent is for the operator's log.
        IdentityError::Undetermined(_) => DoorError::new(Code::PersonUndetermined, "").caused_by(error),
        IdentityError::Conflict(conflict) => conflict_error(&conflict, public),
        IdentityError::InvalidPerson(error) => DoorError::new(Code::SchemaViolation, public)
            .with("violations", json!([{ "path": format!("/person/{}", error.member), "problem": error.problem }])),
        IdentityError::Malformed { .. } => DoorError::new(Code::MalformedRequest, public),
        IdentityError::TooLarge { limit, .. } => DoorError::new(Code::MalformedRequest, public).with("limit", limit),
        IdentityError::WrongKey
        | IdentityError::KeyRing(_)
        | IdentityError::UnknownDatabase(_)
        | IdentityError::UnverifiedDatabase
        | IdentityError::Migration(_)
        | IdentityError::Broken(_) => DoorError::internal(error),
    }
}

fn conflict_error(conflict: &Conflict, public: String) -> DoorError {
    let code = match conflict {
        Conflict::AddressRegistered => Code::AlreadyRegistered,
        Conflict::AccountTaken => Code::AccountTaken,
        Conflict::PersonRegistered => Code::PersonAlreadyRegistered,
        Conflict::NothingToRecover => Code::MalformedRequest,
        Conflict::AlreadyDecided | Conflict::BeingPublished => Code::AlreadyDecided,
        Conflict::IdempotencyKeyUsed => Code::IdempotencyConflict,
        // Whoever lost the race reads what the winner wrote when asking again.
        Conflict::Concurrent => Code::DatabaseUnreachable,
        Conflict::TooMany { .. } => Code::TooManyRequests,
        Conflict::UnknownUser { .. } => Code::UnknownAddress,
    };
    DoorError::new(code, public)
}
