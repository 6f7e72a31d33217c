//! `chancery verify FILE`: no network, no city, no trust but in a genesis (C-API-5, M-AUTH).

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, ensure};
use chancery_certificates::verify::{MAX_FILE_BYTES, VerificationFailure, VerifiedCertificate, verify_file};
use chancery_execution::GenesisConfig;
use chancery_light::TrustedChain;
use chancery_primitives::{CertificateStatus, Outcome};
use serde_json::json;

use super::{message, proof, read_bounded};
use crate::{
    arguments::Verify,
    output::{FAILED, Output},
    party::now,
};

/// Largest genesis file that is read, in bytes.
const MAX_GENESIS_BYTES: u64 = 16 * 1024 * 1024;
/// Most genesis files in a folder.
const MAX_GENESIS_FILES: usize = 100;

pub(super) fn run(command: &Verify, output: &Output) -> Result<ExitCode> {
    let file = read_bounded(&command.file, MAX_FILE_BYTES as u64)?;
    let document = command.document.as_deref().map(|path| read_bounded(path, MAX_FILE_BYTES as u64)).transpose()?;
    let chain = trusted_chain(&command.genesis, &file)?;
    if proof::is_proof(&file) {
        ensure!(document.is_none(), "--document belongs to a certificate file; this is the proof of submitted data");
        return proof::verify(&file, &chain, output);
    }
    if message::is_proof(&file) {
        ensure!(document.is_none(), "--document belongs to a certificate file; this is the proof of a message");
        return message::verify(&file, &chain, output);
    }
    match verify_file(&file, &chain, document.as_deref(), now()) {
        Ok(verified) => {
            output.answer(&verified, describe(&verified));
            Ok(exit_code(verified.outcome))
        }
        Err(VerificationFailure { check, detail }) => {
            output.answer(
                &json!({"outcome": Outcome::Refused, "check": check, "detail": detail}),
                format!("NOT GENUINE\nfailed check: {check}\n{detail}"),
            );
            Ok(ExitCode::from(FAILED))
        }
    }
}

/// Genuine, but out of force: revoked, replaced, suspended, expired, or not begun.
const NOT_IN_FORCE: u8 = 3;
/// Genuine, but the file proves no status.
const STATUS_UNKNOWN: u8 = 4;

/// Success is for what may be relied on, and for nothing else.
fn exit_code(outcome: Outcome) -> ExitCode {
    match outcome {
        Outcome::Valid => ExitCode::SUCCESS,
        Outcome::Revoked | Outcome::Suspended | Outcome::Expired | Outcome::Refused => ExitCode::from(NOT_IN_FORCE),
        Outcome::CannotDetermine => ExitCode::from(STATUS_UNKNOWN),
    }
}

/// Whether it is genuine, and what it amounts to.
fn headline(outcome: Outcome, status: Option<CertificateStatus>) -> &'static str {
    match outcome {
        Outcome::Valid => "GENUINE and VALID",
        Outcome::Revoked if status == Some(CertificateStatus::Renewed) => "GENUINE, but REPLACED by its renewal",
        Outcome::Revoked => "GENUINE, but REVOKED",
        Outcome::Suspended => "GENUINE, but SUSPENDED",
        Outcome::Expired => "GENUINE, but EXPIRED",
        Outcome::Refused => "GENUINE, but NOT YET IN FORCE",
        Outcome::CannotDetermine => "GENUINE, but its STATUS CANNOT BE DETERMINED from this file",
    }
}

/// The chain that the file says it is from, out of those whose genesis is trusted. That it is so, the proof has to show.
fn trusted_chain(genesis: &Path, file: &[u8]) -> Result<TrustedChain> {
    let paths = if genesis.is_dir() { files_in(genesis)? } else { vec![genesis.to_path_buf()] };
    ensure!(!paths.is_empty(), "{} holds no genesis file", genesis.display());
    let claimed = serde_json::from_slice::<serde_json::Value>(file).ok().and_then(|file| {
        let proof = if file["deposit"].is_object() { &file["deposit"]["proof"] } else { &file["proof"] };
        proof["chain"]["chainId"].as_u64()
    });
    let mut known = Vec::new();
    for path in &paths {
        let config = genesis_file(path)?;
        if Some(config.chain_id) == claimed || paths.len() == 1 {
            return trust(path, &config);
        }
        known.push(config.chain_id.to_string());
    }
    let claimed = claimed.map_or_else(|| "names no chain".to_owned(), |chain| format!("is from chain {chain}"));
    anyhow::bail!("cannot verify: the file {claimed}, and trusted are {} (--genesis)", known.join(", "))
}

/// The chain of one genesis file.
pub(super) fn chain_of(genesis: &Path) -> Result<TrustedChain> {
    trust(genesis, &genesis_file(genesis)?)
}

fn genesis_file(path: &Path) -> Result<GenesisConfig> {
    serde_json::from_slice(&read_bounded(path, MAX_GENESIS_BYTES)?)
        .with_context(|| format!("{} is no genesis file", path.display()))
}

fn trust(path: &Path, config: &GenesisConfig) -> Result<TrustedChain> {
    let genesis = config.build().with_context(|| format!("{} makes no chain", path.display()))?;
    Ok(TrustedChain::new(chancery_chain::chain_essentials(config, genesis.header().hash()))?)
}

fn files_in(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .take(MAX_GENESIS_FILES)
        .collect();
    paths.sort();
    Ok(paths)
}

fn describe(verified: &VerifiedCertificate) -> String {
    let mut text = format!(
        "{}\ncertificate   {} ({})\norganization  {}\nissued by     {}\nholder        {}\ntransaction   {}\nblock         {}",
        headline(verified.outcome, verified.status.as_ref().map(|status| status.status)),
        verified.issue.certificate_id,
        verified.issue.kind,
        verified.issue.organization,
        verified.issuer_key,
        verified.issue.holder,
        verified.tx_hash,
        verified.block_number
    );
    match &verified.status {
        Some(status) => text.push_str(&format!(
            "\nstatus        {} at block {} ({} s ago)",
            status.status, status.block_number, status.age_s
        )),
        None => text.push_str("\nstatus        the file has no proof of it: ask the chain"),
    }
    text.push_str(if verified.document_checked {
        "\ndocument      is the one that was issued"
    } else {
        "\ndocument      not given (--document)"
    });
    text.push_str(&format!("\nchecks        {}", verified.checks.join(", ")));
    if !verified.unproven.is_empty() {
        text.push_str(&format!(
            "\nunproven      {} (the file says it, nothing shows it)",
            verified.unproven.join(", ")
        ));
    }
    text.push_str("\n\nNot shown by this file: that the organization had the right to issue this kind; the main chain shows that.");
    text
}
