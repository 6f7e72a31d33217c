//! `/v1/sources`: persons, organizations, devices and applications that submit data.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Example, example_address, organizations::Changed};
use crate::values::HexAddress;

/// `POST /v1/sources`, `POST /v1/sources/{source}/keys`: what the key in it has signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StateSource {
    /// JWS compact, `typ` `chancery-source+jws`, signed by the key that its payload names.
    #[schema(max_length = 8192)]
    pub statement: String,
    /// For a rotation: the same payload signed by the source's present key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 8192)]
    pub approval: Option<String>,
}

/// A source with the history of its keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Its name: the last 20 bytes of the thumbprint of its first key.
    pub source: HexAddress,
    /// `person`, `organization`, `device` or `application`.
    #[schema(example = "device")]
    pub kind: String,
    /// Whose it is.
    #[schema(example = "12440300455765412A")]
    pub organization: String,
    /// What people call it.
    #[schema(example = "Air station 1")]
    pub name: String,
    /// Its keys, oldest first, each `{jwk, kid, fromMs, untilMs?, statement, approval?}`; the last one submits.
    #[schema(value_type = Vec<Object>)]
    pub keys: Vec<Value>,
    /// Which operator registered it.
    pub registered_by: HexAddress,
    /// `{atMs, by, reason}` when it was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub withdrawn: Option<Value>,
    /// Withdrawals that were taken back, oldest first: `{withdrawn, atMs, by, reason}`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub restored: Vec<Value>,
}

/// What became of a source, or with `?check=true` what would.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum SourceChanged {
    /// The source after the change.
    Source(Source),
    /// What would change.
    Checked(Changed),
}

/// A registration of the key of [`Source::example`]; its signature is none.
const REGISTRATION: &str = concat!(
    "eyJhbGciOiJFZERTQSJ9.eyJkbyI6InJlZ2lzdGVyIiwiY2hhaW5JZCI6NzEwMCwia2luZCI6ImRldmljZSIsIm9yZ2FuaXphdGl",
    "vbiI6IjEyNDQwMzAwNDU1NzY1NDEyQSIsIm5hbWUiOiJBaXIgc3RhdGlvbiAxIiwiandrIjp7Imt0eSI6Ik9LUCIsImNydiI6IkV",
    "kMjU1MTkiLCJ4IjoiMTFxWUFZS3hDcmZWU183VHlXUUhPZzdoY3ZQYXBpTWxyd0lhYVBjSFVSbyJ9LCJ0aW1lIjoxNzk1MjMwMDA",
    "wMDAwfQ.AA",
);

impl Example for StateSource {
    fn example() -> Self {
        Self { statement: REGISTRATION.into(), approval: Some("eyJhbGciOiJFZERTQSJ9.e30.AA".into()) }
    }
}

impl Example for Source {
    fn example() -> Self {
        let key = json!({
            "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
            "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            "fromMs": 1_795_230_000_000_u64,
            "statement": "eyJhbGciOiJFZERTQSJ9.e30.AA",
        });
        Self {
            source: example_address(),
            kind: "device".into(),
            organization: "12440300455765412A".into(),
            name: "Air station 1".into(),
            keys: vec![key],
            registered_by: example_address(),
            withdrawn: None,
            restored: Vec::new(),
        }
    }
}
