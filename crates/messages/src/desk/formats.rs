//! The data formats of the two statements, for representation to check what is recorded.

use alloy_primitives::B256;
use chancery_reference_points::{
    DoorResult,
    data_format::{DataFormat, FormatId, Title},
    operation::ChainName,
};
use serde_json::{Value, json};

use crate::statement::{Acknowledgement, Deposit, Statement, VERSION, VERSION_BETWEEN_CITIES};

pub(super) fn id<S: Statement>() -> FormatId {
    FormatId(S::FORMAT.to_owned())
}

/// The formats, recorded on the main chain.
///
/// # Errors
/// `ConfigurationInvalid`, which these schemas never give.
pub fn data_formats(chain: &ChainName) -> DoorResult<Vec<DataFormat>> {
    let head = object(
        json!({
            // The second names the receiver's city, as it is read (`Stated::read`).
            "version": { "enum": [VERSION, VERSION_BETWEEN_CITIES] },
            "chainId": number(),
            "genesis": hash(),
            "toCity": object(json!({ "chainId": number(), "genesis": hash() }), &[]),
            "from": correspondent(),
            "to": correspondent(),
            "sent": number(),
            "inReplyTo": hash(),
        }),
        &["toCity", "inReplyTo"],
    );
    let deposit = object(
        json!({
            "head": head,
            "sealedHash": hash(),
            "sealedBytes": number(),
            "sealedTo": { "type": "string", "pattern": "^[A-Za-z0-9_-]{43}$" },
        }),
        &[],
    );
    let acknowledgement = object(
        json!({
            "version": version(),
            "chainId": number(),
            "genesis": hash(),
            "message": hash(),
            "deposit": hash(),
            "by": correspondent(),
            "received": number(),
        }),
        &[],
    );
    Ok(vec![
        format::<Deposit>(
            chain,
            VERSION_BETWEEN_CITIES,
            Title { en: "Deposit of a sealed message".into(), zh: "密封消息的存入".into() },
            deposit,
        )?,
        format::<Acknowledgement>(
            chain,
            VERSION,
            Title { en: "Receipt of a sealed message".into(), zh: "密封消息的收讫".into() },
            acknowledgement,
        )?,
    ])
}

/// `version`: a schema that changes has another one, since a release shows its hash.
fn format<S: Statement>(chain: &ChainName, version: u32, title: Title, mut schema: Value) -> DoorResult<DataFormat> {
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    let mut format = DataFormat {
        id: id::<S>(),
        version,
        chain: chain.clone(),
        title,
        source: "docs/specs/messages.md".to_owned(),
        sealed: false,
        schema,
        schema_hash: B256::ZERO,
    };
    format.schema_hash = format.canonical_schema()?.1;
    Ok(format)
}

fn object(properties: Value, optional: &[&str]) -> Value {
    let required: Vec<String> = properties
        .as_object()
        .map(|members| members.keys().filter(|name| !optional.contains(&name.as_str())).cloned().collect())
        .unwrap_or_default();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

fn version() -> Value {
    json!({ "const": VERSION })
}

fn number() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn hash() -> Value {
    json!({ "type": "string", "pattern": "^0x[0-9a-f]{64}$" })
}

fn correspondent() -> Value {
    let address = json!({ "type": "string", "pattern": "^0x[0-9a-fA-F]{40}$" });
    object(json!({ "organization": { "type": "string", "pattern": "^[0-9A-Z-]{1,32}$" }, "address": address }), &[])
}
