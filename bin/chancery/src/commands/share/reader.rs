//! `chancery share find`, `ask`, `request`, `end`, `fetch`.

use std::{path::Path, process::ExitCode};

use anyhow::{Error, Result, ensure};
use chancery_client::{AskedBy, PageQuery, Reader, ResourceSearch, ShareError, rest::types::resources::SharedResource};
use chancery_sharing::directory::{RequestState, is_control};
use serde_json::json;

use crate::{
    arguments::{AskAccess, Connection, EndAccess, FetchShared, FindShared, TrustedMain},
    commands::connect as connect_client,
    keys,
    output::Output,
    party::Party,
    share::main_chain_of,
};

/// The reader with the key of the command line, by the chain that it trusts.
async fn reader(trusted: &TrustedMain, connection: &Connection) -> Result<Reader> {
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let (main, secret) = (main_chain_of(trusted, &party.city).await?, party.keys.reader_secret()?);
    Reader::open(&party.client, main, party.keys.account().clone(), secret).await.map_err(plain)
}

/// With the gateway's or the owner's own words as what is told, where they said some.
fn plain(error: ShareError) -> Error {
    match error {
        ShareError::Client(error) => error.into(),
        other => other.into(),
    }
}

pub(super) async fn find(which: FindShared, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let page = PageQuery { limit: which.limit, cursor: which.cursor };
    let search = ResourceSearch { text: which.text, organization: which.organization, page };
    let found = connect_client(connection).await?.resources(&search).await?;
    let mut lines: Vec<String> = found.items.iter().map(describe).collect();
    if lines.is_empty() {
        lines.push("Nothing that you may see is shared.".to_owned());
    }
    lines.extend(found.next_cursor.as_ref().map(|cursor| format!("More: --cursor {cursor}")));
    output.answer(&found, lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

fn describe(resource: &SharedResource) -> String {
    let columns: Vec<&str> = resource.columns.iter().map(|column| column.name.as_str()).collect();
    printable(&format!(
        "{}  {}  {}  [{}]",
        resource.resource,
        resource.organization,
        resource.title.as_deref().unwrap_or("(no description yet)"),
        columns.join(", ")
    ))
}

/// What strangers wrote, without what would act on a terminal.
fn printable(text: &str) -> String {
    text.replace(is_control, "")
}

pub(super) async fn ask(what: &AskAccess, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let reader = Box::pin(reader(&what.chain, connection)).await?;
    let by = match (&what.purpose, what.right) {
        (_, Some(right)) => AskedBy::Right(right),
        (purpose, None) => AskedBy::Purpose(purpose.as_deref().unwrap_or_default()),
    };
    let progress = output.progress("waiting until the request is final");
    let asked = Box::pin(reader.ask(&what.resource, what.version, by)).await.map_err(plain)?;
    progress.finish_and_clear();
    let answer = json!({
        "resource": what.resource, "asset": asked.asset, "request": asked.request, "version": asked.version,
        "state": asked.state, "txHash": asked.tx_hash, "blockNumber": asked.block_number,
    });
    let text = format!(
        "request {} for version {} of {} is {}\nthen: chancery share fetch {} {} --out FILE",
        asked.request,
        asked.version,
        what.resource,
        asked.state.name(),
        what.resource,
        asked.request
    );
    output.answer(&answer, text);
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn request(
    resource: &str,
    request: u64,
    connection: &Connection,
    output: &Output,
) -> Result<ExitCode> {
    let found = connect_client(connection).await?.access_request(resource, request).await?;
    let text = format!("request {request} for version {} of {resource} is {}", found.version, found.state);
    output.answer(&found, text);
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn end(what: &EndAccess, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let reader = Box::pin(reader(&what.chain, connection)).await?;
    let progress = output.progress("waiting until the end is final");
    let (asset, ended) = Box::pin(reader.end(&what.resource, what.request, what.asset)).await.map_err(plain)?;
    progress.finish_and_clear();
    let answer = json!({
        "resource": what.resource, "asset": asset, "request": what.request, "state": RequestState::Ended,
        "txHash": ended.tx_hash, "blockNumber": ended.block.number,
    });
    output.answer(&answer, format!("request {} of {} is ended", what.request, what.resource));
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn fetch(what: &FetchShared, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let out = &what.out;
    ensure!(!out.exists(), "{} exists: choose another name", out.display());
    let reader = Box::pin(reader(&what.chain, connection)).await?;
    let progress = output.progress("waiting until the grant is final, and fetching");
    let folder = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = Box::pin(reader.fetch(&what.resource, what.request, folder)).await.map_err(plain)?;
    progress.set_message("opening");
    let bytes = file.save(out)?;
    progress.finish_and_clear();
    let block = file.block().number;
    let answer = json!({
        "resource": what.resource, "request": what.request, "version": file.version(), "file": out, "bytes": bytes,
        "proven": file.is_proven(), "blockNumber": block,
    });
    let text = format!("{}: {bytes} bytes, version {}, proven by block {block}", out.display(), file.version());
    output.answer(&answer, text);
    Ok(ExitCode::SUCCESS)
}
