//! `chancery doctor`: why a chain stands still, why a node or a city over nodes elsewhere does not start, or why requests of an alliance do not go on.

mod chains;
mod files;

use std::{
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Result, bail};
use chancery_chain::{Severity, Silence, diagnose};
use chancery_rpc::NodeStatus;
use serde_json::json;

use crate::{alliance, arguments::Doctor, node_rpc::ask, output::Output};

/// The chain goes on, but somebody should see to something.
const NEEDS_ATTENTION: u8 = 3;
/// The chain stands still, or this node does not follow it, or cannot start.
pub(super) const SICK: u8 = 4;

pub(super) async fn run(command: Doctor, output: &Output) -> Result<ExitCode> {
    if command.relay.is_some() || !command.endorser.is_empty() || !command.database.is_empty() {
        return Box::pin(alliance::examine(&command, output)).await;
    }
    if let Some(file) = &command.chains {
        return Box::pin(chains::examine(file, output)).await;
    }
    match (&command.rpc, &command.config, &command.data_dir) {
        (Some(rpc), ..) => examine(rpc, output).await,
        (None, Some(config), _) => files::examine_node(config, output),
        (None, None, Some(data_dir)) => files::examine_directory(data_dir, command.genesis.as_deref(), output),
        (None, None, None) => {
            bail!(
                "say what to look at: --rpc URL of a node that runs, --config node.toml of one that does not start, --chains chains.toml of a city over nodes elsewhere, or of an alliance --relay, --endorser and --database with their files"
            )
        }
    }
}

async fn examine(url: &str, output: &Output) -> Result<ExitCode> {
    let status: NodeStatus = match ask(url, "chancery_status").await {
        Ok(status) => status,
        Err(error) => {
            let said = format!("{error:#}");
            output.answer(&json!({ "severity": Severity::Sick, "findings": [{ "text": said }] }), &said);
            return Ok(ExitCode::from(SICK));
        }
    };
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|since| since.as_millis().try_into().ok());
    let diagnosis = diagnose(&status, now_ms);
    let mut text = if diagnosis.findings.is_empty() { "Nothing is wrong.".to_owned() } else { String::new() };
    let mut findings = Vec::new();
    for finding in &diagnosis.findings {
        text.push_str(&format!("- {finding}\n"));
        finding.silent().iter().for_each(|silence| text.push_str(&format!("    {}\n", since(silence, status.now_ms))));
        let mut value = serde_json::to_value(finding)?;
        value["text"] = json!(finding.to_string());
        findings.push(value);
    }
    let answer = json!({ "severity": diagnosis.severity(), "findings": findings, "status": status });
    output.answer(&answer, format!("{}\n\n{}", summary(&status), text.trim_end()));
    Ok(match diagnosis.severity() {
        None => ExitCode::SUCCESS,
        Some(Severity::Attention) => ExitCode::from(NEEDS_ATTENTION),
        Some(Severity::Sick) => ExitCode::from(SICK),
    })
}

fn since(silence: &Silence, now_ms: u64) -> String {
    let when = match silence.since_ms {
        Some(since_ms) => {
            let at = i64::try_from(since_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
            let at = at.map_or_else(String::new, |at| format!(" ({at:.0})"));
            format!("last heard {} s ago{at}", now_ms.saturating_sub(since_ms) / 1000)
        }
        None => "not heard since this node started".to_owned(),
    };
    let connection = if silence.is_connected { "connected" } else { "not connected" };
    let side = match (silence.heard_by.as_slice(), silence.side_since_ms) {
        ([], Some(at_ms)) if Some(at_ms) > silence.since_ms => {
            format!(", not heard by anybody on this side for {} s", now_ms.saturating_sub(at_ms) / 1000)
        }
        ([], _) => String::new(),
        (by, _) => format!(", but heard by {}", by.join(", ")),
    };
    format!("{}: {when}, {connection}{side}", silence.organization)
}

fn summary(status: &NodeStatus) -> String {
    let role = if status.is_validator { "validator" } else { "follower" };
    let heard = status.validators.iter().filter(|validator| validator.is_me || validator.connected_since_ms.is_some());
    format!(
        "chain {} ({}), {role}: block {}, epoch {}, view {}, {} of {} validators connected, {} transactions wait",
        status.chain,
        status.chain_id,
        status.head.height,
        status.epoch,
        status.view,
        heard.count(),
        status.validators.len(),
        status.waiting_transactions
    )
}
