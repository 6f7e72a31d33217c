//! `chancery verify FILE`: no network, no city, no trust but in a genesis (C-API-5, M-AUTH).

use std::process::ExitCode;

use anyhow::{Result, ensure};
use chancery_bridge::proof::is_request_proof;
use chancery_certificates::{
    stapled::is_stapled,
    verify::{MAX_FILE_BYTES, VerificationFailure, VerifiedCertificate, verify_file},
};
use chancery_client::{FileKind, ShownReceipt};
use chancery_primitives::{CertificateStatus, Outcome};
use serde_json::json;

use super::{message, proof, read_bounded, receipt, request_proof, stapled, trust::trusted_chain};
use crate::{
    arguments::Verify,
    output::{FAILED, Output},
    party::now,
};

pub(super) fn run(command: &Verify, output: &Output) -> Result<ExitCode> {
    let file = read_bounded(&command.file, MAX_FILE_BYTES as u64)?;
    let document = command.document.as_deref().map(|path| read_bounded(path, MAX_FILE_BYTES as u64)).transpose()?;
    if is_request_proof(&file) {
        ensure!(
            document.is_none() && command.max_age.is_none(),
            "--document and --max-age belong to certificates; this is the proof of an alliance's request"
        );
        return request_proof::verify(&file, command, output);
    }
    ensure!(
        command.alliance_genesis.is_none() && command.contract.is_none(),
        "--alliance-genesis and --contract belong to the proof of an alliance's request; this is another file"
    );
    if let Some(receipts) = ShownReceipt::in_file(&file) {
        ensure!(
            document.is_none() && command.max_age.is_none(),
            "--document and --max-age belong to certificates; this is the receipt of submitted data"
        );
        return receipt::verify(&receipts, command.receipt_key.as_deref(), output);
    }
    ensure!(
        command.receipt_key.is_none(),
        "--receipt-key belongs to the receipt of submitted data; this is another file"
    );
    if message::is_between_cities(&file) {
        ensure!(
            document.is_none() && command.max_age.is_none(),
            "--document and --max-age belong to certificates; this is the proof of a message between two cities"
        );
        return message::verify_between(&file, &command.genesis, output);
    }
    let chain = trusted_chain(&command.genesis, &file)?;
    if is_stapled(&file) {
        ensure!(document.is_none(), "--document is not needed: the holder shows the document in the file itself");
        return stapled::verify(&file, &chain, command, output);
    }
    ensure!(command.max_age.is_none(), "--max-age belongs to a file with a staple (certificate present --out)");
    let kind = FileKind::of(&file);
    if kind == FileKind::Operation {
        ensure!(document.is_none(), "--document belongs to a certificate file; this is the proof of submitted data");
        return proof::verify(&file, &chain, output);
    }
    if kind == FileKind::Message {
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
pub(super) fn exit_code(outcome: Outcome) -> ExitCode {
    match outcome {
        Outcome::Valid => ExitCode::SUCCESS,
        Outcome::Revoked | Outcome::Suspended | Outcome::Expired | Outcome::Refused => ExitCode::from(NOT_IN_FORCE),
        Outcome::CannotDetermine => ExitCode::from(STATUS_UNKNOWN),
    }
}

/// Whether it is genuine, and what it amounts to.
pub(super) fn headline(outcome: Outcome, status: Option<CertificateStatus>) -> &'static str {
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
