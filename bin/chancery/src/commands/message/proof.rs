//! The proof of a message's deposit and receipt: fetched, and verified with no network (MSG-8).

use std::{path::Path, process::ExitCode};

use alloy_primitives::B256;
use anyhow::{Result, ensure};
use chancery_light::TrustedChain;
use chancery_messages::proof::{MessageProof, ProofFailure, VerifiedMessage};
use serde_json::json;

use super::{files, retrying};
use crate::{
    arguments::TrustedMain,
    commands::trust::chain_of,
    output::{FAILED, Output},
    party::Party,
};

pub(super) async fn fetch(party: &Party, message: B256, out: &Path, output: &Output) -> Result<ExitCode> {
    files::ensure_free(out)?;
    let file = serde_json::to_vec_pretty(&party.client.message_proof(message).await?)?;
    let (deposit, acknowledgement) = MessageProof::from_json(&file)?.signed()?;
    ensure!(deposit.id() == message, "the gateway shows the proof of another message");
    let is_acknowledged = acknowledgement.is_some();
    files::write_new(out, &file)?;
    let standing = if is_acknowledged { "deposit and receipt" } else { "deposit; not acknowledged yet" };
    let text = format!("{}: {standing}\nthen: chancery verify {}", out.display(), out.display());
    output.answer(&json!({"message": message, "acknowledged": is_acknowledged, "file": out}), text);
    Ok(ExitCode::SUCCESS)
}

/// The proof of a message, verified by the genesis alone: what it shows is no word of the gateway.
pub(super) async fn verified(party: &Party, message: B256, chain: &TrustedMain) -> Result<VerifiedMessage> {
    let file = retrying::until_answered(|| party.client.message_proof(message)).await?;
    let proven = MessageProof::from_json(&serde_json::to_vec(&file)?)?.verify(&chain_of(&chain.genesis)?)?;
    ensure!(proven.message == message, "the gateway shows the proof of another message");
    Ok(proven)
}

/// Whether a file says that it is one.
pub(in crate::commands) fn is_proof(file: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(file).is_ok_and(|file| file["deposit"]["statement"].is_string())
}

pub(in crate::commands) fn verify(file: &[u8], chain: &TrustedChain, output: &Output) -> Result<ExitCode> {
    match MessageProof::from_json(file).and_then(|proof| proof.verify(chain)) {
        Ok(verified) => {
            output.answer(&verified, describe(&verified));
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

fn describe(verified: &VerifiedMessage) -> String {
    let head = &verified.deposit.head;
    let received = match (&verified.acknowledgement, &verified.acknowledged) {
        (Some(said), Some(at)) => format!(
            "received     {} s since 1970, by {} ({}), in block {} (its time: {})",
            said.received, said.by.organization, said.by.address, at.block_number, at.time
        ),
        _ => "received     this file does not show it".to_owned(),
    };
    let warning = verified.warning.map_or_else(String::new, |what| format!("\nbut          it {what}"));
    format!(
        "GENUINE\nmessage      {}\nfrom         {} ({})\nto           {} ({})\nsent         {} s since 1970, in block {} (its time: {})\n{received}{warning}\nsealed hash  {}\nchecks       {}\n\n\
         Not proven: that the keys were those of the organizations that they name. The keys have signed; whose they were at that time, the main chain shows.",
        verified.message,
        head.from.organization,
        head.from.address,
        head.to.organization,
        head.to.address,
        head.sent,
        verified.deposited.block_number,
        verified.deposited.time,
        verified.deposit.sealed_hash,
        verified.checks.join(", ")
    )
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::Address;
    use chancery_messages::{
        proof::{NAMES_NO_GENESIS, RecordedAt},
        statement::{Correspondent, Deposit, Head},
    };
    use chancery_primitives::{OrganizationCode, UnixSeconds};

    use super::*;

    /// A message of which the deposit alone was proven.
    pub(in crate::commands::message) fn verified(genesis_signed: bool) -> VerifiedMessage {
        let someone =
            Correspondent { organization: OrganizationCode::parse("ONE").unwrap(), address: Address::repeat_byte(1) };
        let head = Head {
            version: if genesis_signed { 2 } else { 1 },
            chain_id: 7100,
            genesis: genesis_signed.then_some(B256::repeat_byte(7)),
            from: someone,
            to: someone,
            sent: UnixSeconds(1),
            in_reply_to: None,
        };
        VerifiedMessage {
            message: B256::ZERO,
            deposit: Deposit { head, sealed_hash: B256::ZERO, sealed_bytes: 1, sealed_to: "key".to_owned() },
            deposited: RecordedAt { tx_hash: B256::ZERO, block_number: 1, time: UnixSeconds(1), operation: B256::ZERO },
            acknowledgement: None,
            acknowledged: None,
            organizations_proven: false,
            genesis_signed,
            warning: (!genesis_signed).then_some(NAMES_NO_GENESIS),
            checks: Vec::new(),
        }
    }

    // MSG-1: in text and in JSON.
    #[test]
    fn verify_says_that_a_message_names_no_genesis() {
        assert!(describe(&verified(false)).contains("names no genesis"));
        assert!(!describe(&verified(true)).contains("names no genesis"));
        let answer = serde_json::to_value(verified(false)).unwrap();
        assert_eq!(answer["genesisSigned"], json!(false));
        assert!(answer["warning"].as_str().unwrap().contains("names no genesis"), "{answer}");
    }
}
