//! `chancery search` (U2S): operations of registered sources, or how many there are.

use std::process::ExitCode;

use anyhow::{Context, Result};
use chancery_client::rest::{
    types::data::{FieldValue, OperationPlace, PageFormat, SearchData},
    values::HexAddress,
};

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
    let csv = command.csv;
    let request = request(command)?;
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
    lines.extend(page.next.map(|next| format!("More: --after {}.{}", next.place, next.index)));
    output.answer(&page, lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

fn request(command: Search) -> Result<SearchData> {
    let field = |text: &String| {
        let (path, value) = text.split_once('=').context("--field is written PATH=VALUE")?;
        anyhow::Ok(FieldValue { path: path.to_owned(), value: value.to_owned() })
    };
    let after = command.after.as_deref().map(|text| {
        let (place, index) = text.split_once('.').context("--after is written PLACE.INDEX")?;
        anyhow::Ok(OperationPlace { place: place.parse()?, index: index.parse()? })
    });
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
        format: if command.csv { PageFormat::Csv } else { PageFormat::Json },
    })
}
