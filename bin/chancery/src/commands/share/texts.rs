//! `chancery share publish-text` and `text`: small text that stands on the chain (S-ASSET).

use std::{path::Path, process::ExitCode};

use anyhow::{Context as _, Result};
use chancery_sharing::{
    directory::is_control,
    release::{ChainTrust, MAX_TEXT_BYTES, published_text},
};
use serde_json::json;

use crate::{
    arguments::{Connection, OwnerFile, ReadText},
    commands::read_bounded,
    keys,
    output::Output,
    party::Party,
    share::{Owner, main_chain, now_s},
};

pub(super) async fn publish(
    file: &OwnerFile,
    text: &Path,
    data_type: &str,
    connection: &Connection,
    output: &Output,
) -> Result<ExitCode> {
    let bytes = read_bounded(text, MAX_TEXT_BYTES as u64)?;
    let text = String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", text.display()))?;
    let owner = Owner::open(&file.file, &keys::of(connection)?).await?;
    let department = owner.department()?;
    let _alone = owner.folder.lock()?;
    let progress = output.progress("publishing");
    let (version, made) = department.publish_text(&text, data_type).await?;
    progress.finish_and_clear();
    let answer = json!({
        "version": version, "bytes": text.len(), "type": data_type, "txHash": made.tx_hash, "blockNumber": made.block.number,
    });
    output.answer(&answer, format!("version {version} stands on the chain, in block {}", made.block.number));
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn read(what: &ReadText, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let asset = match what.asset {
        Some(asset) => asset,
        None => party.client.resource(&what.resource).await?.asset.0,
    };
    let chain = main_chain(&what.chain, &party).await?;
    let found = published_text(&chain, &ChainTrust::default(), asset, what.version, now_s()).await?;
    let answer = json!({
        "resource": what.resource, "asset": asset, "version": found.version, "type": found.data_type, "text": found.text,
        "publishedAt": found.published_at_s, "proven": true, "blockNumber": found.block.number,
    });
    // What strangers wrote, without what would act on a terminal.
    let shown =
        found.text.replace(|character: char| character != '\n' && character != '\t' && is_control(character), "");
    let text = format!("{shown}\n\nversion {}, proven by block {}", found.version, found.block.number);
    output.answer(&answer, text);
    Ok(ExitCode::SUCCESS)
}
