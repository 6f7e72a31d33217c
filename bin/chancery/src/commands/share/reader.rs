//! `chancery share find`, `ask`, `request`, `end`, `fetch`.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use chancery_client::{
    Client, ClientError, PageQuery, ResourceSearch,
    rest::types::resources::{AccessRequest, GrantedAccess, SharedResource},
};
use chancery_contracts::predeploys;
use chancery_ledger::LedgerError;
use chancery_sharing::{
    asking::{self, AskError, MAX_OPEN_REQUESTS},
    department::{AssetContract, DepartmentError},
    directory::{RequestState, is_control},
    release::{ChainTrust, Grant, Standing, receive},
    sealing::{DataKey, OpeningReader},
    storage::StoreError,
};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::json;
use tempfile::NamedTempFile;

use crate::{
    arguments::{AskAccess, Connection, EndAccess, FetchShared, FindShared},
    commands::connect as connect_client,
    keys,
    output::Output,
    party::Party,
    share::{main_chain, now_s, submitter},
};

/// Longest that the fetch of a file may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(60 * 60);

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
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let resource = party.client.resource(&what.resource).await?;
    let newest = resource.state.as_ref().and_then(|state| state.versions.first()).map(|version| version.version);
    let version = what.version.or(newest).with_context(|| format!("nothing of {} is published yet", what.resource))?;
    let chain = main_chain(&what.chain, &party).await?;
    let (key, secret) = (submitter(&party.keys), party.keys.reader_secret()?);
    let progress = output.progress("waiting until the request is final");
    let asset = resource.asset.0;
    if let Some(opening) = &resource.opening {
        let directory = AssetContract { chain: chain.clone(), address: predeploys::RESOURCE_DIRECTORY };
        ensure!(
            asking::is_opening_of(&directory, &what.resource, opening, asset).await?,
            "what the gateway shows of {} does not open what the directory on the chain has: ask its owner, and another gateway",
            what.resource
        );
    }
    let contract = AssetContract { chain: chain.clone(), address: asset };
    let asking = match (&what.purpose, what.right) {
        (_, Some(right)) => asking::ask_by_right(&chain, &key, asset, version, &secret.public(), right).await,
        (purpose, None) => {
            let purpose = purpose.as_deref().unwrap_or_default();
            asking::ask(&chain, &key, asset, version, &secret.public(), purpose).await
        }
    };
    let asked = match asking {
        Err(AskError::Chain(LedgerError::Reverted { reason, .. })) if reason.name == "NotListed" => bail!(
            "{} lists who may ask for {}, and {} is not among them: ask it to list your address",
            printable(&resource.organization),
            what.resource,
            party.address()
        ),
        Err(AskError::Chain(LedgerError::Reverted { reason, .. })) if reason.name == "NotHolder" => bail!(
            "that right of {} is not of {}: chancery share trace {} shows yours",
            what.resource,
            party.address(),
            what.resource
        ),
        Err(AskError::Chain(LedgerError::Reverted { reason, .. })) if reason.name == "RightNotEffective" => bail!(
            "that right of {} has expired or was withdrawn: ask {} for another",
            what.resource,
            printable(&resource.organization)
        ),
        Err(AskError::Chain(LedgerError::Reverted { reason, .. })) if reason.name == "TooManyOpenRequests" => {
            let open = asking::open_requests(&contract, party.address()).await?;
            bail!(
                "{MAX_OPEN_REQUESTS} of your requests are open, also those whose grant is over: {}\nend one: chancery share end {} REQUEST",
                open.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
                what.resource
            )
        }
        other => other?,
    };
    let state = contract.request(asked.request).await?.state;
    progress.finish_and_clear();
    let answer = json!({
        "resource": what.resource, "asset": asset, "request": asked.request, "version": version, "state": state,
        "txHash": asked.transaction.tx_hash, "blockNumber": asked.transaction.block.number,
    });
    let text = format!(
        "request {} for version {version} of {} is {}\nthen: chancery share fetch {} {} --out FILE",
        asked.request,
        what.resource,
        state.name(),
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
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let address = match what.asset {
        Some(asset) => asset,
        None => party.client.resource(&what.resource).await?.asset.0,
    };
    let contract = AssetContract { chain: main_chain(&what.chain, &party).await?, address };
    let progress = output.progress("waiting until the end is final");
    let ended = match asking::end(&contract, &submitter(&party.keys), what.request).await {
        Err(DepartmentError::Chain(LedgerError::Reverted { reason, .. })) if reason.name == "NotReader" => bail!(
            "request {} of {} is ended by its reader or by the owner of the asset, and {} is neither",
            what.request,
            what.resource,
            party.address()
        ),
        Err(DepartmentError::Chain(LedgerError::Reverted { reason, .. })) if reason.name == "RequestStateWrong" => {
            let state = contract.request(what.request).await?.state;
            bail!("request {} of {} is {} already", what.request, what.resource, state.name())
        }
        other => other?,
    };
    progress.finish_and_clear();
    let answer = json!({
        "resource": what.resource, "asset": address, "request": what.request, "state": RequestState::Ended,
        "txHash": ended.tx_hash, "blockNumber": ended.block.number,
    });
    output.answer(&answer, format!("request {} of {} is ended", what.request, what.resource));
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn fetch(what: &FetchShared, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let out = &what.out;
    ensure!(!out.exists(), "{} exists: choose another name", out.display());
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let asked = party.client.access_request(&what.resource, what.request).await?;
    let chain = main_chain(&what.chain, &party).await?;
    let progress = output.progress("waiting until the grant is final");
    let owner = service_of(&asked, &party)?;
    let asset = asked.asset.0;
    let granted = owner.granted_access(asset, what.request).await?;
    progress.set_message("fetching");
    let file = owner.with_timeout(FETCH_TIMEOUT).granted_file(asset, what.request).await?;
    let file = file.map_err(|error: ClientError| StoreError::Temporary(error.to_string()));
    let folder = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let scratch = tempfile::tempdir_in(folder)
        .with_context(|| format!("cannot write into {}: make the folder first", folder.display()))?;
    let sealed = scratch.path().join("sealed");
    // Neither the owner's word nor the gateway's counts from here on: the grant and the version are proven by the chain.
    let received = receive(
        &chain,
        &ChainTrust::default(),
        asset,
        what.request,
        &terms(&granted),
        &party.keys.reader_secret()?,
        (&granted.sealed_key.0[..], file.boxed()),
        &sealed,
        now_s(),
    )
    .await?;
    progress.set_message("opening");
    let bytes = open(&sealed, &received.data_key, out)?;
    progress.finish_and_clear();
    let proven = matches!(received.standing, Standing::Proven(_));
    let block = received.standing.block().number;
    let answer = json!({
        "resource": what.resource, "request": what.request, "version": granted.grant.version, "file": out, "bytes": bytes,
        "proven": proven, "blockNumber": block,
    });
    let text = format!("{}: {bytes} bytes, version {}, proven by block {block}", out.display(), granted.grant.version);
    output.answer(&answer, text);
    Ok(ExitCode::SUCCESS)
}

/// The owner's service, signing as on the main chain.
fn service_of(asked: &AccessRequest, party: &Party) -> Result<Client> {
    let service = asked
        .service
        .as_ref()
        .with_context(|| format!("the directory names no service of {}: ask its owner", asked.resource))?;
    Ok(party.client.at(service)?)
}

fn terms(granted: &GrantedAccess) -> Grant {
    let grant = &granted.grant;
    Grant {
        reader: grant.reader.0,
        reader_key: grant.reader_key.0,
        version: grant.version,
        key_epoch: grant.key_epoch,
        sealed_key_hash: grant.sealed_key_hash.0,
        valid_until: grant.valid_until,
    }
}

/// Opens a verified file. What comes out is in nobody else's hands: mode 0600.
fn open(sealed: &Path, key: &DataKey, out: &Path) -> Result<u64> {
    let folder = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut plain = NamedTempFile::new_in(folder)?;
    let mut writer = BufWriter::new(plain.as_file_mut());
    let bytes = std::io::copy(&mut OpeningReader::new(File::open(sealed)?, key)?, &mut writer)?;
    writer.flush()?;
    drop(writer);
    plain.as_file().sync_all()?;
    plain.persist_noclobber(out).with_context(|| format!("cannot write {}", out.display()))?;
    Ok(bytes)
}
