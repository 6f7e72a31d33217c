//! `chancery message read` and `acknowledge`.

use std::{path::Path, process::ExitCode};

use alloy_primitives::{B256, Bytes};
use anyhow::{Context as _, Result, bail, ensure};
use chancery_client::rest::types::messages::StateReceipt;
use chancery_messages::{
    chain::{self, LookupError},
    envelope::{self, Content},
    members::RIGHT,
    proof::VerifiedMessage,
    statement::{Deposit, Stated, WithoutGenesis},
};
use serde_json::json;

use super::{deposit_of, files, printable, proof, retrying};
use crate::{
    arguments::{AcknowledgeMessage, ReadMessage, TrustedMain},
    commands::trust::chain_of,
    output::Output,
    party::{Party, now},
    share::{main_chain, now_s},
};

/// What may be done about a message that names no genesis.
const ONLY_IF_KNOWN: &str =
    "not without --accept-version-1, which is for whoever knows from elsewhere that it was sent here";

pub(super) async fn read(party: &Party, what: &ReadMessage, output: &Output) -> Result<ExitCode> {
    files::ensure_free(&what.out)?;
    let id = what.message;
    let progress = output.progress("opening");
    let (deposit, content) = open(party, id).await?;
    progress.set_message("verifying the deposit");
    let Vouched { proven, ended } =
        vouched(party, &deposit, &what.chain, what.sender.genesis.as_deref(), what.version_1.into()).await?;
    let from = deposit.statement.head.from;
    progress.finish_and_clear();
    files::write_new(&what.out, &content.bytes)?;
    let answer = json!({
        "message": id, "from": from, "to": deposit.statement.head.to, "inReplyTo": deposit.statement.head.in_reply_to,
        "sent": deposit.statement.head.sent, "subject": content.subject, "type": content.media_type,
        "file": what.out, "bytes": content.bytes.len(), "deposited": proven.deposited,
        "senderInForce": in_force(&proven, ended), "senderStanding": proven.sender_standing, "acknowledged": proven.acknowledged,
        "genesisSigned": proven.genesis_signed, "warning": proven.warning,
    });
    let warning = warnings(&proven, ended);
    let text = format!(
        "from    {} ({})\nsubject {}\ntype    {}\nfile    {} ({} bytes)\ndeposit block {}, at {} s since 1970{warning}",
        from.organization,
        from.address,
        printable(&content.subject),
        printable(&content.media_type),
        what.out.display(),
        content.bytes.len(),
        proven.deposited.block_number,
        proven.deposited.time
    );
    output.answer(&answer, text);
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn acknowledge(party: &Party, what: &AcknowledgeMessage, output: &Output) -> Result<ExitCode> {
    let (id, chain, sender) = (what.message, &what.chain, what.sender.genesis.as_deref());
    let without_genesis = WithoutGenesis::from(what.version_1);
    let progress = output.progress("opening");
    // Who says that it has received a message can read it.
    let (deposit, _) = open(party, id).await?;
    let head = &deposit.statement.head;
    if head.to.address != party.address() {
        bail!("message {id} is for {}, and a message is acknowledged by its receiver", head.to.address);
    }
    progress.set_message("verifying the deposit");
    let Vouched { proven, ended } = vouched(party, &deposit, chain, sender, without_genesis).await?;
    let stated = Stated::of(&deposit, chain_of(&chain.genesis)?.genesis_hash(), now(), without_genesis)?;
    let signature = Bytes::from(party.keys.sign_digest(stated.digest()).await?.to_vec());
    let request = StateReceipt { statement: stated.text, signature: signature.into() };
    progress.set_message("waiting until the acknowledgement is final");
    let state = retrying::until_answered(|| party.client.acknowledge_message(id, &request)).await?;
    ensure!(deposit_of(&state)? == deposit, "the gateway answered for another message, {}", state.message);
    progress.set_message("verifying the acknowledgement");
    let recorded = proof::verified(party, id, chain, sender).await?.acknowledged;
    let recorded = recorded.context("the gateway shows no proof of the acknowledgement")?;
    progress.finish_and_clear();
    let text = format!(
        "message {id} is acknowledged: transaction {}, block {}{}",
        recorded.tx_hash,
        recorded.block_number,
        warnings(&proven, ended)
    );
    let answer = json!({
        "message": id, "senderInForce": in_force(&proven, ended), "acknowledgement": recorded,
        "genesisSigned": proven.genesis_signed, "warning": proven.warning,
    });
    output.answer(&answer, text);
    Ok(ExitCode::SUCCESS)
}

/// What the chain says of a message, and of who has sent it.
struct Vouched {
    proven: VerifiedMessage,
    /// Why the sender's key counts no longer.
    ended: Option<&'static str>,
}

/// That it was deposited, and when, the proof shows to whoever trusts the genesis alone; that the key is or was the organization's, the chain. What a stranger signed in an
/// organization's name goes no further, nor what was signed for any chain with this id (MSG-1).
async fn vouched(
    party: &Party,
    deposit: &Stated<Deposit>,
    chain: &TrustedMain,
    from_city: Option<&Path>,
    without_genesis: WithoutGenesis,
) -> Result<Vouched> {
    deposit.ensure_names_genesis(without_genesis).context(ONLY_IF_KNOWN)?;
    let proven = proof::verified(party, deposit.id(), chain, from_city).await?;
    if proven.sender_standing.is_some() {
        // The own chain knows nothing of organizations of other cities; the sender's own has shown it when the message was delivered.
        return Ok(Vouched { proven, ended: None });
    }
    let main = main_chain(chain, party).await?;
    match chain::member(&main, deposit.statement.head.from, RIGHT, now_s()).await {
        Ok(_) => Ok(Vouched { proven, ended: None }),
        Err(LookupError::NotAMember { why, .. }) => Ok(Vouched { proven, ended: Some(why) }),
        Err(error) => Err(error.into()),
    }
}

/// Whether the sender's key counts now; of a sender of another city that is not known, only how it stood when the message was delivered.
fn in_force(proven: &VerifiedMessage, ended: Option<&str>) -> Option<bool> {
    proven.sender_standing.is_none().then_some(ended.is_none())
}

/// What is to be known before the message is relied on, in lines of the text.
fn warnings(proven: &VerifiedMessage, ended: Option<&str>) -> String {
    let ended = ended.map(|why| format!("\nbut     the sender's key counts no longer: {why}"));
    let named = proven.warning.map(|what| format!("\nbut     it {what}"));
    let standing = proven.sender_standing.map(|at| {
        format!(
            "\nsender  of another city, where its key counted at block {}, {} s since 1970",
            at.block_number, at.time
        )
    });
    standing.into_iter().chain(named).chain(ended).collect()
}

/// A message, checked against what its sender has signed, and opened.
async fn open(party: &Party, id: B256) -> Result<(Stated<Deposit>, Content)> {
    let message = party.client.message(id).await?;
    ensure!(message.state.message.0 == id, "the gateway answered with another message");
    let deposit = deposit_of(&message.state)?;
    let envelope = message
        .envelope
        .with_context(|| format!("message {id} was acknowledged long ago: the gateway keeps its statements alone"))?;
    let statement = deposit.statement.clone();
    let content = party.keys.opening(move |key| envelope::open(&envelope, &statement, key)).await??;
    Ok((deposit, content))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_messages::chain::StandingAt;
    use chancery_primitives::UnixSeconds;
    use clap::Parser;

    use super::*;
    use crate::{arguments::MessageCommand, commands::message::proof::tests::verified};

    #[derive(Parser)]
    struct CommandLine {
        #[command(subcommand)]
        command: MessageCommand,
    }

    fn given(arguments: &[&str]) -> WithoutGenesis {
        let message = B256::ZERO.to_string();
        let line = [&["message", arguments[0], &message, "--genesis", "main.json"], &arguments[1..]].concat();
        match CommandLine::try_parse_from(line).unwrap().command {
            MessageCommand::Read(what) => what.version_1.into(),
            MessageCommand::Acknowledge(what) => what.version_1.into(),
            _ => panic!("another command"),
        }
    }

    // MSG-1: what names no genesis is refused unless it is asked for.
    #[test]
    fn version_1_is_refused_unless_it_is_asked_for() {
        for command in [&["read", "--out", "f"][..], &["acknowledge"]] {
            assert_eq!(given(command), WithoutGenesis::Refused);
            assert_eq!(given(&[command, &["--accept-version-1"]].concat()), WithoutGenesis::Accepted);
        }
    }

    // MSG-13, MSG-15: nobody has asked another city about now.
    #[test]
    fn whether_a_key_of_another_city_counts_now_is_not_known() {
        let within = verified(true);
        assert_eq!((in_force(&within, None), in_force(&within, Some("it was revoked"))), (Some(true), Some(false)));
        let at = StandingAt { block_number: 6, block_hash: B256::ZERO, time: UnixSeconds(1) };
        let between = VerifiedMessage { sender_standing: Some(at), ..verified(true) };
        assert_eq!(in_force(&between, None), None);
        assert!(json!({ "senderInForce": in_force(&between, None) })["senderInForce"].is_null());
    }

    // MSG-1
    #[test]
    fn a_message_that_names_no_genesis_is_shown_with_a_warning() {
        assert_eq!(warnings(&verified(true), None), "");
        assert!(warnings(&verified(false), Some("it was revoked")).contains("names no genesis"));
        assert!(warnings(&verified(true), Some("it was revoked")).contains("it was revoked"));
    }
}
