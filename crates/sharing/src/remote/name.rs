//! Names of files as a server lists them, and the pattern that chooses among them.

use std::fmt;

use super::RemoteError;

/// Longest name, in bytes, as file systems have it.
const MAX_NAME_BYTES: usize = 255;

/// The name of a file in the directory: one segment, without control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FileName(String);

impl FileName {
    /// Checks a name that a server lists.
    ///
    /// # Errors
    /// [`RemoteError::Name`].
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, RemoteError> {
        let refused = |reason| {
            let shown = &bytes[..bytes.len().min(MAX_NAME_BYTES)];
            Err(RemoteError::Name { name: String::from_utf8_lossy(shown).into_owned(), reason })
        };
        if bytes.is_empty() || bytes.len() > MAX_NAME_BYTES {
            return refused("which is empty or too long");
        }
        let Ok(text) = std::str::from_utf8(bytes) else { return refused("which is not UTF-8") };
        if text.contains(char::is_control) {
            return refused("which has control characters");
        }
        if matches!(text, "." | "..") || text.contains(['/', '\\']) {
            return refused("which leads out of the directory");
        }
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Chooses files by name: `*` stands for any characters, `?` for one. A name that begins with a dot is chosen by a pattern that does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<char>);

impl Pattern {
    /// Reads a pattern of one segment.
    ///
    /// # Errors
    /// [`RemoteError::Configuration`].
    pub fn parse(text: &str) -> Result<Self, RemoteError> {
        if text.is_empty()
            || text.len() > MAX_NAME_BYTES
            || text.contains(['/', '\\'])
            || text.contains(char::is_control)
        {
            return Err(RemoteError::Configuration(format!(
                "the pattern {text:?} is no file name of 1 to {MAX_NAME_BYTES} bytes with * and ?"
            )));
        }
        Ok(Self(text.chars().collect()))
    }

    pub(super) fn matches(&self, name: &FileName) -> bool {
        let (pattern, name): (&[char], Vec<char>) = (&self.0, name.0.chars().collect());
        if name.first() == Some(&'.') && pattern.first() != Some(&'.') {
            return false;
        }
        // Where the last star is, and up to where of the name it reaches.
        let (mut at, mut place, mut star) = (0, 0, None);
        while place < name.len() {
            match pattern.get(at) {
                Some('*') => {
                    star = Some((at, place));
                    at += 1;
                }
                Some(wanted) if *wanted == '?' || *wanted == name[place] => {
                    at += 1;
                    place += 1;
                }
                _ => {
                    let Some((star_at, reaches)) = star else { return false };
                    star = Some((star_at, reaches + 1));
                    (at, place) = (star_at + 1, reaches + 1);
                }
            }
        }
        pattern[at..].iter().all(|rest| *rest == '*')
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    // S-COL, SHARE-14
    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        for wrong in [
            "",
            ".",
            "..",
            "../a.csv",
            "/etc/passwd",
            "a/b.csv",
            "..\\a.csv",
            "a\0.csv",
            "a\r\nDELE b",
            "a\u{85}",
            &"x".repeat(256),
        ] {
            assert!(matches!(FileName::parse(wrong.as_bytes()), Err(RemoteError::Name { .. })), "{wrong:?}");
        }
        assert!(FileName::parse(b"\xff.csv").is_err());
        for right in ["a.csv", "..a", "-rf", "a b.csv", "日.csv", "$(x)"] {
            assert_eq!(FileName::parse(right.as_bytes()).unwrap().as_str(), right);
        }
    }

    // S-COL
    #[test]
    fn a_pattern_chooses_by_stars_and_question_marks() {
        let chosen = |pattern: &str, name: &str| {
            Pattern::parse(pattern).unwrap().matches(&FileName::parse(name.as_bytes()).unwrap())
        };
        for (pattern, name) in [
            ("*", "a"),
            ("*.csv", "a.csv"),
            ("a?c", "a日c"),
            ("*a*b", "xaxbxb"),
            ("a", "a"),
            (".*", ".a"),
            ("**", "a"),
            ("[a]", "[a]"),
        ] {
            assert!(chosen(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("*.csv", "a.csv.part"), ("?", "ab"), ("*", ".a"), ("A", "a"), ("[a]", "a"), ("*a", "b")]
        {
            assert!(!chosen(pattern, name), "{pattern} {name}");
        }
        for wrong in ["", "a/*", "..\\*", "a\n"] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        // S-COL, SHARE-14
        #[test]
        fn a_name_that_is_taken_is_one_segment_whatever_came(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(name) = FileName::parse(&bytes) {
                let path = std::path::Path::new(name.as_str());
                prop_assert_eq!(path.components().count(), 1);
                prop_assert!(matches!(path.components().next(), Some(std::path::Component::Normal(_))));
            }
        }

        // S-COL
        #[test]
        fn a_star_between_two_texts_chooses_what_begins_and_ends_with_them(a in "[a-z]{0,5}", b in "[a-z]{0,5}", c in "[a-z]{1,9}") {
            let pattern = Pattern::parse(&format!("{a}*{b}")).unwrap();
            let name = format!("{a}{c}{b}");
            prop_assert!(pattern.matches(&FileName::parse(name.as_bytes()).unwrap()));
            let expected = c.len() >= a.len() + b.len() && c.starts_with(&a) && c.ends_with(&b);
            prop_assert_eq!(pattern.matches(&FileName::parse(c.as_bytes()).unwrap()), expected);
        }
    }
}
