//! In which order a page is that is not in the order of acceptance.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Most operations that are looked at for one page that is sorted by what is read of them; a query that finds more is refused.
pub const MAX_SORTED_OPERATIONS: usize = 200_000;
/// Most bytes that are read of them.
pub const MAX_SORTED_BYTES: usize = 256 * 1024 * 1024;
/// Most bytes of a text by which it is sorted, and most of a number: what is longer begins like others, or is none.
pub const MAX_SORT_KEY_BYTES: usize = 256;
/// What a page can be sorted by, beside [`CONTENT`].
pub const SORTABLE: [&str; 3] = ["time", "acceptedAt", "subject"];
/// Begins the name of a member of the content, whose path follows.
pub const CONTENT: &str = "content.";

/// What a page is sorted by. Operations of which it is the same are in the order of acceptance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sort {
    /// One of [`SORTABLE`], or [`CONTENT`] and a path.
    pub field: String,
    /// Greatest first, and of the same the newest; what has none is last either way.
    #[serde(default)]
    pub descending: bool,
    /// What the operation is sorted by after which the page begins: `next_key` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// This does not say what to sort by, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write FIELD:asc or FIELD:desc, the field being time, acceptedAt, subject, or content. and the path of a member"
)]
pub struct NoSort;

impl Sort {
    /// Whether it names something that can be sorted by.
    ///
    /// # Errors
    /// [`NoSort`].
    pub fn check(&self) -> Result<(), NoSort> {
        let path = self.field.strip_prefix(CONTENT);
        let is_member = path.is_some_and(|path| (1..=super::MAX_FIELD_BYTES).contains(&path.len()));
        if is_member || SORTABLE.contains(&self.field.as_str()) { Ok(()) } else { Err(NoSort) }
    }
}

impl FromStr for Sort {
    type Err = NoSort;

    fn from_str(text: &str) -> Result<Self, NoSort> {
        let (field, order) = text.rsplit_once(':').ok_or(NoSort)?;
        let descending = match order {
            "asc" => false,
            "desc" => true,
            _ => return Err(NoSort),
        };
        let sort = Self { field: field.to_owned(), descending, after: None };
        sort.check()?;
        Ok(sort)
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.field, if self.descending { "desc" } else { "asc" })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // M-SER-2, bad input: what cannot be sorted by is refused.
    #[test]
    fn a_page_is_sorted_by_what_can_be_sorted_by() {
        for text in ["time:asc", "acceptedAt:desc", "subject:asc", "content.temp_max:desc", "content.a:b.c:asc"] {
            assert_eq!(text.parse::<Sort>().unwrap().to_string(), text);
        }
        let long = format!("content.{}:asc", "x".repeat(257));
        for text in [
            "",
            "time",
            "time:",
            "time:up",
            ":asc",
            "digest:asc",
            "content:asc",
            "content.:asc",
            "operation:desc",
            &long,
        ] {
            assert_eq!(text.parse::<Sort>(), Err(NoSort), "{text}");
        }
    }
}
