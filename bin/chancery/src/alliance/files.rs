//! `chancery alliance file`: files that follow the commit of a request whose entry has their digest.

use std::{fs::File, future::pending, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use chancery_bridge::{
    exchange::{self, Awaited, Provider, SealedFor, Shelf, router},
    http::{JsonClient, check_destination},
    tls::Expectation,
};
use serde_json::json;

use super::{
    name_of,
    request::{
        asked::{key_of, word_of},
        requester,
    },
    serve_nodes_until,
    tls::OwnTls,
};
use crate::{
    arguments::{AssignFile, FetchFile, FileCommand, ForRequest, SealFile, ServeFiles},
    logging,
    output::Output,
};

/// Longest wait for one piece: the first one hashes the whole file.
const PIECE_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) async fn run(command: &FileCommand, output: &Output) -> Result<()> {
    match command {
        FileCommand::Seal(command) => seal(command, output),
        FileCommand::Assign(command) => assign(command, output),
        FileCommand::Serve(command) => Box::pin(serve(command, output)).await,
        FileCommand::Fetch(command) => Box::pin(fetch(command, output)).await,
    }
}

fn sealed_for(request: &ForRequest) -> Result<SealedFor> {
    ensure!(!request.request.is_empty(), "--request is the idempotency_key of a request, which is not empty");
    let node = request.node.as_deref().map(name_of).transpose()?;
    Ok(SealedFor { requester: name_of(&request.requester)?, node, idempotency_key: key_of(&request.request) })
}

fn assign(command: &AssignFile, output: &Output) -> Result<()> {
    let (digest, ForRequest { request, requester, .. }) = (command.digest, &command.request);
    Shelf::open(&command.shelf)?.assign(digest, &sealed_for(&command.request)?)?;
    output.answer(
        &json!({"digest": digest, "request": request, "requester": requester}),
        format!("the file of digest {digest} is for the request {request} of {requester}, and for no other"),
    );
    Ok(())
}

fn seal(command: &SealFile, output: &Output) -> Result<()> {
    let file = File::open(&command.file).with_context(|| format!("cannot open {}", command.file.display()))?;
    let digest = Shelf::open(&command.shelf)?.seal(file, &sealed_for(&command.request)?)?;
    output.answer(
        &json!({"digest": digest}),
        format!(
            "{digest}\nThe request {} of {} writes this as the value of an entry; the file leaves the shelf when that is committed, and for no other.",
            command.request.request, command.request.requester
        ),
    );
    Ok(())
}

async fn serve(command: &ServeFiles, output: &Output) -> Result<()> {
    logging::start(output.is_json(), &command.traces)?;
    let shelf = Shelf::open(&command.shelf)?;
    let (requester, tls) = Box::pin(requester::opened(&command.config)).await?;
    let wanted = Expectation { member: Some(requester.identity.member), scope: None };
    let tls = tls.map(|tls| OwnTls { tls, wanted });
    let routes = router(Arc::new(Provider::new(Arc::new(requester), shelf)));
    Box::pin(serve_nodes_until(command.listen, routes, tls, "files", command.until_stdin_ends, pending())).await
}

async fn fetch(command: &FetchFile, output: &Output) -> Result<()> {
    ensure!(!command.out.exists(), "{} is there already: a file is not written over", command.out.display());
    let (requester, tls) = Box::pin(requester::opened(&command.config)).await?;
    let member = name_of(&command.member)?;
    check_destination(&command.from, tls.is_some())?;
    let client = match tls {
        Some(tls) => JsonClient::mutual(PIECE_TIMEOUT, tls, Expectation { member: Some(member), scope: None })?,
        None => JsonClient::new(PIECE_TIMEOUT)?,
    };
    let url = command.from.join(exchange::PATH)?;
    let awaited = Awaited { number: command.number, member, key: word_of(&command.entry)? };
    let progress = output.progress("proving the entry, fetching the file");
    let fetched = Box::pin(exchange::fetch(&requester, &client, &url, awaited, &command.out)).await;
    progress.finish_and_clear();
    let bytes = fetched?;
    output.answer(
        &json!({"file": command.out, "bytes": bytes, "number": command.number}),
        format!(
            "{}: {bytes} bytes, which are those that request {} has committed",
            command.out.display(),
            command.number
        ),
    );
    Ok(())
}
