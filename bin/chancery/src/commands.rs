//! One module for each group of commands. Each asks, and prints the answer as text or JSON.

mod aggregate;
mod alert;
mod audit;
mod certificate;
mod change;
mod completions;
mod condition;
mod consent;
mod contract;
mod data;
mod demo;
mod doctor;
mod evidence;
mod fee;
mod fingerprint;
mod format;
mod handing_out;
mod history;
mod holder;
mod inspect;
mod key;
mod known_cities;
mod message;
mod organization;
mod persons;
mod proof;
mod proven;
mod public_key;
mod query;
mod quota;
mod receipt;
mod repair_journal;
mod report;
mod request_proof;
mod search;
mod service;
mod share;
mod source;
mod stapled;
mod submit;
mod subscription;
mod trace;
mod trust;
mod user;
mod verify;

pub(crate) use trust::{listed_chains, pinned};

use std::{future::Future, process::ExitCode};

use anyhow::{Context, Result};

use crate::{
    alliance,
    arguments::{Arguments, Command},
    city, logging, network,
    output::Output,
    storage,
};

/// Runs the command that was asked for.
pub(crate) fn run(arguments: Arguments, output: &Output) -> Result<ExitCode> {
    let connection = arguments.connection;
    match arguments.command {
        Command::Up(up) => {
            logging::start(output.is_json(), &up.services.traces)?;
            city::up(&up, output.is_json()).map(|()| ExitCode::SUCCESS)
        }
        Command::Gateway(gateway) => {
            logging::start(output.is_json(), &gateway.services.traces)?;
            serve(city::gateway(&gateway, output.is_json()))
        }
        Command::Entity(entity) => {
            logging::start(output.is_json(), &entity.traces)?;
            serve(city::run_entity(&entity, *output))
        }
        Command::Node(node) => {
            logging::start(output.is_json(), &node.traces)?;
            network::run_node(&node, *output)
        }
        Command::Relay(relay) => {
            logging::start(output.is_json(), &relay.traces)?;
            serve(alliance::run_relay(&relay))
        }
        Command::Endorser(endorser) => {
            logging::start(output.is_json(), &endorser.traces)?;
            serve(alliance::run_endorser(&endorser))
        }
        Command::Alliance(command) => wait(alliance::run_command(command, output)),
        Command::Network(command) => network::run(command, output),
        Command::Snapshot(command) => storage::snapshot(command, output),
        Command::Backup(command) => storage::back_up(&command, output),
        Command::Restore(command) => storage::restore(&command, output),
        Command::Prune(command) => storage::prune(&command, output),
        Command::Chaos(command) => network::run_chaos(&command, output),
        Command::Doctor(command) => wait(doctor::run(command, output)),
        Command::Evidence(command) => wait(evidence::run(command, output)),
        Command::Key(command) => key::run(&command, &connection, output),
        Command::User(command) => wait(user::run(command, &connection, output)),
        Command::Certificate(command) => wait(certificate::run(command, &connection, output)),
        Command::Consent(command) => wait(consent::run(command, &connection, output)),
        Command::Condition(command) => wait(condition::run(command, &connection, output)),
        Command::Inspect(command) => wait(inspect::run(command, &connection, output)),
        Command::PublicKey { address } => wait(public_key::run(address, &connection, output)),
        Command::Source(command) => wait(source::run(command, &connection, output)),
        Command::Format(command) => wait(format::run(command, &connection, output)),
        Command::Quota(command) => wait(quota::run(command, &connection, output)),
        Command::Service(command) => wait(service::run(command, &connection, output)),
        Command::Fee(command) => wait(fee::run(command, &connection, output)),
        Command::Report(command) => wait(report::run(command, &connection, output)),
        Command::Change(command) => wait(change::run(command, &connection, output)),
        Command::Contract(command) => wait(contract::run(command, &connection, output)),
        Command::Submit(command) => wait(submit::run(command, &connection, output)),
        Command::Search(command) => wait(search::run(command, &connection, output)),
        Command::Aggregate(command) => wait(aggregate::run(command, &connection, output)),
        Command::Subscription(command) => wait(subscription::run(command, &connection, output)),
        Command::Data(command) => wait(data::run(command, &connection, output)),
        Command::Share(command) => share::run(command, &connection, output),
        Command::Persons(command) => persons::run(command, output),
        Command::Message(command) => wait(message::run(command, &connection, output)),
        Command::Trace(command) => wait(trace::run(command, &connection, output)),
        Command::Alert(command) => wait(alert::run(command, &connection, output)),
        Command::Audit(command) => wait(audit::run(command, &connection, output)),
        Command::RepairJournal(command) => repair_journal::run(&command, output),
        Command::Verify(command) => verify::run(&command, output),
        Command::Fingerprint { genesis } => fingerprint::run(&genesis, output),
        Command::Organization(command) => wait(organization::run(command, &connection, output)),
        Command::History { certificate } => wait(history::run(certificate, &connection, output)),
        Command::Demo(command) => demo::run(&command, &connection, output),
        Command::Completions { shell } => completions::run(shell),
    }
}

/// Runs one conversation with a gateway to its end.
fn wait(conversation: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(conversation)
}

/// A client that signs if a key is given: what is public answers without.
async fn connect(connection: &crate::arguments::Connection) -> Result<chancery_client::Client> {
    if connection.key.is_some() || connection.dev_key.is_some() {
        let keys = crate::keys::of(connection)?;
        return Ok(crate::party::Party::connect(connection.client()?, keys).await?.client);
    }
    connection.client()
}

/// Runs a process that serves.
fn serve(process: impl Future<Output = Result<()>>) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(process).map(|()| ExitCode::SUCCESS)
}

/// Replaces a file at once: whoever reads it meanwhile, or after a loss of power, reads the old one or the new one. It holds no secret.
pub(crate) fn replace(path: &std::path::Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().with_context(|| format!("{} names no file", path.display()))?.to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    let written = write_to_disk(&new, bytes).and_then(|()| std::fs::rename(&new, path));
    written.and_then(|()| folder_to_disk(path)).or_else(|error| {
        std::fs::remove_file(&new).ok();
        Err(error).with_context(|| format!("cannot write {}", path.display()))
    })
}

fn write_to_disk(path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut file = std::fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// That a file is in its folder is on the disk, too. Where a folder cannot be opened, the system sees to it.
fn folder_to_disk(path: &std::path::Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| cfg!(unix) && !folder.as_os_str().is_empty());
    folder.map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all())
}

/// The bytes of a file that must not be larger than a bound.
pub(crate) fn read_bounded(path: &std::path::Path, max_bytes: u64) -> Result<Vec<u8>> {
    use std::io::Read;
    let file = std::fs::File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut bytes = Vec::new();
    file.take(max_bytes + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {}", path.display()))?;
    anyhow::ensure!(bytes.len() as u64 <= max_bytes, "{} is larger than {max_bytes} bytes", path.display());
    Ok(bytes)
}
