//! `chancery organization` (O2C).

use std::{fmt::Write, process::ExitCode};

use anyhow::Result;
use chancery_client::{
    EndKey,
    rest::{
        types::organizations::{AuthorizeKey, Changed, KeyEnd, Organization, RegisterOrganization},
        values::HexAddress,
    },
};

use crate::{
    arguments::{Connection, OrganizationCommand},
    keys,
    output::Output,
    party::Party,
};

pub(super) async fn run(command: OrganizationCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    if matches!(command, OrganizationCommand::List) {
        let found = connection.client()?.organizations().await?;
        output.answer(&found, found.organizations.iter().map(describe).collect::<Vec<_>>().join("\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let progress = output.progress("waiting until the change is final");
    let changed = match command {
        OrganizationCommand::List => return Ok(ExitCode::SUCCESS),
        OrganizationCommand::Register { code, name, administrator, check } => {
            let administrator = HexAddress(administrator.unwrap_or_else(|| party.address()));
            party.client.register_organization(&RegisterOrganization { code, name, administrator }, check).await
        }
        OrganizationCommand::Suspend { code, check } => party.client.suspend_organization(&code, true, check).await,
        OrganizationCommand::Resume { code, check } => party.client.suspend_organization(&code, false, check).await,
        OrganizationCommand::AuthorizeKey { code, address, right, check } => {
            let key = AuthorizeKey { address: HexAddress(address), right, not_before: None, not_after: None };
            party.client.authorize_key(&code, &key, check).await
        }
        OrganizationCommand::RetireKey { code, address } => {
            party.client.end_key(&code, address, &EndKey { reason: KeyEnd::Retired, ..EndKey::default() }, false).await
        }
        OrganizationCommand::RevokeKey { code, address } => {
            party
                .client
                .end_key(&code, address, &EndKey { reason: KeyEnd::Compromised, ..EndKey::default() }, false)
                .await
        }
    }?;
    progress.finish_and_clear();
    output.answer(&changed, effects(&changed));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn effects(changed: &Changed) -> String {
    let mut text = changed.effects.join("\n");
    if changed.effects.is_empty() {
        text.push_str("Nothing changes.");
    }
    for recorded in &changed.recorded {
        write!(text, "\n  recorded on {} in block {} by {}", recorded.chain, recorded.block_number, recorded.tx_hash)
            .ok();
    }
    if !changed.applied {
        text.push_str("\nThis was a check: nothing was changed.");
    }
    text
}

fn describe(organization: &Organization) -> String {
    let mut text = format!(
        "{}  {}{}",
        organization.code,
        organization.name,
        if organization.suspended { "  (SUSPENDED)" } else { "" }
    );
    for key in &organization.keys {
        let state = match (&key.revoked_at, &key.not_after) {
            (Some(at), _) => format!("revoked from {at} on"),
            (None, Some(until)) => format!("until {until}"),
            (None, None) => format!("since {}", key.not_before),
        };
        write!(text, "\n    {}  {:<18} {state}", key.address, key.right).ok();
    }
    text
}
