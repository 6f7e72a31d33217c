//! Receipts of submissions, as `chancery verify` shows them (DATA-12).

use std::{path::Path, process::ExitCode};

use anyhow::{Context as _, Result};
use chancery_client::{RECEIPT_CHECKS, ReceiptFailure, ShownReceipt};
use chancery_data::{PublicKey, receipt::Receipt};
use serde_json::json;

use super::read_bounded;
use crate::output::{FAILED, Output};

const MAX_KEY_BYTES: u64 = 4 * 1024;

pub(super) fn verify(receipts: &[ShownReceipt], key: Option<&Path>, output: &Output) -> Result<ExitCode> {
    let path = key.context(
        "say whose receipt it has to be: --receipt-key FILE, the public key of the city's journal (receipts.jwk in its data folder). Get it from its operator",
    )?;
    let key = key_in(path)?;
    match receipts.iter().map(|shown| shown.verify(&key)).collect::<Result<Vec<_>, _>>() {
        Ok(verified) => {
            let lines: Vec<_> = verified.iter().map(describe).collect();
            let text = format!(
                "GENUINE\n{}\nchecks        {}\n\nNot shown by a receipt: that it was recorded on a chain. The proof of an operation shows that.",
                lines.join("\n"),
                RECEIPT_CHECKS.join(", ")
            );
            output.answer(&json!({"receipts": verified, "checks": RECEIPT_CHECKS}), text);
            Ok(ExitCode::SUCCESS)
        }
        Err(ReceiptFailure { check, detail }) => {
            output.answer(
                &json!({"outcome": "refused", "check": check, "detail": detail}),
                format!("NOT GENUINE\nfailed check: {check}\n{detail}"),
            );
            Ok(ExitCode::from(FAILED))
        }
    }
}

/// The public key of a journal.
pub(super) fn key_in(path: &Path) -> Result<PublicKey> {
    let jwk = serde_json::from_slice(&read_bounded(path, MAX_KEY_BYTES)?);
    let jwk = jwk.with_context(|| format!("{} holds no public key (JWK)", path.display()))?;
    PublicKey::from_jwk(&jwk).with_context(|| format!("{} holds no public key", path.display()))
}

fn describe(receipt: &Receipt) -> String {
    format!(
        "accepted      {} operations of {} at place {}, {} ms since 1970\ndigest        {}\nfor chain     {}",
        receipt.count, receipt.source, receipt.place, receipt.accepted_at, receipt.digest, receipt.chain_id
    )
}
