//! `chancery public-key` (C-API-4).

use std::process::ExitCode;

use alloy_primitives::Address;
use anyhow::Result;

use crate::{arguments::Connection, output::Output};

pub(super) async fn run(address: Address, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let found = connection.client()?.public_key(address).await?;
    let text = format!(
        "{}\npublic key      {}\nencryption key  {} (thumbprint {})\nread from       chain {}, block {}",
        found.did,
        found.public_key,
        found.encryption_key.jwk.x,
        found.encryption_key.thumbprint,
        found.source.chain,
        found.source.block_number
    );
    output.answer(&found, text);
    Ok(ExitCode::SUCCESS)
}
