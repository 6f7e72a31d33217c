//! `chancery service` (U2S, O2C, M-CON-3).

use std::{collections::BTreeMap, process::ExitCode};

use anyhow::{Context as _, Result, ensure};
use chancery_client::rest::types::{
    organizations::Changed,
    services::{AccessEffect, AccessRule, ConfigureAccess, ServiceAccess},
};

use super::organization::effects;
use crate::{
    arguments::{AccessCommand, Connection, ServiceCommand},
    keys,
    output::Output,
    party::Party,
};

pub(super) async fn run(command: ServiceCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let changed = match command {
        ServiceCommand::List => {
            let found = connection.client()?.services().await?;
            let lines = found.services.iter().map(|service| format!("{}  {}", service.name, service.description));
            output.answer(&found, lines.collect::<Vec<_>>().join("\n"));
            return Ok(ExitCode::SUCCESS);
        }
        ServiceCommand::Offer { service, check } => offer(&service, true, check, connection).await?,
        ServiceCommand::Withdraw { service, check } => offer(&service, false, check, connection).await?,
        ServiceCommand::Access(AccessCommand::Show { service }) => {
            let access = party(connection).await?.client.service_access(&service).await?;
            output.answer(&access, describe(&access));
            return Ok(ExitCode::SUCCESS);
        }
        ServiceCommand::Access(AccessCommand::Set { service, allow, deny, check }) => {
            let (party, entries) = (party(connection).await?, entries(allow, deny)?);
            let version = next(&party.client.service_access(&service).await?);
            party.client.configure_access(&service, &ConfigureAccess { version, entries }, check).await?
        }
        ServiceCommand::Access(AccessCommand::Restore { service, number, check }) => {
            let party = party(connection).await?;
            let access = party.client.service_access(&service).await?;
            let earlier = access.versions.iter().find(|rule| rule.version == number);
            let earlier = earlier.with_context(|| format!("{service} has no access rule with version {number}"))?;
            let request = ConfigureAccess { version: next(&access), entries: earlier.entries.clone() };
            party.client.configure_access(&service, &request, check).await?
        }
    };
    output.answer(&changed, effects(&changed));
    Ok(ExitCode::SUCCESS)
}

async fn party(connection: &Connection) -> Result<Party> {
    Party::connect(connection.client()?, keys::of(connection)?).await
}

async fn offer(service: &str, offered: bool, check: bool, connection: &Connection) -> Result<Changed> {
    Ok(party(connection).await?.client.offer_service(service, offered, check).await?)
}

fn next(access: &ServiceAccess) -> u32 {
    access.versions.first().map_or(1, |rule| rule.version.saturating_add(1))
}

fn entries(allow: Vec<String>, deny: Vec<String>) -> Result<BTreeMap<String, AccessEffect>> {
    let count = allow.len() + deny.len();
    let allow = allow.into_iter().map(|subject| (subject, AccessEffect::Allow));
    let deny = deny.into_iter().map(|subject| (subject, AccessEffect::Deny));
    let entries: BTreeMap<_, _> = allow.chain(deny).collect();
    ensure!(entries.len() == count, "name each subject once: it may or it may not");
    Ok(entries)
}

fn describe(access: &ServiceAccess) -> String {
    let bound = access.roles.as_ref().map_or_else(|| "anybody".to_owned(), |roles| roles.join(", "));
    let mut lines = vec![format!("{}  the service itself allows: {bound}", access.service)];
    if access.versions.is_empty() {
        lines.push("no access rule narrows it".to_owned());
    }
    lines.extend(access.versions.iter().enumerate().map(|(place, rule)| line(rule, place == 0)));
    lines.join("\n")
}

fn line(rule: &AccessRule, in_force: bool) -> String {
    let entries = rule.entries.iter().map(|(subject, effect)| match effect {
        AccessEffect::Allow => format!("+{subject}"),
        AccessEffect::Deny => format!("-{subject}"),
    });
    let entries = entries.collect::<Vec<_>>().join(" ");
    let entries = if entries.is_empty() { "(none)" } else { entries.as_str() };
    let state = if in_force { "  in force" } else { "" };
    format!("version {}  {entries}  by {} at {}{state}", rule.version, rule.by, rule.configured_at)
}
