//! Which problems an endpoint may answer: those that follow from what it is, and its own.

mod own;

use chancery_reference_points::Code;

use self::own::own;
use crate::authorization::matrix::{Row, Who};

/// Any endpoint.
const ALWAYS: &[Code] = &[
    Code::MalformedRequest,
    Code::UrlTooLong,
    Code::HeadersTooLarge,
    Code::TooManyRequests,
    Code::TimedOut,
    // Where the five entities are processes of their own, one of them may be starting again; and the token that keeps a key of one may be away.
    Code::EntityUnavailable,
    Code::Internal,
];
/// Wherever a credential is looked at; also where none is needed but a wrong one is brought.
const CREDENTIALS: &[Code] = &[
    Code::RequestSignatureInvalid,
    Code::RequestReplayed,
    Code::RequestExpired,
    Code::SessionExpired,
    Code::UserSuspended,
    Code::WrongChain,
];
/// With a JSON body.
const BODY: &[Code] = &[Code::UnknownMember, Code::BodyTooLarge, Code::UnsupportedMediaType];
/// Where endpoints ask a service of the catalogue, which an operator may have withdrawn.
const BY_SERVICES: &[&str] = &[
    "/v1/certificates",
    "/v1/inspections",
    "/v1/fees/bills",
    "/v1/reports",
    "/v1/kinds/{kind}/conditions",
    "/v1/resources",
    "/v1/users/{address}/public-key",
];

/// All codes that an endpoint may answer, each once.
#[must_use]
pub fn codes_of(row: &Row) -> Vec<Code> {
    let mut codes = [ALWAYS, CREDENTIALS].concat();
    if matches!(row.method, "POST" | "PUT") {
        codes.extend(BODY);
    }
    if row.who == Who::AnybodyByRole {
        codes.extend([Code::ChainUnreachable, Code::DatabaseUnreachable]);
    } else if row.who != Who::Anybody {
        // Who asks has to be known, and what it may do is asked of the main chain.
        codes.extend([Code::AuthenticationRequired, Code::ChainUnreachable, Code::DatabaseUnreachable]);
    }
    if !row.roles().is_empty() {
        // Who has lost the role is told how: the key's time has ended, or its organization is suspended.
        codes.extend([Code::RoleRequired, Code::KeyRotated, Code::OrganizationSuspended]);
    }
    if BY_SERVICES.iter().any(|begin| row.path.starts_with(begin)) {
        codes.extend([Code::UnknownService, Code::RoleRequired, Code::ServiceRefused, Code::ChainUnreachable]);
    }
    if row.path.starts_with("/v1/data/") && !row.path.starts_with("/v1/data/audit") {
        codes.extend([Code::UnknownService, Code::RoleRequired, Code::ServiceRefused, Code::ChainUnreachable]);
    }
    codes.extend(own(row.method, row.path));
    let mut seen = Vec::with_capacity(codes.len());
    codes.retain(|code| {
        let fresh = !seen.contains(code);
        seen.push(*code);
        fresh
    });
    codes
}
