//! `chancery report` (S-APP): what the city did in a period, in numbers.

use std::{fmt::Write as _, process::ExitCode};

use anyhow::Result;
use chancery_client::{PeriodQuery, rest::types::reports::ActivityReport};

use crate::{
    arguments::{Connection, Report},
    keys,
    output::Output,
    party::Party,
};

pub(super) async fn run(command: Report, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let period = PeriodQuery { from: command.from, to: command.to };
    if command.open_data && output.is_json() {
        output.answer(&party.client.open_data(period).await?, "");
        return Ok(ExitCode::SUCCESS);
    }
    if command.open_data {
        let text = party.client.open_data_as_text(period).await?;
        output.answer(&text, text.trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let found = party.client.activity_report(period).await?;
    output.answer(&found, describe(&found)?);
    Ok(ExitCode::SUCCESS)
}

fn describe(found: &ActivityReport) -> Result<String> {
    let mut text = format!("{} to {}\n", found.from, found.to);
    let sum = |counts: &mut dyn Iterator<Item = u64>| counts.sum::<u64>();
    let numbers = [
        ("operations accepted", sum(&mut found.operations.iter().map(|one| one.count))),
        ("changes of certificates", sum(&mut found.certificates.iter().map(|one| one.count))),
        ("certificates", sum(&mut found.standing.iter().map(|one| one.count))),
        ("inspections", sum(&mut found.inspections.iter().map(|one| one.count))),
        ("shared resources", found.resources),
        ("requests, grants and versions of them", sum(&mut found.sharing.iter().map(|one| one.count))),
    ];
    for (what, count) in numbers {
        writeln!(text, "  {what}: {count}")?;
    }
    if !found.unreachable.is_empty() {
        writeln!(text, "Not whole: these chains did not answer: {}", found.unreachable.join(", "))?;
    }
    if !found.cut.is_empty() {
        writeln!(text, "Not whole: of these resources the oldest events are missing: {}", found.cut.join(", "))?;
    }
    if found.more {
        writeln!(text, "Not whole: the directory has more resources than are counted")?;
    }
    text.push_str("With --json, each number by day.");
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chancery_client::rest::types::Example as _;

    use super::*;

    // S-APP
    #[test]
    fn a_report_adds_up_and_says_when_it_is_not_whole() {
        let text =
            describe(&ActivityReport { unreachable: vec!["degree".into()], ..ActivityReport::example() }).unwrap();
        assert!(text.contains("operations accepted: 1461") && text.contains("inspections: 7"), "{text}");
        assert!(text.contains("did not answer: degree") && !text.contains("more resources"), "{text}");
        let text =
            describe(&ActivityReport { cut: vec!["wells".into()], more: true, ..ActivityReport::example() }).unwrap();
        assert!(
            text.contains("events are missing: wells") && text.contains("more resources than are counted"),
            "{text}"
        );
    }
}
