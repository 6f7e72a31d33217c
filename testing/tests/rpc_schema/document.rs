//! The OpenRPC document, and whether a result is what it says.

use std::{collections::BTreeMap, path::PathBuf};

use chancery_testing::process::project_root;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// Where npm puts the document.
const PACKAGED: &str = "testing/clients/node_modules/@metamask/api-specs/dist/build/openrpc.json";
/// Most mistakes that are told of one result.
const MAX_TOLD: usize = 3;

/// The schemas of results by method.
pub(crate) struct Document {
    validators: BTreeMap<String, Validator>,
    /// Methods of ethereum/execution-apis.
    standard: Vec<String>,
}

fn read(path: &PathBuf) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|error| {
        panic!("{}: {error}: run `npm ci` in testing/clients (cargo xtask test does it)", path.display())
    });
    serde_json::from_slice(&text).unwrap()
}

fn fields(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

impl Document {
    /// Reads the document and our additions to it.
    pub(crate) fn read() -> Self {
        let own = std::env::var_os("CHANCERY_OPENRPC");
        let current = own.is_some();
        let path = own.map_or_else(|| project_root().join(PACKAGED), PathBuf::from);
        let mut document = read(&path);
        let additions = read(&project_root().join("testing/tests/rpc_schema/additions.json"));
        let mut schemas = document["components"]["schemas"].take();
        if !current {
            merge(&mut schemas, &additions["laterSchemas"]);
        }
        // What the document has itself counts; what it leaves out is added.
        for (name, schema) in fields(&additions["schemas"]) {
            if schemas.get(name).is_none() {
                schemas[name] = schema.clone();
            }
        }

        let mut results: BTreeMap<String, Value> = BTreeMap::new();
        for listed in ["standardMethods", "otherMethods"] {
            results.extend(fields(&additions[listed]).iter().map(|(name, schema)| (name.clone(), schema.clone())));
        }
        let mut standard: Vec<String> = fields(&additions["standardMethods"]).keys().cloned().collect();
        for method in document["methods"].as_array().unwrap() {
            let name = method["name"].as_str().unwrap();
            if fields(&additions["otherMethods"]).contains_key(name) {
                continue;
            }
            standard.push(name.to_owned());
            // The packaged edition is older than our own words on a method; the project's own build is not.
            if current || !results.contains_key(name) {
                results.insert(name.to_owned(), method["result"]["schema"].clone());
            }
        }
        let validators = results.into_iter().map(|(name, result)| {
            let schema = json!({ "components": { "schemas": schemas }, "allOf": [result] });
            let validator = jsonschema::draft7::new(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, validator)
        });
        Self { validators: validators.collect(), standard }
    }

    pub(crate) fn has(&self, method: &str) -> bool {
        self.validators.contains_key(method)
    }

    pub(crate) fn is_standard(&self, method: &str) -> bool {
        self.standard.iter().any(|known| known == method)
    }

    /// What is wrong with a result, if something is.
    pub(crate) fn mistakes(&self, method: &str, result: &Value) -> Option<String> {
        let Some(validator) = self.validators.get(method) else { return Some("no schema".to_owned()) };
        let told: Vec<String> = validator
            .iter_errors(result)
            .take(MAX_TOLD)
            .map(|error| {
                let text: String = error.to_string().chars().take(600).collect();
                format!("at `{}`: {text}", error.instance_path())
            })
            .collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}

/// Adds fields, and elements of arrays, of `more` to `value`.
fn merge(value: &mut Value, more: &Value) {
    match (value, more) {
        (Value::Object(value), Value::Object(more)) => {
            for (name, more) in more {
                merge(value.entry(name).or_insert(Value::Null), more);
            }
        }
        (Value::Array(value), Value::Array(more)) => value.extend(more.iter().cloned()),
        (value, more) => *value = more.clone(),
    }
}
