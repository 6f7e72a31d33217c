//! Sealed contents that a search finds: opened here, with a reader's key; nobody else learns them (DATA-11).

use chancery_data::{
    Operation, OperationError,
    proof::{OperationProof, ProofFailure},
    sealed::Context,
};
use chancery_keys::AgreementKey;
use chancery_messages::contents::{self, ContentError};
use chancery_reference_points::{DoorError, data_format::FormatId};
use chancery_representation::ContentSchema;
use chancery_rest::types::data::{OperationPlace, SearchData};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{Client, ClientError};

/// Why a content is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The gateway says too little of the operation.
    #[error("the gateway names no {0}")]
    Missing(&'static str),
    /// What it gives is no operation.
    #[error(transparent)]
    Operation(#[from] OperationError),
    /// There is nothing to open.
    #[error("the operation has no content: its data stay at their owner")]
    NoContent,
    /// It is not under the source's signature.
    #[error(transparent)]
    Unsigned(#[from] ProofFailure),
    /// It does not open.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The gateway, about the format.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The schema of the format does not compile.
    #[error(transparent)]
    Schema(#[from] DoorError),
}

/// The sealed content of an operation, with what it is sealed for.
#[derive(Clone, Debug)]
pub struct SealedOperation {
    context: Context,
    content: String,
}

impl SealedOperation {
    /// Of an operation as the gateway says it, on the main chain with this id. Whoever knows a reader's public key can seal something and name any source: [`Self::signed`] says who did.
    ///
    /// # Errors
    /// [`OpenError::Missing`], [`OpenError::Operation`], [`OpenError::NoContent`].
    pub fn of(found: &Value, chain_id: u64) -> Result<Self, OpenError> {
        let text = |member: &'static str| found[member].as_str().ok_or(OpenError::Missing(member));
        let version = found["formatVersion"].as_u64().and_then(|version| u32::try_from(version).ok());
        let context = Context {
            chain_id,
            format: text("format")?.to_owned(),
            format_version: version.ok_or(OpenError::Missing("formatVersion"))?,
            source: text("source")?.to_lowercase(),
        };
        Ok(Self { context, content: content_of(text("operation")?)? })
    }

    /// Of what the source has signed on the main chain with this id. That it is recorded is not looked at: [`crate::Verifier::operation`] does it.
    ///
    /// # Errors
    /// [`OpenError::Unsigned`], [`OpenError::Operation`], [`OpenError::NoContent`].
    pub fn signed(proof: &OperationProof, chain_id: u64) -> Result<Self, OpenError> {
        let context = Context::of(&proof.signed(chain_id)?);
        Ok(Self { context, content: content_of(&proof.operation)? })
    }

    /// The source that it was sealed by, as `0x` hex in small letters.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.context.source
    }

    /// The data format.
    #[must_use]
    pub fn format(&self) -> &str {
        &self.context.format
    }

    /// The version of the format.
    #[must_use]
    pub const fn format_version(&self) -> u32 {
        self.context.format_version
    }

    /// The bytes that were sealed. A key that is kept elsewhere may block.
    ///
    /// # Errors
    /// [`OpenError::Content`]: sealed to other keys, for something else, or altered.
    pub fn open(&self, key: &(impl AgreementKey + ?Sized)) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        Ok(contents::open(&self.content, &self.context, key)?)
    }
}

fn content_of(operation: &str) -> Result<String, OpenError> {
    let operation = Operation::parse(operation.as_bytes())?;
    Ok(operation.content.ok_or(OpenError::NoContent)?.get().to_owned())
}

impl Client {
    /// The operation at a place, as far as the asker may read it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn operation_at(&self, at: OperationPlace) -> Result<Option<Value>, ClientError> {
        let before = match at {
            OperationPlace { place: 0, index: 0 } => None,
            OperationPlace { place, index: 0 } => Some(OperationPlace { place: place - 1, index: u32::MAX }),
            OperationPlace { place, index } => Some(OperationPlace { place, index: index - 1 }),
        };
        let query =
            SearchData { ascending: true, limit: Some(1), after: before.map(Into::into), ..SearchData::default() };
        let page = self.search_data(&query).await?;
        let is_asked_for = |one: &Value| {
            let (place, index) = (one["at"]["place"].as_u64(), one["at"]["index"].as_u64());
            place == Some(at.place) && index == Some(at.index.into())
        };
        Ok(page.operations.into_iter().find(is_asked_for))
    }

    /// Whether what was sealed is of its format: nobody else could check it. `None` when another version is in force by now.
    ///
    /// # Errors
    /// [`OpenError::Client`], [`OpenError::Schema`].
    pub async fn follows_format(&self, sealed: &SealedOperation, opened: &[u8]) -> Result<Option<bool>, OpenError> {
        let format = self.format(&sealed.context.format).await?;
        if format.version != sealed.context.format_version {
            return Ok(None);
        }
        let schema = ContentSchema::compile(&FormatId(format.format), &format.schema)?;
        Ok(Some(serde_json::from_slice(opened).is_ok_and(|content: Value| schema.check(&content).is_ok())))
    }
}
