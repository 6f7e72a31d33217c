//! Tables that ship in a public package.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::path::{Path, PathBuf};

pub use chancery_testing::process::PostgresServer;

/// A table of the package vega-datasets (npm, pinned in `testing/clients`).
pub fn dataset(name: &str) -> PathBuf {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testing/clients/node_modules/vega-datasets/data").join(name);
    assert!(path.exists(), "vega-datasets is not installed: npm ci in testing/clients");
    path
}
