//! Receipts of submissions (DATA-12): signed by the journal's key, and of what was sent.

use alloy_primitives::B256;
use chancery_data::{
    PublicKey,
    receipt::{MAX_RECEIPT_BYTES, Receipt},
};
use chancery_rest::types::submissions::SubmissionReceipt;
use serde_json::Value;

use crate::SignedSubmission;

/// The checks of a receipt, in order.
pub const RECEIPT_CHECKS: [&str; 4] = ["receipt-readable", "receipt-signature", "receipt-in-group", "receipt-matches"];
const MATCHES: &str = RECEIPT_CHECKS[3];

/// Which check of a receipt failed, and what it found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{check}: {detail}")]
pub struct ReceiptFailure {
    /// One of [`RECEIPT_CHECKS`].
    pub check: &'static str,
    /// What it found.
    pub detail: String,
}

/// A receipt, and what stands beside it in an answer of a gateway.
#[derive(Clone, Debug)]
pub struct ShownReceipt {
    text: String,
    beside: Option<SubmissionReceipt>,
}

impl ShownReceipt {
    /// As a gateway answers it.
    #[must_use]
    pub fn answered(answer: &SubmissionReceipt) -> Self {
        Self { text: answer.receipt.clone(), beside: Some(answer.clone()) }
    }

    /// The receipts of a file: the text of one, what a gateway answered to a submission, or what `chancery --json submit` printed. `None` for another file.
    #[must_use]
    pub fn in_file(file: &[u8]) -> Option<Vec<Self>> {
        let text = std::str::from_utf8(file).ok()?.trim();
        // The header of a JWS is a JSON object, in base64url.
        if text.len() <= MAX_RECEIPT_BYTES && text.starts_with("eyJ") {
            return Some(vec![Self { text: text.to_owned(), beside: None }]);
        }
        let mut value: Value = serde_json::from_str(text).ok()?;
        let several = value.get_mut("receipts").map(Value::take);
        let receipts: Vec<SubmissionReceipt> = match several {
            Some(several) => serde_json::from_value(several).ok()?,
            None => vec![serde_json::from_value(value).ok()?],
        };
        // Of a list of none everything would be true.
        Some(receipts.iter().map(Self::answered).collect::<Vec<_>>()).filter(|shown| !shown.is_empty())
    }

    /// The receipt, if the journal with this key has signed it, and nothing else stands beside it.
    ///
    /// # Errors
    /// The first check that fails, by name.
    pub fn verify(&self, key: &PublicKey) -> Result<Receipt, ReceiptFailure> {
        let receipt = Receipt::verify(&self.text, key)
            .map_err(|error| ReceiptFailure { check: error.check(), detail: error.to_string() })?;
        let matches = self.beside.as_ref().is_none_or(|beside| {
            let key = receipt.key.to_string();
            (beside.place, beside.digest.0, beside.source.0) == (receipt.place, receipt.digest, receipt.source)
                && (beside.count, beside.accepted_at) == (receipt.count, receipt.accepted_at)
                && beside.key.eq_ignore_ascii_case(&key)
        });
        if matches { Ok(receipt) } else { Err(other("what stands beside it is not what was signed")) }
    }

    /// That it is the receipt of what was sent; with the journal's key also that it is signed.
    ///
    /// # Errors
    /// The first check that fails, by name.
    pub fn ensure_of(&self, sent: &SignedSubmission, key: Option<&PublicKey>) -> Result<(), ReceiptFailure> {
        if let Some(key) = key {
            let receipt = self.verify(key)?;
            ensure_same(receipt.digest, sent.digest())?;
            if receipt.chain_id != sent.statement().chain_id {
                return Err(other("it is for another chain"));
            }
        }
        let Some(beside) = &self.beside else { return Ok(()) };
        ensure_same(beside.digest.0, sent.digest())?;
        let stated = sent.statement();
        let is_of_it = beside.source.0 == stated.source
            && beside.count == stated.count
            && beside.key.eq_ignore_ascii_case(&stated.key.to_string());
        if is_of_it { Ok(()) } else { Err(other("source, key or count are not those of what was sent")) }
    }
}

fn ensure_same(receipt: B256, sent: B256) -> Result<(), ReceiptFailure> {
    if receipt == sent { Ok(()) } else { Err(other("it is of something else than was sent")) }
}

fn other(detail: &str) -> ReceiptFailure {
    ReceiptFailure { check: MATCHES, detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::{Address, FixedBytes};
    use chancery_data::{Algorithm, Signer, receipt::ReceiptSigner};
    use chancery_rest::values::{HexAddress, HexHash};
    use serde_json::json;

    use super::*;

    fn signed() -> (PublicKey, SubmissionReceipt) {
        let key = Signer::from_bytes(Algorithm::EdDsa, &[1; 32]).unwrap();
        let public = key.public_key();
        let receipt = |place| Receipt {
            chain_id: 7100,
            place,
            digest: B256::repeat_byte(1),
            source: Address::repeat_byte(2),
            key: FixedBytes::repeat_byte(3),
            count: 4,
            accepted_at: 5,
        };
        let texts = ReceiptSigner::new(key).sign(&[receipt(8), receipt(9)]).unwrap();
        let answer = SubmissionReceipt {
            place: 9,
            digest: HexHash(B256::repeat_byte(1)),
            source: HexAddress(Address::repeat_byte(2)),
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
            let found = ShownReceipt::in_file(&file).unwrap();
            assert_eq!(found.iter().map(|one| one.verify(&key).unwrap().place).collect::<Vec<_>>(), [9]);
        }
        for other in [&b"{}"[..], br#"{"operation":"","submission":"eyJ.e.A"}"#, b"\xff", b"[1]", br#"{"receipts":[]}"#]
        {
            assert!(ShownReceipt::in_file(other).is_none());
        }
    }

    // DATA-12
    #[test]
    fn what_a_gateway_says_beside_a_receipt_has_to_be_what_was_signed() {
        let (key, answer) = signed();
        let changes: [fn(&mut SubmissionReceipt); 6] = [
            |one| one.place += 1,
            |one| one.digest = HexHash(B256::ZERO),
            |one| one.source = HexAddress(Address::ZERO),
            |one| one.key = format!("0x{}", "04".repeat(16)),
            |one| one.count += 1,
            |one| one.accepted_at += 1,
        ];
        for change in changes {
            let mut altered = answer.clone();
            change(&mut altered);
            assert_eq!(ShownReceipt::answered(&altered).verify(&key).unwrap_err().check, "receipt-matches");
        }
        ShownReceipt::answered(&answer).verify(&key).unwrap();
        let mut forged = answer;
        forged.receipt = forged.receipt.replace('~', "~A");
        assert_eq!(ShownReceipt::answered(&forged).verify(&key).unwrap_err().check, "receipt-readable");
    }
}
