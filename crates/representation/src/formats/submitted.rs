//! What formats say of submissions of registered sources (DATA-6).

use std::sync::Arc;

use chancery_data::{
    Operation, SealedContent, Submission, rules,
    sealed::{Context, SealedError},
    unambiguous::{self, AmbiguousError},
};
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

    fn is_sealed(&self, format: &str) -> bool {
        self.readings().get(format).is_some_and(|reading| reading.sealed)
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
    if compiled.format.sealed {
        return check_sealed(&operation, &Context::of(&submission.statement)).map_err(|refusal| {
            let detail = format!(
                "operations[{position}]: data of {} are sealed to who may read them: {}",
                compiled.format.id.0, refusal.what
            );
            at(DoorError::new(Code::MalformedJwe, detail)).with("rule", "sealed").with("missing", refusal.member)
        });
    }
    // Data that stay at their owner are checked by whoever can read them.
    let Some(content) = operation.content else { return Ok(()) };
    let content = unambiguous::value(content.get()).map_err(|error| at(unread(error, position)))?;
    compiled.validate(&content).map_err(at)
}

/// What keeps an operation from being one of a sealed format.
struct Unsealed {
    what: String,
    member: &'static str,
}

/// DATA-11: what stands in clear beside the sealed content is its time and its subject, for versions; a description is content.
fn check_sealed(operation: &Operation<'_>, context: &Context) -> Result<(), Unsealed> {
    if operation.description.is_some() {
        let what = "a description stands in clear: put it into the content".to_owned();
        return Err(Unsealed { what, member: "description" });
    }
    // Data that stay at their owner show their hash alone.
    let Some(content) = operation.content else { return Ok(()) };
    SealedContent::parse(content.get())
        .and_then(|sealed| sealed.check_context(context))
        .map_err(|error: SealedError| Unsealed { what: error.to_string(), member: error.member() })
}

/// What is signed means one thing to everybody who reads it.
fn unread(error: AmbiguousError, position: usize) -> DoorError {
    let (what, rule) = match error {
        AmbiguousError::Twice => ("a member stands twice in one object", "twice"),
        AmbiguousError::Form => ("the content is nested too deep", "depth"),
    };
    DoorError::new(Code::SchemaViolation, format!("operations[{position}]: {what}")).with("rule", rule)
}

fn broken(rule: &str, place: &str) -> DoorError {
    DoorError::new(Code::SchemaViolation, format!("{place}: it breaks the format's rule {rule}")).with("rule", rule)
}

/// What it means that a format begins or ceases to be sealed.
pub(super) fn sealing_differences(was_sealed: bool, is_sealed: bool) -> Vec<String> {
    let effects: &[&str] = match (was_sealed, is_sealed) {
        (false, true) => {
            &["content: sealed from now on; what is submitted in clear, or with a description, is refused"]
        }
        (true, false) => &[
            "content: in clear from now on, by the schema; what is submitted sealed is refused unless the schema allows it",
        ],
        _ => &[],
    };
    effects.iter().map(|effect| (*effect).to_owned()).collect()
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
