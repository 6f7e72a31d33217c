//! `chancery share fetches`: who came to the owner's service.

use std::process::ExitCode;

use anyhow::Result;
use chancery_sharing::department::{Fetched, StateFolder, is_unbroken};
use serde_json::json;

use crate::{arguments::OwnerFile, output::Output, share::DataSet};

pub(super) fn show(file: &OwnerFile, limit: usize, output: &Output) -> Result<ExitCode> {
    let set = DataSet::read(&file.file)?;
    let fetches = StateFolder::new(&set.beside(&set.state))?.fetches()?;
    let unbroken = is_unbroken(&fetches);
    let (count, hash) = fetches.last().map_or((0, None), |(fetch, hash)| (fetch.number, Some(*hash)));
    let shown: Vec<_> = fetches.iter().rev().take(limit).map(|(fetch, _)| fetch).collect();
    let mut lines: Vec<String> = shown
        .iter()
        .map(|fetch| {
            let what = match fetch.fetched {
                Fetched::Key => "key",
                Fetched::File => "file",
            };
            let at = jiff::Timestamp::from_second(i64::try_from(fetch.at).unwrap_or(i64::MAX)).unwrap_or_default();
            format!("{at}  {}  request {}  version {}  {what}", fetch.reader, fetch.request, fetch.version)
        })
        .collect();
    lines.push(match hash {
        Some(hash) => format!("{count} in all; SHA-256 of the last line {hash}"),
        None => "Nobody has come.".to_owned(),
    });
    if !unbroken {
        lines.push("The journal is NOT unbroken: a line was altered or is missing.".to_owned());
    }
    let answer = json!({"fetches": shown, "count": count, "hash": hash, "unbroken": unbroken});
    output.answer(&answer, lines.join("\n"));
    Ok(if unbroken { ExitCode::SUCCESS } else { ExitCode::from(crate::output::FAILED) })
}
