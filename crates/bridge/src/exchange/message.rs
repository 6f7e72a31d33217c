//! What a receiver asks, and what it is answered.

use alloy_primitives::{B256, Bytes};
use alloy_sol_types::SolStruct as _;
use chancery_primitives::SignedOperation;
use serde::{Deserialize, Serialize};

use crate::{alliance::certificate::SignatureFault, http::CallError, tls::ChannelFault};

/// Where providers are asked.
pub const PATH: &str = "/v1/files";
/// Most bytes of one answer: in hexadecimal half of what an answer may have.
pub const MAX_PIECE_BYTES: usize = 128 * 1024;

mod typed {
    alloy_sol_types::sol! {
        struct Receive { uint64 number; bytes32 member; bytes32 key; bytes32 encryptionKey; uint64 certificate; }
    }
}

/// A node wants the file of an entry, sealed to a key that it has made for it. Domain: that of the alliance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receive {
    /// The request's number.
    pub number: u64,
    /// Who provides the file: the member whose entry it is.
    pub member: B256,
    /// The entry.
    pub key: B256,
    /// X25519.
    pub encryption_key: B256,
    /// Serial number of the node's transaction certificate.
    pub certificate: u64,
}

impl SignedOperation for Receive {
    fn struct_hash(&self) -> B256 {
        typed::Receive {
            number: self.number,
            member: self.member,
            key: self.key,
            encryptionKey: self.encryption_key,
            certificate: self.certificate,
        }
        .eip712_hash_struct()
    }
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileQuery {
    /// What is signed.
    pub receive: Receive,
    /// 65 bytes.
    pub signature: Bytes,
    /// From which byte of the sealed file on.
    pub offset: u64,
}

/// A piece of a sealed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FilePiece {
    /// Length of the whole sealed file.
    pub sealed_bytes: u64,
    /// The data key, sealed to the encryption key (HPKE), bound to alliance and request.
    pub sealed_key: Bytes,
    /// Its bytes from the offset on, at most [`MAX_PIECE_BYTES`].
    pub piece: Bytes,
}

/// Why nothing is handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum FileRefusal {
    /// The query cannot be read, its key is none, or its offset is beyond the file.
    #[error("the query is malformed")]
    Malformed,
    /// Ask that member.
    #[error("this provider speaks for {own}, not for {asked}")]
    OtherMember {
        /// Whose entry it is.
        asked: B256,
        /// The provider's member.
        own: B256,
    },
    /// Renew or correct the certificate.
    #[error("certificate {certificate} does not count: {fault}")]
    Certificate {
        /// Its serial number.
        certificate: u64,
        /// Why.
        fault: SignatureFault,
    },
    /// The node's member has no part in the request.
    #[error("files of request {number} are for its members' nodes alone")]
    NotAParty {
        /// The request.
        number: u64,
    },
    /// Ask again when it is: nothing leaves before.
    #[error("request {number} is not committed and applied in final blocks: {reason}")]
    NotCommitted {
        /// The request.
        number: u64,
        /// How far it is.
        reason: String,
    },
    /// The request has not written that key.
    #[error("request {number} has not written key {key}")]
    NoSuchEntry {
        /// The request.
        number: u64,
        /// The key.
        key: B256,
    },
    /// Ask the member's engineer: the entry is no digest of a file, or the file is gone or was changed.
    #[error("the provider has no file of digest {digest}")]
    NotHere {
        /// The entry's value.
        digest: B256,
    },
    /// Fetch it by the request that it is for. Which one that is, its provider tells whoever it is for.
    #[error(
        "the provider has sealed the file of digest {digest} for another request than {number}: who has its digest committed by a request of their own is not handed it; ask the member"
    )]
    OtherRequest {
        /// The request that is asked by.
        number: u64,
        /// The entry's value.
        digest: B256,
    },
    /// Ask again a moment later: it looks at as many files as it does at a time.
    #[error("the provider looks at other files now: ask again")]
    Busy,
    /// Renew or correct a certificate, or ask at another address: the two do not speak to each other.
    #[error("{fault}")]
    Channel {
        /// Why.
        fault: ChannelFault,
    },
    /// Ask again later.
    #[error("the provider cannot say: {reason}")]
    Unavailable {
        /// What is missing.
        reason: String,
    },
}

impl FileRefusal {
    /// Whether the same may be answered a moment later.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::NotCommitted { .. } | Self::Busy | Self::Unavailable { .. } => true,
            Self::Channel { fault } => fault.is_temporary(),
            _ => false,
        }
    }
}

impl From<CallError> for FileRefusal {
    fn from(error: CallError) -> Self {
        match error {
            // Nothing is changed by asking.
            CallError::Channel(fault) | CallError::Interrupted(fault) => Self::Channel { fault },
            error => Self::Unavailable { reason: error.to_string() },
        }
    }
}
