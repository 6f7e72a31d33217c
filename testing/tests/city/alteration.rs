//! Every member of a JSON file, and the file with one of them altered.

use serde_json::{Value, json};

/// JSON pointers of all members that hold no others.
pub fn leaves(value: &Value) -> Vec<String> {
    fn walk(value: &Value, path: String, found: &mut Vec<String>) {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, format!("{path}/{index}"), found);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    walk(member, format!("{path}/{name}"), found);
                }
            }
            _ => found.push(path),
        }
    }
    let mut found = Vec::new();
    walk(value, String::new(), &mut found);
    found
}

/// The file with another value in one place: of the same form where that can be.
pub fn altered(whole: &Value, pointer: &str) -> Value {
    let mut altered = whole.clone();
    let place = altered.pointer_mut(pointer).unwrap();
    *place = match &*place {
        Value::String(text) => json!(other_text(pointer, text)),
        Value::Number(number) => json!(number.as_u64().unwrap() + 1),
        Value::Bool(value) => json!(!value),
        other => json!([other]),
    };
    altered
}

/// The file without one member.
pub fn without(whole: &Value, object: &str, name: &str) -> Value {
    let mut altered = whole.clone();
    altered.pointer_mut(object).unwrap().as_object_mut().unwrap().remove(name).unwrap();
    altered
}

fn other_text(pointer: &str, text: &str) -> String {
    match pointer {
        "/issuedAt" => text.replacen("20", "21", 1),
        "/status" => "suspended".to_owned(),
        "/kind" => "marriage".to_owned(),
        _ => {
            let last = text.chars().last().unwrap();
            format!("{}{}", &text[..text.len() - last.len_utf8()], if last == '0' { '1' } else { '0' })
        }
    }
}
