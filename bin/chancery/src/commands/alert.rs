//! `chancery alert` (O2C): who is told when something is not as it should be.

use std::process::ExitCode;

use anyhow::Result;
use chancery_client::rest::types::alerts::{AddAlertReceiver, AlertReceiver, TestAlertReceiver};

use super::connect;
use crate::{
    arguments::{AlertCommand, Connection, ReceiversCommand},
    output::{FAILED, Output},
};

pub(super) async fn run(command: AlertCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let client = connect(connection).await?;
    match command {
        AlertCommand::Receivers(ReceiversCommand::Add { url, allow_private, check }) => {
            let added = client.add_alert_receiver(&AddAlertReceiver { url, allow_private }, check).await?;
            let text = match &added.secret {
                Some(secret) => format!(
                    "{} is told of alerts, as {}.\nThe secret of the signatures (Standard Webhooks), shown this once: {secret}",
                    added.receiver.url, added.receiver.id
                ),
                None => format!("{} could be added.", added.receiver.url),
            };
            output.answer(&added, text);
        }
        AlertCommand::Receivers(ReceiversCommand::List) => {
            let found = client.alert_receivers().await?;
            let lines: Vec<String> = found.receivers.iter().map(line).collect();
            let text = if lines.is_empty() { "Nobody is told of alerts.".to_owned() } else { lines.join("\n") };
            output.answer(&found, text);
        }
        AlertCommand::Receivers(ReceiversCommand::Remove { receiver, check }) => {
            let removed = client.remove_alert_receiver(&receiver, check).await?;
            let what = if check { "would be told" } else { "is told" };
            output.answer(&removed, format!("{} {what} of nothing more.", removed.url));
        }
        AlertCommand::Test { receiver, note } => {
            let tested = client.test_alert_receiver(&receiver, &TestAlertReceiver { note }).await?;
            output.answer(&tested, tested.detail.clone());
            if !tested.delivered {
                return Ok(ExitCode::from(FAILED));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(receiver: &AlertReceiver) -> String {
    let trouble = receiver.trouble.as_ref().map(|trouble| format!("; not taken: {trouble}")).unwrap_or_default();
    format!("{} {} ({} wait{trouble})", receiver.id, receiver.url, receiver.waiting)
}
