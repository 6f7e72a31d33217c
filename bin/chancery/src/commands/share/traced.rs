//! `chancery share trace` (M-APP): a shared resource from its source on.

use std::process::ExitCode;

use alloy_primitives::Address;
use anyhow::{Context as _, Result};
use chancery_client::PageQuery;
use chancery_sharing::directory::{ProvenAccesses, TracedAccess, is_control};
use serde_json::Value;

use crate::{
    arguments::{Connection, TraceShared},
    commands::connect,
    output::Output,
};

/// Members of an entry that are shown by themselves.
const SHOWN: [&str; 5] = ["time", "happened", "txHash", "blockNumber", "logIndex"];

pub(super) async fn show(which: TraceShared, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let page = PageQuery { limit: which.limit, cursor: which.cursor };
    let found = connect(connection).await?.trace_resource(&which.resource, &page).await?;
    if which.mermaid {
        output.answer(&found.mermaid, &found.mermaid);
        return Ok(ExitCode::SUCCESS);
    }
    let items = |member: &str| found.trace[member].as_array().cloned().unwrap_or_default();
    let mut lines: Vec<String> = items("entries").iter().map(describe).collect();
    lines.extend(items("accesses").iter().map(came));
    let proven = proven(&found.trace)?;
    lines.extend(shown(proven));
    if found.trace["cut"] == true {
        lines.insert(0, "There are more events than are read: some are missing.".to_owned());
    }
    if let Some(cursor) = found.trace["nextCursor"].as_str() {
        lines.push(format!("Older ones: --cursor {}", cursor.replace(is_control, "")));
    }
    output.answer(&found, lines.join("\n"));
    Ok(if proven.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::from(crate::output::FAILED) })
}

/// Whether who came is what the owners have signed: whoever shows it is not believed.
fn proven(trace: &Value) -> Result<ProvenAccesses> {
    // Gateways of before show none.
    let Some(accesses) = trace.get("accesses") else { return Ok(ProvenAccesses::default()) };
    let other = "the gateway shows who came in a form that this version does not know";
    let asset: Address = serde_json::from_value(trace["asset"].clone()).context(other)?;
    let accesses: Vec<TracedAccess> = serde_json::from_value(accesses.clone()).context(other)?;
    Ok(ProvenAccesses::of(asset, &accesses))
}

fn shown(ProvenAccesses { signed, unproven, wrong }: ProvenAccesses) -> Option<String> {
    Some(match (signed, unproven, wrong) {
        (0, 0, 0) => return None,
        (_, 0, 0) => format!("{signed} fetches and refusals, each signed by the owner that tells it."),
        (_, _, 0) => format!(
            "{signed} fetches and refusals, each signed by the owner that tells it; of {unproven} more the signed line is not shown here."
        ),
        _ => format!(
            "FINDING: {wrong} fetches and refusals are NOT what the owner has signed that is said to tell them."
        ),
    })
}

/// One line: when, who, for what, by which request; as the owner tells it.
fn came(access: &Value) -> String {
    let what = word(&access["fetched"]);
    let outcome = match access["refused"].as_str() {
        Some(why) => format!("refused ({why}): {what}"),
        None => format!("fetched {what} of version {}", access["version"]),
    };
    let unnoted = access["unnoted"].as_u64().map(|more| format!(", {more} refusals before it have no line"));
    let (reader, request, owner) = (word(&access["reader"]), &access["request"], word(&access["owner"]));
    format!(
        "{}  {reader}  {outcome}, request {request}{}; line {} of the journal of {owner}",
        time(access),
        unnoted.unwrap_or_default(),
        access["number"]
    )
    .replace(is_control, "")
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn time(entry: &Value) -> String {
    let time = entry["time"].as_i64().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map_or_else(|| word(&entry["time"]), |time| time.to_string())
}

/// One line: when, in which block, what, and everything that is said of it.
fn describe(entry: &Value) -> String {
    let more: Vec<String> = entry
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| !SHOWN.contains(&name.as_str()))
        .map(|(name, value)| format!("{name} {}", word(value)))
        .collect();
    // Names of organizations are what strangers wrote.
    format!("{}  block {}  {}  {}", time(entry), entry["blockNumber"], word(&entry["happened"]), more.join(", "))
        .replace(is_control, "")
}
