//! `chancery fingerprint`: what an operator publishes, and what an inspector's page shows before it trusts the city.

use std::{path::Path, process::ExitCode};

use anyhow::Result;
use chancery_certificates::stapled::trust_fingerprint;
use serde_json::json;

use super::trust::city;
use crate::output::Output;

pub(super) fn run(genesis: &Path, output: &Output) -> Result<ExitCode> {
    let (authority, chains) = city(genesis)?;
    let fingerprint = trust_fingerprint(authority, &chains.iter().collect::<Vec<_>>());
    output.answer(&json!({"fingerprint": fingerprint, "mainChain": authority, "chains": chains.len()}), &fingerprint);
    Ok(ExitCode::SUCCESS)
}
