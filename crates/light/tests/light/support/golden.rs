//! Vector files that are generated from constants: `CHANCERY_BLESS=1 cargo test -p chancery-light` rewrites them, an ordinary
//! run demands that they are unchanged.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

use std::path::PathBuf;

use chancery_light::VerifyError;
use serde::{Serialize, de::DeserializeOwned};

/// Compares what is generated with the file, or writes the file when asked to, and returns what the file says.
pub fn golden<V: Serialize + DeserializeOwned>(name: &str, generated: &V) -> V {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    let mut json = serde_json::to_string_pretty(generated).unwrap();
    json.push('\n');
    if std::env::var_os("CHANCERY_BLESS").is_some() {
        std::fs::write(&path, &json).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap();
    assert!(
        file == json,
        "{name} is not what the code generates: run with CHANCERY_BLESS=1 and look at the difference"
    );
    serde_json::from_str(&file).unwrap()
}

/// What a vector's `expect` says: `ok`, or the name of the check that failed.
pub fn outcome<T>(result: Result<T, VerifyError>) -> &'static str {
    result.map_or_else(|error| error.check(), |_| "ok")
}
