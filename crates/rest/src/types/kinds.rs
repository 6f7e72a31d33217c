//! `GET /v1/kinds`: certificate kinds and their data formats.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Example, users::ReadAt};

/// A title in the languages of the city.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// English.
    #[schema(example = "Degree certificate", max_length = 200)]
    pub en: String,
    /// Chinese.
    #[schema(example = "学位证书", max_length = 200)]
    pub zh: String,
}

/// A certificate kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Kind {
    /// Name.
    #[schema(example = "degree")]
    pub kind: String,
    /// The chain that carries certificates of this kind.
    #[schema(example = "degree")]
    pub chain: String,
    /// For people.
    pub title: Title,
    /// Version of the data format; old certificates keep theirs.
    #[schema(example = 1)]
    pub version: u32,
    /// JSON Schema 2020-12 of the member `subject` of the certificate document.
    #[schema(value_type = Object)]
    pub schema: Value,
    /// JSON Schema 2020-12 of the member `details` of an application for it.
    #[schema(value_type = Object)]
    pub application_schema: Value,
    /// Where the format comes from: standard and section.
    #[schema(example = "European Learning Model v3, Learning Achievement")]
    pub source: String,
}

/// The answer of `GET /v1/kinds`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Kinds {
    /// In the order of the chains.
    pub kinds: Vec<Kind>,
}

/// The answer of `GET /v1/kinds/{kind}/conditions`: which certificates of other chains a holder needs to get one of the kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conditions {
    /// The kind that is issued.
    #[schema(example = "business-licence")]
    pub kind: String,
    /// Kinds of which the holder needs a valid certificate, each; empty: there is no rule.
    #[schema(example = json!(["degree"]))]
    pub requires: Vec<String>,
    /// Kinds that the rule may ask for: those whose chains were founded before this one.
    #[schema(example = json!(["marriage", "real-estate", "degree", "health-licence"]))]
    pub requirable: Vec<String>,
    /// Where it was read.
    pub source: ReadAt,
}

/// `PUT /v1/kinds/{kind}/conditions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetConditions {
    /// All kinds that are asked for from now on, at most 8; empty takes the rule away.
    #[schema(example = json!(["degree"]), max_items = 8)]
    pub requires: Vec<String>,
}

impl Example for Conditions {
    fn example() -> Self {
        Self {
            kind: "business-licence".into(),
            requires: vec!["degree".into()],
            requirable: ["marriage", "real-estate", "degree", "health-licence"].map(String::from).to_vec(),
            source: ReadAt { chain: "business-licence".into(), block_number: 42 },
        }
    }
}

impl Example for SetConditions {
    fn example() -> Self {
        Self { requires: vec!["degree".into()] }
    }
}

impl Example for Kind {
    fn example() -> Self {
        Self {
            kind: "degree".into(),
            chain: "degree".into(),
            title: Title { en: "Degree certificate".into(), zh: "学位证书".into() },
            version: 1,
            schema: json!({"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}),
            application_schema: json!({"type": "object", "properties": {"studentNumber": {"type": "string"}}}),
            source: "European Learning Model v3, Learning Achievement".into(),
        }
    }
}

impl Example for Kinds {
    fn example() -> Self {
        Self { kinds: vec![Kind::example()] }
    }
}
