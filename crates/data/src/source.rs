//! How a source is registered and its key replaced: statements that the keys concerned sign.

use alloy_primitives::B256;
use chancery_primitives::{OperationType, UnixSeconds, data_block::Leaf};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Jws, JwsError, KeyError, PublicKey, SourceId, Thumbprint, key::Jwk};

/// `typ` of a statement about a source.
pub const TYP: &str = "chancery-source+jws";
/// Longest name of a source, in bytes.
pub const MAX_NAME_BYTES: usize = 128;

/// What sort of source (R2D).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// A person.
    Person,
    /// An organization as such.
    Organization,
    /// A device.
    Device,
    /// An application.
    Application,
}

/// The payload of a statement about a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum SourceStatement {
    /// A key becomes a source.
    Register {
        /// The chain that records its data.
        chain_id: u64,
        /// What it is.
        kind: SourceKind,
        /// Whose it is.
        organization: String,
        /// What people call it; no personal data of others.
        name: String,
        /// Its key.
        jwk: Jwk,
        /// Unix milliseconds.
        time: u64,
    },
    /// Another key takes the place of the present one.
    Rotate {
        /// The chain.
        chain_id: u64,
        /// Which source.
        source: SourceId,
        /// The new key.
        jwk: Jwk,
        /// Unix milliseconds.
        time: u64,
    },
}

/// Why a statement about a source does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The JWS.
    #[error("statement: {0}")]
    Jws(#[from] JwsError),
    /// The payload.
    #[error("the payload of the statement: {0}")]
    Payload(String),
    /// The key in it.
    #[error("jwk: {0}")]
    Key(#[from] KeyError),
    /// Name.
    #[error("name has 1 to {MAX_NAME_BYTES} bytes")]
    Name,
}

/// A statement that the key in it has signed: its possession is shown.
#[derive(Clone, Debug)]
pub struct ShownKey {
    /// The JWS.
    pub jws: Jws,
    /// What it says.
    pub statement: SourceStatement,
    /// The key.
    pub key: PublicKey,
    /// Its thumbprint.
    pub thumbprint: Thumbprint,
}

impl ShownKey {
    /// Reads a statement and verifies that the key in it signed it.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn parse(jws: &str) -> Result<Self, SourceError> {
        let jws = Jws::parse(jws, TYP)?;
        let statement: SourceStatement =
            serde_json::from_slice(&jws.payload).map_err(|error| SourceError::Payload(error.to_string()))?;
        let (SourceStatement::Register { jwk, .. } | SourceStatement::Rotate { jwk, .. }) = &statement;
        let key = PublicKey::from_jwk(jwk)?;
        jws.verify(&key)?;
        if let SourceStatement::Register { name, .. } = &statement
            && !(1..=MAX_NAME_BYTES).contains(&name.len())
        {
            return Err(SourceError::Name);
        }
        Ok(Self { thumbprint: key.thumbprint(), jws, statement, key })
    }

    /// Verifies that another key has signed the same payload.
    ///
    /// # Errors
    /// [`SourceError::Jws`]: another payload, or not this key.
    pub fn approved_by(&self, approval: &str, key: &PublicKey) -> Result<(), SourceError> {
        let approval = Jws::parse(approval, TYP)?;
        if approval.payload != self.jws.payload {
            return Err(JwsError::Signature.into());
        }
        Ok(approval.verify(key)?)
    }

    /// How the statement stands in a data block.
    #[must_use]
    pub fn leaf(&self, source: SourceId) -> Leaf {
        let (SourceStatement::Register { time, .. } | SourceStatement::Rotate { time, .. }) = &self.statement;
        Leaf {
            operation_digest: self.jws.digest(),
            source,
            operation_type: OperationType::DataSource,
            content_hash: B256::new(Sha256::digest(&self.jws.payload).into()),
            time: UnixSeconds(time / 1000),
        }
    }
}
