//! The terms of an operation: what it can be found by. The first letter says what kind of term it is, so no text can pass for another kind.

use chancery_data::{Operation, SourceId, merkle::leaf_hash, sealed};
use serde_json::{Number, Value, value::RawValue};

use crate::{moments, spans::Kind};

/// Longest term that is kept as it is, in bytes; of a longer one the hash.
const MAX_TERM_BYTES: usize = 96;

pub(crate) fn source(source: SourceId) -> String {
    format!("s{source:x}")
}

pub(crate) fn format(format: &str) -> String {
    bounded('f', format)
}

pub(crate) fn subject(subject: &str) -> String {
    bounded('j', subject)
}

/// The terms of a field with a value as somebody asks for it: the text, and the number that it may mean.
pub(crate) fn asked_field(path: &str, value: &str) -> Vec<String> {
    let mut terms = vec![field(path, value)];
    if let Ok(number) = serde_json::from_str::<Number>(value) {
        let number = field(path, &canonical(&number));
        if !terms.contains(&number) {
            terms.push(number);
        }
    }
    terms
}

/// The words of a text, each once, in order.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    each_word(text, |word| {
        if !found.contains(&word) {
            found.push(word);
        }
    });
    found
}

/// Nanoseconds of a millisecond.
const MS: f64 = 1e6;

/// The content that is looked into: of what is sealed, nothing (DATA-11).
pub(crate) fn content_of<'a>(operation: &Operation<'a>) -> Option<&'a RawValue> {
    operation.content.filter(|_| !sealed::is_sealed(operation))
}

/// Calls with every term of an operation, and with every number and time of its content; some may come more than once. Of what is sealed, only of its subject (DATA-11). `false` when
/// the content cannot be looked into.
pub(crate) fn of_operation(
    operation: &Operation<'_>,
    mut take: impl FnMut(String),
    mut measure: impl FnMut(Kind, &str, f64),
) -> bool {
    if let Some(text) = &operation.subject {
        take(subject(text));
        each_word(text, &mut take);
    }
    if let Some(text) = &operation.description {
        each_word(text, &mut take);
    }
    let Some(raw) = content_of(operation) else { return true };
    let Ok(content) = serde_json::from_str::<Value>(raw.get()) else { return false };
    of_value(&content, &mut String::new(), &mut take, &mut measure);
    true
}

fn of_value(
    value: &Value,
    path: &mut String,
    take: &mut impl FnMut(String),
    measure: &mut impl FnMut(Kind, &str, f64),
) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let length = path.len();
                if length > 0 {
                    path.push('.');
                }
                path.push_str(name);
                of_value(member, path, take, measure);
                path.truncate(length);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| of_value(item, path, take, measure)),
        Value::String(text) => {
            take(field(path, text));
            if let Some(at) = moments::nanoseconds(text) {
                measure(Kind::Moment, path, at as f64 / MS);
            }
            each_word(text, take);
        }
        Value::Number(number) => {
            take(field(path, &canonical(number)));
            if let Some(value) = number.as_f64() {
                measure(Kind::Number, path, value);
            }
        }
        Value::Bool(true) => take(field(path, "true")),
        Value::Bool(false) => take(field(path, "false")),
        Value::Null => take(field(path, "null")),
    }
}

fn field(path: &str, value: &str) -> String {
    bounded('p', &format!("{path}={value}"))
}

/// One text for one number: 1, 1.0 and 1e0 are alike.
fn canonical(number: &Number) -> String {
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < MAX_EXACT => format!("{float:.0}"),
        _ => number.to_string(),
    }
}

pub(crate) fn bounded(kind: char, text: &str) -> String {
    // The key of a list is the term, a zero byte and the chunk: a term holds no zero byte.
    if text.len() <= MAX_TERM_BYTES && !text.contains('\0') {
        format!("{kind}{text}")
    } else {
        format!("{kind}#{:x}", leaf_hash(text.as_bytes()))
    }
}

/// Runs of letters and digits in small letters. Of scripts that are written without spaces, each character is a word.
fn each_word(text: &str, mut take: impl FnMut(String)) {
    let mut word = String::new();
    for character in text.chars() {
        if character.is_ascii() {
            // Most are: without tables.
            match character.to_ascii_lowercase() {
                letter if letter.is_ascii_alphanumeric() => word.push(letter),
                _ => end_word(&mut word, &mut take),
            }
        } else {
            character.to_lowercase().for_each(|letter| add_letter(letter, &mut word, &mut take));
        }
    }
    end_word(&mut word, &mut take);
}

fn add_letter(letter: char, word: &mut String, take: &mut impl FnMut(String)) {
    if is_unspaced(letter) {
        end_word(word, take);
        take(format!("w{letter}"));
    } else if letter.is_alphanumeric() {
        word.push(letter);
    } else {
        end_word(word, take);
    }
}

fn end_word(word: &mut String, take: &mut impl FnMut(String)) {
    if !word.is_empty() {
        take(bounded('w', word));
        word.clear();
    }
}

/// Han, Hiragana, Katakana.
const fn is_unspaced(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn terms(operation: &str) -> Vec<String> {
        let mut found = Vec::new();
        assert!(of_operation(&Operation::parse(operation.as_bytes()).unwrap(), |term| found.push(term), |_, _, _| {}));
        found
    }

    // M-SER-2
    #[test]
    fn an_operation_is_found_by_its_fields_words_and_subject() {
        let found = terms(
            r#"{"time":1,"subject":"Well 7","description":"a Test","content":{"a":{"b":[1.0,"x Y",true]},"空":"气象"}}"#,
        );
        for term in
            ["jWell 7", "wwell", "w7", "wtest", "pa.b=1", "pa.b=x Y", "wx", "wy", "pa.b=true", "p空=气象", "w气", "w象"]
        {
            assert!(found.iter().any(|known| known == term), "{term} in {found:?}");
        }
    }

    #[test]
    fn a_number_is_asked_for_in_any_spelling_and_a_text_as_it_is() {
        assert_eq!(asked_field("a", "1e0"), ["pa=1e0", "pa=1"]);
        assert_eq!(asked_field("a", "x'; DROP TABLE rows;--"), ["pa=x'; DROP TABLE rows;--"]);
    }

    // SEARCH-4
    #[test]
    fn long_terms_and_zero_bytes_become_hashes() {
        for text in ["a\0b".to_owned(), "x".repeat(5000)] {
            let term = subject(&text);
            assert!(term.len() < 80 && !term.contains('\0') && term.starts_with("j#"), "{term}");
        }
    }
}
