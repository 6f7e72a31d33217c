//! `chancery share extract`, `publish`, `rejects`, `replay`.

use std::{
    fmt::Write as _,
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context as _, Result, ensure};
use chancery_sharing::{
    department::StateFolder,
    extract::{FileFormat, FileSource, MAX_RECORD_BYTES, PublishedPart, Reject},
};
use serde_json::json;

use crate::{
    arguments::{Connection, OwnerFile},
    keys,
    output::Output,
    share::{DataSet, Owner},
};

pub(super) async fn extract(file: &OwnerFile, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let owner = Owner::open(&file.file, &keys::of(connection)?).await?;
    let department = owner.department()?;
    let (source, declaration) = (owner.set.source()?, &owner.set.shared);
    let progress = output.progress("extracting");
    let told = |parts: &[PublishedPart]| {
        let rows: u64 = parts.iter().map(|part| part.rows).sum();
        progress.set_message(format!("extracting: {} parts, {rows} rows", parts.len()));
    };
    let parts = department.extract_run(source.as_ref(), declaration, told).await?;
    progress.finish_and_clear();
    output.answer(&json!({ "parts": parts }), describe(&parts, "There is nothing new."));
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn replay(
    file: &OwnerFile,
    corrected: &Path,
    connection: &Connection,
    output: &Output,
) -> Result<ExitCode> {
    ensure!(corrected.is_file(), "there is no file {}: `chancery share rejects` names the files", corrected.display());
    let owner = Owner::open(&file.file, &keys::of(connection)?).await?;
    let department = owner.department()?;
    let _alone = owner.folder.lock()?;
    let source = FileSource::new(corrected, FileFormat::Rejects);
    let progress = output.progress("replaying");
    let part = department.extract(&source, &owner.set.for_replay()).await?;
    progress.finish_and_clear();
    let parts: Vec<_> = part.into_iter().collect();
    output.answer(&json!({ "parts": parts }), describe(&parts, "The file has no rows that are shared."));
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn publish(file: &OwnerFile, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let owner = Owner::open(&file.file, &keys::of(connection)?).await?;
    let department = owner.department()?;
    let _alone = owner.folder.lock()?;
    let progress = output.progress("publishing");
    let mut versions = Vec::new();
    while let Some(version) = department.publish_next().await? {
        progress.set_message(format!("publishing: version {}", version.version));
        versions.push(version);
    }
    progress.finish_and_clear();
    let mut text = String::new();
    for version in &versions {
        let resealed = if version.resealed { ", sealed anew under the present key" } else { "" };
        let (number, rows) = (version.version, version.part.rows);
        writeln!(text, "version {number}: {rows} rows, in block {}{resealed}", version.block_number)?;
    }
    if versions.is_empty() {
        text.push_str("Everything that was extracted is published.");
    }
    let asset = department.asset().address;
    output.answer(&json!({ "asset": asset.to_string(), "versions": versions }), text.trim_end());
    Ok(ExitCode::SUCCESS)
}

/// Needs no key and no chain: the files are the owner's.
pub(super) fn rejects(file: &OwnerFile, limit: usize, output: &Output) -> Result<ExitCode> {
    let set = DataSet::read(&file.file)?;
    let folder = StateFolder::new(&set.beside(&set.state))?;
    let (mut runs, mut text) = (Vec::new(), String::new());
    for path in folder.rejects()? {
        let (count, shown) = read(&path, limit).with_context(|| format!("cannot read {}", path.display()))?;
        writeln!(text, "{}: {count} rows", path.display())?;
        for reject in &shown {
            let column = reject.column.as_deref().unwrap_or("(the row)");
            let file = reject.file.as_ref().map(|file| format!("{file:?}, ")).unwrap_or_default();
            writeln!(text, "    {file}row {}, {column}: {}", reject.position, reject.reason)?;
        }
        let shown: Vec<_> = shown
            .into_iter()
            .map(|reject| {
                json!({"file": reject.file, "position": reject.position, "column": reject.column, "reason": reject.reason})
            })
            .collect();
        runs.push(json!({ "file": path, "count": count, "rejects": shown }));
    }
    if runs.is_empty() {
        text.push_str("No row was rejected.");
    } else {
        text.push_str("Correct `fields` in a copy, then: chancery share replay FILE COPY");
    }
    output.answer(&runs, text.trim_end());
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path, limit: usize) -> Result<(u64, Vec<Reject>)> {
    let mut reader = BufReader::new(File::open(path)?);
    let (mut count, mut shown, mut line) = (0, Vec::new(), Vec::new());
    // A reject is a record with its reason.
    let bound = MAX_RECORD_BYTES * 2;
    loop {
        line.clear();
        if (&mut reader).take(bound).read_until(b'\n', &mut line)? == 0 {
            return Ok((count, shown));
        }
        count += 1;
        if shown.len() < limit {
            shown.push(serde_json::from_slice(&line)?);
        }
    }
}

fn describe(parts: &[PublishedPart], none: &str) -> String {
    let mut text = String::new();
    for part in parts {
        let kept = part.rejects.as_ref().map(|path| format!(", {} rejected: {}", part.rejected, path.display()));
        writeln!(text, "{}: {} rows{}", part.location, part.rows, kept.unwrap_or_default()).ok();
    }
    if parts.is_empty() { none.to_owned() } else { text.trim_end().to_owned() }
}
