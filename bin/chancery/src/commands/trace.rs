//! `chancery trace` (U2S): an asset's versions, sources and readers.

use std::process::ExitCode;

use anyhow::Result;
use chancery_client::rest::types::data::Asset;
use serde_json::Value;

use super::connect;
use crate::{
    arguments::{Connection, Trace},
    output::Output,
};

pub(super) async fn run(command: Trace, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let asset = Asset { organization: command.organization, format: command.format, subject: command.subject };
    let answer = connect(connection).await?.trace_data(&asset).await?;
    if command.mermaid {
        output.answer(&answer.mermaid, &answer.mermaid);
        return Ok(ExitCode::SUCCESS);
    }
    let items = |member: &str| answer.trace[member].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("the public").to_owned();
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
    lines.extend(
        items("accesses")
            .iter()
            .map(|one| format!("read at {}  by {}  {}", one["time"], text(&one["by"]), text(&one["service"]))),
    );
    let findings = items("findings");
    lines.extend(findings.iter().map(|finding| format!("FINDING: {}", text(finding))));
    output.answer(&answer, lines.join("\n"));
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(crate::output::FAILED) })
}
