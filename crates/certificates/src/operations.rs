//! The operations of this application: how each is read, checked against what is recorded, and turned into a contract call. Processing calls
//! the handlers (`reference_points::application`); whoever submits makes the operation with the functions beside them.

mod data;
mod errors;
mod identity;
mod inspect;
mod issue;
mod status;

use std::sync::Arc;

use alloy_primitives::Bytes;
use chancery_primitives::{OperationType as PrimitiveType, SignatureError, UnixSeconds};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    application::OperationHandlers,
    operation::{ChainName, OperationType, SignedOperation},
};
use serde::{Serialize, de::DeserializeOwned};

pub use data::data_operation;
pub use identity::{IdentityAttribute, attribute_digest, attribute_operation};
pub use inspect::inspect_operation;
pub use issue::issue_operation;
pub use status::status_operation;

use crate::directory::CityDirectory;

/// Longest time from now to a deadline, in seconds: a signature does not lie around for longer.
pub const MAX_DEADLINE_AHEAD_S: u64 = 24 * 60 * 60;
/// Largest sealed document; also `CertificateRegistry.MAX_SEALED_BYTES`.
pub const MAX_SEALED_BYTES: usize = 65_536;

/// All handlers of this application.
#[must_use]
pub fn handlers(directory: Arc<CityDirectory>) -> OperationHandlers {
    OperationHandlers::default()
        .with(Arc::new(issue::IssueHandler::new(directory.clone())))
        .with(Arc::new(status::StatusHandler::new(directory.clone())))
        .with(Arc::new(inspect::InspectHandler::new(directory.clone())))
        .with(Arc::new(data::DataHandler::new(directory.clone())))
        .with(Arc::new(identity::IdentityHandler::new(directory)))
}

fn type_of(operation: PrimitiveType) -> OperationType {
    OperationType(operation.as_str().to_owned())
}

fn operation(
    operation_type: PrimitiveType,
    chain: ChainName,
    message: &impl Serialize,
    payload: Bytes,
    signature: Bytes,
) -> DoorResult<SignedOperation> {
    let message = serde_json::to_value(message).map_err(DoorError::internal)?;
    Ok(SignedOperation { operation_type: type_of(operation_type), chain, message, payload, signature })
}

fn message<T: DeserializeOwned>(operation: &SignedOperation) -> DoorResult<T> {
    T::deserialize(&operation.message)
        .map_err(|error| DoorError::new(Code::MalformedRequest, format!("{}: {error}", operation.operation_type)))
}

fn signature_error(error: SignatureError) -> DoorError {
    DoorError::new(Code::SignatureInvalid, error.to_string())
}

/// A deadline must lie ahead, and not too far.
fn check_deadline(deadline: UnixSeconds, now: UnixSeconds) -> DoorResult<()> {
    if deadline < now {
        let late = now.get() - deadline.get();
        return Err(DoorError::new(Code::OperationExpired, format!("the deadline passed {late} s ago")));
    }
    if deadline.get() - now.get() > MAX_DEADLINE_AHEAD_S {
        let detail = format!("the deadline is more than {MAX_DEADLINE_AHEAD_S} s ahead; sign with an earlier one");
        return Err(DoorError::new(Code::MalformedRequest, detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
