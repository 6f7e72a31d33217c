//! The problems that are an endpoint's own.

use chancery_reference_points::Code;

/// An operation that is submitted at R2D.
const SUBMISSION: &[Code] = &[
    Code::SignatureInvalid,
    Code::OperationExpired,
    Code::ChainUnreachable,
    Code::NotFinalYet,
    Code::IdempotencyConflict,
    Code::TransactionRefused,
    Code::KeyRotated,
    Code::OrganizationSuspended,
    Code::IssuerNotAuthorized,
    Code::RightNotShown,
    Code::DatabaseUnreachable,
];
/// A change of the configuration at O2C.
const CHANGE: &[Code] = &[
    Code::UnknownMember,
    Code::ConfigurationInvalid,
    // Where the city wants two operators for it.
    Code::ApprovalRequired,
    Code::ChainUnreachable,
    Code::NotFinalYet,
    Code::HistoryFull,
    Code::TransactionRefused,
];

/// A change of a source at R2D.
const SOURCE: &[Code] = &[
    Code::SignatureInvalid,
    Code::ClockSkew,
    Code::SourceExists,
    Code::UnknownSource,
    Code::SourceWithdrawn,
    Code::JournalUnavailable,
];

/// The endpoint's own.
pub(super) fn own(method: &str, path: &str) -> Vec<Code> {
    let one = |codes: &[Code]| codes.to_vec();
    let with = |more: &[Code], base: &[Code]| [base, more].concat();
    match (method, path) {
        ("GET", "/problems/{name}") => one(&[Code::UnknownRoute]),
        ("GET", "/v1/chains" | "/v1/kinds" | "/v1/organizations") => one(&[Code::ChainUnreachable]),
        ("GET", "/v1/kinds/{kind}") => one(&[Code::UnknownKind, Code::ChainUnreachable]),
        ("GET", "/v1/kinds/{kind}/conditions") => one(&[Code::UnknownKind, Code::ChainUnreachable]),
        ("PUT", "/v1/kinds/{kind}/conditions") => with(&[Code::UnknownKind], CHANGE),
        ("GET", "/v1/chains/{chain}/holders/{address}") => {
            one(&[Code::MalformedAddress, Code::UnknownChain, Code::ChainUnreachable])
        }
        ("POST", "/v1/chains/{chain}/consents") => one(&[
            Code::UnknownChain,
            Code::UnknownKind,
            Code::SignatureInvalid,
            Code::TransactionRefused,
            Code::NotFinalYet,
        ]),
        ("POST", "/v1/session") => one(&[Code::ChainUnreachable, Code::DatabaseUnreachable]),
        ("POST", "/v1/users") => one(&[
            Code::MalformedAddress,
            Code::SignatureInvalid,
            Code::AlreadyRegistered,
            Code::AccountTaken,
            Code::PersonAlreadyRegistered,
            Code::PersonUndetermined,
            Code::DatabaseUnreachable,
        ]),
        ("GET", "/v1/users") => one(&[Code::UnknownMember, Code::DatabaseUnreachable]),
        ("GET", "/v1/users/{address}") => {
            one(&[Code::MalformedAddress, Code::UnknownAddress, Code::DatabaseUnreachable])
        }
        ("GET", "/v1/users/{address}/public-key") => {
            one(&[Code::MalformedAddress, Code::UnknownAddress, Code::ChainUnreachable])
        }
        ("POST", "/v1/users/{address}/confirmation") => one(&[
            Code::MalformedAddress,
            Code::UnknownAddress,
            Code::AlreadyDecided,
            Code::PersonAlreadyRegistered,
            Code::PersonUndetermined,
            Code::ChainUnreachable,
            Code::NotFinalYet,
            Code::TransactionRefused,
            Code::DatabaseUnreachable,
        ]),
        ("POST", "/v1/applications") => one(&[Code::UnknownKind, Code::SchemaViolation, Code::DatabaseUnreachable]),
        ("GET", "/v1/applications") => one(&[Code::UnknownMember, Code::UnknownKind, Code::DatabaseUnreachable]),
        ("POST", "/v1/applications/{id}/decision") => one(&[
            Code::UnknownApplication,
            Code::AlreadyDecided,
            Code::IssuerNotAuthorized,
            Code::UnknownCertificate,
            Code::ChainUnreachable,
            Code::DatabaseUnreachable,
        ]),
        ("POST", "/v1/certificates") => with(
            &[
                Code::MalformedAddress,
                Code::UnknownKind,
                Code::UnknownOrganization,
                Code::UnknownAddress,
                Code::HolderNotConfirmed,
                Code::ConditionNotMet,
                Code::MalformedJwe,
                Code::SealedToWrongKey,
                Code::SealedHashMismatch,
                Code::CertificateExists,
                Code::UnknownCertificate,
                Code::StatusTransition,
            ],
            SUBMISSION,
        ),
        ("GET", "/v1/certificates") => {
            one(&[Code::UnknownMember, Code::MalformedAddress, Code::NotYourCertificate, Code::ChainUnreachable])
        }
        ("GET", "/v1/certificates/{id}") => one(&[Code::UnknownCertificate, Code::ChainUnreachable]),
        ("GET", "/v1/certificates/{id}/staple") => one(&[
            Code::UnknownCertificate,
            Code::IssuerNotAuthorized,
            Code::NotProvable,
            Code::StapleTooLarge,
            Code::NotFinalYet,
            Code::ChainUnreachable,
        ]),
        ("GET", "/v1/certificates/{id}/history" | "/v1/certificates/{id}/trace") => {
            one(&[Code::UnknownCertificate, Code::NotYourCertificate, Code::ChainUnreachable])
        }
        ("POST", "/v1/certificates/{id}/status") => with(
            &[Code::UnknownKind, Code::UnknownCertificate, Code::StaleRevision, Code::StatusTransition],
            SUBMISSION,
        ),
        ("GET", "/v1/certificates/{address}/{block}/{tx_hash}") => one(&[
            Code::UnknownMember,
            Code::MalformedAddress,
            Code::UnknownTransaction,
            Code::UnknownCertificate,
            Code::UnknownChain,
            Code::ChainUnreachable,
        ]),
        ("POST", "/v1/presentations") => one(&[Code::MalformedJwe, Code::DatabaseUnreachable]),
        ("GET", "/v1/presentations/{id}") => one(&[Code::PresentationExpired, Code::DatabaseUnreachable]),
        ("POST", "/v1/inspections") => with(
            &[
                Code::MalformedAddress,
                Code::MalformedJwe,
                Code::UnknownKind,
                Code::OutcomeMismatch,
                Code::PresentationRefused,
                Code::UnknownCertificate,
                Code::AlreadyInspected,
            ],
            SUBMISSION,
        ),
        ("POST", "/v1/inspections/checks") => one(&[Code::MalformedAddress, Code::MalformedJwe, Code::UnknownKind]),
        ("GET", "/v1/inspections") => one(&[Code::UnknownMember, Code::MalformedAddress, Code::ChainUnreachable]),
        ("GET", "/v1/organizations/{code}") => one(&[Code::UnknownOrganization, Code::ChainUnreachable]),
        ("POST", "/v1/organizations") => with(&[Code::MalformedAddress, Code::OrganizationExists], CHANGE),
        ("PUT", "/v1/organizations/{code}/standing") => with(&[Code::UnknownOrganization], CHANGE),
        ("POST", "/v1/organizations/{code}/keys") => {
            with(&[Code::MalformedAddress, Code::UnknownOrganization, Code::UnknownKind], CHANGE)
        }
        ("DELETE", "/v1/organizations/{code}/keys/{address}") => {
            with(&[Code::MalformedAddress, Code::UnknownOrganization], CHANGE)
        }
        ("GET", "/v1/formats/{format}") => one(&[Code::UnknownFormat]),
        ("PUT", "/v1/formats/{format}") => with(&[Code::UnknownChain, Code::JournalUnavailable], CHANGE),
        ("PUT" | "DELETE", "/v1/quotas/{subject}") => {
            with(&[Code::UnknownOrganization, Code::UnknownSource, Code::JournalUnavailable], CHANGE)
        }
        ("PUT", "/v1/services/{service}") => with(&[Code::DatabaseUnreachable], CHANGE),
        ("GET", "/v1/services/{service}/access") => one(&[Code::UnknownService, Code::ChainUnreachable]),
        ("PUT", "/v1/services/{service}/access") => with(&[Code::OperatorsLockedOut], CHANGE),
        ("GET", "/v1/changes") => one(&[Code::UnknownMember, Code::ChainUnreachable]),
        ("GET", "/v1/changes/{change}") => one(&[Code::UnknownChange, Code::ChainUnreachable]),
        ("POST", "/v1/changes") => with(
            &[Code::SignatureInvalid, Code::OperationExpired, Code::UnknownAddress, Code::DatabaseUnreachable],
            CHANGE,
        ),
        ("POST", "/v1/changes/{change}/status") => with(
            &[
                Code::UnknownChange,
                Code::SignatureInvalid,
                Code::OperationExpired,
                Code::ChangeConflict,
                Code::SecondOperatorRequired,
            ],
            CHANGE,
        ),
        ("GET", "/v1/contracts") => {
            one(&[Code::UnknownMember, Code::UnknownChain, Code::UnknownContract, Code::ChainUnreachable])
        }
        ("GET", "/v1/contracts/{chain}/{release}") => {
            one(&[Code::UnknownContract, Code::UnknownChain, Code::ConfigurationInvalid, Code::ChainUnreachable])
        }
        ("POST", "/v1/contracts/simulations") => with(&[Code::UnknownChain, Code::UnknownContract], CHANGE),
        ("POST", "/v1/contracts") => with(
            &[
                Code::UnknownChain,
                Code::UnknownContract,
                Code::SignatureInvalid,
                Code::OperationExpired,
                Code::ReleaseConflict,
            ],
            CHANGE,
        ),
        ("POST", "/v1/contracts/{chain}/{release}/status") => with(
            &[
                Code::UnknownChain,
                Code::UnknownContract,
                Code::SignatureInvalid,
                Code::OperationExpired,
                Code::ReleaseConflict,
                Code::SecondOperatorRequired,
            ],
            CHANGE,
        ),
        ("POST", "/v1/operations") => {
            with(&[Code::MalformedAddress, Code::UnknownFormat, Code::UnknownChain, Code::SchemaViolation], SUBMISSION)
        }
        ("GET", "/v1/operations/{digest}") => one(&[Code::UnknownOperation, Code::ChainUnreachable]),
        ("PUT", "/v1/users/{address}/standing") => with(
            &[Code::MalformedAddress, Code::UnknownAddress, Code::OperatorsLockedOut, Code::DatabaseUnreachable],
            CHANGE,
        ),
        ("POST", "/v1/sources") => with(&[Code::UnknownOrganization], &[CHANGE, SOURCE].concat()),
        ("POST", "/v1/sources/{source}/keys") => with(&[Code::MalformedAddress, Code::RoleRequired], SOURCE),
        ("GET", "/v1/sources/{source}") => one(&[Code::MalformedAddress, Code::UnknownSource]),
        ("DELETE", "/v1/sources/{source}" | "/v1/sources/{source}/withdrawal") => {
            with(&[Code::MalformedAddress], &[CHANGE, SOURCE].concat())
        }
        ("POST", "/v1/submissions") => one(&[
            Code::SignatureInvalid,
            Code::UnknownSource,
            Code::KeyRotated,
            Code::SourceWithdrawn,
            Code::ClockSkew,
            Code::UnknownFormat,
            Code::FormatVersion,
            Code::SchemaViolation,
            Code::MalformedJwe,
            Code::IdempotencyConflict,
            Code::VersionConflict,
            Code::QuotaExceeded,
            Code::JournalUnavailable,
        ]),
        ("GET", "/v1/submissions/{place}/{digest}") => one(&[Code::UnknownSubmission, Code::JournalUnavailable]),
        ("GET", "/v1/submissions/{place}/{digest}/operations/{index}") => one(&[
            Code::UnknownSubmission,
            Code::NotFinalYet,
            Code::ChainUnreachable,
            Code::JournalUnavailable,
            // Of what is not open data.
            Code::AuthenticationRequired,
            Code::RoleRequired,
            Code::UnknownService,
            Code::ServiceRefused,
            Code::SignatureInvalid,
            Code::ClockSkew,
            Code::SourceWithdrawn,
        ]),
        ("POST", "/v1/data/search") => one(&[
            Code::MalformedAddress,
            Code::NotAcceptable,
            Code::UnknownSubmission,
            Code::ChainUnreachable,
            Code::DatabaseUnreachable,
            Code::JournalUnavailable,
        ]),
        ("GET", "/v1/data/statistics") => one(&[Code::ChainUnreachable, Code::JournalUnavailable]),
        ("POST", "/v1/data/trace") => {
            one(&[Code::UnknownOperation, Code::DatabaseUnreachable, Code::JournalUnavailable])
        }
        ("POST", "/v1/data/aggregate") => {
            one(&[Code::MalformedAddress, Code::NotAcceptable, Code::DatabaseUnreachable, Code::JournalUnavailable])
        }
        ("POST", "/v1/subscriptions") => one(&[
            Code::MalformedAddress,
            Code::UnknownService,
            Code::RoleRequired,
            Code::ServiceRefused,
            Code::TooManySubscriptions,
            Code::StoreUnavailable,
            Code::JournalUnavailable,
        ]),
        ("DELETE", "/v1/subscriptions/{subscription}") => one(&[Code::UnknownSubscription, Code::StoreUnavailable]),
        ("GET", "/v1/subscriptions/{subscription}/operations" | "/v1/subscriptions/{subscription}/events") => one(&[
            Code::UnknownMember,
            Code::UnknownSubscription,
            Code::UnknownService,
            Code::RoleRequired,
            Code::ServiceRefused,
            Code::JournalUnavailable,
        ]),
        ("GET", "/v1/data/audit") => one(&[
            Code::UnknownMember,
            Code::UnknownChain,
            Code::ChainUnreachable,
            Code::JournalUnavailable,
            Code::DatabaseUnreachable,
            Code::NotProvable,
        ]),
        ("POST", "/v1/alerts/receivers") => one(&[Code::ConfigurationInvalid, Code::JournalUnavailable]),
        ("DELETE", "/v1/alerts/receivers/{receiver}") => {
            one(&[Code::UnknownMember, Code::UnknownReceiver, Code::JournalUnavailable])
        }
        ("POST", "/v1/alerts/receivers/{receiver}/tests") => one(&[Code::UnknownReceiver]),
        ("GET", "/v1/resources") => one(&[Code::UnknownMember]),
        ("GET", "/v1/resources/{resource}") => one(&[Code::UnknownResource]),
        ("PUT", "/v1/resources/{resource}/description") => one(&[Code::UnknownResource, Code::DescriptionMismatch]),
        ("GET", "/v1/resources/{resource}/readers") => {
            one(&[Code::UnknownMember, Code::UnknownResource, Code::RoleRequired, Code::ChainUnreachable])
        }
        ("POST", "/v1/resources/{resource}/accesses") => {
            one(&[Code::UnknownResource, Code::ChainUnreachable, Code::DatabaseUnreachable])
        }
        ("GET", "/v1/resources/{resource}/trace") => {
            one(&[Code::UnknownMember, Code::UnknownResource, Code::ChainUnreachable])
        }
        ("GET", "/v1/resources/{resource}/requests/{request}") => one(&[Code::UnknownResource, Code::UnknownRequest]),
        ("GET", "/v1/alliance" | "/v1/alliance/requests" | "/v1/alliance/proposals") => {
            one(&[Code::UnknownMember, Code::NoAlliance, Code::ChainUnreachable])
        }
        ("GET", "/v1/alliance/requests/{number}") => {
            one(&[Code::NoAlliance, Code::UnknownAllianceRequest, Code::ChainUnreachable])
        }
        ("GET", "/v1/alliance/events") => one(&[Code::NoAlliance, Code::ChainUnreachable]),
        ("POST", "/v1/messages") => with(
            &[
                Code::ClockSkew,
                Code::UnknownOrganization,
                Code::UnknownAddress,
                Code::UnknownFormat,
                Code::SchemaViolation,
                Code::MailboxFull,
                Code::JournalUnavailable,
            ],
            SUBMISSION,
        ),
        ("GET", "/v1/messages") => one(&[Code::UnknownMember, Code::JournalUnavailable]),
        ("GET", "/v1/messages/{message}") => {
            one(&[Code::UnknownMessage, Code::DatabaseUnreachable, Code::JournalUnavailable])
        }
        ("POST", "/v1/messages/{message}/acknowledgement") => with(
            &[
                Code::ClockSkew,
                Code::UnknownMessage,
                Code::NotYourMessage,
                Code::UnknownOrganization,
                Code::UnknownFormat,
                Code::SchemaViolation,
                Code::JournalUnavailable,
            ],
            SUBMISSION,
        ),
        ("GET", "/v1/messages/{message}/proof") => {
            one(&[Code::UnknownMessage, Code::UnknownOperation, Code::JournalUnavailable])
        }
        ("POST", "/v1/deliveries") => one(&[
            Code::ProofInvalid,
            Code::SignatureInvalid,
            Code::WrongChain,
            Code::UnknownCity,
            Code::ClockSkew,
            Code::OperationExpired,
            Code::RoleRequired,
            Code::KeyRotated,
            Code::OrganizationSuspended,
            Code::UnknownOrganization,
            Code::UnknownAddress,
            Code::RightNotShown,
            Code::MailboxFull,
            Code::ChainUnreachable,
            Code::JournalUnavailable,
        ]),
        ("GET", "/v1/deliveries/{message}/proof") => {
            one(&[Code::UnknownMessage, Code::UnknownOperation, Code::ChainUnreachable, Code::JournalUnavailable])
        }
        ("GET", "/v1/fees/prices") => one(&[Code::DatabaseUnreachable]),
        ("PUT", "/v1/fees/prices/{subject}") => with(&[Code::UnknownOrganization], CHANGE),
        ("GET", "/v1/fees/bills") => {
            one(&[Code::MalformedAddress, Code::UnknownMember, Code::ChainUnreachable, Code::DatabaseUnreachable])
        }
        ("GET", "/v1/reports/activity") => {
            one(&[Code::UnknownMember, Code::ChainUnreachable, Code::DatabaseUnreachable, Code::JournalUnavailable])
        }
        ("GET", "/v1/reports/open-data") => one(&[
            Code::UnknownMember,
            Code::NotAcceptable,
            Code::ChainUnreachable,
            Code::DatabaseUnreachable,
            Code::JournalUnavailable,
        ]),
        ("GET", "/v1/events") => one(&[Code::UnknownMember, Code::ChainUnreachable, Code::DatabaseUnreachable]),
        _ => Vec::new(),
    }
}
