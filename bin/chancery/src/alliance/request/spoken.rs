//! Errors of a request in the words of its file, for people and for programs (A-ERR).

use alloy_primitives::B256;
use chancery_bridge::{
    alliance::{
        comparison::Difference,
        store::{Outcome, Refusal},
    },
    requester::{NextStep, RequestError},
};
use chancery_sharing::directory::is_control;
use serde_json::{Value, json};

use crate::alliance::text_of;

/// Words that the file of a request has, to be read in what parties answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    known: Vec<(B256, String)>,
}

impl Words {
    pub(super) fn of(known: &[(B256, String)]) -> Self {
        Self { known: known.to_vec() }
    }

    /// A name of a member or a node, or a key.
    pub(super) fn name(&self, word: B256) -> String {
        let known = self.known.iter().find(|(known, _)| *known == word);
        known.map_or_else(|| text_of(word), |(_, text)| text.clone())
    }

    /// A text with names for what is known, in each form in which it may stand there.
    pub(super) fn explain(&self, text: &impl ToString) -> String {
        let mut text = text.to_string();
        for (word, name) in &self.known {
            for form in [format!("{word:#}"), format!("{word:?}"), format!("{word}")] {
                text = text.replace(&form, name);
            }
        }
        text
    }
}

/// Words of endorsers, relays and contracts are others': nothing in them acts on the terminal.
pub(super) fn plain(text: &str) -> String {
    text.replace(|character: char| character != '\n' && is_control(character), "")
}

/// What an error says to a person. Of a stale version: which key, which version was read, which it has.
pub(super) fn text(error: &RequestError, words: &Words) -> String {
    let told = match error {
        RequestError::Refused { number, member, refusal: Refusal::Stale { key, expected, actual } } => format!(
            "request {number} was refused by {}: key {} is stale, expected version {expected}, actual version {actual}",
            words.name(*member),
            words.name(*key)
        ),
        RequestError::Refused { number, member, refusal: Refusal::Conflict { key, holder, expected, actual } } => {
            let version = |what: &str, version: Option<u64>| version.map(|it| format!(", {what} version {it}"));
            format!(
                "request {number} was refused by {}: key {} is held by the earlier request {holder}{}{}",
                words.name(*member),
                words.name(*key),
                version("expected", *expected).unwrap_or_default(),
                version("actual", *actual).unwrap_or_default()
            )
        }
        error => words.explain(error),
    };
    let advice = match error.next_step() {
        NextStep::SuggestAnew => "; ask again (--retry N does): it is read anew",
        NextStep::SendAgain => "; ask again with the same file",
        NextStep::Correct => "",
    };
    plain(&format!("{told}{advice}")).replace('\n', " ")
}

/// The same for a program.
pub(super) fn refusal(error: &RequestError, words: &Words) -> Value {
    let mut value = json!({
        "outcome": if error.next_step() == NextStep::SendAgain { "unknown" } else { "failed" },
        "kind": kind(error),
        "error": words.explain(error),
        "nextStep": match error.next_step() {
            NextStep::SuggestAnew => "askAgain",
            NextStep::SendAgain => "sendAgain",
            NextStep::Correct => "correct",
        },
    });
    let number = error.number().or(match error {
        RequestError::OutcomeUnknown { number } | RequestError::Undecided { number, .. } => *number,
        RequestError::IntentDiffers { number }
        | RequestError::AskedElsewhere { number, .. }
        | RequestError::Unread { number, .. } => Some(*number),
        _ => None,
    });
    if let Some(fields) = value.as_object_mut() {
        fields.extend(number.map(|number| ("number".to_owned(), json!(number))));
        let more = match error {
            RequestError::Refused { member, refusal, .. } => {
                let mut more = refusal_fields(refusal, words);
                more.push(("member", json!(words.name(*member))));
                more
            }
            RequestError::NotEndorsed { member, declined, .. } => {
                let mut more = vec![("member", json!(words.name(*member)))];
                more.extend(
                    declined.iter().find_map(|it| it.difference()).map_or_else(Vec::new, |it| difference(it, words)),
                );
                more
            }
            _ => Vec::new(),
        };
        fields.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    value
}

/// What a member did not reserve a part for.
pub(super) fn refusal_fields(refusal: &Refusal, words: &Words) -> Vec<(&'static str, Value)> {
    match refusal {
        Refusal::Stale { key, expected, actual } => vec![
            ("key", json!(key)),
            ("keyName", json!(words.name(*key))),
            ("expectedVersion", json!(expected)),
            ("actualVersion", json!(actual)),
        ],
        Refusal::Conflict { key, holder, expected, actual } => {
            let mut fields = vec![("key", json!(key)), ("keyName", json!(words.name(*key))), ("heldBy", json!(holder))];
            fields.extend(expected.map(|version| ("expectedVersion", json!(version))));
            fields.extend(actual.map(|version| ("actualVersion", json!(version))));
            fields
        }
        Refusal::Malformed | Refusal::Rejected => Vec::new(),
    }
}

fn difference(found: &Difference, words: &Words) -> Vec<(&'static str, Value)> {
    let mut fields = vec![("key", json!(found.key())), ("keyName", json!(words.name(found.key())))];
    if let Difference::Version { suggested, found, .. } = found {
        fields.push(("expectedVersion", json!(suggested)));
        fields.push(("actualVersion", json!(found)));
    }
    fields
}

/// What a refusal is called.
pub(super) const fn refusal_kind(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Stale { .. } => "stale",
        Refusal::Conflict { .. } => "conflict",
        Refusal::Malformed => "malformed",
        Refusal::Rejected => "rejected",
    }
}

/// What became of a part.
pub(super) const fn outcome(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        None => "nothing yet",
        Some(Outcome::Reserved) => "reserved",
        Some(Outcome::Refused) => "refused",
        Some(Outcome::Applied) => "applied",
        Some(Outcome::Released) => "released",
    }
}

fn kind(error: &RequestError) -> &'static str {
    match error {
        RequestError::MemberUnknown(_) => "memberUnknown",
        RequestError::Form(_) => "malformed",
        RequestError::TooManyEndorsements(_) => "tooManyEndorsements",
        RequestError::CallRefused { .. } => "callRefused",
        RequestError::NotEndorsed { .. } => "notEndorsed",
        RequestError::Carry(_) => "notCarried",
        RequestError::Lapsed { .. } => "lapsed",
        RequestError::Invalid { .. } => "invalid",
        RequestError::Refused { refusal, .. } => refusal_kind(refusal),
        RequestError::Expired { .. } => "expired",
        RequestError::OutcomeUnknown { .. } => "unknown",
        RequestError::Undecided { cause, .. } => kind(cause),
        RequestError::Unread { .. } => "unread",
        RequestError::IntentDiffers { .. } => "intentDiffers",
        RequestError::AskedElsewhere { .. } => "askedElsewhere",
        RequestError::Unprovable { .. } => "unprovable",
        RequestError::View(_) => "chain",
        RequestError::Key(_) => "key",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::alliance::name_of;

    // A-ERR: what a relay or a contract says is shown, and does nothing to the terminal.
    #[test]
    fn the_words_of_others_do_not_act_on_the_terminal() {
        let reason = "no\u{1b}[2J\nrequest 9 is committed".to_owned();
        let told = text(&RequestError::CallRefused { member: name_of("bank").unwrap(), reason }, &Words::default());
        assert!(told.contains("no[2J request 9") && !told.contains('\n'), "{told}");
    }

    // A-ERR, A-SEQ: what may still be committed is not told as failed, whoever has refused it.
    #[test]
    fn what_was_refused_and_may_still_be_sequenced_is_unknown() {
        let cause = Box::new(RequestError::CallRefused { member: name_of("bank").unwrap(), reason: String::new() });
        let undecided = RequestError::Undecided { number: Some(7), valid_until: 9, cause };
        let told = refusal(&undecided, &Words::default());
        assert_eq!(
            [&told["outcome"], &told["kind"], &told["nextStep"], &told["number"]],
            [&json!("unknown"), &json!("callRefused"), &json!("sendAgain"), &json!(7)]
        );
    }

    // A-ERR: which key, expected and actual version, and what is left to do, for people and programs.
    #[test]
    fn a_stale_version_is_told_with_its_key_and_both_versions() {
        let (member, key) = (name_of("bank").unwrap(), name_of("parcel 7").unwrap());
        let words = Words::of(&[(key, "parcel 7".to_owned())]);
        let stale =
            RequestError::Refused { number: 9, member, refusal: Refusal::Stale { key, expected: 1, actual: 2 } };
        let told = text(&stale, &words);
        assert!(
            told.starts_with(
                "request 9 was refused by bank: key parcel 7 is stale, expected version 1, actual version 2"
            ),
            "{told}"
        );
        let value = refusal(&stale, &words);
        let expected = json!({"kind": "stale", "number": 9, "member": "bank", "keyName": "parcel 7", "expectedVersion": 1, "actualVersion": 2, "nextStep": "askAgain"});
        for (name, expected) in expected.as_object().unwrap() {
            assert_eq!(&value[name], expected, "{name}");
        }
        let conflict = Refusal::Conflict { key, holder: 4, expected: Some(1), actual: Some(2) };
        let held = RequestError::Refused { number: 9, member, refusal: conflict };
        let told = text(&held, &words);
        assert!(told.contains("earlier request 4, expected version 1, actual version 2"), "{told}");
        let value = refusal(&held, &words);
        assert_eq!(
            [&value["heldBy"], &value["expectedVersion"], &value["actualVersion"]],
            [&json!(4), &json!(1), &json!(2)]
        );
        let unread = Refusal::Conflict { key, holder: 4, expected: None, actual: None };
        assert_eq!(refusal_fields(&unread, &words).len(), 3, "what is not known is left out");
    }
}
