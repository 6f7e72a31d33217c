//! The members of a content at a path, as they are written: a number keeps its digits.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Deepest nesting that is looked into, as of what is indexed.
const MAX_DEPTH: usize = 127;

/// Calls with every value at a path that is neither object nor array. Paths are those of [`crate::terms`]: items of an array have the array's.
pub(crate) fn each<'a>(content: &'a RawValue, path: &str, mut take: impl FnMut(&'a str)) {
    walk(content.get(), Some(path), 0, &mut take);
}

/// `path`: what is left of it; `None` at its end.
fn walk<'a>(text: &'a str, path: Option<&str>, depth: usize, take: &mut dyn FnMut(&'a str)) {
    if depth > MAX_DEPTH {
        return;
    }
    match (text.bytes().next(), path) {
        (Some(b'['), _) => {
            for item in serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default() {
                walk(item.get(), path, depth + 1, take);
            }
        }
        (Some(b'{'), Some(path)) => {
            for (name, member) in serde_json::from_str::<BTreeMap<String, &RawValue>>(text).unwrap_or_default() {
                if name == path {
                    walk(member.get(), None, depth + 1, take);
                } else if let Some(rest) = path.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('.')) {
                    walk(member.get(), Some(rest), depth + 1, take);
                }
            }
        }
        (None | Some(b'{'), _) | (_, Some(_)) => {}
        (Some(_), None) => take(text),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn at(content: &str, path: &str) -> Vec<String> {
        let (content, mut found) = (serde_json::from_str::<Box<RawValue>>(content).unwrap(), Vec::new());
        each(&content, path, |text| found.push(text.to_owned()));
        found
    }

    // M-SER-2: a member is where its terms say it is, with all its digits.
    #[test]
    fn members_are_found_by_the_paths_of_their_terms() {
        let content = r#"{"a":{"b":[1.10,"x",{"c":2}],"b.d":3},"a.b":4,"e":12345678901234567890.5}"#;
        assert_eq!(at(content, "a.b"), ["1.10", "\"x\"", "4"]);
        assert_eq!(at(content, "a.b.c"), ["2"]);
        assert_eq!(at(content, "a.b.d"), ["3"]);
        assert_eq!(at(content, "e"), ["12345678901234567890.5"]);
        assert_eq!(at(content, "a"), Vec::<String>::new());
        assert_eq!(at("7", "a"), Vec::<String>::new());
    }

    #[test]
    fn a_deep_content_ends_the_search_and_nothing_else() {
        let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
        assert_eq!(at(&deep, "a"), Vec::<String>::new());
    }
}
