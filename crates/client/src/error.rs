//! What can go wrong between a client and a gateway.

use std::time::Duration;

use chancery_reference_points::{Class, Code};
use chancery_rest::Problem;

/// Member of a problem that says when to come back, in milliseconds.
pub(crate) const RETRY_AFTER: &str = "retryAfterMs";
/// Statuses of whoever stands before a gateway that does not answer now (RFC 9110, 15.6.3 to 15.6.5).
const NO_ANSWER_NOW: [u16; 3] = [502, 503, 504];
const TOO_MANY_REQUESTS: u16 = 429;
/// Statuses from here on are of a server that failed (RFC 9110, 15.6).
const SERVER_ERRORS: u16 = 500;

/// Why a request has no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The gateway refused: what and why, and what to do.
    #[error("{}", told(.0))]
    Problem(Box<Problem>),
    /// The gateway does not answer.
    #[error("{gateway} does not answer ({reason}); is the city running, and is the address right?")]
    Unreachable {
        /// Its address.
        gateway: String,
        /// Why, in the words of the network.
        reason: String,
    },
    /// Something answers there, but not a gateway of this interface.
    #[error("{gateway} answered {status}, but not as a Chancery gateway does: {reason}")]
    NotAGateway {
        /// Its address.
        gateway: String,
        /// HTTP status.
        status: u16,
        /// What was expected.
        reason: String,
    },
    /// The address is not one of a gateway.
    #[error("`{0}` is not the address of a gateway; write http://HOST:PORT or https://HOST")]
    BadUrl(String),
    /// The authorities that are to be trusted cannot be used.
    #[error("the certificates to trust cannot be used: {0}; give one or more in PEM, those of the authorities alone")]
    BadAuthorities(String),
    /// What is sent there could be read and changed on the way.
    #[error("{0} is not encrypted, and on another machine: use its https address, or have its owner give one")]
    PlainText(String),
    /// A part of the address that would ask for something else: none, `.`, `..`, or one with control characters.
    #[error("`{0}` names nothing")]
    BadName(String),
    /// The endpoint has to know who asks, and the client has no key.
    #[error("this needs a key; give the client a signer")]
    NoSigner,
    /// The request could not be made or signed.
    #[error("the request cannot be signed: {0}")]
    Signing(String),
}

/// The words may be anybody's who answers at that address: nothing in them acts on a terminal.
fn told(problem: &Problem) -> String {
    let Problem { code, title, detail, remedy, .. } = problem;
    let remedy = if remedy.is_empty() { String::new() } else { format!(" ({remedy})") };
    let told = format!("{code}: {}{remedy}", if detail.is_empty() { title } else { detail });
    told.chars().filter(|character| *character == '\n' || !character.is_control()).collect()
}

impl ClientError {
    /// The problem's code, if the gateway refused with one that this release knows.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Problem(problem) => problem.known_code(),
            _ => None,
        }
    }

    /// The problem document, if the gateway refused.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// Whether the same may succeed a little later: nobody answered, or the gateway says that it passes. A quota and a mailbox may stay full for hours, and are not of these.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::NotAGateway { status, .. } => NO_ANSWER_NOW.contains(status),
            Self::Problem(problem) => match problem.known_code() {
                Some(Code::QuotaExceeded | Code::MailboxFull) => false,
                Some(code) => code.class() == Class::Temporary,
                None => problem.status == TOO_MANY_REQUESTS || NO_ANSWER_NOW.contains(&problem.status),
            },
            _ => false,
        }
    }

    /// Whether whoever listens for ever asks again after it: what is temporary, and what is broken at the gateway.
    #[must_use]
    pub fn is_waited_out(&self) -> bool {
        self.is_temporary() || self.problem().is_some_and(|problem| problem.status >= SERVER_ERRORS)
    }

    /// How long the gateway asks to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.problem()?.members.get(RETRY_AFTER)?.as_u64().map(Duration::from_millis)
    }
}
