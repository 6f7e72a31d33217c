//! The door of a network of identity databases (C-ID, decision 0047): what offices ask evaluators and the register. Nothing here is personal: points are
//! blinded, tags are keyed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::values::{HexBytes, HexHash};

/// `POST /v1/evaluations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvaluateInputs {
    /// One or two blinded inputs: points of P-256, SEC 1, compressed, 33 bytes (RFC 9497).
    pub blinded: Vec<HexBytes>,
    /// Nobody waits for the answer: a person is enrolled who was confirmed before. It is evaluated only within a half of what the office may ask on a day.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enrolment: bool,
}

/// An evaluated input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvaluatedInput {
    /// A point, 33 bytes.
    pub element: HexBytes,
    /// That it is of the evaluator's public key, 64 bytes.
    pub proof: HexBytes,
}

/// The answer of `POST /v1/evaluations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvaluatedInputs {
    /// In the order of the request.
    pub evaluated: Vec<EvaluatedInput>,
}

/// `POST /v1/persons`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimPerson {
    /// By which evaluators' keys the tags are made.
    pub key_set: HexHash,
    /// Over name, unit, city and country.
    pub name_tag: HexHash,
    /// Over country and document number, if the office took one down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_tag: Option<HexHash>,
}

impl fmt::Debug for ClaimPerson {
    /// Without the tags: a log would become a second register.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimPerson").field("key_set", &self.key_set).finish_non_exhaustive()
    }
}

/// The answer of `POST /v1/persons`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimedPerson {
    /// What the person is in the network, 32 hexadecimal digits; absent when the person is another office's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
}

/// What an office does with a person that it has claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersonState {
    /// It is the office's for good.
    Kept,
    /// It is nobody's any more.
    Released,
}

/// `POST /v1/persons/{identity}/state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangePerson {
    /// What.
    pub state: PersonState,
}

/// The answer of `POST /v1/persons/{identity}/state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangedPerson {
    /// Whether the office held the person.
    pub held: bool,
}
