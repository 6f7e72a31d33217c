//! `chancery search` (U2S): operations of registered sources, or how many there are.

use std::{io::Write as _, path::Path, process::ExitCode};

use anyhow::{Context, Result, ensure};
use chancery_client::{
    Client, MAX_ANSWER_BYTES,
    rest::{
        types::data::{FieldValue, OperationPlace, PageFormat, SearchData},
        values::HexAddress,
    },
};
use futures::TryStreamExt as _;
use serde_json::json;
use tempfile::NamedTempFile;

use super::connect;
use crate::{
    arguments::{Connection, Search},
    output::Output,
};

pub(super) async fn run(command: Search, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let client = connect(connection).await?;
    if command.count {
        let counts = client.data_statistics().await?;
        let lines: Vec<String> = counts
            .iter()
            .map(|count| format!("day {}  {}  {}  {}", count.day, count.format, count.source, count.operations))
            .collect();
        output.answer(&counts, lines.join("\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let (csv, file) = (command.csv, command.parquet.clone().or_else(|| command.arrow.clone()));
    let request = request(command)?;
    if let Some(file) = file {
        return write(&client, &request, &file, output).await;
    }
    if csv {
        let text = client.search_data_as_text(&request).await?;
        output.answer(&text, &text);
        return Ok(ExitCode::SUCCESS);
    }
    let page = client.search_data(&request).await?;
    let mut lines: Vec<String> = page
        .operations
        .iter()
        .map(|one| {
            let text = |member: &str| one[member].as_str().unwrap_or_default().to_owned();
            format!(
                "{}.{}  {}  {}  {}",
                one["at"]["place"],
                one["at"]["index"],
                text("source"),
                text("format"),
                text("operation")
            )
        })
        .collect();
    lines.extend(page.next.map(more));
    output.answer(&page, lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

fn more(next: OperationPlace) -> String {
    format!("More: --after {}.{}", next.place, next.index)
}

/// Writes a file that is whole or not there. What offices see is in nobody else's hands: mode 0600.
async fn write(client: &Client, request: &SearchData, path: &Path, output: &Output) -> Result<ExitCode> {
    ensure!(!path.exists(), "{} exists: choose another name", path.display());
    let mut page = client.search_data_as_file(request).await?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)
        .with_context(|| format!("cannot write into {}: make the folder first", folder.display()))?;
    let mut bytes = 0;
    while let Some(chunk) = page.bytes.try_next().await? {
        bytes += chunk.len();
        ensure!(bytes <= MAX_ANSWER_BYTES, "the answer is larger than {MAX_ANSWER_BYTES} bytes");
        file.write_all(&chunk)?;
    }
    file.as_file().sync_all()?;
    file.persist_noclobber(path).with_context(|| format!("cannot write {}", path.display()))?;
    let lines: Vec<_> = [format!("{}: {bytes} bytes", path.display())].into_iter().chain(page.next.map(more)).collect();
    output.answer(&json!({"file": path, "bytes": bytes, "next": page.next}), lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

/// An operation by its name on the command line.
pub(super) fn place(text: &str) -> Result<OperationPlace> {
    let (place, index) = text.split_once('.').context("an operation is written PLACE.INDEX")?;
    Ok(OperationPlace { place: place.parse()?, index: index.parse()? })
}

fn request(command: Search) -> Result<SearchData> {
    let field = |text: &String| {
        let (path, value) = text.split_once('=').context("--field is written PATH=VALUE")?;
        anyhow::Ok(FieldValue { path: path.to_owned(), value: value.to_owned() })
    };
    let after = command.after.as_deref().map(|text| place(text).context("--after"));
    Ok(SearchData {
        sources: command.source.into_iter().map(HexAddress).collect(),
        formats: command.format,
        subject: command.subject,
        fields: command.field.iter().map(field).collect::<Result<_>>()?,
        text: command.text,
        from: command.from,
        to: command.to,
        time: command.accepted.then(|| "accepted".to_owned()),
        ascending: command.ascending,
        limit: command.limit,
        after: after.transpose()?,
        proofs: command.proofs,
        format: Some(match (command.csv, command.parquet, command.arrow) {
            (true, ..) => PageFormat::Csv,
            (_, Some(_), _) => PageFormat::Parquet,
            (.., Some(_)) => PageFormat::Arrow,
            _ => PageFormat::Json,
        }),
    })
}
