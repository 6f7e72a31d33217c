//! `chancery subscription` (U2S): queries that are kept, and what matches them as it comes.

mod events;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Result;
use chancery_client::{
    Client, Until,
    rest::types::subscriptions::{Subscribe, Subscription},
};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use self::events::Events;
use super::{connect, query};
use crate::{
    arguments::{Connection, SubscriptionCommand},
    output::{Output, shown},
};

/// After how long a city is asked again that did not let us wait, or does not answer.
const PAUSE: Duration = Duration::from_secs(2);
/// Longest that one stream is read: the gateway ends it after an hour.
const STREAM_TIME: Duration = Duration::from_secs(65 * 60);

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
        SubscriptionCommand::Follow { subscription, after, stream: true, .. } => {
            follow_stream(&client.with_timeout(STREAM_TIME), subscription, after, output).await?;
        }
        SubscriptionCommand::Follow { subscription, after, once, .. } => {
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

/// Prints for ever. A stream that ends, or is cut, is asked for again from where it was.
async fn follow_stream(
    client: &Client,
    subscription: alloy_primitives::B256,
    mut after: Option<String>,
    output: &Output,
) -> Result<()> {
    query::after(after.as_deref())?;
    loop {
        let asked = Instant::now();
        match client.subscription_events(subscription, after.as_deref()).await {
            Ok(mut bytes) => {
                let mut events = Events::default();
                while let Ok(Some(piece)) = bytes.try_next().await {
                    for event in events.take(&piece)? {
                        if let Some(data) = &event.data {
                            print(&serde_json::from_str(data)?, output);
                        }
                        after = event.id.or(after);
                    }
                }
            }
            Err(error) if error.is_waited_out() => eprintln!("{}", shown(&error)),
            Err(error) => return Err(error.into()),
        }
        if let Some(rest) = PAUSE.checked_sub(asked.elapsed()) {
            tokio::time::sleep(rest).await;
        }
    }
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
