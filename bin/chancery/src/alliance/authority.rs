//! `chancery alliance`: what a member's authority does on the alliance chain. Certificates of its nodes are issued and revoked here; the rest has its own modules.

use std::{path::Path, process::ExitCode, sync::Arc};

use anyhow::Result;
use chancery_bridge::{
    alliance::certificate::Scope,
    contracts::AllianceContract,
    establish::{issue_identity, issue_transaction, revoke_identity, revoke_transaction},
};
use chancery_ledger::SubmitterKey;
use serde_json::json;

use super::{
    certificate,
    chains::{ChainSection, connect},
    database, files,
    key::key_at,
    member, name_of, request, roster,
};
use crate::{
    arguments::{AllianceCommand, Authority, IssueIdentity, IssueTransaction, NodeScope, RevokeSerial, WhichAlliance},
    output::Output,
};

/// What the alliance chain is called here.
const CHAIN: &str = "alliance";
const HOUR_S: u64 = 3600;
const DAY_S: u64 = 24 * HOUR_S;
/// A certificate is asked for a little less than its longest time: the block that takes it is later than the newest one.
const MARGIN_S: u64 = 60;

pub(crate) async fn run(command: AllianceCommand, output: &Output) -> Result<ExitCode> {
    match command {
        AllianceCommand::Found(command) => Box::pin(member::found(&command, output)).await,
        AllianceCommand::OpenRegistry(command) => Box::pin(member::open_registry(&command, output)).await,
        AllianceCommand::Require(command) => Box::pin(member::require(&command, output)).await,
        AllianceCommand::Requirements(command) => Box::pin(member::requirements(&command, output)).await,
        AllianceCommand::Propose(command) => Box::pin(member::propose(&command, output)).await,
        AllianceCommand::Join(command) => Box::pin(member::join(&command, output)).await,
        AllianceCommand::Leave(command) => Box::pin(member::leave(&command, output)).await,
        AllianceCommand::Admit(command) => Box::pin(member::admit(&command, output)).await,
        AllianceCommand::Remove(command) => Box::pin(member::remove(&command, output)).await,
        AllianceCommand::Dissolve(command) => Box::pin(member::dissolve(&command, output)).await,
        AllianceCommand::Rule(command) => Box::pin(member::rule(&command, output)).await,
        AllianceCommand::Entry(command) => Box::pin(member::entry(&command, output)).await,
        AllianceCommand::Members(command) => Box::pin(roster::run(&command, output)).await,
        AllianceCommand::Request(command) => return Box::pin(request::run(command, output)).await,
        AllianceCommand::Database(command) => return Box::pin(database::run_command(&command, output)).await,
        AllianceCommand::File(command) => Box::pin(files::run(&command, output)).await,
        AllianceCommand::Certificate(command) => Box::pin(certificate::issue(&command, output)).await,
        AllianceCommand::IssueIdentity(command) => Box::pin(identify(&command, output)).await,
        AllianceCommand::IssueTransaction(command) => Box::pin(permit(&command, output)).await,
        AllianceCommand::RevokeIdentity(command) => Box::pin(revoke(&command, true, output)).await,
        AllianceCommand::RevokeTransaction(command) => Box::pin(revoke(&command, false, output)).await,
    }
    .map(|()| ExitCode::SUCCESS)
}

/// The alliance that a command names.
pub(super) async fn alliance(which: &WhichAlliance) -> Result<AllianceContract> {
    let section = ChainSection::certified(CHAIN, which.rpc.clone(), &which.genesis);
    // Paths of the command line are relative to where it is typed.
    let ledger = connect(&[section], Path::new("")).await?;
    Ok(AllianceContract { chain: ledger.chain(CHAIN)?.clone(), address: which.contract })
}

async fn opened(authority: &Authority) -> Result<(AllianceContract, Arc<SubmitterKey>)> {
    let key = key_at(&authority.key_file)?;
    Ok((alliance(&authority.alliance).await?, Arc::new(key)))
}

async fn identify(command: &IssueIdentity, output: &Output) -> Result<()> {
    let (member, node) = (name_of(&command.member)?, name_of(&command.node)?);
    let (alliance, key) = opened(&command.authority).await?;
    let until = alliance.time_s().await? + command.days * DAY_S - MARGIN_S;
    let serial = issue_identity(&alliance, &key, member, node, command.node_key, until).await?;
    issued("identity", serial, until, output);
    Ok(())
}

async fn permit(command: &IssueTransaction, output: &Output) -> Result<()> {
    let (alliance, key) = opened(&command.authority).await?;
    let scope = match command.scope {
        NodeScope::Request => Scope::REQUEST,
        NodeScope::Endorse => Scope::ENDORSE,
        NodeScope::Both => Scope::BOTH,
    };
    let until = alliance.time_s().await? + command.hours * HOUR_S - MARGIN_S;
    let serial = issue_transaction(&alliance, &key, command.identity, scope, until).await?;
    issued("transaction", serial, until, output);
    Ok(())
}

fn issued(what: &str, serial: u64, until: u64, output: &Output) {
    output.answer(
        &json!({"serial": serial, "validUntil": until}),
        format!("{what} certificate {serial} counts until {until} (Unix seconds of the alliance chain)"),
    );
}

async fn revoke(command: &RevokeSerial, is_identity: bool, output: &Output) -> Result<()> {
    let (alliance, key) = opened(&command.authority).await?;
    let serial = command.serial;
    if is_identity {
        revoke_identity(&alliance, &key, serial).await?;
    } else {
        revoke_transaction(&alliance, &key, serial).await?;
    }
    output.answer(&json!({"serial": serial, "revoked": true}), format!("certificate {serial} counts no more"));
    Ok(())
}
