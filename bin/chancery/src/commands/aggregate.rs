//! `chancery aggregate` (U2S): counts, sums, bounds and means over everything that a search finds.

use std::process::ExitCode;

use anyhow::Result;
use chancery_client::rest::types::data::{AggregateData, DataGroup, Every, Interval, PageFormat};

use super::{connect, query};
use crate::{
    arguments::{Aggregate, Connection, Span},
    output::Output,
};

pub(super) async fn run(command: Aggregate, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let client = connect(connection).await?;
    let format = query::page_format(command.csv, command.parquet.as_deref(), command.arrow.as_deref());
    let member = |text: &String| query::member(text);
    let every = command.every.map(|span| {
        let interval = match span {
            Span::Hour => Interval::Hour,
            Span::Day => Interval::Day,
            Span::Month => Interval::Month,
            Span::Year => Interval::Year,
        };
        anyhow::Ok(Every { interval, member: command.at.as_ref().map(member).transpose()? })
    });
    let request = AggregateData {
        query: query::which(command.which)?,
        value: command.value.as_ref().map(member).transpose()?,
        by: command.by.iter().map(member).collect::<Result<_>>()?,
        every: every.transpose()?,
        after: query::after(command.after.as_deref())?,
        format: Some(format),
    };
    if let Some(file) = command.parquet.or(command.arrow) {
        query::absent(&file)?;
        query::write(client.aggregate_data_as_file(&request).await?, &file, output).await?;
        return Ok(ExitCode::SUCCESS);
    }
    if format == PageFormat::Csv {
        let text = client.aggregate_data_as_text(&request).await?;
        output.answer(&text, &text);
        return Ok(ExitCode::SUCCESS);
    }
    let answer = client.aggregate_all(request).await?;
    let lines: Vec<String> = answer.groups.iter().map(line).collect();
    output.answer(&answer, lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

fn line(group: &DataGroup) -> String {
    let from = group.from.map(|from| format!("from {}", instant(from)));
    let key = group.key.iter().map(|member| member.clone().unwrap_or_else(|| "-".to_owned()));
    let numbers = [("sum", &group.sum), ("least", &group.least), ("most", &group.most), ("mean", &group.mean)];
    let numbers = numbers.into_iter().filter_map(|(name, number)| Some(format!("{name} {}", number.as_ref()?)));
    let counts = format!("operations {}  values {}  others {}", group.operations, group.values, group.others);
    from.into_iter().chain(key).chain([counts]).chain(numbers).collect::<Vec<_>>().join("  ")
}

fn instant(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms).map_or_else(|_| unix_ms.to_string(), |at| at.to_string())
}
