//! Where two answers differ, and which differences are intended.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// How far two estimates of gas may lie apart, in thousandths: both search, and stop when close.
const ESTIMATE_TOLERANCE_THOUSANDTHS: u64 = 30;

/// One place where two answers differ.
#[derive(Debug)]
pub(crate) struct Difference {
    method: String,
    question: String,
    /// JSON pointer within `{result}` or `{error}`.
    pub(crate) path: String,
    ours: Option<Value>,
    theirs: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |value: &Option<Value>| {
            let text = value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
            text.chars().take(160).collect::<String>()
        };
        let question: String = self.question.chars().take(150).collect();
        let (ours, theirs) = (short(&self.ours), short(&self.theirs));
        write!(formatter, "{} {question} {}: ours {ours}, theirs {theirs}", self.method, self.path)
    }
}

/// A difference that is meant to be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Intended {
    /// Methods; `*` stands for anything.
    methods: Vec<String>,
    /// JSON pointers; `*` stands for anything.
    paths: Vec<String>,
    /// What the question contains, where not every question is meant.
    #[serde(default)]
    asking: String,
    /// What anvil has there, where not everything is meant.
    theirs: Option<Value>,
    /// Why, in the words of `docs/specs/rpc.md`.
    pub(crate) reason: String,
}

impl Intended {
    pub(crate) fn explains(&self, difference: &Difference) -> bool {
        let matches = |patterns: &[String], text: &str| patterns.iter().any(|pattern| is_like(text, pattern));
        matches(&self.methods, &difference.method)
            && matches(&self.paths, &difference.path)
            && difference.question.contains(&self.asking)
            && (self.theirs.is_none() || self.theirs == difference.theirs)
    }
}

/// Whether `text` is `pattern`, in which `*` stands for any characters.
fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => text == pattern,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|tail| (0..=tail.len()).any(|at| tail.get(at..).is_some_and(|tail| is_like(tail, rest)))),
    }
}

/// Where the answers to a question differ.
pub(crate) fn differences(method: &str, question: &Value, ours: &Value, theirs: &Value) -> Vec<Difference> {
    if method == "eth_estimateGas" && are_close(&ours["result"], &theirs["result"]) {
        return Vec::new();
    }
    if method == "eth_createAccessList" {
        return walked(method, question, &in_order(ours), &in_order(theirs));
    }
    walked(method, question, ours, theirs)
}

/// An answer with its access list by address: the order means nothing.
fn in_order(answer: &Value) -> Value {
    let mut answer = answer.clone();
    if let Some(list) = answer.pointer_mut("/result/accessList").and_then(Value::as_array_mut) {
        list.sort_by_key(|item| item["address"].to_string());
    }
    answer
}

fn walked(method: &str, question: &Value, ours: &Value, theirs: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut note = |path: &str, ours: Option<&Value>, theirs: Option<&Value>| {
        found.push(Difference {
            method: method.to_owned(),
            question: question.to_string(),
            path: path.to_owned(),
            ours: ours.cloned(),
            theirs: theirs.cloned(),
        });
    };
    walk("", Some(ours), Some(theirs), &mut note);
    found
}

fn are_close(ours: &Value, theirs: &Value) -> bool {
    let gas = |value: &Value| u64::from_str_radix(value.as_str()?.trim_start_matches("0x"), 16).ok();
    match (gas(ours), gas(theirs)) {
        (Some(ours), Some(theirs)) => {
            ours.abs_diff(theirs).saturating_mul(1_000) <= theirs.saturating_mul(ESTIMATE_TOLERANCE_THOUSANDTHS)
        }
        _ => false,
    }
}

fn walk(
    path: &str,
    ours: Option<&Value>,
    theirs: Option<&Value>,
    note: &mut impl FnMut(&str, Option<&Value>, Option<&Value>),
) {
    match (ours, theirs) {
        (Some(Value::Object(ours)), Some(Value::Object(theirs))) => {
            let mut names: Vec<_> = ours.keys().chain(theirs.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                walk(&format!("{path}/{name}"), ours.get(name), theirs.get(name), note);
            }
        }
        (Some(Value::Array(ours)), Some(Value::Array(theirs))) => {
            for index in 0..ours.len().max(theirs.len()) {
                walk(&format!("{path}/{index}"), ours.get(index), theirs.get(index), note);
            }
        }
        (ours, theirs) if ours == theirs => {}
        (ours, theirs) => note(path, ours, theirs),
    }
}
