//! Receipts of submissions, as `chancery verify` shows them (DATA-12).

use std::{path::Path, process::ExitCode};

use alloy_primitives::B256;
use anyhow::{Context as _, Result, anyhow, ensure};
use chancery_client::rest::types::submissions::SubmissionReceipt;
use chancery_data::{
    PublicKey,
    receipt::{MAX_RECEIPT_BYTES, Receipt},
};
use serde_json::{Value, json};

use super::read_bounded;
use crate::output::{FAILED, Output};

const MAX_KEY_BYTES: u64 = 4 * 1024;

/// A receipt, and what stands beside it in an answer of a gateway.
pub(super) struct Shown {
    text: String,
    beside: Option<SubmissionReceipt>,
}

/// The receipts of a file: the text of one, what a gateway answered to a submission, or what `chancery --json submit` printed. `None` for another file.
pub(super) fn receipts_in(file: &[u8]) -> Option<Vec<Shown>> {
    let text = std::str::from_utf8(file).ok()?.trim();
    // The header of a JWS is a JSON object, in base64url.
    if text.len() <= MAX_RECEIPT_BYTES && text.starts_with("eyJ") {
        return Some(vec![Shown { text: text.to_owned(), beside: None }]);
    }
    let mut value: Value = serde_json::from_str(text).ok()?;
    let several = value.get_mut("receipts").map(Value::take);
    let receipts: Vec<SubmissionReceipt> = match several {
        Some(several) => serde_json::from_value(several).ok()?,
        None => vec![serde_json::from_value(value).ok()?],
    };
    let shown = receipts.into_iter().map(|one| Shown { text: one.receipt.clone(), beside: Some(one) });
    // Of a list of none everything would be true.
    Some(shown.collect::<Vec<_>>()).filter(|shown| !shown.is_empty())
}

pub(super) fn verify(receipts: &[Shown], key: Option<&Path>, output: &Output) -> Result<ExitCode> {
    let path = key.context(
        "say whose receipt it has to be: --receipt-key FILE, the public key of the city's journal (receipts.jwk in its data folder). Get it from its operator",
    )?;
    let key = key_in(path)?;
    match receipts.iter().map(|shown| check(shown, &key)).collect::<Result<Vec<_>, _>>() {
        Ok(verified) => {
            let checks = ["receipt-readable", "receipt-signature", "receipt-in-group", "receipt-matches"];
            let lines: Vec<_> = verified.iter().map(describe).collect();
            let text = format!(
                "GENUINE\n{}\nchecks        {}\n\nNot shown by a receipt: that it was recorded on a chain. The proof of an operation shows that.",
                lines.join("\n"),
                checks.join(", ")
            );
            output.answer(&json!({"receipts": verified, "checks": checks}), text);
            Ok(ExitCode::SUCCESS)
        }
        Err((check, detail)) => {
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

/// Whether a gateway's answer is the receipt of what was sent: signed by the journal's key, with this digest.
pub(super) fn ensure_genuine(answered: &SubmissionReceipt, sent: B256, key: &PublicKey) -> Result<()> {
    let shown = Shown { text: answered.receipt.clone(), beside: Some(answered.clone()) };
    let receipt = check(&shown, key).map_err(|(check, detail)| {
        anyhow!("the gateway answered with a receipt that is not genuine ({check}: {detail}): it is not known whether it was accepted")
    })?;
    ensure!(receipt.digest == sent, "the gateway answered with the receipt of something else");
    Ok(())
}

/// The receipt, or the first check that failed.
fn check(shown: &Shown, key: &PublicKey) -> Result<Receipt, (&'static str, String)> {
    let receipt = Receipt::verify(&shown.text, key).map_err(|error| (error.check(), error.to_string()))?;
    let matches = shown.beside.as_ref().is_none_or(|beside| {
        let key = receipt.key.to_string();
        (beside.place, beside.digest.0, beside.source.0) == (receipt.place, receipt.digest, receipt.source)
            && (beside.count, beside.accepted_at) == (receipt.count, receipt.accepted_at)
            && beside.key.eq_ignore_ascii_case(&key)
    });
    if matches { Ok(receipt) } else { Err(("receipt-matches", "what stands beside it is not what was signed".into())) }
}

fn describe(receipt: &Receipt) -> String {
    format!(
        "accepted      {} operations of {} at place {}, {} ms since 1970\ndigest        {}\nfor chain     {}",
        receipt.count, receipt.source, receipt.place, receipt.accepted_at, receipt.digest, receipt.chain_id
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_client::rest::values::{HexAddress, HexHash};
    use chancery_data::{Algorithm, Signer, receipt::ReceiptSigner};

    use super::*;

    fn signed() -> (PublicKey, SubmissionReceipt) {
        let key = Signer::from_bytes(Algorithm::EdDsa, &[1; 32]).unwrap();
        let public = key.public_key();
        let receipt = |place| Receipt {
            chain_id: 7100,
            place,
            digest: B256::repeat_byte(1),
            source: alloy_primitives::Address::repeat_byte(2),
            key: alloy_primitives::FixedBytes::repeat_byte(3),
            count: 4,
            accepted_at: 5,
        };
        let texts = ReceiptSigner::new(key).sign(&[receipt(8), receipt(9)]).unwrap();
        let answer = SubmissionReceipt {
            place: 9,
            digest: HexHash(B256::repeat_byte(1)),
            source: HexAddress(alloy_primitives::Address::repeat_byte(2)),
            key: format!("0x{}", "03".repeat(16)),
            count: 4,
            accepted_at: 5,
            repeated: false,
            receipt: texts.text(1).unwrap(),
        };
        (public, answer)
    }

    // DATA-12
    #[test]
    fn a_receipt_is_found_in_its_text_and_in_what_a_gateway_answers() {
        let (key, answer) = signed();
        let json = |value: Value| serde_json::to_vec(&value).unwrap();
        for file in [
            format!("{}\n", answer.receipt).into_bytes(),
            json(serde_json::to_value(&answer).unwrap()),
            json(json!({"operations": 4, "receipts": [&answer]})),
        ] {
            let found = receipts_in(&file).unwrap();
            assert_eq!(found.iter().map(|one| check(one, &key).unwrap().place).collect::<Vec<_>>(), [9]);
        }
        for other in [&b"{}"[..], br#"{"operation":"","submission":"eyJ.e.A"}"#, b"\xff", b"[1]", br#"{"receipts":[]}"#]
        {
            assert!(receipts_in(other).is_none());
        }
    }

    // DATA-12
    #[test]
    fn what_a_gateway_says_beside_a_receipt_has_to_be_what_was_signed() {
        let (key, answer) = signed();
        let changes: [fn(&mut SubmissionReceipt); 6] = [
            |one| one.place += 1,
            |one| one.digest = HexHash(B256::ZERO),
            |one| one.source = HexAddress(alloy_primitives::Address::ZERO),
            |one| one.key = format!("0x{}", "04".repeat(16)),
            |one| one.count += 1,
            |one| one.accepted_at += 1,
        ];
        for change in changes {
            let mut altered = answer.clone();
            change(&mut altered);
            let shown = Shown { text: altered.receipt.clone(), beside: Some(altered) };
            assert_eq!(check(&shown, &key).unwrap_err().0, "receipt-matches");
        }
        ensure_genuine(&answer, B256::repeat_byte(1), &key).unwrap();
        assert!(ensure_genuine(&answer, B256::repeat_byte(2), &key).is_err(), "it is of something else");
        let mut forged = answer;
        forged.receipt = forged.receipt.replace('~', "~A");
        let shown = Shown { text: forged.receipt.clone(), beside: Some(forged) };
        assert_eq!(check(&shown, &key).unwrap_err().0, "receipt-readable");
    }
}
