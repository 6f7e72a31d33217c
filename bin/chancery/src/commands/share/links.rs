//! `chancery share publish-link` and `follow`: a link as the place of data (S-ASSET).

use std::process::ExitCode;

use anyhow::{Result, ensure};
use chancery_sharing::release::{ChainTrust, fetch_link, published_link};
use serde_json::json;

use crate::{
    arguments::{Connection, FollowLink, OwnerFile},
    keys,
    output::Output,
    party::Party,
    share::{Owner, main_chain, now_s},
};

pub(super) async fn publish(
    file: &OwnerFile,
    url: &str,
    data_type: &str,
    connection: &Connection,
    output: &Output,
) -> Result<ExitCode> {
    let owner = Owner::open(&file.file, &keys::of(connection)?).await?;
    let department = owner.department()?;
    let _alone = owner.folder.lock()?;
    let progress = output.progress("fetching and publishing");
    let (version, linked, made) = department.publish_link(url, data_type).await?;
    progress.finish_and_clear();
    let answer = json!({
        "version": version, "link": url, "bytes": linked.bytes, "fingerprint": linked.fingerprint, "type": data_type,
        "txHash": made.tx_hash, "blockNumber": made.block.number,
    });
    let text = format!(
        "version {version} is a link to {} bytes, in block {}: whoever changes them is found out",
        linked.bytes, made.block.number
    );
    output.answer(&answer, text);
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn follow(followed: &FollowLink, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let (what, out) = (&followed.what, &followed.out);
    ensure!(!out.exists(), "{} is there already: name another file", out.display());
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let asset = match what.asset {
        Some(asset) => asset,
        None => party.client.resource(&what.resource).await?.asset.0,
    };
    let chain = main_chain(&what.chain, &party).await?;
    let link = published_link(&chain, &ChainTrust::default(), asset, what.version, now_s()).await?;
    let progress = output.progress("fetching");
    fetch_link(&link, out).await?;
    progress.finish_and_clear();
    let answer = json!({
        "resource": what.resource, "asset": asset, "version": link.version, "type": link.data_type, "link": link.url,
        "bytes": link.file.bytes, "fingerprint": link.file.fingerprint, "publishedAt": link.published_at_s, "proven": true,
        "blockNumber": link.block.number,
    });
    let text = format!(
        "{}: {} bytes of version {}, as block {} has it",
        out.display(),
        link.file.bytes,
        link.version,
        link.block.number
    );
    output.answer(&answer, text);
    Ok(ExitCode::SUCCESS)
}
