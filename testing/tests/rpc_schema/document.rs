//! The OpenRPC document, and whether calls and their results are what it says.

use std::{collections::BTreeMap, path::PathBuf};

use chancery_testing::process::project_root;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// The document, put together from the sources of ethereum/execution-apis; it says of which commit.
const ASSEMBLED: &str = "testing/tests/rpc_schema/execution-apis.json";
/// Most mistakes that are told of one result.
const MAX_TOLD: usize = 3;

/// The schemas of parameters and results by method.
pub(crate) struct Document {
    results: BTreeMap<String, Validator>,
    parameters: BTreeMap<String, Vec<Parameter>>,
}

/// A parameter of a method of ethereum/execution-apis.
struct Parameter {
    name: String,
    is_required: bool,
    schema: Validator,
}

fn read(path: &PathBuf) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap()
}

fn fields(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

impl Document {
    /// Reads the document and our additions to it. What both speak of has to be as both say.
    pub(crate) fn read() -> Self {
        let own = std::env::var_os("CHANCERY_OPENRPC");
        let document = read(&own.map_or_else(|| project_root().join(ASSEMBLED), PathBuf::from));
        let additions = read(&project_root().join("testing/tests/rpc_schema/additions.json"));
        let mut schemas = document["components"]["schemas"].clone();
        // What the document has itself counts; what it leaves out is added.
        for (name, schema) in fields(&additions["schemas"]) {
            if schemas.get(name).is_none() {
                schemas[name] = schema.clone();
            }
        }
        let validator = |name: &str, all: &[&Value]| {
            let schema = json!({ "components": { "schemas": schemas }, "allOf": all });
            jsonschema::draft7::new(&schema).unwrap_or_else(|error| panic!("{name}: {error}"))
        };

        let mut results: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for (name, schema) in ["standardMethods", "otherMethods"].iter().flat_map(|listed| fields(&additions[*listed]))
        {
            results.entry(name).or_default().push(schema);
        }
        let mut parameters = BTreeMap::new();
        for method in document["methods"].as_array().unwrap() {
            let name = method["name"].as_str().unwrap();
            results.entry(name).or_default().push(&method["result"]["schema"]);
            let each = method["params"].as_array().unwrap().iter().map(|parameter| Parameter {
                name: parameter["name"].as_str().unwrap().to_owned(),
                is_required: parameter["required"] == json!(true),
                schema: validator(name, &[&parameter["schema"]]),
            });
            parameters.insert(name.to_owned(), each.collect());
        }
        let results = results.iter().map(|(name, schemas)| ((*name).to_owned(), validator(name, schemas)));
        Self { results: results.collect(), parameters }
    }

    pub(crate) fn has(&self, method: &str) -> bool {
        self.results.contains_key(method)
    }

    pub(crate) fn is_standard(&self, method: &str) -> bool {
        self.parameters.contains_key(method)
    }

    /// What is wrong with a result, if something is.
    pub(crate) fn mistakes(&self, method: &str, result: &Value) -> Option<String> {
        let Some(validator) = self.results.get(method) else { return Some("no schema".to_owned()) };
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

    /// The parameters of a call that are not as the document says, by name: of another shape, left out though required, or beyond the last.
    pub(crate) fn other_parameters(&self, method: &str, params: &Value) -> Vec<String> {
        let Some(known) = self.parameters.get(method) else { return Vec::new() };
        let given = params.as_array().unwrap();
        let mut other: Vec<String> = known
            .iter()
            .enumerate()
            .filter(|(at, parameter)| match given.get(*at) {
                Some(value) => !parameter.schema.is_valid(value),
                None => parameter.is_required,
            })
            .map(|(_, parameter)| parameter.name.clone())
            .collect();
        other.extend((known.len()..given.len()).map(|at| format!("number {}", at + 1)));
        other
    }
}
