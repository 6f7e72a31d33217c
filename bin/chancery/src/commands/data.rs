//! `chancery data open` (U2S, DATA-11): what is sealed opens here, with the reader's key; nobody else learns its content.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result, ensure};
use chancery_client::{
    Client,
    rest::types::data::{OperationPlace, SearchData},
};
use chancery_data::{Operation, sealed::Context};
use chancery_messages::contents;
use chancery_reference_points::data_format::FormatId;
use chancery_representation::ContentSchema;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{message::files, query};
use crate::{
    arguments::{Connection, DataCommand},
    keys,
    output::Output,
    party::Party,
};

pub(super) async fn run(command: DataCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let DataCommand::Open { at, out } = command;
    if let Some(out) = &out {
        files::ensure_free(out)?;
    }
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let found = find(&party.client, query::place(&at)?).await?;
    let (context, content) = sealed(&found, party.city.main_chain_id()?)?;
    let bound = context.clone();
    let opened = party.keys.opening(move |key| contents::open(&content, &bound, key)).await??;
    let follows = follows(&party.client, &context, &opened).await?;
    show(&found, &opened, follows, out, output)
}

/// The operation at a place, as far as the asker may read it.
async fn find(client: &Client, at: OperationPlace) -> Result<Value> {
    let before = match at {
        OperationPlace { place: 0, index: 0 } => None,
        OperationPlace { place, index: 0 } => Some(OperationPlace { place: place - 1, index: u32::MAX }),
        OperationPlace { place, index } => Some(OperationPlace { place, index: index - 1 }),
    };
    let query = SearchData { ascending: true, limit: Some(1), after: before.map(Into::into), ..SearchData::default() };
    let page = client.search_data(&query).await?;
    let is_asked_for = |one: &Value| {
        let (place, index) = (one["at"]["place"].as_u64(), one["at"]["index"].as_u64());
        place == Some(at.place) && index == Some(at.index.into())
    };
    let found = page.operations.into_iter().find(is_asked_for);
    found.with_context(|| format!("there is no operation that you may read at {}.{}", at.place, at.index))
}

/// What it is sealed for, and the sealed content.
fn sealed(found: &Value, chain_id: u64) -> Result<(Context, String)> {
    let text = |member: &str| found[member].as_str().with_context(|| format!("the gateway names no {member}"));
    let version = found["formatVersion"].as_u64().and_then(|version| u32::try_from(version).ok());
    let context = Context {
        chain_id,
        format: text("format")?.to_owned(),
        format_version: version.context("the gateway names no version of the format")?,
        source: text("source")?.to_lowercase(),
    };
    let operation = Operation::parse(text("operation")?.as_bytes())?;
    let content = operation.content.context("the operation has no content: its data stay at their owner")?;
    Ok((context, content.get().to_owned()))
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
    found: &Value,
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
    let mut answer = json!({
        "at": found["at"], "source": found["source"], "organization": found["organization"], "format": found["format"],
        "formatVersion": found["formatVersion"], "right": found["right"], "followsFormat": follows,
    });
    let shown = match out {
        Some(out) => {
            files::write_new(&out, opened)?;
            answer["file"] = json!(out);
            format!("{}: {} bytes; {judged}", out.display(), opened.len())
        }
        None => {
            answer["content"] = serde_json::from_str(text).context("what the source has sealed is no JSON")?;
            // As JSON writes it, nothing of it acts on a terminal.
            format!("{}\n{judged}", answer["content"])
        }
    };
    output.answer(&answer, shown);
    ensure!(follows != Some(false), "the content does not follow its format");
    Ok(ExitCode::SUCCESS)
}
