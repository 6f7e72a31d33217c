//! What of a sealed format leaves this process is sealed (DATA-11): checked against the format's schema and sealed here, or sealed before.

use std::fmt;

use chancery_certificates::keys::EncryptionPublicKey;
use chancery_data::{
    Operation, SourceId,
    operation::MAX_OPERATION_BYTES,
    sealed::{self, Context},
    unambiguous,
};
use chancery_messages::contents;
use chancery_reference_points::{DoorError, data_format::FormatId};
use chancery_representation::ContentSchema;
use chancery_rest::types::formats::Format;
use serde_json::value::RawValue;

use super::{SubmitError, Terms};

/// What becomes of contents on their way out, by the format in force.
pub(super) struct Sealing {
    format: Format,
    readers: Option<ToReaders>,
}

/// To whom, and what is checked before.
struct ToReaders {
    schema: ContentSchema,
    keys: Vec<EncryptionPublicKey>,
}

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.readers.as_ref().map_or(0, |readers| readers.keys.len());
        f.debug_struct("Sealing").field("format", &self.format.format).field("keys", &keys).finish()
    }
}

impl Sealing {
    /// What is of a sealed format has been sealed by somebody else, until keys are named.
    pub(super) const fn of(format: Format) -> Self {
        Self { format, readers: None }
    }

    pub(super) fn sealing_to(self, terms: &Terms, keys: Vec<EncryptionPublicKey>) -> Result<Self, SubmitError> {
        let Self { format, .. } = self;
        if !format.sealed {
            return Err(SubmitError::NotSealed { format: format.format });
        }
        if format.version != terms.format_version {
            let (in_force, named) = (format.version, terms.format_version);
            return Err(SubmitError::OtherVersion { format: format.format, in_force, named });
        }
        let id = FormatId(format.format.clone());
        let schema = ContentSchema::compile(&id, &format.schema).map_err(|error| broken(&error))?;
        Ok(Self { format, readers: Some(ToReaders { schema, keys }) })
    }

    /// That nothing in clear leaves, and that what is sealed was right: the operation's text with its content sealed, or `None` for one that leaves as it is.
    pub(super) fn applied(
        &self,
        operation: &Operation<'_>,
        terms: &Terms,
        chain_id: u64,
        source: SourceId,
    ) -> Result<Option<String>, SubmitError> {
        match &self.readers {
            None if self.format.sealed && sealed::is_in_clear(operation) => Err(SubmitError::InClear),
            None => Ok(None),
            Some(readers) => {
                let source = format!("{source:#x}");
                let (format, format_version) = (terms.format.clone(), terms.format_version);
                readers.sealed(operation, &Context { chain_id, source, format, format_version })
            }
        }
    }
}

impl ToReaders {
    fn sealed(&self, operation: &Operation<'_>, context: &Context) -> Result<Option<String>, SubmitError> {
        if operation.description.is_some() {
            return Err(SubmitError::Described);
        }
        // Data that stay at their owner show their hash alone.
        let Some(content) = operation.content else { return Ok(None) };
        let value = unambiguous::value(content.get())
            .map_err(|error| SubmitError::Schema(format!("of the content: {error}")))?;
        self.schema.check(&value).map_err(|error| broken(&error))?;
        let text = contents::seal(content.get().as_bytes(), context, &self.keys)?;
        let content = RawValue::from_string(text).map_err(|error| SubmitError::NotJson(error.to_string()))?;
        let sealed = Operation { content: Some(&*content), ..operation.clone() };
        let sealed = serde_json::to_string(&sealed).map_err(|error| SubmitError::NotJson(error.to_string()))?;
        if sealed.len() > MAX_OPERATION_BYTES { Err(SubmitError::SealedTooLong) } else { Ok(Some(sealed)) }
    }
}

/// Which rules are broken, and where: nothing of the content.
fn broken(error: &DoorError) -> SubmitError {
    let violations = error.members().get("violations").map(|found| format!(": {found}")).unwrap_or_default();
    SubmitError::Schema(format!("{error}{violations}"))
}
