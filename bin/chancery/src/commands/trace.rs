//! `chancery trace` and `chancery certificate trace` (U2S): what an asset is, whose, who may do what with it, and who did.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use chancery_client::rest::types::data::Asset;
use serde_json::Value;

use super::{connect, query::place};
use crate::{
    arguments::{Connection, Trace},
    output::Output,
};

pub(super) async fn run(command: Trace, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let before = command.before.as_deref().map(|text| place(text).context("--before")).transpose()?;
    let asset = Asset { organization: command.organization, format: command.format, subject: command.subject, before };
    let answer = connect(connection).await?.trace_data(&asset).await?;
    if command.mermaid {
        output.answer(&answer.mermaid, &answer.mermaid);
        return Ok(ExitCode::SUCCESS);
    }
    let items = |member: &str| items(&answer.trace[member]);
    let mut lines: Vec<String> = items("versions")
        .iter()
        .map(|one| {
            let operation = &one["operation"];
            let (at, source) = (&operation["at"], text(&operation["source"]));
            format!(
                "version {}  place {}.{}  by {source}  {}",
                one["version"],
                at["place"],
                at["index"],
                text(&operation["operation"])
            )
        })
        .collect();
    lines.extend(rights_and_transfers(&answer.trace));
    lines.extend(
        items("accesses")
            .iter()
            .map(|one| format!("read at {}  by {}  {}", one["time"], text(&one["by"]), text(&one["service"]))),
    );
    if answer.trace["cut"] == true {
        lines.push("There are older readings than these.".to_owned());
    }
    let older = &answer.trace["older"];
    if older.is_object() {
        lines.push(format!("Older versions: --before {}.{}", older["place"], older["index"]));
    }
    let findings = items("findings");
    lines.extend(findings.iter().map(|finding| format!("FINDING: {}", text(finding))));
    output.answer(&answer, lines.join("\n"));
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(crate::output::FAILED) })
}

/// A certificate's trace, line by line.
pub(super) fn certificate(trace: &Value) -> String {
    let certificate = &trace["certificate"];
    let mut lines = vec![
        format!(
            "issued {}  by organization {}, key {}",
            text(&certificate["issuedAt"]),
            text(&certificate["organization"]),
            text(&certificate["issuerKey"])
        ),
        format!("owner {}  status {}", text(&certificate["holder"]), text(&certificate["status"])),
    ];
    let line = |one: &Value, relation: &str| {
        format!(
            "{relation} {}  issued {}  status {}",
            text(&one["certificateId"]),
            text(&one["issuedAt"]),
            text(&one["status"])
        )
    };
    lines.extend(items(&trace["before"]).iter().map(|one| line(one, "renews")));
    lines.extend(items(&trace["after"]).iter().map(|one| line(one, "renewed by")));
    lines.extend(rights_and_transfers(trace));
    lines.extend(items(&trace["accesses"]).iter().map(|one| {
        let (at, by, outcome) = (text(&one["inspectedAt"]), text(&one["inspector"]), text(&one["outcome"]));
        format!("inspected {at}  by {by} of {}  {outcome}", text(&one["inspectingOrganization"]))
    }));
    if trace["cut"] == true {
        lines.push("There is more than is shown.".to_owned());
    }
    lines.join("\n")
}

fn rights_and_transfers(trace: &Value) -> Vec<String> {
    let mut lines: Vec<String> = items(&trace["rights"])
        .iter()
        .map(|right| {
            let by = &right["by"];
            let who = match text(&by["who"]).as_str() {
                "roles" => items(&by["roles"]).iter().map(text).collect::<Vec<_>>().join(", "),
                "organization" => format!("organization {}", text(&by["organization"])),
                "address" => text(&by["address"]),
                who => who.to_owned(),
            };
            let of = right["access"].as_str().map(|access| format!(" {access} versions")).unwrap_or_default();
            format!("may {}{of}  {who}  ({})", text(&right["act"]), text(&right["rule"]))
        })
        .collect();
    let transfers = &trace["transfers"];
    lines.extend(items(&transfers["path"]).iter().map(|one| {
        let name = |member: &str| one[member].as_str().unwrap_or("nobody").to_owned();
        format!(
            "hands of {} at {}  from {} to {}  {}",
            text(&one["of"]),
            one["at"],
            name("from"),
            name("to"),
            text(&one["how"])
        )
    }));
    let may = if transfers["transferable"] == true { "can have another owner" } else { "never has another owner" };
    lines.push(format!("{may}  ({}: {})", text(&transfers["rule"]), text(&transfers["reason"])));
    lines
}

fn items(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("the public").to_owned()
}
