//! What is signed: the deposit of a message and the acknowledgement of its receipt. Each is a small JSON text; its exact bytes are the content of an
//! EIP-712 `DataOperation` (`docs/specs/encodings.md`), so both are data operations like any other and are proven like them.

mod between;
mod receipt;

use alloy_primitives::{Address, B256, keccak256};
use chancery_contracts::predeploys;
use chancery_primitives::{
    DataOperation, OrganizationCode, SignatureError, SignedOperation as _, SigningDomain, UnixSeconds,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use self::{between::City, receipt::WithoutGenesis};
use crate::limits::MAX_STATEMENT_BYTES;

/// Version of both statements: they name the chain's genesis.
pub const VERSION: u32 = 2;
/// Version of a deposit between two cities: it names the receiver's city too.
pub const VERSION_BETWEEN_CITIES: u32 = 3;
/// The version before, which names the chain's id alone. It is read and verified, and not taken any more.
pub const VERSION_WITHOUT_GENESIS: u32 = 1;
/// Data format of a deposit.
pub const DEPOSIT_FORMAT: &str = "message/deposit";
/// Data format of an acknowledgement.
pub const ACKNOWLEDGEMENT_FORMAT: &str = "message/acknowledgement";

/// Why something is no statement, or not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Too long.
    #[error("a statement has at most {MAX_STATEMENT_BYTES} bytes")]
    TooLong,
    /// Not these members.
    #[error("the statement cannot be read: {0}")]
    Unreadable(String),
    /// A version that this release does not know.
    #[error(
        "the statement has version {0}, known are {VERSION_WITHOUT_GENESIS} and {VERSION}, and {VERSION_BETWEEN_CITIES} of a deposit that names the receiver's city"
    )]
    Version(u32),
    /// A city, where the version has none.
    #[error("only a deposit of version {VERSION_BETWEEN_CITIES} names the receiver's city")]
    City,
    /// With the version that names none, or without one.
    #[error(
        "a statement of version {VERSION} names the genesis of its chain, one of version {VERSION_WITHOUT_GENESIS} does not"
    )]
    Genesis,
    /// A deposit that could have been brought from another chain.
    #[error(
        "it names no genesis (version {VERSION_WITHOUT_GENESIS}), so it may have been sent in another city whose chain has the same id: \
         ask its sender to send it again"
    )]
    NamesNoGenesis,
    /// An acknowledgement of something else.
    #[error("the acknowledgement does not fit: {0}")]
    OtherMessage(&'static str),
    /// Signed by somebody else, or not at all.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

/// One side of a message: a key of an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Correspondent {
    /// The organization.
    pub organization: OrganizationCode,
    /// The address of its key.
    pub address: Address,
}

/// Who writes to whom, and when. The envelope is bound to it (JWE `aad`), so that it opens for this message alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Head {
    /// [`VERSION`], or [`VERSION_BETWEEN_CITIES`].
    pub version: u32,
    /// EIP-155 id of the main chain that records the deposit: the sender's.
    pub chain_id: u64,
    /// Hash of its genesis header: another city may have given its chain the same id. Absent in [`VERSION_WITHOUT_GENESIS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub genesis: Option<B256>,
    /// The receiver's city, where it is another than the sender's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_city: Option<City>,
    /// The sender, who signs.
    pub from: Correspondent,
    /// The receiver.
    pub to: Correspondent,
    /// When the sender made it.
    pub sent: UnixSeconds,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<B256>,
}

impl Head {
    /// The bytes that the envelope is bound to: JSON with the members in the order of this type.
    ///
    /// # Errors
    /// [`StatementError::Unreadable`], which values of these types never give.
    pub fn to_bytes(&self) -> Result<Vec<u8>, StatementError> {
        serde_json::to_vec(self).map_err(|error| StatementError::Unreadable(error.to_string()))
    }
}

/// The sender deposits a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deposit {
    /// Who, to whom, when.
    pub head: Head,
    /// keccak256 of the envelope's bytes.
    pub sealed_hash: B256,
    /// How many they are.
    pub sealed_bytes: u64,
    /// RFC 7638 thumbprint of the receiver's key that it is sealed to.
    pub sealed_to: String,
}

/// The receiver says that it has a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acknowledgement {
    /// [`VERSION`].
    pub version: u32,
    /// EIP-155 id of the main chain.
    pub chain_id: u64,
    /// Hash of its genesis header; absent in [`VERSION_WITHOUT_GENESIS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub genesis: Option<B256>,
    /// The message.
    pub message: B256,
    /// Digest of the operation that deposited it.
    pub deposit: B256,
    /// The receiver, who signs.
    pub by: Correspondent,
    /// When it had read it.
    pub received: UnixSeconds,
}

/// A statement of either sort.
pub trait Statement: Serialize + DeserializeOwned {
    /// Its data format.
    const FORMAT: &'static str;

    /// Its version.
    fn version(&self) -> u32;
    /// EIP-155 id of the chain that it is for.
    fn chain_id(&self) -> u64;
    /// Hash of that chain's genesis header, from [`VERSION`] on.
    fn genesis(&self) -> Option<B256>;
    /// Whether it names a second city, where the message is received.
    fn names_city(&self) -> bool {
        false
    }
    /// Who signs it.
    fn signer(&self) -> Address;
    /// What it is about, as the data operation names it.
    fn subject(&self) -> B256;
    /// The operation that it follows.
    fn previous(&self) -> B256;
    /// When it was made.
    fn time(&self) -> UnixSeconds;
}

impl Statement for Deposit {
    const FORMAT: &'static str = DEPOSIT_FORMAT;

    fn version(&self) -> u32 {
        self.head.version
    }

    fn chain_id(&self) -> u64 {
        self.head.chain_id
    }

    fn genesis(&self) -> Option<B256> {
        self.head.genesis
    }

    fn names_city(&self) -> bool {
        self.head.to_city.is_some()
    }

    fn signer(&self) -> Address {
        self.head.from.address
    }

    /// The receiver.
    fn subject(&self) -> B256 {
        self.head.to.address.into_word()
    }

    fn previous(&self) -> B256 {
        B256::ZERO
    }

    fn time(&self) -> UnixSeconds {
        self.head.sent
    }
}

impl Statement for Acknowledgement {
    const FORMAT: &'static str = ACKNOWLEDGEMENT_FORMAT;

    fn version(&self) -> u32 {
        self.version
    }

    fn chain_id(&self) -> u64 {
        self.chain_id
    }

    fn genesis(&self) -> Option<B256> {
        self.genesis
    }

    fn signer(&self) -> Address {
        self.by.address
    }

    /// The message.
    fn subject(&self) -> B256 {
        self.message
    }

    /// Its deposit.
    fn previous(&self) -> B256 {
        self.deposit
    }

    fn time(&self) -> UnixSeconds {
        self.received
    }
}

/// A statement with the exact text that is hashed and signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated<S> {
    /// The text.
    pub text: String,
    /// What it says.
    pub statement: S,
}

impl<S: Statement> Stated<S> {
    /// Writes a statement.
    ///
    /// # Errors
    /// [`StatementError::Unreadable`], which values of these types never give.
    pub fn write(statement: S) -> Result<Self, StatementError> {
        let text = serde_json::to_string(&statement).map_err(|error| StatementError::Unreadable(error.to_string()))?;
        Ok(Self { text, statement })
    }

    /// Reads a statement that came from outside.
    ///
    /// # Errors
    /// [`StatementError`].
    pub fn read(text: &str) -> Result<Self, StatementError> {
        if text.len() > MAX_STATEMENT_BYTES {
            return Err(StatementError::TooLong);
        }
        let statement: S = serde_json::from_str(text).map_err(|error| StatementError::Unreadable(error.to_string()))?;
        match (statement.version(), statement.genesis(), statement.names_city()) {
            (VERSION, Some(_), false)
            | (VERSION_WITHOUT_GENESIS, None, false)
            | (VERSION_BETWEEN_CITIES, Some(_), true) => {}
            (VERSION | VERSION_WITHOUT_GENESIS, _, true) => return Err(StatementError::City),
            (VERSION | VERSION_WITHOUT_GENESIS, ..) | (VERSION_BETWEEN_CITIES, None, true) => {
                return Err(StatementError::Genesis);
            }
            (unknown, ..) => return Err(StatementError::Version(unknown)),
        }
        Ok(Self { text: text.to_owned(), statement })
    }

    /// keccak256 of the text. Of a deposit this is the message's identifier.
    #[must_use]
    pub fn id(&self) -> B256 {
        keccak256(self.text.as_bytes())
    }

    /// The data operation whose EIP-712 digest is signed. The statement says everything in it.
    #[must_use]
    pub fn operation(&self) -> DataOperation {
        DataOperation {
            data_format: B256::right_padding_from(S::FORMAT.as_bytes()),
            content_hash: self.id(),
            source: self.statement.signer(),
            subject: self.statement.subject(),
            previous: self.statement.previous(),
            time: self.statement.time(),
            idempotency_key: self.id(),
        }
    }

    /// What is signed: the operation's digest for `DataBlockRegistry` of the chain that the statement names.
    #[must_use]
    pub fn digest(&self) -> B256 {
        self.operation().digest(&self.domain())
    }

    /// Checks that the key that the statement names has signed it (65 bytes, r, s, v).
    ///
    /// # Errors
    /// [`StatementError::Signature`].
    pub fn verify(&self, signature: &[u8]) -> Result<(), StatementError> {
        Ok(self.operation().verify(&self.domain(), signature, self.statement.signer())?)
    }

    fn domain(&self) -> SigningDomain {
        SigningDomain::new(self.statement.chain_id(), predeploys::DATA_BLOCK_REGISTRY)
    }
}

#[cfg(test)]
mod tests;
