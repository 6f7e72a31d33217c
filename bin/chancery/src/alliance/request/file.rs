//! The file of a request: its idempotency key, how long it may take, and what is asked of each member.

use serde::Deserialize;

/// TOML or JSON; see `docs/specs/alliance.md`, "Who runs what".
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestFile {
    /// Text of the requester's own, or 32 bytes in hexadecimal: one for each intent.
    pub(super) idempotency_key: String,
    /// Seconds of the alliance chain in which it has to be sequenced.
    #[serde(default = "default_seconds")]
    pub(super) valid_for_s: u64,
    /// Seconds from there to its deadline.
    #[serde(default = "default_seconds")]
    pub(super) window_s: u64,
    /// One for each member.
    pub(super) parts: Vec<PartSection>,
}

const fn default_seconds() -> u64 {
    60
}

/// What is asked of one member: reads and writes of a store, an operation of a ruled register, or a call of the organization's own contract.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartSection {
    /// Its name.
    pub(super) member: String,
    /// Keys on whose versions it rests (`StoreNode`).
    pub(super) reads: Option<Vec<Word>>,
    /// What it writes (`StoreNode`).
    pub(super) writes: Option<Vec<WriteSection>>,
    /// What is done (`RuleNode`), to `subject`, with `value`.
    pub(super) operation: Option<Word>,
    pub(super) subject: Option<Word>,
    pub(super) value: Option<Word>,
    /// In hexadecimal, as the organization's contract reads it.
    pub(super) call: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteSection {
    pub(super) key: Word,
    pub(super) value: Word,
}

/// 32 bytes: a number, text of at most 32 characters, or `0x` and 64 digits.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Word {
    Number(u64),
    Text(String),
}
