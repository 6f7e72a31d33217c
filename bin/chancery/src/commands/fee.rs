//! `chancery fee` (C-FEE): what inspections cost, and bills.

use std::{fmt::Write as _, process::ExitCode};

use anyhow::Result;
use chancery_client::{
    PeriodQuery,
    rest::types::fees::{Bill, CheckLine, Price, Prices, SetPrice},
};

use super::organization::effects;
use crate::{
    arguments::{Connection, FeeCommand},
    keys,
    output::Output,
    party::Party,
};

pub(super) async fn run(command: FeeCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let (subject, price, check) = match command {
        FeeCommand::Prices => {
            let found = connection.client()?.prices().await?;
            output.answer(&found, prices(&found));
            return Ok(ExitCode::SUCCESS);
        }
        FeeCommand::Bill { inspector, from, to } => {
            let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
            let found = party.client.bill(inspector, PeriodQuery { from, to }).await?;
            output.answer(&found, bill(&found)?);
            return Ok(ExitCode::SUCCESS);
        }
        FeeCommand::Set { subject, amount, currency, check_amount, mebibyte_amount, check } => {
            (subject, Some(Price { amount, currency, check_amount, mebibyte_amount }), check)
        }
        FeeCommand::Remove { subject, check } => (subject, None, check),
    };
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let changed = party.client.set_price(&subject, &SetPrice { price }, check).await?;
    output.answer(&changed, effects(&changed));
    Ok(ExitCode::SUCCESS)
}

/// Hundredths as people write them.
fn money(amount: u64, currency: &str) -> String {
    format!("{}.{:02} {currency}", amount / 100, amount % 100)
}

/// What an inspection costs, and checks where they cost anything.
fn cost(price: &Price, each: &str) -> String {
    let mut text = money(price.amount, &price.currency);
    write!(text, " {each}").ok();
    for (amount, what) in [(price.check_amount, "a check"), (price.mebibyte_amount, "a MiB of checks")] {
        if let Some(amount) = amount {
            write!(text, ", {} {what}", money(amount, &price.currency)).ok();
        }
    }
    text
}

fn prices(found: &Prices) -> String {
    if found.prices.is_empty() {
        return "Inspections are free: no price is set.".to_owned();
    }
    let lines = found.prices.iter().map(|setting| {
        let price = setting.price.as_ref().map_or_else(|| "free".to_owned(), |price| cost(price, "an inspection"));
        format!("{}: {price}, since {}", setting.subject, setting.at)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn bill(found: &Bill) -> Result<String> {
    let mut text = format!("{} to {}: {} inspections\n", found.from, found.to, found.count);
    for line in &found.lines {
        let price = line.price.as_ref().map_or_else(|| "free".to_owned(), |price| money(price.amount, &price.currency));
        writeln!(
            text,
            "  {} for {}, {} to {}: {} at {price}",
            line.inspector, line.organization, line.from, line.to, line.count
        )?;
    }
    for line in &found.checks {
        let CheckLine { inspector, organization, from, to, count, bytes, price, amount } = line;
        let owed = price.as_ref().map_or_else(|| "free".to_owned(), |price| money(*amount, &price.currency));
        writeln!(
            text,
            "  {inspector} for {organization}, {from} to {to}: {count} checks by machine, {bytes} bytes: {owed}"
        )?;
    }
    for total in &found.totals {
        writeln!(text, "Owed: {}", money(total.amount, &total.currency))?;
    }
    if !found.unreachable.is_empty() {
        writeln!(text, "Not whole: these chains did not answer: {}", found.unreachable.join(", "))?;
    }
    text.truncate(text.trim_end().len());
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chancery_client::rest::types::Example as _;

    use super::*;

    // C-FEE
    #[test]
    fn a_bill_says_what_is_owed_and_when_it_is_not_whole() {
        let text = bill(&Bill { unreachable: vec!["degree".into()], ..Bill::example() }).unwrap();
        assert!(text.contains("31 at 0.50 CNY") && text.contains("Owed: 21.75 CNY"), "{text}");
        assert!(text.contains("120 checks by machine, 262144 bytes: 6.25 CNY"), "{text}");
        assert!(text.ends_with("Not whole: these chains did not answer: degree"), "{text}");
        assert_eq!(money(5, "EUR"), "0.05 EUR");
    }
}
