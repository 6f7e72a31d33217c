//! The proof of a message's deposit and receipt: fetched, and verified with no network (MSG-8).

use std::{path::Path, process::ExitCode};

use alloy_primitives::B256;
use anyhow::{Context as _, Result, ensure};
use chancery_light::TrustedChain;
use chancery_messages::{
    proof::{MessageProof, ProofFailure, VerifiedMessage},
    statement::City,
};
use serde_json::json;

use super::{files, retrying};
use crate::{
    arguments::TrustedMain,
    commands::trust::{chain_of, trusted_chains},
    output::{FAILED, Output},
    party::Party,
};

/// Where a message is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kept {
    /// In the own city.
    Here,
    /// In the receiver's, to which it was delivered.
    Delivered,
}

pub(super) async fn fetch(party: &Party, kept: Kept, message: B256, out: &Path, output: &Output) -> Result<ExitCode> {
    files::ensure_free(out)?;
    let file = match kept {
        Kept::Here => party.client.message_proof(message).await?,
        Kept::Delivered => party.client.delivery_proof(message).await?,
    };
    let file = serde_json::to_vec_pretty(&file)?;
    let (deposit, acknowledgement) = MessageProof::from_json(&file)?.signed()?;
    ensure!(deposit.id() == message, "the gateway shows the proof of another message");
    let is_acknowledged = acknowledgement.is_some();
    files::write_new(out, &file)?;
    let standing = if is_acknowledged { "deposit and receipt" } else { "deposit; not acknowledged yet" };
    let text = format!("{}: {standing}\nthen: chancery verify {}", out.display(), out.display());
    output.answer(&json!({"message": message, "acknowledged": is_acknowledged, "file": out}), text);
    Ok(ExitCode::SUCCESS)
}

/// The proof of a message, verified by the genesis alone, and for a message of another city by the genesis of that one too: what it shows is no word of the gateway.
pub(super) async fn verified(
    party: &Party,
    message: B256,
    chain: &TrustedMain,
    from_city: Option<&Path>,
) -> Result<VerifiedMessage> {
    let file = retrying::until_answered(|| party.client.message_proof(message)).await?;
    let proof = MessageProof::from_json(&serde_json::to_vec(&file)?)?;
    let own = chain_of(&chain.genesis)?;
    let proven = if proof.is_between_cities() {
        let (sender, _) = proof.cities()?;
        let genesis = from_city.with_context(|| {
            format!(
                "the message is of the city with genesis {}: give the genesis file of its main chain (--from-city-genesis)",
                sender.genesis
            )
        })?;
        proof.verify_between(&chain_of(genesis)?, &own)?
    } else {
        proof.verify(&own)?
    };
    ensure!(proven.message == message, "the gateway shows the proof of another message");
    Ok(proven)
}

/// Whether it is of a message between two cities.
pub(in crate::commands) fn is_between_cities(file: &[u8]) -> bool {
    let file = serde_json::from_slice::<serde_json::Value>(file);
    file.is_ok_and(|file| file["deposit"]["statement"].is_string() && file["standing"].is_object())
}

pub(in crate::commands) fn verify(file: &[u8], chain: &TrustedChain, output: &Output) -> Result<ExitCode> {
    conclude(MessageProof::from_json(file).and_then(|proof| proof.verify(chain)), output)
}

/// A message between two cities, by the main chains of both among those that are trusted.
pub(in crate::commands) fn verify_between(file: &[u8], genesis: &Path, output: &Output) -> Result<ExitCode> {
    let chains = trusted_chains(genesis)?;
    let named = MessageProof::from_json(file).and_then(|proof| Ok((proof.cities()?, proof)));
    let ((sender, receiver), proof) = match named {
        Ok(named) => named,
        Err(failure) => return conclude(Err(failure), output),
    };
    let find = |city: City| {
        let found = chains.iter().find(|chain| chain.genesis_hash() == city.genesis);
        found.with_context(|| {
            format!(
                "cannot verify: the message goes between two cities, and {} holds no main chain with genesis {}",
                genesis.display(),
                city.genesis
            )
        })
    };
    conclude(proof.verify_between(find(sender)?, find(receiver)?), output)
}

fn conclude(verified: Result<VerifiedMessage, ProofFailure>, output: &Output) -> Result<ExitCode> {
    match verified {
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

const UNPROVEN: &str = "Not proven: that the keys were those of the organizations that they name. The keys have signed; whose they were at that time, the main chain shows.";
const UNPROVEN_RECEIVER: &str = "Not proven: that the receiver's key was its organization's. It has signed; whose it was at that time, the main chain of its city shows.";

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
    let cities = verified.sender_standing.map_or_else(String::new, |at| {
        format!("\nsender       was in force in its city at block {} ({} s since 1970)", at.block_number, at.time)
    });
    let unproven = if verified.sender_standing.is_some() { UNPROVEN_RECEIVER } else { UNPROVEN };
    format!(
        "GENUINE\nmessage      {}\nfrom         {} ({})\nto           {} ({})\nsent         {} s since 1970, in block {} (its time: {})\n{received}{cities}{warning}\nsealed hash  {}\nchecks       {}\n\n{unproven}",
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
            to_city: None,
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
            sender_standing: None,
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
