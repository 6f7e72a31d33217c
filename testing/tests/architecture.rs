//! The tree is the architecture: who may depend on whom, held against `cargo metadata`.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "architecture/container.rs"]
mod container;
#[path = "architecture/listeners.rs"]
mod listeners;
#[path = "architecture/units.rs"]
mod units;

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Crates in the order of `ARCHITECTURE.md`: a crate may depend only on crates above it.
const ORDER: &[&str] = &[
    "primitives",
    "traces",
    "stores",
    "light",
    "contracts",
    "execution",
    "rpc",
    "chain",
    "keys",
    "token",
    "ledger",
    "identity",
    "persons",
    "data",
    "reference-points",
    "ingest",
    "search",
    "representation",
    "processing",
    "provisioning",
    "controlling",
    "monitoring",
    "certificates",
    "sharing",
    "messages",
    "bridge",
    "rest",
    "grpc",
    "mqtt",
    "doors",
    "client",
    "gateway",
];

/// The five functional entities of D3.7: they import the doors and never one another.
const ENTITIES: &[&str] = &["representation", "processing", "provisioning", "controlling", "monitoring"];

/// Applications: the entities never import them.
const APPLICATIONS: &[&str] = &["certificates", "sharing", "messages", "bridge"];

/// Crates without I/O, with what they must not pull in.
const PURE: &[(&str, &[&str])] = &[
    ("primitives", &["tokio", "reqwest", "sqlx", "redb", "axum", "commonware-runtime"]),
    ("traces", &["tokio", "hyper", "reqwest", "axum", "opentelemetry-otlp"]),
    ("light", &["tokio", "reqwest", "sqlx", "redb", "axum", "revm"]),
    ("keys", &["tokio", "reqwest", "sqlx", "axum", "cryptoki"]),
    ("persons", &["reqwest", "sqlx", "axum", "alloy"]),
    ("data", &["tokio", "reqwest", "sqlx", "redb", "axum", "fjall", "revm"]),
    ("reference-points", &["reqwest", "sqlx", "redb", "axum", "revm"]),
    ("grpc", &["tokio", "hyper", "hyper-util", "reqwest", "axum", "sqlx", "fjall", "revm"]),
    ("mqtt", &["tokio", "hyper", "reqwest", "axum", "sqlx", "fjall", "revm"]),
];

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let normal = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
            (package.name.to_string(), normal.map(|dependency| dependency.name.clone()).collect())
        })
        .collect()
}

fn short(package: &str) -> &str {
    package.strip_prefix("chancery-").unwrap_or(package)
}

#[test]
fn arrows_point_up_the_list_only() {
    let dependencies = dependencies();
    let position = |name: &str| ORDER.iter().position(|known| *known == name);
    let mut checked = 0;
    for (package, uses) in &dependencies {
        let Some(own) = position(short(package)) else {
            assert!(
                ["chancery", "chancery-decoders", "chancery-testing", "xtask"].contains(&package.as_str()),
                "{package} has no place in the order"
            );
            continue;
        };
        for used in uses.iter().filter(|used| used.starts_with("chancery")) {
            let other = position(short(used))
                .unwrap_or_else(|| panic!("{package} uses {used}, which has no place in the order"));
            assert!(other < own, "{package} must not depend on {used}");
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} arrows were seen");
}

#[test]
fn entities_know_one_another_by_their_doors_alone() {
    let dependencies = dependencies();
    for entity in ENTITIES {
        let uses = &dependencies[&format!("chancery-{entity}")];
        assert!(uses.contains("chancery-reference-points"), "{entity} does not use the doors");
        for other in ENTITIES.iter().chain(APPLICATIONS) {
            assert!(!uses.contains(&format!("chancery-{other}")), "{entity} must not import {other}");
        }
    }
}

#[test]
fn the_gateway_reaches_entities_and_chains_through_doors() {
    let uses = &dependencies()["chancery-gateway"];
    for hidden in ENTITIES.iter().chain(&["ledger", "chain", "execution", "rpc"]) {
        assert!(!uses.contains(&format!("chancery-{hidden}")), "the gateway must not import {hidden}");
    }
}

// S-SVC: whoever signs asks the port, and does not know where the key is.
#[test]
fn tokens_are_known_to_the_command_line_alone() {
    for (package, uses) in dependencies() {
        if package != "chancery" {
            assert!(!uses.contains("chancery-token"), "{package} must not depend on chancery-token");
        }
    }
}

#[test]
fn pure_crates_do_no_input_or_output() {
    let dependencies = dependencies();
    for (pure, forbidden) in PURE {
        for used in &dependencies[&format!("chancery-{pure}")] {
            assert!(!forbidden.contains(&used.as_str()), "{pure} must not depend on {used}");
        }
    }
}

#[test]
fn nothing_shipped_depends_on_tests_or_tasks() {
    for (package, uses) in dependencies() {
        if package != "chancery-testing" {
            let never = ["chancery-testing", "chancery-decoders", "xtask"];
            assert!(never.iter().all(|test| !uses.contains(*test)), "{package}");
        }
    }
}
