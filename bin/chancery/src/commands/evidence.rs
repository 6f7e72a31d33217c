//! `chancery evidence`: validators whose votes contradict each other, and the check that anybody can make of it.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result, bail, ensure};
use chancery_chain::read_evidence;
use chancery_execution::{GenesisConfig, organization_text};
use chancery_light::{EvidenceError, Misconduct, TrustedChain};
use chancery_rpc::EvidenceRecord;
use serde_json::{Value, json};

use super::read_bounded;
use crate::{
    arguments::{Evidence, EvidenceCommand, VerifyEvidence},
    node_rpc::ask,
    output::{FAILED, Output},
};

/// Largest file of evidence that is read: more than a node keeps.
const MAX_EVIDENCE_BYTES: u64 = 16 << 20;
/// Largest genesis file that is read, in bytes.
const MAX_GENESIS_BYTES: u64 = 16 << 20;

pub(super) async fn run(command: Evidence, output: &Output) -> Result<ExitCode> {
    let records: Vec<EvidenceRecord> = match (command.command, command.rpc, command.data_dir) {
        (Some(EvidenceCommand::Verify(verify)), ..) => return verify_file(&verify, output),
        (None, _, Some(data_dir)) => of_directory(&data_dir)?,
        (None, Some(rpc), None) => ask(&rpc, "chancery_getEvidence").await?,
        (None, None, None) => bail!("say whom to ask: --rpc URL, or --data-dir DIR of a node that does not run"),
    };
    output.answer(&records, describe(&records));
    Ok(ExitCode::SUCCESS)
}

/// A node keeps its chain in `chain` below its data directory; a chain's own folder is taken as well.
fn of_directory(data_dir: &Path) -> Result<Vec<EvidenceRecord>> {
    ensure!(data_dir.is_dir(), "{} is no folder", data_dir.display());
    let below = data_dir.join("chain");
    let chain = if below.is_dir() { below } else { data_dir.to_path_buf() };
    read_evidence(&chain).with_context(|| format!("the evidence in {} cannot be read", chain.display()))
}

fn describe(records: &[EvidenceRecord]) -> String {
    if records.is_empty() {
        return "No evidence against any validator.".to_owned();
    }
    let mut lines: Vec<String> = records.iter().map(line).collect();
    lines.push(String::new());
    lines.push(
        "Anybody can verify it: `chancery --json evidence ... > evidence.json`, then `chancery evidence verify evidence.json --genesis genesis.json`."
            .to_owned(),
    );
    lines.join("\n")
}

fn line(record: &EvidenceRecord) -> String {
    let evidence = &record.evidence;
    let heard = i64::try_from(record.heard_at_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let heard = heard.map_or_else(String::new, |at| format!(", heard {at:.0}"));
    format!(
        "{}: {} (epoch {}, view {}{heard})",
        record.organization,
        deed(record.misconduct),
        evidence.epoch,
        evidence.view
    )
}

const fn deed(misconduct: Misconduct) -> &'static str {
    match misconduct {
        Misconduct::NotarizedTwo => "voted for two blocks of one view",
        Misconduct::FinalizedTwo => "called two blocks of one view final",
        Misconduct::NullifiedAndFinalized => "gave up a view and called a block of it final",
    }
}

/// Nothing is believed but the genesis file: names come from there, or from the registry's state that a record proves.
fn verify_file(command: &VerifyEvidence, output: &Output) -> Result<ExitCode> {
    let records = records_in(&command.file)?;
    ensure!(!records.is_empty(), "{} holds no evidence", command.file.display());
    let genesis: GenesisConfig = serde_json::from_slice(&read_bounded(&command.genesis, MAX_GENESIS_BYTES)?)
        .with_context(|| format!("{} is no genesis file", command.genesis.display()))?;
    let hash =
        genesis.build().with_context(|| format!("{} makes no chain", command.genesis.display()))?.header().hash();
    let trusted = TrustedChain::new(chancery_chain::chain_essentials(&genesis, hash))?;
    let mut lines = Vec::new();
    let mut results = Vec::new();
    let mut refused = 0;
    for (number, record) in (1..).zip(&records) {
        match proven(&trusted, &genesis, record) {
            Ok((organization, misconduct)) => {
                let (epoch, view) = (record.evidence.epoch, record.evidence.view);
                lines.push(format!(
                    "{number}. PROVEN: {organization} {} (epoch {epoch}, view {view})",
                    deed(misconduct)
                ));
                results.push(json!({ "proven": true, "organization": organization, "misconduct": misconduct, "epoch": epoch, "view": view }));
            }
            Err(error) => {
                refused += 1;
                let hint = hint(&error, record);
                lines.push(format!("{number}. NOT PROVEN: {error} (failed check: {}){hint}", error.check()));
                results.push(json!({ "proven": false, "check": error.check(), "detail": error.to_string() }));
            }
        }
    }
    output.answer(&results, lines.join("\n"));
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// Whose votes they are, by the genesis or by the proof that comes with the record, and what they amount to.
fn proven(
    trusted: &TrustedChain,
    genesis: &GenesisConfig,
    record: &EvidenceRecord,
) -> Result<(String, Misconduct), EvidenceError> {
    match (trusted.verify_conflict(&record.evidence), &record.membership) {
        (Err(EvidenceError::UnknownValidator { .. }), Some(membership)) => {
            let (member, misconduct) = trusted.verify_conflict_of_member(&record.evidence, membership)?;
            Ok((organization_text(&member.organization), misconduct))
        }
        (result, _) => result.map(|(position, misconduct)| (genesis.validators[position].name.clone(), misconduct)),
    }
}

/// What is missing, where that can be got.
fn hint(error: &EvidenceError, record: &EvidenceRecord) -> String {
    match error {
        EvidenceError::UnknownValidator { .. } if record.evidence.epoch > 0 => format!(
            "\n   A validator that was voted in later is known by a proof of its membership in epoch {}, which this record lacks: get it from a node \
             that keeps that state, with `chancery --json evidence --rpc URL`.",
            record.evidence.epoch
        ),
        _ => String::new(),
    }
}

/// What `chancery --json evidence` printed, or one record of it.
fn records_in(path: &Path) -> Result<Vec<EvidenceRecord>> {
    let bytes = read_bounded(path, MAX_EVIDENCE_BYTES)?;
    let value: Value = serde_json::from_slice(&bytes).with_context(|| format!("{} is not JSON", path.display()))?;
    let read = if value.is_array() {
        serde_json::from_value(value)
    } else {
        serde_json::from_value(value).map(|record: EvidenceRecord| vec![record])
    };
    read.with_context(|| format!("{} is not what `chancery --json evidence` prints", path.display()))
}
