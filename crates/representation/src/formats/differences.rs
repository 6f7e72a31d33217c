//! What the next version of a format changes (M-CON-4): each keyword of its JSON Schema that differs, by JSON pointer (RFC 6901), however deep it stands.

use std::collections::BTreeSet;

use chancery_data::rules;
use serde_json::Value;

use super::submitted;

/// Most differences that one answer names.
const MAX_DIFFERENCES: usize = 100;
/// How deep two schemas are compared; what differs below is named by the place where that begins.
const MAX_DEPTH: usize = 32;
/// Most characters of a value that is shown.
const MAX_SHOWN_CHARS: usize = 120;
/// Keywords whose arrays have no order.
const SETS: [&str; 3] = ["enum", "required", "type"];

/// What differs between two schemas of a format, in words: members at the top that come, go, or change whether they are required, metadata rules, then every other
/// keyword by its pointer.
pub(super) fn differences(old: &Value, new: &Value) -> Vec<String> {
    let mut found = members(old, new);
    found.extend(submitted::rule_differences(old, new));
    let mut comparison = Comparison { members: names(new).into_iter().collect(), found: Vec::new(), left_off: 0 };
    comparison.compare(old, new, &mut Vec::new());
    found.append(&mut comparison.found);
    if comparison.left_off > 0 {
        found.push(format!("schema: {} further differences", comparison.left_off));
    }
    found
}

fn names(schema: &Value) -> Vec<String> {
    schema["properties"].as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default()
}

fn members(old: &Value, new: &Value) -> Vec<String> {
    let required = |schema: &Value, name: &str| {
        schema["required"].as_array().is_some_and(|required| required.iter().any(|member| member == name))
    };
    let (before, after) = (names(old), names(new));
    let mut found = Vec::new();
    for name in &before {
        if !after.contains(name) {
            found.push(format!("member {name}: no longer known"));
        }
    }
    for name in &after {
        if !before.contains(name) {
            found.push(format!("member {name}: new{}", if required(new, name) { ", required" } else { "" }));
        } else if required(old, name) != required(new, name) {
            found.push(format!(
                "member {name}: {}",
                if required(new, name) { "now required" } else { "no longer required" }
            ));
        }
    }
    found
}

/// What is said of members and rules already.
fn is_said(path: &[String], is_in_both: bool) -> bool {
    match path {
        [keyword] => keyword == rules::MEMBER || (keyword == "properties" && !is_in_both),
        [keyword, _] => keyword == "properties" && !is_in_both,
        _ => false,
    }
}

struct Comparison {
    /// Members at the top of the new schema, of which it is said whether they are required.
    members: BTreeSet<String>,
    found: Vec<String>,
    left_off: usize,
}

impl Comparison {
    fn compare(&mut self, old: &Value, new: &Value, path: &mut Vec<String>) {
        if old == new || is_said(path, true) {
            return;
        }
        if path.len() >= MAX_DEPTH {
            self.say(path, "differs at this depth or below");
            return;
        }
        match (old, new) {
            (Value::Object(before), Value::Object(after)) => {
                let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
                for name in names {
                    path.push(name.clone());
                    self.member(before.get(name), after.get(name), path);
                    path.pop();
                }
            }
            (Value::Array(before), Value::Array(after)) if is_set(path) => self.set(before, after, path),
            (Value::Array(before), Value::Array(after)) => {
                for index in 0..before.len().max(after.len()) {
                    path.push(index.to_string());
                    self.member(before.get(index), after.get(index), path);
                    path.pop();
                }
            }
            _ => self.say(path, &format!("{} instead of {}", shown(new), shown(old))),
        }
    }

    fn member(&mut self, old: Option<&Value>, new: Option<&Value>, path: &mut Vec<String>) {
        match (old, new) {
            (Some(old), Some(new)) => self.compare(old, new, path),
            _ if is_said(path, false) => {}
            (Some(Value::Array(before)), None) if is_top_required(path) => self.set(before, &[], path),
            (None, Some(Value::Array(after))) if is_top_required(path) => self.set(&[], after, path),
            (Some(old), None) => self.say(path, &format!("no longer there, was {}", shown(old))),
            (None, Some(new)) => self.say(path, &format!("new, {}", shown(new))),
            (None, None) => {}
        }
    }

    /// Values of a set that come and go.
    fn set(&mut self, before: &[Value], after: &[Value], path: &[String]) {
        let is_said =
            |value: &Value| is_top_required(path) && value.as_str().is_some_and(|name| self.members.contains(name));
        let beyond = |these: &[Value], those: &[Value]| -> Vec<String> {
            these.iter().filter(|value| !those.contains(value) && !is_said(value)).map(shown).collect()
        };
        let (gone, come) = (beyond(before, after), beyond(after, before));
        for value in gone {
            self.say(path, &format!("no longer {value}"));
        }
        for value in come {
            self.say(path, &format!("now {value} too"));
        }
    }

    fn say(&mut self, path: &[String], what: &str) {
        if self.found.len() >= MAX_DIFFERENCES {
            self.left_off += 1;
            return;
        }
        let mut pointer = String::new();
        for name in path {
            pointer.push('/');
            pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        }
        self.found.push(format!("schema {}: {what}", plain(&pointer)));
    }
}

fn is_top_required(path: &[String]) -> bool {
    matches!(path, [keyword] if keyword == "required")
}

/// Whether this keyword, which no member of the data is called here, has an array without an order.
fn is_set(path: &[String]) -> bool {
    let is_keyword = path.iter().rev().nth(1).is_none_or(|above| above != "properties");
    is_keyword && path.last().is_some_and(|keyword| SETS.contains(&keyword.as_str()))
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((at, _)) => format!("{}…", plain(&text[..at])),
        None => plain(&text),
    }
}

/// What an operator pastes is printed to others.
fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // M-CON-4
    #[test]
    fn every_keyword_that_differs_is_named_by_its_pointer_however_deep() {
        let old = json!({
            "type": "object", "additionalProperties": true, "required": ["celsius"],
            "properties": {
                "celsius": {"type": "number", "maximum": 50},
                "gone": {},
                "list": {"type": "array", "prefixItems": [{"minimum": 0}], "items": {"type": "string"}},
                "place": {"properties": {"a/b": {"pattern": "^x"}, "level": {"type": ["integer", "null"]}}},
                "unit": {"enum": ["C", "K"]}
            }
        });
        let new = json!({
            "type": "object", "additionalProperties": false, "required": ["celsius", "unit", "other"],
            "properties": {
                "celsius": {"type": "integer", "maximum": 60, "minimum": -90},
                "come": {},
                "list": {"type": "array", "prefixItems": [{"minimum": 1}, {}], "items": {"type": "string"}},
                "place": {"properties": {"a/b": {"pattern": "^y"}, "level": {"type": ["integer", "string"]}}},
                "unit": {"enum": ["K", "F"]}
            }
        });
        assert_eq!(
            differences(&old, &new),
            [
                "member gone: no longer known",
                "member come: new",
                "member unit: now required",
                "schema /additionalProperties: false instead of true",
                "schema /properties/celsius/maximum: 60 instead of 50",
                "schema /properties/celsius/minimum: new, -90",
                "schema /properties/celsius/type: \"integer\" instead of \"number\"",
                "schema /properties/list/prefixItems/0/minimum: 1 instead of 0",
                "schema /properties/list/prefixItems/1: new, {}",
                "schema /properties/place/properties/a~1b/pattern: \"^y\" instead of \"^x\"",
                "schema /properties/place/properties/level/type: no longer \"null\"",
                "schema /properties/place/properties/level/type: now \"string\" too",
                "schema /properties/unit/enum: no longer \"C\"",
                "schema /properties/unit/enum: now \"F\" too",
                "schema /required: now \"other\" too",
            ]
        );
        assert_eq!(differences(&old, &old), Vec::<String>::new());
    }

    #[test]
    fn an_answer_has_an_end_and_no_control_characters() {
        let many = |value: u32| {
            let rules = (0..300).map(|index| (format!("a{index}"), json!({"maximum": value})));
            json!({"$defs": rules.collect::<serde_json::Map<_, _>>()})
        };
        let said = differences(&many(1), &many(2));
        assert_eq!((said.len(), said.last().map(String::as_str)), (101, Some("schema: 200 further differences")));
        let deep = |value: u32| (0..100).fold(json!(value), |inner, _| json!({"not": inner}));
        let said = differences(&deep(1), &deep(2));
        assert_eq!(said, [format!("schema {}: differs at this depth or below", "/not".repeat(MAX_DEPTH))]);
        let text = |text: &str| json!({"title": text});
        let said = differences(&text("a"), &text(&format!("\u{1b}[2J\u{85}{}", "b".repeat(200))));
        assert!(said[0].len() < 300 && !said[0].chars().any(char::is_control), "{said:?}");
    }
}
