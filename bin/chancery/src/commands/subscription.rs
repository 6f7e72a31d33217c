//! `chancery subscription` (U2S): queries that are kept, and what matches them as it comes.

use std::process::ExitCode;

use anyhow::Result;
use chancery_client::{
    Client, Until,
    rest::types::subscriptions::{Subscribe, Subscription},
};
use futures::StreamExt as _;
use serde_json::{Value, json};

use super::{connect, query};
use crate::{
    arguments::{Connection, SubscriptionCommand},
    output::{Output, shown},
};

pub(super) async fn run(command: SubscriptionCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let client = connect(connection).await?;
    match command {
        SubscriptionCommand::Create { which, name, days } => {
            let made = client.subscribe(&Subscribe { name, query: query::which(which)?, days }).await?;
            output.answer(&made, line(&made));
        }
        SubscriptionCommand::List => {
            let found = client.subscriptions().await?;
            let lines: Vec<String> = found.subscriptions.iter().map(line).collect();
            output.answer(&found, lines.join("\n"));
        }
        SubscriptionCommand::Follow { subscription, after, once } => {
            follow(&client, subscription, after, once, output).await?;
        }
        SubscriptionCommand::Delete { subscription } => {
            let ended = client.unsubscribe(subscription).await?;
            output.answer(&ended, line(&ended));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(subscription: &Subscription) -> String {
    let Subscription { id, name, start, expires_at, .. } = subscription;
    format!("{id}  {name}  from place {start}  until {expires_at}")
}

/// Prints until nothing more is there, or for ever. What does not answer for a while is asked again.
async fn follow(
    client: &Client,
    subscription: alloy_primitives::B256,
    after: Option<String>,
    once: bool,
    output: &Output,
) -> Result<()> {
    // Where it goes on is what the command line says; a wrong one is refused before anything is printed.
    query::after(after.as_deref())?;
    let mut delivered = client.follow(subscription, after, if once { Until::Caught } else { Until::Stopped });
    while let Some(delivered) = delivered.next().await {
        match delivered {
            Ok(delivered) => delivered.operations.iter().for_each(|operation| print(operation, output)),
            Err(error) if !once && error.is_waited_out() => eprintln!("{}", shown(&error)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// One line an operation, whole JSON or for people.
fn print(operation: &Value, output: &Output) {
    let cursor = format!("{}.{}", operation["at"]["place"], operation["at"]["index"]);
    if output.is_json() {
        println!("{}", json!({"cursor": cursor, "operation": operation}));
    } else {
        let text = |member: &str| operation[member].as_str().unwrap_or_default();
        // What a source has written is one line, whatever stands in it.
        let line = format!("{cursor}  {}  {}  {}", text("source"), text("format"), text("operation"));
        println!("{}", shown(line).replace('\n', " "));
    }
}
