use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use crate::alliance::certificate::SignatureFault;

/// Why a node is not accepted by its X.509 certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum PeerFault {
    /// Speak TLS, with a certificate of the alliance.
    #[error("no certificate was shown")]
    Missing,
    /// It is no X.509 certificate of the profile in `docs/specs/alliance.md`, or was altered.
    #[error("the certificate is malformed or altered: {what}")]
    Malformed {
        /// What is wrong.
        what: String,
    },
    /// Make it for this alliance.
    #[error("the certificate is for the alliance {contract} on chain {chain_id}")]
    WrongAlliance {
        /// Of the chain for which it was made.
        chain_id: u64,
        /// The contract for which it was made.
        contract: Address,
    },
    /// The signature that binds the TLS key is not of the identity key that it names.
    #[error("the TLS key is not bound by the identity key that the certificate names")]
    BindingWrong,
    /// The alliance knows another key for that identity.
    #[error("the alliance knows no key {address} for that identity")]
    AddressUnknown {
        /// The key that signed.
        address: Address,
    },
    /// What it says of itself is over; make another one. One that has not begun yet is `Undetermined`.
    #[error("the X.509 certificate is good from {not_before} to {not_after}, and the alliance's time is {now}")]
    OutOfTime {
        /// First second.
        not_before: u64,
        /// Last second.
        not_after: u64,
        /// Time of the alliance chain.
        now: u64,
    },
    /// The certificate on chain does not count (any more), or not for this.
    #[error("{fault}")]
    Certificate {
        /// What is wrong.
        fault: SignatureFault,
    },
    /// It is of the alliance, and not the member that is spoken to.
    #[error("it is a node of {found}, not of {expected}")]
    OtherMember {
        /// Who is spoken to.
        expected: B256,
        /// Who answers.
        found: B256,
    },
    /// Neither good nor bad: the alliance chain could not be read, or as it is seen here is older than the certificate. Try again.
    #[error("whether the certificate counts cannot be determined: {reason}")]
    Undetermined {
        /// What is missing.
        reason: String,
    },
}

impl PeerFault {
    pub(crate) fn malformed(what: impl ToString) -> Self {
        Self::Malformed { what: what.to_string() }
    }

    /// Whether the same certificate may be accepted later.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Undetermined { .. })
    }
}

impl From<SignatureFault> for PeerFault {
    fn from(fault: SignatureFault) -> Self {
        Self::Certificate { fault }
    }
}

/// Why two nodes do not speak to each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "side", rename_all = "camelCase", deny_unknown_fields)]
pub enum ChannelFault {
    /// Whoever answers there is not accepted here.
    #[error("whoever answers there is not accepted: {fault}")]
    Theirs {
        /// Why.
        fault: PeerFault,
    },
    /// This node is not accepted there.
    #[error("this node is not accepted there: {fault}")]
    Ours {
        /// Why.
        fault: PeerFault,
    },
    /// Plain HTTP is for loopback alone.
    #[error("{host} is not on this machine: use https, with a certificate of the alliance")]
    Plain {
        /// Whom it was to reach.
        host: String,
    },
    /// What answers over https has a certificate of the alliance, and asks for one.
    #[error("{host} is asked over https, which needs a certificate of the alliance: name one under [tls]")]
    Uncertified {
        /// Whom it was to reach.
        host: String,
    },
    /// There was no agreement on a connection; an alert names no more than that the certificate was not accepted.
    #[error("the TLS handshake failed: {reason}")]
    Handshake {
        /// In TLS' terms.
        reason: String,
    },
}

impl ChannelFault {
    /// Whether the same may succeed later.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Theirs { fault } | Self::Ours { fault } if fault.is_temporary())
    }
}
