//! `/v1/formats/{format}`: a data format in force (R2D), which an operator configures (O2C).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Example, example_hash, kinds::Title};
use crate::values::HexHash;

/// A data format: a new one, or the next version of a known one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigureFormat {
    /// 1, 2, ...: a changed schema is a new version; old data keep theirs.
    #[schema(example = 1, minimum = 1)]
    pub version: u32,
    /// The chain that records data of this format.
    #[schema(example = "main", min_length = 1, max_length = 32)]
    pub chain: String,
    /// For people.
    pub title: Title,
    /// Where the format comes from: standard and section.
    #[schema(example = "HJ 633-2012, 5", max_length = 500)]
    pub source: String,
    /// Whether the content is sealed to who may read it: then it is refused in clear. The schema is that of the plain document, for whoever seals and opens it.
    pub sealed: bool,
    /// JSON Schema 2020-12.
    #[schema(value_type = Object)]
    pub schema: Value,
}

impl Example for ConfigureFormat {
    fn example() -> Self {
        Self {
            version: 1,
            chain: "main".into(),
            title: Title { en: "Air quality reading".into(), zh: "空气质量读数".into() },
            source: "HJ 633-2012, 5".into(),
            sealed: false,
            schema: json!({"type": "object", "required": ["pm25"], "properties": {"pm25": {"type": "number", "minimum": 0}}}),
        }
    }
}

/// A data format in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Format {
    /// Name.
    #[schema(example = "reading/air-quality")]
    pub format: String,
    /// Its version: what submissions name.
    #[schema(example = 1, minimum = 1)]
    pub version: u32,
    /// The chain that records its data.
    #[schema(example = "main")]
    pub chain: String,
    /// For people.
    pub title: Title,
    /// Where the format comes from.
    pub source: String,
    /// Whether the content is sealed to who may read it.
    pub sealed: bool,
    /// JSON Schema 2020-12 of the plain content; `x-metadata` are rules of the metadata.
    #[schema(value_type = Object)]
    pub schema: Value,
    /// keccak256 of the schema's canonical JSON (RFC 8785), as the main chain records it.
    pub schema_hash: HexHash,
}

impl Example for Format {
    fn example() -> Self {
        let ConfigureFormat { version, chain, title, source, sealed, schema } = ConfigureFormat::example();
        let schema_hash = example_hash(0x5c);
        Self { format: "reading/air-quality".into(), version, chain, title, source, sealed, schema, schema_hash }
    }
}
