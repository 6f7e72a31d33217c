//! What a member declares of its database: which query answers a key, which statement puts a committed value in force.

use serde::Deserialize;

use super::word::Form;
use crate::alliance::message::MAX_WINDOW_S;

/// Most kinds of entries of a declaration.
pub const MAX_MAPPINGS: usize = 32;

/// How many seconds from now a part may be committed at the latest, unless it is said otherwise. So long it is promised.
pub const LONGEST_PROMISE_S: u64 = 4 * 60 * 60;
/// The longest that can be said: a request may be sequenced within a day, and decided within another one.
pub const MAX_PROMISE_S: u64 = 2 * MAX_WINDOW_S;

/// [`LONGEST_PROMISE_S`], as files that say nothing have it.
#[must_use]
pub const fn longest_promise_s() -> u64 {
    LONGEST_PROMISE_S
}

/// Of one node contract.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// First block that may have an entry; everything before it counts as never written.
    #[serde(default)]
    pub from_block: u64,
    /// Whether entries that no part of the declaration takes are passed over; otherwise they are an error.
    #[serde(default)]
    pub ignore_others: bool,
    /// How many seconds from now a part may be committed at the latest that is endorsed: 1 to [`MAX_PROMISE_S`].
    #[serde(default = "longest_promise_s")]
    pub longest_promise_s: u64,
    /// Which rows stand behind which keys.
    pub entries: Vec<EntryDeclaration>,
}

/// Rows of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryDeclaration {
    /// Of a node contract with rules: the name of the register, and `{key}` is then the subject. Absent: keys are what they are on chain.
    pub kind: Option<String>,
    /// How keys, or subjects, stand in the database.
    #[serde(default)]
    pub key: Form,
    /// How values stand there.
    #[serde(default)]
    pub value: Form,
    /// Answers `{key}` with its value: one row with one column, or none.
    pub query: String,
    /// Makes `{value}` the value of `{key}`.
    pub apply: String,
}
