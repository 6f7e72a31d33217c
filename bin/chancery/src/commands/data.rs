//! `chancery data open` (U2S, DATA-11): what is sealed opens here, with the reader's key; nobody else learns its content.

use std::{path::PathBuf, process::ExitCode};

use alloy_primitives::B256;
use anyhow::{Context as _, Result, ensure};
use chancery_client::{
    Client,
    rest::types::data::{OperationPlace, SearchData},
};
use chancery_data::{Operation, proof::OperationProof, sealed::Context};
use chancery_messages::contents;
use chancery_reference_points::data_format::FormatId;
use chancery_representation::ContentSchema;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{message::files, query, submit};
use crate::{
    arguments::{Connection, DataCommand},
    keys,
    output::Output,
    party::Party,
};

pub(super) async fn run(command: DataCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let DataCommand::Open { at, out, unproven } = command;
    if let Some(out) = &out {
        files::ensure_free(out)?;
    }
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let (at, chain_id) = (query::place(&at)?, party.city.main_chain_id()?);
    let found = find(&party.client, at).await?;
    let (context, content) =
        if unproven { sealed(&found, chain_id)? } else { signed(&party.client, &found, at, chain_id).await? };
    let bound = context.clone();
    let opened = party.keys.opening(move |key| contents::open(&content, &bound, key)).await??;
    let follows = follows(&party.client, &context, &opened).await?;
    show((&found, &context, unproven), &opened, follows, out, output)
}

/// The operation at a place, as far as the asker may read it.
async fn find(client: &Client, at: OperationPlace) -> Result<Value> {
    let before = match at {
        OperationPlace { place: 0, index: 0 } => None,
        OperationPlace { place, index: 0 } => Some(OperationPlace { place: place - 1, index: u32::MAX }),
        OperationPlace { place, index } => Some(OperationPlace { place, index: index - 1 }),
    };
    let query = SearchData { ascending: true, limit: Some(1), after: before, ..SearchData::default() };
    let page = client.search_data(&query).await?;
    let is_asked_for = |one: &Value| {
        let (place, index) = (one["at"]["place"].as_u64(), one["at"]["index"].as_u64());
        place == Some(at.place) && index == Some(at.index.into())
    };
    let found = page.operations.into_iter().find(is_asked_for);
    found.with_context(|| format!("there is no operation that you may read at {}.{}", at.place, at.index))
}

/// What it is sealed for, and the sealed content, as the source has signed both: whoever knows the reader's public key can seal something in the source's name, so the
/// gateway's word says nothing of who did.
async fn signed(client: &Client, found: &Value, at: OperationPlace, chain_id: u64) -> Result<(Context, String)> {
    let digest: Option<B256> = found["digest"].as_str().and_then(|digest| digest.parse().ok());
    let digest = digest.context("the gateway names no digest of the submission")?;
    let proof = submit::proof(client, (at.place, at.index), digest).await?;
    let proof = OperationProof::from_json(&serde_json::to_vec(&proof)?)?;
    let statement = proof.signed(chain_id).context(
        "it is not shown that the source has sealed this; --unproven opens it all the same, also where an operator has replaced a lost key of the source",
    )?;
    Ok((Context::of(&statement), content_of(&proof.operation)?))
}

fn content_of(operation: &str) -> Result<String> {
    let operation = Operation::parse(operation.as_bytes())?;
    let content = operation.content.context("the operation has no content: its data stay at their owner")?;
    Ok(content.get().to_owned())
}

/// The same as the gateway says.
fn sealed(found: &Value, chain_id: u64) -> Result<(Context, String)> {
    let text = |member: &str| found[member].as_str().with_context(|| format!("the gateway names no {member}"));
    let version = found["formatVersion"].as_u64().and_then(|version| u32::try_from(version).ok());
    let context = Context {
        chain_id,
        format: text("format")?.to_owned(),
        format_version: version.context("the gateway names no version of the format")?,
        source: text("source")?.to_lowercase(),
    };
    Ok((context, content_of(text("operation")?)?))
}

/// Whether what was sealed is of its format: nobody else could check it. `None` when another version is in force by now.
async fn follows(client: &Client, context: &Context, content: &[u8]) -> Result<Option<bool>> {
    let format = client.format(&context.format).await?;
    if format.version != context.format_version {
        return Ok(None);
    }
    let schema = ContentSchema::compile(&FormatId(format.format), &format.schema)?;
    Ok(Some(serde_json::from_slice(content).is_ok_and(|content: Value| schema.check(&content).is_ok())))
}

fn show(
    (found, context, unproven): (&Value, &Context, bool),
    opened: &Zeroizing<Vec<u8>>,
    follows: Option<bool>,
    out: Option<PathBuf>,
    output: &Output,
) -> Result<ExitCode> {
    let text = std::str::from_utf8(opened).context("what the source has sealed is no text")?;
    let judged = match follows {
        Some(true) => "it follows its format",
        Some(false) => "IT DOES NOT FOLLOW ITS FORMAT",
        None => "another version of its format is in force: it was not checked",
    };
    let signed = if unproven { "WHO SEALED IT IS NOT SHOWN" } else { "the source has signed it" };
    let mut answer = json!({
        "at": found["at"], "source": context.source, "organization": found["organization"], "format": context.format,
        "formatVersion": context.format_version, "right": found["right"], "followsFormat": follows, "signedBySource": !unproven,
    });
    let shown = match out {
        Some(out) => {
            files::write_new(&out, opened)?;
            answer["file"] = json!(out);
            format!("{}: {} bytes; {signed}; {judged}", out.display(), opened.len())
        }
        None => {
            answer["content"] = serde_json::from_str(text).context("what the source has sealed is no JSON")?;
            format!("{}\n{signed}\n{judged}", inert(&answer["content"].to_string()))
        }
    };
    output.answer(&answer, shown);
    ensure!(follows != Some(false), "the content does not follow its format");
    Ok(ExitCode::SUCCESS)
}

/// Text of JSON in which nothing acts on a terminal or turns the direction of what follows: JSON escapes less than that.
fn inert(text: &str) -> String {
    let acts = |each: char| {
        each.is_control()
            || matches!(each, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|each| if acts(each) { format!("\\u{:04x}", u32::from(each)) } else { each.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // DATA-11
    #[test]
    fn nothing_that_a_source_has_sealed_acts_on_a_terminal() {
        let shown = inert(&json!({"a": "\u{1b}[2J\u{9b}2J \u{202e}b\u{2066} 检查"}).to_string());
        assert_eq!(shown, r#"{"a":"\u001b[2J\u009b2J \u202eb\u2066 检查"}"#);
        assert_eq!(
            serde_json::from_str::<Value>(&shown).ok(),
            Some(json!({"a": "\u{1b}[2J\u{9b}2J \u{202e}b\u{2066} 检查"}))
        );
    }
}
