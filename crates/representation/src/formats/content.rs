//! Plain content against the schema of its format: by representation for what is in clear, by whoever seals or opens it for what is sealed (DATA-6, DATA-11).

use std::fmt;

use chancery_reference_points::{Code, DoorError, DoorResult, data_format::FormatId};
use jsonschema::Validator;
use serde_json::Value;

/// Memory that one compiled pattern of a schema may take, in bytes.
const MAX_PATTERN_BYTES: usize = 1024 * 1024;
/// Most violations that one answer lists.
const MAX_VIOLATIONS: usize = 20;

/// The schema of a format, compiled.
pub struct ContentSchema {
    id: FormatId,
    validator: Validator,
}

impl fmt::Debug for ContentSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContentSchema").field("id", &self.id).finish_non_exhaustive()
    }
}

impl ContentSchema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// `ConfigurationInvalid` for what is no JSON Schema 2020-12, refers beyond itself, or has a pattern that takes too much memory.
    pub fn compile(id: &FormatId, schema: &Value) -> DoorResult<Self> {
        // No references beyond the schema, and patterns that cannot backtrack: a schema must not be able to make validation slow.
        let options = jsonschema::draft202012::options()
            .should_validate_formats(true)
            .with_pattern_options(jsonschema::PatternOptions::regex().size_limit(MAX_PATTERN_BYTES))
            .offline();
        let validator = options.build(schema).map_err(|error| {
            DoorError::new(
                Code::ConfigurationInvalid,
                format!("the schema of {} is no JSON Schema 2020-12: at {}", id.0, error.instance_path()),
            )
        })?;
        Ok(Self { id: id.clone(), validator })
    }

    /// Checks plain content.
    ///
    /// # Errors
    /// `SchemaViolation` with the rules that it breaks, and nothing of it.
    pub fn check(&self, content: &Value) -> DoorResult<()> {
        if self.validator.is_valid(content) {
            return Ok(());
        }
        let violations: Vec<Value> = self
            .validator
            .iter_errors(content)
            .take(MAX_VIOLATIONS)
            // The instance is left out: it may hold what nobody should read in an error.
            .map(|error| serde_json::json!({"at": error.instance_path().to_string(), "rule": error.schema_path().to_string()}))
            .collect();
        let detail = format!("the content breaks {} rules of {}", violations.len(), self.id.0);
        Err(DoorError::new(Code::SchemaViolation, detail).with("violations", violations))
    }
}
