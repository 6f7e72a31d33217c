//! What can go wrong between a client and a gateway.

use chancery_reference_points::Code;
use chancery_rest::Problem;

/// Why a request has no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The gateway refused: what and why, and what to do.
    #[error("{}: {}{}", .0.code, if .0.detail.is_empty() { &.0.title } else { &.0.detail }, remedy(.0))]
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
    /// The endpoint has to know who asks, and the client has no key.
    #[error("this needs a key; give the client a signer")]
    NoSigner,
    /// The request could not be made or signed.
    #[error("the request cannot be signed: {0}")]
    Signing(String),
}

fn remedy(problem: &Problem) -> String {
    if problem.remedy.is_empty() { String::new() } else { format!(" ({})", problem.remedy) }
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
}
