//! `chancery service` (U2S, O2C, M-CON-3).

use std::process::ExitCode;

use anyhow::Result;

use super::organization::effects;
use crate::{
    arguments::{Connection, ServiceCommand},
    keys,
    output::Output,
    party::Party,
};

pub(super) async fn run(command: ServiceCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let (service, offered, check) = match command {
        ServiceCommand::List => {
            let found = connection.client()?.services().await?;
            let lines = found.services.iter().map(|service| format!("{}  {}", service.name, service.description));
            output.answer(&found, lines.collect::<Vec<_>>().join("\n"));
            return Ok(ExitCode::SUCCESS);
        }
        ServiceCommand::Offer { service, check } => (service, true, check),
        ServiceCommand::Withdraw { service, check } => (service, false, check),
    };
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let changed = party.client.offer_service(&service, offered, check).await?;
    output.answer(&changed, effects(&changed));
    Ok(ExitCode::SUCCESS)
}
