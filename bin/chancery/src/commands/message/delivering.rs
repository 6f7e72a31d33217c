//! `chancery message deliver`, and the last step of `send` to another city: the sender carries what its own city has recorded to the receiver's.

use std::process::ExitCode;

use alloy_primitives::B256;
use anyhow::{Context as _, Result, ensure};
use chancery_client::rest::types::messages::DeliverMessage;
use chancery_messages::{chain, members::RIGHT, proof::MessageProof};
use serde_json::json;

use super::{deposit_of, proof, retrying};
use crate::{
    arguments::TrustedMain,
    output::Output,
    party::Party,
    share::{main_chain, now_s},
};

pub(super) async fn run(
    party: &Party,
    other: &Party,
    id: B256,
    chain: &TrustedMain,
    output: &Output,
) -> Result<ExitCode> {
    let progress = output.progress("delivering");
    deliver(party, other, id, chain).await?;
    progress.finish_and_clear();
    output.answer(&json!({"message": id, "delivered": true}), format!("message {id} is delivered"));
    Ok(ExitCode::SUCCESS)
}

/// Delivers a message that the own city has recorded, with the proof of the own standing there. The same message again is the same.
pub(super) async fn deliver(party: &Party, other: &Party, id: B256, chain: &TrustedMain) -> Result<()> {
    let message = party.client.message(id).await?;
    let deposit = deposit_of(&message.state)?;
    ensure!(deposit.id() == id, "the gateway answered with another message");
    let head = &deposit.statement.head;
    ensure!(head.to_city.is_some(), "message {id} is for an organization of your own city, where it is already");
    let envelope = message
        .envelope
        .with_context(|| format!("message {id} was sent long ago: your city keeps it no longer, send it anew"))?;
    // What the other city refuses is refused here first, and with a better word.
    let recorded = proof::verified(party, id, chain, None).await?.deposited;
    let file = MessageProof::from_json(&serde_json::to_vec(&party.client.message_proof(id).await?)?)?;
    let main = main_chain(chain, party).await?;
    let standing = chain::standing(&main, head.from, RIGHT, recorded.block_number, now_s()).await?;
    let proof = serde_json::to_value(MessageProof::between(file.deposit, standing))?;
    let request = DeliverMessage { proof, envelope };
    let state = retrying::until_answered(|| other.client.deliver_message(&request)).await?;
    ensure!(deposit_of(&state)? == deposit, "the receiver's gateway answered for another message, {}", state.message);
    Ok(())
}
