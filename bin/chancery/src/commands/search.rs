//! `chancery search` (U2S): operations of registered sources, or how many there are.

use std::process::ExitCode;

use anyhow::Result;
use chancery_client::rest::types::data::{PageFormat, SearchData};

use super::{connect, query};
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
    let format = query::page_format(command.csv, command.parquet.as_deref(), command.arrow.as_deref());
    let request = SearchData {
        ascending: command.ascending,
        limit: command.limit,
        sort: command.sort,
        after: query::after_page(command.after.as_deref())?,
        proofs: command.proofs,
        format: Some(format),
        ..query::which(command.which)?
    };
    if let Some(file) = command.parquet.or(command.arrow) {
        query::absent(&file)?;
        query::write(client.search_data_as_file(&request).await?, &file, output).await?;
        return Ok(ExitCode::SUCCESS);
    }
    if format == PageFormat::Csv {
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
    lines.extend(page.next.clone().map(query::more));
    output.answer(&page, lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}
