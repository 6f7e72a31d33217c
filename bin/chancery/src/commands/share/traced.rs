//! `chancery share trace` (M-APP): a shared resource from its source on.

use std::process::ExitCode;

use anyhow::Result;
use chancery_sharing::directory::is_control;
use serde_json::Value;

use crate::{arguments::Connection, commands::connect, output::Output};

/// Members of an entry that are shown by themselves.
const SHOWN: [&str; 5] = ["time", "happened", "txHash", "blockNumber", "logIndex"];

pub(super) async fn show(resource: &str, mermaid: bool, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let found = connect(connection).await?.trace_resource(resource).await?;
    if mermaid {
        output.answer(&found.mermaid, &found.mermaid);
        return Ok(ExitCode::SUCCESS);
    }
    let entries = found.trace["entries"].as_array().cloned().unwrap_or_default();
    let mut lines: Vec<String> = entries.iter().map(describe).collect();
    if found.trace["cut"] == true {
        lines.insert(0, "There are more events than are read: older ones are missing.".to_owned());
    }
    output.answer(&found, lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

/// One line: when, in which block, what, and everything that is said of it.
fn describe(entry: &Value) -> String {
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let more: Vec<String> = entry
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| !SHOWN.contains(&name.as_str()))
        .map(|(name, value)| format!("{name} {}", word(value)))
        .collect();
    let time = entry["time"].as_i64().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    let time = time.map_or_else(|| word(&entry["time"]), |time| time.to_string());
    // Names of organizations are what strangers wrote.
    format!("{time}  block {}  {}  {}", entry["blockNumber"], word(&entry["happened"]), more.join(", "))
        .replace(is_control, "")
}
