//! The certificate kinds of the first city and their data formats: JSON Schemas that forms are made from and that documents and applications
//! are checked by. Where each format comes from is in its schema (`x-source`).

mod identifiers;

use std::{collections::BTreeMap, sync::LazyLock};

use chancery_primitives::CertificateKind;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    data_format::{DataFormat, FormatId, Title},
    operation::ChainName,
};
use jsonschema::Validator;
use serde::Serialize;
use serde_json::{Value, json};

pub use identifiers::{
    credit_code_check_character, is_credit_code, is_licence_identifier, licence_identifier_check_character,
};

use crate::{
    directory::MAIN_CHAIN,
    registry::{ATTRIBUTE_ENCRYPTION, ATTRIBUTE_SIGNING},
};

/// Most violations that one answer lists.
pub const MAX_VIOLATIONS: usize = 20;
/// Name of the data format of published identity attributes.
pub const IDENTITY_FORMAT: &str = "identity/attribute";

/// A kind with its formats.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kind {
    /// Its name.
    pub kind: CertificateKind,
    /// The chain that carries it.
    pub chain: ChainName,
    /// For people.
    pub title: Title,
    /// Version of the format.
    pub version: u32,
    /// JSON Schema of the document's `subject`.
    pub schema: Value,
    /// JSON Schema of an application's `details`.
    pub application_schema: Value,
    /// Where the format comes from.
    pub source: String,
}

struct CheckedKind {
    kind: Kind,
    subject: Validator,
    application: Validator,
}

macro_rules! schemas {
    ($($kind:ident: $name:literal),* $(,)?) => {
        [$((
            CertificateKind::$kind,
            include_str!(concat!("../schemas/", $name, ".json")),
            include_str!(concat!("../schemas/", $name, ".application.json")),
            include_str!(concat!("../schemas/samples/", $name, ".json")),
        )),*]
    };
}

const SCHEMAS: [(CertificateKind, &str, &str, &str); 5] = schemas! {
    MARRIAGE: "marriage",
    REAL_ESTATE: "real-estate",
    DEGREE: "degree",
    BUSINESS_LICENCE: "business-licence",
    HEALTH_LICENCE: "health-licence",
};

static KINDS: LazyLock<BTreeMap<CertificateKind, CheckedKind>> = LazyLock::new(|| {
    let read = |text: &str| serde_json::from_str::<Value>(text).expect("the schemas are tested to be JSON");
    let compile = |schema: &Value| {
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        options.build(schema).expect("the schemas are tested to be JSON Schemas")
    };
    SCHEMAS
        .into_iter()
        .map(|(kind, subject, application, _)| {
            let (subject, application) = (read(subject), read(application));
            let (subject_validator, application_validator) = (compile(&subject), compile(&application));
            let kind_of = describe(kind, subject, application).expect("the schemas are tested to have their titles");
            (kind, CheckedKind { kind: kind_of, subject: subject_validator, application: application_validator })
        })
        .collect()
});

fn describe(kind: CertificateKind, schema: Value, application_schema: Value) -> Option<Kind> {
    let text = |member: &str| schema.get(member).and_then(Value::as_str).map(str::to_owned);
    Some(Kind {
        kind,
        chain: ChainName(kind.as_str().to_owned()),
        title: Title { en: text("title")?, zh: text("x-title-zh")? },
        version: schema.get("x-version").and_then(Value::as_u64)?.try_into().ok()?,
        source: text("x-source")?,
        schema,
        application_schema,
    })
}

fn checked(kind: CertificateKind) -> DoorResult<&'static CheckedKind> {
    KINDS
        .get(&kind)
        .ok_or_else(|| DoorError::new(Code::UnknownKind, format!("there is no format for the kind `{kind}`")))
}

/// All kinds, in the order of their chains.
#[must_use]
pub fn all() -> Vec<&'static Kind> {
    CertificateKind::FIRST_CITY.iter().filter_map(|kind| KINDS.get(kind)).map(|checked| &checked.kind).collect()
}

/// One kind.
///
/// # Errors
/// `UnknownKind`.
pub fn kind(kind: CertificateKind) -> DoorResult<&'static Kind> {
    checked(kind).map(|checked| &checked.kind)
}

/// A fictional subject of a kind, for demonstrations and tests; its names say that it is a sample.
///
/// # Errors
/// `UnknownKind`.
pub fn sample(kind: CertificateKind) -> DoorResult<Value> {
    checked(kind)?;
    let text = SCHEMAS.iter().find(|(known, ..)| *known == kind).map_or("null", |(.., sample)| sample);
    serde_json::from_str(text).map_err(DoorError::internal)
}

/// Checks the subject of a document against its kind's format.
///
/// # Errors
/// `UnknownKind`; `SchemaViolation` with `violations`, which name members and rules, never values.
pub fn check_subject(kind: CertificateKind, subject: &Value) -> DoorResult<()> {
    let mut violations = violations(&checked(kind)?.subject, subject);
    violations.extend(identifiers::violations(subject));
    refuse(violations)
}

/// Checks the details of an application against its kind's format.
///
/// # Errors
/// As [`check_subject`].
pub fn check_application(kind: CertificateKind, details: &Value) -> DoorResult<()> {
    refuse(violations(&checked(kind)?.application, details))
}

fn violations(validator: &Validator, instance: &Value) -> Vec<Value> {
    validator
        .iter_errors(instance)
        .take(MAX_VIOLATIONS)
        .map(|error| {
            let rule = error.schema_path().to_string();
            let rule = rule.rsplit('/').next().unwrap_or_default().to_owned();
            // The message of the validator quotes the value, which is personal; place and rule say enough.
            json!({ "path": error.instance_path().to_string(), "rule": rule })
        })
        .collect()
}

fn refuse(violations: Vec<Value>) -> DoorResult<()> {
    if violations.is_empty() {
        return Ok(());
    }
    let places: Vec<String> = violations
        .iter()
        .filter_map(|violation| Some(format!("{} ({})", violation["path"].as_str()?, violation["rule"].as_str()?)))
        .collect();
    Err(DoorError::new(Code::SchemaViolation, places.join(", ")).with("violations", violations))
}

/// The data formats that this application brings to representation (M-ACQ): for each kind the certificate, which is sealed, and the application for
/// it, which never leaves the identity database; and the published attributes of identities.
///
/// # Errors
/// `ConfigurationInvalid` when a schema has no canonical form, which a test excludes.
pub fn data_formats() -> DoorResult<Vec<DataFormat>> {
    let mut formats = Vec::with_capacity(2 * SCHEMAS.len() + 1);
    for kind in all() {
        formats.push(format(DataFormat {
            id: format_of(kind.kind),
            version: kind.version,
            chain: kind.chain.clone(),
            title: kind.title.clone(),
            source: kind.source.clone(),
            sealed: true,
            schema: kind.schema.clone(),
            schema_hash: alloy_primitives::B256::ZERO,
        })?);
    }
    for kind in all() {
        formats.push(format(application_format(kind))?);
    }
    formats.push(format(identity_format())?);
    Ok(formats)
}

/// The name of a kind's data format.
#[must_use]
pub fn format_of(kind: CertificateKind) -> FormatId {
    FormatId(format!("certificate/{kind}"))
}

fn format(mut format: DataFormat) -> DoorResult<DataFormat> {
    format.schema_hash = format.canonical_schema()?.1;
    Ok(format)
}

fn application_format(kind: &Kind) -> DataFormat {
    let text =
        |member: &str| kind.application_schema.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    DataFormat {
        id: FormatId(format!("application/{}", kind.kind)),
        version: kind.version,
        chain: kind.chain.clone(),
        title: Title { en: text("title"), zh: text("x-title-zh") },
        source: kind.source.clone(),
        sealed: true,
        schema: kind.application_schema.clone(),
        schema_hash: alloy_primitives::B256::ZERO,
    }
}

fn identity_format() -> DataFormat {
    DataFormat {
        id: FormatId(IDENTITY_FORMAT.to_owned()),
        version: 1,
        chain: ChainName(MAIN_CHAIN.to_owned()),
        title: Title { en: "Published key of a person".to_owned(), zh: "个人公钥".to_owned() },
        source: "ERC-1056, setAttributeSigned".to_owned(),
        sealed: false,
        schema: json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "additionalProperties": false,
            "required": ["identity", "name", "value", "validity", "nonce"],
            "properties": {
                "identity": { "type": "string", "pattern": "^0x[0-9a-fA-F]{40}$" },
                "name": { "enum": [ATTRIBUTE_SIGNING, ATTRIBUTE_ENCRYPTION] },
                "value": { "type": "string", "pattern": "^0x([0-9a-fA-F]{2}){1,256}$" },
                "validity": { "type": "integer", "minimum": 1 },
                "nonce": { "type": "integer", "minimum": 0 }
            }
        }),
        schema_hash: alloy_primitives::B256::ZERO,
    }
}

#[cfg(test)]
mod tests;
