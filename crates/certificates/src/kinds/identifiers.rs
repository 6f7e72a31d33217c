//! Check characters that a JSON Schema cannot compute: unified social credit codes (GB 32100-2015) and identifiers of electronic licences
//! (GB/T 36904-2018, whose check character is that of ISO/IEC 7064 MOD 37,36 = GB/T 17710-2008).

use serde_json::{Value, json};

/// The 31 characters of GB 32100: no I, O, S, V, Z.
const CREDIT_ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const CREDIT_CODE_CHARS: usize = 18;
/// Weights of the 17 characters before the check character: powers of 3 modulo 31 (GB 32100, annex).
const CREDIT_WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
/// The 36 characters of ISO/IEC 7064.
const ISO_7064_ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Root of the identifiers of electronic licences.
const LICENCE_ROOT: &str = "1.2.156.3005.2.";

/// The check character of the first 17 characters of a credit code; `None` when they are not 17 of its alphabet.
#[must_use]
pub fn credit_code_check_character(first: &str) -> Option<char> {
    if first.len() != CREDIT_WEIGHTS.len() {
        return None;
    }
    let mut sum = 0;
    for (character, weight) in first.chars().zip(CREDIT_WEIGHTS) {
        sum += CREDIT_ALPHABET.find(character)? * weight;
    }
    CREDIT_ALPHABET.chars().nth((31 - sum % 31) % 31)
}

/// Whether a text is a unified social credit code with a right check character.
#[must_use]
pub fn is_credit_code(code: &str) -> bool {
    code.is_ascii()
        && code.len() == CREDIT_CODE_CHARS
        && credit_code_check_character(&code[..CREDIT_CODE_CHARS - 1]) == code.chars().last()
}

/// The check character of an identifier's parts after the root (licence type, issuing authority, serial number, version), dots left out;
/// `None` when there is another character than digits and capital letters.
#[must_use]
pub fn licence_identifier_check_character(parts: &str) -> Option<char> {
    let mut product = 36;
    for character in parts.chars().filter(|character| *character != '.') {
        let mut sum = (product + ISO_7064_ALPHABET.find(character)?) % 36;
        if sum == 0 {
            sum = 36;
        }
        product = sum * 2 % 37;
    }
    ISO_7064_ALPHABET.chars().nth((37 - product) % 36)
}

/// Whether a text is an identifier of an electronic licence with a right check character.
#[must_use]
pub fn is_licence_identifier(identifier: &str) -> bool {
    let parts = identifier.strip_prefix(LICENCE_ROOT).and_then(|rest| rest.rsplit_once('.'));
    parts.is_some_and(|(parts, check)| {
        parts.split('.').count() == 4
            && parts.split('.').all(|part| !part.is_empty())
            && check.chars().count() == 1
            && licence_identifier_check_character(parts) == check.chars().next()
    })
}

/// What is wrong with the check characters of a subject.
pub(super) fn violations(subject: &Value) -> Vec<Value> {
    let text = |member: &str| subject.get(member).and_then(Value::as_str);
    let mut violations = Vec::new();
    let mut require = |member: &str, holds: bool| {
        if !holds {
            violations.push(json!({ "path": format!("/{member}"), "rule": "check-character" }));
        }
    };
    require("creditCode", text("creditCode").is_none_or(is_credit_code));
    require("identifier", text("identifier").is_none_or(is_licence_identifier));
    violations
}
