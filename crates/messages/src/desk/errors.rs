//! From errors of this crate to errors at a door.

use chancery_reference_points::{Code, DoorError};

use crate::{
    chain::StandingError,
    cities::TurnError,
    envelope::EnvelopeError,
    mailbox::MailboxError,
    proof::{DeliveryFailure, ProofFailure},
    statement::StatementError,
};

/// When a place in the line is likely to be free.
const RETRY_AFTER_MS: u64 = 1_000;

pub(super) fn statement(error: StatementError) -> DoorError {
    let code = match error {
        StatementError::Signature(_) => Code::SignatureInvalid,
        StatementError::TooLong
        | StatementError::Unreadable(_)
        | StatementError::Version(_)
        | StatementError::City
        | StatementError::Genesis
        | StatementError::NamesNoGenesis
        | StatementError::OtherMessage(_) => Code::MalformedRequest,
    };
    DoorError::new(code, format!("statement: {error}")).with("member", "statement")
}

pub(super) fn envelope(error: EnvelopeError) -> DoorError {
    match error {
        EnvelopeError::TooLarge { limit, .. } => {
            DoorError::new(Code::BodyTooLarge, format!("envelope: {error}")).with("limit", limit)
        }
        EnvelopeError::Statement(error) => statement(error),
        EnvelopeError::NoRandomness | EnvelopeError::Key(_) => DoorError::internal(error),
        EnvelopeError::Malformed(_)
        | EnvelopeError::OtherEnvelope
        | EnvelopeError::WrongKey
        | EnvelopeError::Altered
        | EnvelopeError::WeakKey => {
            DoorError::new(Code::MalformedRequest, format!("envelope: {error}")).with("member", "envelope")
        }
    }
}

pub(super) fn mailbox(error: MailboxError) -> DoorError {
    match error {
        MailboxError::Full { waiting, limit } => {
            DoorError::new(Code::MailboxFull, error.to_string()).with("waiting", waiting).with("limit", limit)
        }
        // Somebody has given it up between two steps: sent again, it begins anew.
        MailboxError::Unknown => DoorError::new(Code::JournalUnavailable, "the message was given up meanwhile"),
        MailboxError::Store(_) | MailboxError::Folder(_) | MailboxError::Stands => {
            DoorError::new(Code::JournalUnavailable, "the mailbox cannot be used at present").caused_by(error)
        }
        MailboxError::Damaged => DoorError::internal(error),
    }
}

/// The line of a city is full, or the work in it ended unforeseen.
pub(super) fn turn(error: TurnError) -> DoorError {
    match error {
        TurnError::Full => {
            DoorError::new(Code::TooManyRequests, error.to_string()).with("retryAfterMs", RETRY_AFTER_MS)
        }
        TurnError::Ended(_) => DoorError::internal(error),
    }
}

pub(super) fn proof(failure: ProofFailure) -> DoorError {
    DoorError::new(Code::ProofInvalid, format!("proof: {failure}")).with("check", failure.check).with("member", "proof")
}

pub(super) fn delivery(failure: DeliveryFailure) -> DoorError {
    let error = match failure {
        DeliveryFailure::Proof(failure) => return proof(failure),
        DeliveryFailure::Standing(error) => error,
    };
    let code = match error {
        StandingError::Proof(_) | StandingError::OtherSlots => Code::ProofInvalid,
        StandingError::Stale { .. } => Code::OperationExpired,
        StandingError::Ahead { .. } => Code::ClockSkew,
        StandingError::NeverAMember(_) => Code::RoleRequired,
        StandingError::Suspended => Code::OrganizationSuspended,
        StandingError::Ended(_) => Code::KeyRotated,
    };
    DoorError::new(code, format!("the sender's key, in its own city: {error}")).with("check", "sender-standing")
}
