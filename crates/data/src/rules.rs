//! Metadata rules of a format: the member `x-metadata` of its schema.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Control, Operation,
    reader::{MAX_READERS, Reader},
    submission::{Access, Basis},
};

/// The member of a schema that holds them.
pub const MEMBER: &str = "x-metadata";

/// Whether operations are about something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectRule {
    /// Each has a subject, and so versions.
    Required,
    /// None has one.
    Forbidden,
}

/// What control data and operations of a format have to keep to (DATA-6). What is absent is free.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetadataRules {
    /// Allowed access classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Vec<Access>>,
    /// Allowed lawful bases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Vec<Basis>>,
    /// Longest retention.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_retention_days: Option<u32>,
    /// Subjects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectRule>,
    /// How old an operation may be when it is submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_seconds: Option<u64>,
    /// Who may read restricted data of this format, beside whom their sources name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readers: Option<Vec<Reader>>,
}

impl MetadataRules {
    /// The rules in a schema; none when it has no such member.
    ///
    /// # Errors
    /// In words: what stands there is no rule.
    pub fn of_schema(schema: &Value) -> Result<Self, String> {
        let Some(rules) = schema.get(MEMBER) else { return Ok(Self::default()) };
        let rules: Self = serde_json::from_value(rules.clone()).map_err(|error| format!("{MEMBER}: {error}"))?;
        if rules.readers.as_ref().is_some_and(|readers| readers.len() > MAX_READERS) {
            return Err(format!("{MEMBER}: readers: at most {MAX_READERS} are named"));
        }
        Ok(rules)
    }

    /// The first rule that control data break.
    #[must_use]
    pub fn broken_by_control(&self, control: &Control) -> Option<&'static str> {
        if self.access.as_ref().is_some_and(|allowed| !allowed.contains(&control.access)) {
            return Some("access");
        }
        if self.basis.as_ref().is_some_and(|allowed| !allowed.contains(&control.basis)) {
            return Some("basis");
        }
        self.max_retention_days.is_some_and(|most| control.retention_days > most).then_some("maxRetentionDays")
    }

    /// The first rule that an operation breaks.
    #[must_use]
    pub fn broken_by(&self, operation: &Operation<'_>, now_ms: u64) -> Option<&'static str> {
        match self.subject {
            Some(SubjectRule::Required) if operation.subject.is_none() => return Some("subject"),
            Some(SubjectRule::Forbidden) if operation.subject.is_some() => return Some("subject"),
            _ => {}
        }
        let age_s = now_ms.saturating_sub(operation.time) / 1000;
        self.max_age_seconds.is_some_and(|most| age_s > most).then_some("maxAgeSeconds")
    }
}
