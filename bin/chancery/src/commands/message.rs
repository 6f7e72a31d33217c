//! `chancery message` (S-NET): what an organization does with sealed messages. Keys and plain text stay in this process.

mod delivering;
pub(super) mod files;
mod proof;
mod receiving;
mod retrying;
mod sending;

use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use chancery_client::{
    PageQuery,
    rest::types::messages::{MessageBox, MessageState},
};
use chancery_messages::{
    chain,
    statement::{Acknowledgement, Deposit, Stated},
};
use chancery_sharing::directory::is_control;
use serde_json::json;

pub(super) use proof::{is_between_cities, verify, verify_between};

use crate::{
    arguments::{Connection, MessageCommand, TrustedMain},
    keys,
    output::Output,
    party::Party,
    share::{main_chain, submitter},
};

const SECONDS_OF_A_DAY: u64 = 24 * 60 * 60;

pub(super) async fn run(command: MessageCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    match command {
        MessageCommand::PublishKey { days, chain } => publish_key(&party, days, &chain, output).await,
        MessageCommand::Send(what) => Box::pin(sending::run(&party, connection, &what, output)).await,
        MessageCommand::Deliver { message, to, chain } => {
            let other = other_city(&party, connection, &to.url).await?;
            Box::pin(delivering::run(&party, &other, message, &chain, output)).await
        }
        MessageCommand::Inbox { sent, limit, cursor } => {
            let which = if sent { MessageBox::Sent } else { MessageBox::Received };
            list(&party, which, &PageQuery { limit, cursor }, output).await
        }
        MessageCommand::Read(what) => receiving::read(&party, &what, output).await,
        MessageCommand::Acknowledge(what) => receiving::acknowledge(&party, &what, output).await,
        MessageCommand::Receipt { message, out, in_city: None } => {
            proof::fetch(&party, proof::Kept::Here, message, &out, output).await
        }
        MessageCommand::Receipt { message, out, in_city: Some(url) } => {
            let other = other_city(&party, connection, &url).await?;
            proof::fetch(&other, proof::Kept::Delivered, message, &out, output).await
        }
    }
}

/// The same keys in another city.
async fn other_city(party: &Party, connection: &Connection, url: &str) -> Result<Party> {
    let connection = Connection { url: url.to_owned(), ..connection.clone() };
    let city = Party::connect(connection.client()?, party.keys.clone()).await;
    city.with_context(|| format!("the city at {} cannot be reached", printable(url)))
}

async fn publish_key(party: &Party, days: u64, trusted: &TrustedMain, output: &Output) -> Result<ExitCode> {
    let main = main_chain(trusted, party).await?;
    let key = party.keys.encryption_public_key()?;
    let progress = output.progress("waiting until the key is final");
    let published = chain::publish(&main, &submitter(&party.keys), &key, days.saturating_mul(SECONDS_OF_A_DAY)).await?;
    progress.finish_and_clear();
    let answer = json!({
        "address": party.address(), "thumbprint": key.thumbprint(), "days": days,
        "txHash": published.tx_hash, "blockNumber": published.block.number,
    });
    let text = if days == 0 {
        format!("the key {} of {} is published no more", key.thumbprint(), party.address())
    } else {
        format!("the key {} of {} holds for {days} days", key.thumbprint(), party.address())
    };
    output.answer(&answer, text);
    Ok(ExitCode::SUCCESS)
}

async fn list(party: &Party, which: MessageBox, page: &PageQuery, output: &Output) -> Result<ExitCode> {
    let found = party.client.messages(which, page).await?;
    let mut lines = found.items.iter().map(describe).collect::<Result<Vec<String>>>()?;
    if lines.is_empty() {
        lines.push("No messages.".to_owned());
    }
    lines.extend(found.next_cursor.as_ref().map(|cursor| format!("More: --cursor {cursor}")));
    output.answer(&found, lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

fn describe(state: &MessageState) -> Result<String> {
    let deposit = deposit_of(state)?;
    let head = &deposit.statement.head;
    let warning = if head.genesis.is_some() { "" } else { "  names no genesis" };
    let standing = if state.acknowledgement.is_some() { "acknowledged" } else { "waiting" };
    let city = head.to_city.map_or_else(String::new, |to| match head.genesis {
        Some(from) => format!("  from city {from} to city {}", to.genesis),
        None => String::new(),
    });
    Ok(format!(
        "{}  {} -> {}  {} bytes sealed  {standing}{warning}{city}",
        state.message, head.from.organization, head.to.organization, state.sealed_bytes
    ))
}

/// What the sender has signed, and its receiver, checked: the gateway's word counts for nothing.
fn deposit_of(state: &MessageState) -> Result<Stated<Deposit>> {
    let deposit = Stated::<Deposit>::read(&state.deposit.statement)?;
    ensure!(deposit.id() == state.message.0, "the gateway shows a deposit that is not of message {}", state.message);
    deposit.verify(&state.deposit.signature.0)?;
    if let Some(shown) = &state.acknowledgement {
        let said = Stated::<Acknowledgement>::read(&shown.statement)?;
        said.check_of(&deposit)?;
        said.verify(&shown.signature.0)?;
    }
    Ok(deposit)
}

/// What strangers wrote, without what would act on a terminal.
fn printable(text: &str) -> String {
    text.replace(is_control, "")
}
