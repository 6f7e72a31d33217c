//! `chancery format` (O2C, M-CON-2, M-CON-4).

use std::process::ExitCode;

use anyhow::{Context, Result};
use chancery_client::rest::types::formats::ConfigureFormat;

use super::{organization::effects, read_bounded};
use crate::{
    arguments::{Connection, FormatCommand},
    keys,
    output::Output,
    party::Party,
};

/// Longest file, in bytes: the gateway takes no longer body.
const MAX_FORMAT_BYTES: u64 = 1024 * 1024;

pub(super) async fn run(command: FormatCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let FormatCommand::Configure { name, file, check } = command;
    let format: ConfigureFormat = serde_json::from_slice(&read_bounded(&file, MAX_FORMAT_BYTES)?)
        .with_context(|| format!("{} describes no format", file.display()))?;
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let changed = party.client.configure_format(&name, &format, check).await?;
    output.answer(&changed, effects(&changed));
    Ok(ExitCode::SUCCESS)
}
