//! What formats say of submissions of registered sources (DATA-6).

use std::sync::Arc;

use chancery_data::{Submission, rules};
use chancery_ingest::ContentRules;
use chancery_reference_points::{Code, DoorError, DoorResult, data_format::FormatId, operation::ChainName};
use serde_json::Value;

use super::{Compiled, Formats};

impl ContentRules for Formats {
    fn check(&self, submission: &Submission, chain: &ChainName, now_ms: u64) -> DoorResult<()> {
        let statement = &submission.statement;
        let compiled = self.compiled(&FormatId(statement.format.clone()))?;
        let format = &compiled.format;
        if &format.chain != chain {
            let detail = format!("data of {} are recorded on chain {}, not on {chain}", format.id.0, format.chain);
            return Err(DoorError::new(Code::WrongChain, detail));
        }
        if format.version != statement.format_version {
            let detail =
                format!("version {} of {} is in force, not {}", format.version, format.id.0, statement.format_version);
            let error = DoorError::new(Code::FormatVersion, detail);
            return Err(error.with("expected", format.version).with("actual", statement.format_version));
        }
        if let Some(rule) = compiled.rules.broken_by_control(&statement.control) {
            return Err(broken(rule, "control"));
        }
        (0..statement.count as usize).try_for_each(|position| check_operation(&compiled, submission, position, now_ms))
    }
}

fn check_operation(compiled: &Arc<Compiled>, submission: &Submission, position: usize, now_ms: u64) -> DoorResult<()> {
    let at = |error: DoorError| error.with("operation", position);
    let operation = submission
        .operation(position)
        .map_err(|error| at(DoorError::new(Code::MalformedRequest, error.to_string())))?;
    if let Some(rule) = compiled.rules.broken_by(&operation, now_ms) {
        return Err(at(broken(rule, &format!("operations[{position}]"))));
    }
    // Sealed content and data that stay at their owner are checked by whoever can read them.
    let (Some(content), false) = (operation.content, compiled.format.sealed) else { return Ok(()) };
    let content: Value = serde_json::from_str(content.get()).map_err(|_| {
        at(DoorError::new(Code::SchemaViolation, format!("operations[{position}]: the content is nested too deep")))
    })?;
    compiled.validate(&content).map_err(at)
}

fn broken(rule: &str, place: &str) -> DoorError {
    DoorError::new(Code::SchemaViolation, format!("{place}: it breaks the format's rule {rule}")).with("rule", rule)
}

/// Metadata rules that come, go or change.
pub(super) fn rule_differences(old: &Value, new: &Value) -> Vec<String> {
    let rules = |schema: &Value| schema[rules::MEMBER].as_object().cloned().unwrap_or_default();
    let (before, after) = (rules(old), rules(new));
    let mut found = Vec::new();
    for (name, rule) in &before {
        match after.get(name) {
            None => found.push(format!("rule {name}: no longer applies (was {rule})")),
            Some(now) if now != rule => found.push(format!("rule {name}: {now} instead of {rule}")),
            Some(_) => {}
        }
    }
    found.extend(
        after
            .iter()
            .filter(|(name, _)| !before.contains_key(*name))
            .map(|(name, rule)| format!("rule {name}: new, {rule}")),
    );
    found
}
