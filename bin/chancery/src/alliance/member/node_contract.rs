//! `chancery alliance rule define, list, withdraw` and `entry set, show`: what a member does with its own node contract, outside any request.

mod file;

use alloy_primitives::{B256, U256};
use anyhow::{Context as _, Result, bail, ensure};
use chancery_bridge::{
    contracts::NodeContract,
    node_contract::{self, DefinedRule, Entry, EntryName, Rule},
};
use serde_json::{Value, json};

use self::file::RulesFile;
use super::file::{Member, open};
use crate::{
    alliance::{request::asked::word_of, text_of},
    arguments::{
        AsMember, DefineRules, EntryCommand, MemberOfAlliance, RuleCommand, SetEntry, ShowEntry, WhichEntry,
        WithdrawRule,
    },
    output::Output,
};

pub(in crate::alliance) async fn rule(command: &RuleCommand, output: &Output) -> Result<()> {
    match command {
        RuleCommand::Define(command) => Box::pin(define(command, output)).await,
        RuleCommand::List(command) => Box::pin(list(command, output)).await,
        RuleCommand::Withdraw(command) => Box::pin(withdraw(command, output)).await,
    }
}

pub(in crate::alliance) async fn entry(command: &EntryCommand, output: &Output) -> Result<()> {
    match command {
        EntryCommand::Set(command) => Box::pin(set(command, output)).await,
        EntryCommand::Show(command) => Box::pin(show(command, output)).await,
    }
}

/// A member, and its node contract as the alliance has it.
async fn opened(of: &MemberOfAlliance) -> Result<(Member, NodeContract)> {
    let member = open(&of.config).await?;
    let name = member.joining.name;
    let place = member.alliance(of.contract).member(name).await?;
    let chain = member.joining.site.chain.clone();
    let (own, found) = (chain.config().chain_id, place.chain_id);
    ensure!(found != 0, "{} never was a member of {}", text_of(name), of.contract);
    ensure!(found == own, "the alliance has {} on chain {found}, and its file names chain {own}", text_of(name));
    Ok((member, NodeContract { chain, address: place.node_contract }))
}

async fn define(command: &DefineRules, output: &Output) -> Result<()> {
    let wanted = RulesFile::read(&command.rules)?.rules()?;
    let (member, contract) = Box::pin(opened(&command.member)).await?;
    let progress = output.progress("defining rules");
    let defined = Box::pin(all_defined(&member, &contract, wanted)).await;
    progress.finish_and_clear();
    let defined = defined?;
    let told = defined.iter().map(|(rule, is_new)| {
        let mut told = rule_json(rule);
        told["isNew"] = json!(is_new);
        told
    });
    let lines = defined.iter().map(|(rule, is_new)| {
        let so_already = if *is_new { "" } else { " (as it was)" };
        format!("{}{so_already}", rule_text(rule))
    });
    output.answer(
        &json!({
            "member": text_of(member.joining.name),
            "nodeContract": contract.address,
            "rules": told.collect::<Vec<_>>(),
        }),
        lines.collect::<Vec<_>>().join("\n"),
    );
    Ok(())
}

/// Each with whether it was sent. What stands is shown, not what was sent.
async fn all_defined(
    member: &Member,
    contract: &NodeContract,
    wanted: Vec<(B256, Rule)>,
) -> Result<Vec<(DefinedRule, bool)>> {
    let mut defined = Vec::new();
    for (operation, rule) in wanted {
        let done = Box::pin(node_contract::define(contract, &member.joining.key, operation, rule)).await;
        let is_new = done.with_context(|| format!("the rule of {}", text_of(operation)))?;
        let found = Box::pin(node_contract::rule(contract, operation)).await?;
        let found = found.with_context(|| format!("{} was defined, and is not any more", text_of(operation)))?;
        defined.push((found, is_new));
    }
    Ok(defined)
}

async fn list(command: &AsMember, output: &Output) -> Result<()> {
    let (member, contract) = Box::pin(opened(&command.member)).await?;
    let found = Box::pin(node_contract::rules(&contract)).await?;
    let mut lines: Vec<_> = found.defined.iter().map(rule_text).collect();
    if lines.is_empty() {
        lines.push(
            "no operation is defined: every call is refused (`chancery alliance rule define` defines one)".to_owned(),
        );
    }
    if found.is_cut {
        lines.push("rules that were defined longer ago are not listed".to_owned());
    }
    output.answer(
        &json!({
            "member": text_of(member.joining.name),
            "nodeContract": contract.address,
            "rules": found.defined.iter().map(rule_json).collect::<Vec<_>>(),
            "isCut": found.is_cut,
        }),
        lines.join("\n"),
    );
    Ok(())
}

async fn withdraw(command: &WithdrawRule, output: &Output) -> Result<()> {
    let operation = word_of(&command.operation)?;
    let (member, contract) = Box::pin(opened(&command.member)).await?;
    let progress = output.progress("withdrawing the rule");
    let done = Box::pin(node_contract::withdraw(&contract, &member.joining.key, operation)).await;
    progress.finish_and_clear();
    done?;
    output.answer(
        &json!({"nodeContract": contract.address, "operation": text_of(operation), "withdrawn": true}),
        format!("{} is not defined any more: its calls are refused", text_of(operation)),
    );
    Ok(())
}

async fn set(command: &SetEntry, output: &Output) -> Result<()> {
    let name = name(&command.entry)?;
    let value = match (&command.value, command.number) {
        (_, Some(number)) => B256::from(U256::from(number)),
        (Some(text), None) if text.is_empty() => B256::ZERO,
        (Some(text), None) => word_of(text)?,
        (None, None) => bail!("give --value or --number"),
    };
    let (member, contract) = Box::pin(opened(&command.member)).await?;
    let progress = output.progress("writing");
    let done = Box::pin(node_contract::set(&contract, &member.joining.key, name, value)).await;
    progress.finish_and_clear();
    let version = done?;
    output.answer(
        &json!({
            "nodeContract": contract.address,
            "key": name.key(),
            "value": value,
            "text": text_of(value),
            "version": version,
        }),
        format!("{} is {}, version {version}", entry_text(&name), value_text(value)),
    );
    Ok(())
}

async fn show(command: &ShowEntry, output: &Output) -> Result<()> {
    let name = name(&command.entry)?;
    let (_, contract) = Box::pin(opened(&command.member)).await?;
    let found = Box::pin(node_contract::entry(&contract, name.key())).await?;
    let Entry { value, version, writer, readers, block, is_proven } = found;
    let held = match writer {
        Some(number) => format!("; request {number} is about to write it"),
        None if readers > 0 => format!("; {readers} request(s) rest on it"),
        None => String::new(),
    };
    let by = if is_proven { "proven by" } else { "by the node's word, at" };
    output.answer(
        &json!({
            "nodeContract": contract.address,
            "key": name.key(),
            "value": value,
            "text": text_of(value),
            "version": version,
            "writer": writer,
            "readers": readers,
            "block": block,
            "isProven": is_proven,
        }),
        format!("{} is {}, version {version}, {by} block {block}{held}", entry_text(&name), value_text(value)),
    );
    Ok(())
}

fn name(which: &WhichEntry) -> Result<EntryName> {
    match (&which.entry, &which.kind, &which.subject) {
        (Some(key), None, None) => Ok(EntryName::Key(word_of(key)?)),
        (None, Some(kind), Some(subject)) => Ok(EntryName::Of { kind: word_of(kind)?, subject: word_of(subject)? }),
        _ => bail!("give --entry, or --kind and --subject"),
    }
}

fn entry_text(name: &EntryName) -> String {
    match name {
        EntryName::Key(key) => text_of(*key),
        EntryName::Of { kind, subject } => format!("{} of {}", text_of(*kind), text_of(*subject)),
    }
}

fn value_text(value: B256) -> String {
    if value.is_zero() { "nothing".to_owned() } else { text_of(value) }
}

fn rule_json(of: &DefinedRule) -> Value {
    let Rule { required_kind, required_value, written_kind } = of.rule;
    let word = |word: B256| if word.is_zero() { String::new() } else { text_of(word) };
    json!({
        "operation": text_of(of.operation),
        "requiredKind": text_of(required_kind),
        "requiredValue": word(required_value),
        "writtenKind": written_kind.map(text_of),
        "isProven": of.is_proven,
    })
}

fn rule_text(of: &DefinedRule) -> String {
    let Rule { required_kind, required_value, written_kind } = of.rule;
    let writes =
        written_kind.map_or_else(|| "writes nothing".to_owned(), |kind| format!("writes its {}", text_of(kind)));
    let proven = if of.is_proven { "" } else { " (not proven)" };
    let (operation, kind) = (text_of(of.operation), text_of(required_kind));
    format!("{operation}: the subject's {kind} has to be {}; {writes}{proven}", value_text(required_value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // A-MULTI: a rule is told in words, with what a person would take for an oversight.
    #[test]
    fn a_rule_is_told_in_words() {
        let word = |text: &str| word_of(text).unwrap();
        let rule = Rule { required_kind: word("lien"), required_value: B256::ZERO, written_kind: Some(word("lien")) };
        let mut defined = DefinedRule { operation: word("encumber"), rule, is_proven: true };
        assert_eq!(rule_text(&defined), "encumber: the subject's lien has to be nothing; writes its lien");
        defined.rule.written_kind = None;
        defined.is_proven = false;
        assert_eq!(rule_text(&defined), "encumber: the subject's lien has to be nothing; writes nothing (not proven)");
        assert_eq!(rule_json(&defined)["requiredValue"], "");
    }

    // A-MULTI: a word is named by its key, or by kind and subject.
    #[test]
    fn a_word_is_named_in_one_way() {
        let which = |key: Option<&str>, kind: Option<&str>, subject: Option<&str>| {
            let [key, kind, subject] = [key, kind, subject].map(|text| text.map(str::to_owned));
            name(&WhichEntry { entry: key, kind, subject })
        };
        let of = which(None, Some("lien"), Some("parcel 7")).unwrap();
        assert_eq!(entry_text(&of), "lien of parcel 7");
        assert_eq!(entry_text(&which(Some("deed"), None, None).unwrap()), "deed");
        assert!(which(Some("deed"), Some("lien"), None).is_err());
        assert!(which(None, None, None).is_err());
    }
}
