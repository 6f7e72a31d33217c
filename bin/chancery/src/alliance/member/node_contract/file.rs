//! `rules.toml`: the rules of a node contract's operations.

use std::path::Path;

use alloy_primitives::{B256, U256};
use anyhow::{Context as _, Result, ensure};
use chancery_bridge::node_contract::{NodeContractError, Rule};
use serde::Deserialize;

use crate::{alliance::request::asked::word_of, commands::read_bounded};

/// Largest file, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// Most rules of one file.
const MAX_RULES: usize = 64;

/// TOML or JSON; see `docs/specs/alliance.md`, "A member's own rules".
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RulesFile {
    /// One for each operation.
    rules: Vec<RuleSection>,
}

/// What an operation on a subject rests on, and what it writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleSection {
    operation: String,
    /// The kind of the subject's word that is looked at.
    required_kind: String,
    /// What it has to be; empty: nothing.
    required_value: RuleValue,
    /// The kind of the subject's word that gets the call's value; absent or empty: nothing is written.
    #[serde(default)]
    written_kind: String,
}

/// A number, text of at most 32 characters, or `0x` and 64 digits.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum RuleValue {
    Number(u64),
    Text(String),
}

impl RulesFile {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = String::from_utf8(read_bounded(path, MAX_FILE_BYTES)?)
            .with_context(|| format!("{} is not UTF-8 text", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} holds no rules", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        Ok(if text.trim_start().starts_with('{') { serde_json::from_str(text)? } else { toml::from_str(text)? })
    }

    /// Operations with their rules, in the order of the file. All are looked at before the first is sent.
    pub(super) fn rules(&self) -> Result<Vec<(B256, Rule)>> {
        ensure!((1..=MAX_RULES).contains(&self.rules.len()), "a file has 1 to {MAX_RULES} rules");
        let mut rules: Vec<(B256, Rule)> = Vec::new();
        for section in &self.rules {
            let read = section.rule().with_context(|| format!("the rule of {:?}", section.operation))?;
            let is_new = rules.iter().all(|(known, _)| *known != read.0);
            ensure!(is_new, "{:?} has two rules: an operation has one", section.operation);
            rules.push(read);
        }
        Ok(rules)
    }
}

impl RuleSection {
    fn rule(&self) -> Result<(B256, Rule)> {
        let operation = word_of(&self.operation).context("operation")?;
        let required_kind = word(&self.required_kind).context("required_kind")?;
        if required_kind.is_zero() {
            return Err(NodeContractError::RestsOnNothing { operation }.into());
        }
        let required_value = match &self.required_value {
            RuleValue::Number(number) => B256::from(U256::from(*number)),
            RuleValue::Text(text) => word(text).context("required_value")?,
        };
        let written_kind = Some(word(&self.written_kind).context("written_kind")?).filter(|kind| !kind.is_zero());
        Ok((operation, Rule { required_kind, required_value, written_kind }))
    }
}

/// Empty text is the zero word.
fn word(text: &str) -> Result<B256> {
    if text.is_empty() { Ok(B256::ZERO) } else { word_of(text) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const RULES: &str = r#"
        [[rules]]
        operation = "encumber"
        required_kind = "lien"
        required_value = ""
        written_kind = "lien"

        [[rules]]
        operation = "clear"
        required_kind = "tax due"
        required_value = 0
    "#;

    // A-MULTI: a file says all that the contract takes, in TOML and in JSON.
    #[test]
    fn rules_are_read_from_toml_and_json() {
        let rules = RulesFile::parse(RULES).unwrap().rules().unwrap();
        let word = |text: &str| word_of(text).unwrap();
        let lien = Rule { required_kind: word("lien"), required_value: B256::ZERO, written_kind: Some(word("lien")) };
        let tax = Rule { required_kind: word("tax due"), required_value: B256::ZERO, written_kind: None };
        assert_eq!(rules, [(word("encumber"), lien), (word("clear"), tax)]);
        let json = serde_json::to_string(&toml::from_str::<serde_json::Value>(RULES).unwrap()).unwrap();
        assert_eq!(RulesFile::parse(&json).unwrap().rules().unwrap(), rules);
    }

    // A-MULTI: what would be no rule for the contract is refused before anything is sent.
    #[test]
    fn what_is_no_rule_is_refused_with_its_reason() {
        let refusal = |from: &str, to: &str| {
            let read = RulesFile::parse(&RULES.replace(from, to)).and_then(|file| file.rules());
            format!("{:#}", read.unwrap_err())
        };
        assert!(refusal("required_kind = \"lien\"", "required_kind = \"\"").contains("RestsOnNothing"));
        assert!(refusal("\"clear\"", "\"encumber\"").contains("two rules"));
        assert!(refusal("written_kind", "writes").contains("unknown field"));
        assert!(refusal("\"tax due\"", &format!("{:?}", "x".repeat(33))).contains("1 to 32"));
        assert!(refusal("operation = \"clear\"", "operation = \"\"").contains("1 to 32"));
        assert!(refusal("required_value = 0", "").contains("required_value"));
    }
}
