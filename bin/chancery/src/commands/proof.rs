//! The proof of an operation, as `chancery verify` shows it (DATA-8).

use std::process::ExitCode;

use anyhow::Result;
use chancery_data::proof::{OperationProof, ProofFailure, VerifiedOperation};
use chancery_light::TrustedChain;
use serde_json::json;

use crate::output::{FAILED, Output};

pub(super) fn verify(file: &[u8], chain: &TrustedChain, output: &Output) -> Result<ExitCode> {
    match OperationProof::from_json(file).and_then(|proof| Ok((proof.verify(chain)?, proof))) {
        Ok((verified, proof)) => {
            output.answer(&verified, describe(&verified, &proof));
            Ok(ExitCode::SUCCESS)
        }
        Err(ProofFailure { check, detail }) => {
            output.answer(
                &json!({"outcome": "refused", "check": check, "detail": detail}),
                format!("NOT GENUINE\nfailed check: {check}\n{detail}"),
            );
            Ok(ExitCode::from(FAILED))
        }
    }
}

fn describe(verified: &VerifiedOperation, proof: &OperationProof) -> String {
    let statement = &verified.statement;
    format!(
        "GENUINE\noperation     {}\nsource        {}\nformat        {} version {}\nsigned        {} ms since 1970\naccess        {:?}, kept {} days, basis {:?}\n\
         data block    {}\ntransaction   {}\nblock         {} (its time: {} s since 1970)\nchecks        {}\n\n{}\n\n\
         Not shown by this file: that the organization knows the source, and that its key was not withdrawn meanwhile.",
        verified.operation,
        statement.source,
        statement.format,
        statement.format_version,
        statement.time,
        statement.control.access,
        statement.control.retention_days,
        statement.control.basis,
        verified.data_block,
        verified.tx_hash,
        verified.block_number,
        verified.recorded_at,
        verified.checks.join(", "),
        proof.operation.escape_debug()
    )
}
