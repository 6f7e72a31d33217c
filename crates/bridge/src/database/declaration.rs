//! What a member declares of its database: which query answers a key, which statement puts a committed value in force.

use serde::Deserialize;

use super::word::Form;

/// Most kinds of entries of a declaration.
pub const MAX_MAPPINGS: usize = 32;

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
