//! `chancery share fetches`: who came to the owner's service, and who was refused.

use std::process::ExitCode;

use anyhow::Result;
use chancery_sharing::department::{Fetched, StateFolder, is_unbroken};
use serde_json::json;

use crate::{
    arguments::{Connection, OwnerFile},
    keys,
    output::Output,
    share::{CitySupervision, DataSet, Owner},
};

/// Hands over what supervision does not have yet.
pub(super) async fn hand_over(file: &OwnerFile, connection: &Connection) -> Result<ExitCode> {
    let keys = keys::of(connection)?;
    let owner = Owner::open(&file.file, &keys).await?;
    let supervision = CitySupervision::of(&owner, connection, &keys)?;
    owner.department()?.hand_over(&supervision).await?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn show(file: &OwnerFile, limit: usize, output: &Output) -> Result<ExitCode> {
    let set = DataSet::read(&file.file)?;
    let folder = StateFolder::new(&set.beside(&set.state))?;
    let (fetches, forgotten) = (folder.fetches()?, folder.forgotten_fetches()?);
    let unbroken = is_unbroken(&fetches);
    let (count, hash) = fetches.last().map_or((0, None), |(fetch, hash)| (fetch.number, Some(*hash)));
    let shown: Vec<_> = fetches.iter().rev().take(limit).map(|(fetch, _)| fetch).collect();
    let mut lines: Vec<String> = shown
        .iter()
        .map(|fetch| {
            let (at, what, reader, request) = (time(fetch.at), name(fetch.fetched), fetch.reader, fetch.request);
            match &fetch.refused {
                None => format!("{at}  {reader}  request {request}  version {}  {what}", fetch.version),
                Some(why) if fetch.unnoted == 0 => format!("{at}  {reader}  request {request}  {what} refused: {why}"),
                Some(why) => {
                    let more = fetch.unnoted;
                    format!("{at}  {reader}  request {request}  {what} refused: {why}; {more} before it have no line")
                }
            }
        })
        .collect();
    lines.extend(forgotten.iter().map(|sum| {
        let (first, last, what) = (time(sum.first_at), time(sum.last_at), name(sum.fetched));
        let (reader, request, version, count) = (sum.reader, sum.request, sum.version, sum.count);
        format!("before: {first} to {last}  {reader}  request {request}  version {version}  {what}, {count} times")
    }));
    lines.push(match hash {
        Some(hash) => format!("{count} in all; SHA-256 of the last line {hash}"),
        None => "Nobody has come.".to_owned(),
    });
    if !unbroken {
        lines.push("The journal is NOT unbroken: a line was altered or is missing.".to_owned());
    }
    let answer = json!({"fetches": shown, "forgotten": forgotten, "count": count, "hash": hash, "unbroken": unbroken});
    output.answer(&answer, lines.join("\n"));
    Ok(if unbroken { ExitCode::SUCCESS } else { ExitCode::from(crate::output::FAILED) })
}

fn time(seconds: u64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(i64::try_from(seconds).unwrap_or(i64::MAX)).unwrap_or_default()
}

const fn name(fetched: Fetched) -> &'static str {
    match fetched {
        Fetched::Key => "key",
        Fetched::File => "file",
    }
}
