//! What the handlers read, check and refuse.
#![allow(clippy::unwrap_used)]

mod data;
mod identity;
mod inspect;
mod issue;
mod status;

use chancery_primitives::{SignedOperation as Signable, SigningDomain};
use chancery_reference_points::application::{ContractRefusal, OperationHandler};

use super::*;
use crate::{
    keys::PersonKeys,
    recorded_city::{NOW, RecordedCity, directory},
};

fn handler(operation: &SignedOperation) -> Arc<dyn OperationHandler> {
    handlers(directory()).get(&operation.operation_type).unwrap().clone()
}

fn sign(operation: &impl Signable, domain: &SigningDomain, keys: &PersonKeys) -> Bytes {
    Bytes::from(keys.sign_digest(operation.digest(domain)).unwrap().to_vec())
}

/// Interpreted and checked, as representation and processing do.
async fn submitted(operation: &SignedOperation, city: &RecordedCity) -> DoorResult<()> {
    let handler = handler(operation);
    let interpreted = handler.interpret(operation)?;
    handler.check(operation, &interpreted, city, NOW.get()).await
}

async fn refused(operation: &SignedOperation, city: &RecordedCity) -> Code {
    submitted(operation, city).await.unwrap_err().code()
}

fn renamed(operation: &SignedOperation, chain: &str) -> SignedOperation {
    SignedOperation { chain: ChainName(chain.to_owned()), ..operation.clone() }
}

fn refusal(name: &str) -> ContractRefusal {
    ContractRefusal { name: name.to_owned(), arguments: Vec::new() }
}

#[test]
fn a_deadline_lies_ahead_and_not_too_far() {
    let at = |offset: i64| UnixSeconds(NOW.get().checked_add_signed(offset).unwrap());
    let ahead = i64::try_from(MAX_DEADLINE_AHEAD_S).unwrap();
    for good in [0, 1, ahead] {
        check_deadline(at(good), NOW).unwrap();
    }
    assert_eq!(check_deadline(at(-1), NOW).unwrap_err().code(), Code::OperationExpired);
    assert_eq!(check_deadline(at(ahead + 1), NOW).unwrap_err().code(), Code::MalformedRequest);
}

#[test]
fn every_type_of_operation_has_a_handler() {
    // The ingest records sources, their submissions, their quotas and the city's settings itself.
    let ingested = [
        PrimitiveType::DataSubmission,
        PrimitiveType::DataSource,
        PrimitiveType::DataQuota,
        PrimitiveType::CitySetting,
    ];
    for known in PrimitiveType::ALL.into_iter().filter(|known| !ingested.contains(known)) {
        let handlers = handlers(directory());
        assert_eq!(handlers.get(&type_of(known)).unwrap().operation_type(), type_of(known));
    }
    assert!(handlers(directory()).get(&OperationType("certificate.steal".to_owned())).is_none());
}

// What the chain sees before we do has the names that our own checks give.
#[test]
fn a_contracts_refusal_has_the_name_of_our_own_check() {
    for (name, code) in [
        ("OperationExpired", Code::OperationExpired),
        ("SignatureInvalid", Code::SignatureInvalid),
        ("SignerNotAuthorized", Code::IssuerNotAuthorized),
        ("KindNotEnabled", Code::UnknownKind),
        ("CertificateAlreadyIssued", Code::CertificateExists),
        ("CertificateUnknown", Code::UnknownCertificate),
        ("SealedPayloadMismatch", Code::SealedHashMismatch),
        ("SealedPayloadLength", Code::BodyTooLarge),
        ("RevisionStale", Code::StaleRevision),
        ("StatusTransition", Code::StatusTransition),
        ("InspectionAlreadyRecorded", Code::AlreadyInspected),
        ("CertificateIdZero", Code::MalformedRequest),
    ] {
        assert_eq!(errors::of_contract(&refusal(name)).unwrap().code(), code, "{name}");
    }
    assert!(errors::of_contract(&refusal("SomethingNew")).is_none());
    let arguments = vec![("expected".to_owned(), "1".to_owned()), ("actual".to_owned(), "2".to_owned())];
    let stale = errors::of_contract(&ContractRefusal { arguments, ..refusal("RevisionStale") }).unwrap();
    assert_eq!((stale.members()["expected"].as_str(), stale.members()["actual"].as_str()), (Some("1"), Some("2")));
}
