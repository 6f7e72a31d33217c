//! `chancery fee` (C-FEE): what inspections cost, and bills.

use std::{fmt::Write as _, process::ExitCode};

use anyhow::Result;
use chancery_client::{
    PeriodQuery,
    rest::types::fees::{Bill, Price, Prices, SetPrice},
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
        FeeCommand::Set { subject, amount, currency, check } => (subject, Some(Price { amount, currency }), check),
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

fn prices(found: &Prices) -> String {
    if found.prices.is_empty() {
        return "Inspections are free: no price is set.".to_owned();
    }
    let lines = found.prices.iter().map(|setting| {
        let price =
            setting.price.as_ref().map_or_else(|| "free".to_owned(), |price| money(price.amount, &price.currency));
        format!("{}: {price} an inspection, since {}", setting.subject, setting.at)
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
        assert!(text.contains("31 at 0.50 CNY") && text.contains("Owed: 15.50 CNY"), "{text}");
        assert!(text.ends_with("Not whole: these chains did not answer: degree"), "{text}");
        assert_eq!(money(5, "EUR"), "0.05 EUR");
    }
}
