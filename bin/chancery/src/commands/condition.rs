//! `chancery condition` (O2C, U2S): which certificates of other chains a kind asks for.

use std::process::ExitCode;

use anyhow::Result;
use chancery_client::rest::types::kinds::{Conditions, SetConditions};

use super::organization::effects;
use crate::{
    arguments::{ConditionCommand, Connection},
    keys,
    output::Output,
    party::Party,
};

pub(super) async fn run(command: ConditionCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let (kind, requires, check) = match command {
        ConditionCommand::Show { kind } => {
            let found = connection.client()?.conditions(kind.as_str()).await?;
            output.answer(&found, describe(&found));
            return Ok(ExitCode::SUCCESS);
        }
        ConditionCommand::Set { kind, requires, check } => (kind, requires, check),
        ConditionCommand::Remove { kind, check } => (kind, Vec::new(), check),
    };
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let requires = requires.iter().map(ToString::to_string).collect();
    let changed = party.client.set_conditions(kind.as_str(), &SetConditions { requires }, check).await?;
    output.answer(&changed, effects(&changed));
    Ok(ExitCode::SUCCESS)
}

fn describe(found: &Conditions) -> String {
    let Conditions { kind, requires, requirable, source } = found;
    let rule = if requires.is_empty() {
        format!("{kind} asks for no certificate of another chain.")
    } else {
        format!("{kind} is issued only to holders of a valid certificate of {}.", requires.join(" and "))
    };
    let may = if requirable.is_empty() { "nothing".to_owned() } else { requirable.join(", ") };
    format!("{rule}\n  may ask for  {may}\n  read from    chain {}, block {}", source.chain, source.block_number)
}
