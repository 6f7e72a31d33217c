//! `chancery data open` (U2S, DATA-11): what is sealed opens here, with the reader's key; nobody else learns its content.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Error, Result, ensure};
use chancery_client::{OpenError, SealedOperation};
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
    let found = party.client.operation_at(query::place(&at)?).await?;
    let found = found.with_context(|| format!("there is no operation that you may read at {at}"))?;
    let sealed = SealedOperation::of(&found, party.city.main_chain_id()?)?;
    let to_open = sealed.clone();
    let opened = party.keys.opening(move |key| to_open.open(key)).await??;
    let follows = party.client.follows_format(&sealed, &opened).await.map_err(plain)?;
    show(&found, &opened, follows, out, output)
}

/// With the gateway's own words as what is told, where it said some.
fn plain(error: OpenError) -> Error {
    match error {
        OpenError::Client(error) => error.into(),
        other => other.into(),
    }
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
