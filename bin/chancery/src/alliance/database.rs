//! `chancery alliance database`: a member's business database behind its node contract, and the applier that keeps it as the chain is.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use alloy_primitives::Address;
use anyhow::{Context as _, Result, ensure};
use chancery_bridge::{
    contracts::NodeContract,
    database::{
        Applier, Audit, Book, Corroboration, Declaration, Deviation, EntryDeclaration, Followed, Place, ToldSubject,
        longest_promise_s,
    },
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    beside,
    chains::{ChainSection, connect},
    configuration,
    request::asked::word_of,
    text_of,
};
use crate::{
    arguments::{ApplyEntries, DatabaseCommand, RestoreRow, WhichDatabase},
    logging,
    output::{FAILED, Output},
    share::DatabaseUrl,
    stop::told_to_stop,
};

/// How long an applier waits for new blocks.
const PAUSE: Duration = Duration::from_secs(1);
/// Most rows that `check` names.
const MAX_SHOWN: usize = 1_000;

/// `database.toml`. Paths are relative to it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DatabaseFile {
    /// The member's node contract.
    node_contract: Address,
    /// Its chain, through the organization's own node.
    chain: ChainSection,
    database: DatabaseSection,
    /// First block that may have an entry.
    #[serde(default)]
    from_block: u64,
    /// Whether entries that none of [[entries]] takes are passed over.
    #[serde(default)]
    ignore_others: bool,
    /// How many seconds from now a part may be committed at the latest that is endorsed.
    #[serde(default = "longest_promise_s")]
    longest_promise_s: u64,
    entries: Vec<EntryDeclaration>,
}

/// Where the rows are.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum DatabaseSection {
    Postgres(DatabaseUrl),
    /// MariaDB too.
    #[serde(alias = "mariadb")]
    Mysql(DatabaseUrl),
    Sqlite {
        file: PathBuf,
    },
}

impl DatabaseFile {
    fn book(&self, path: &Path) -> Result<Book> {
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let place = match &self.database {
            DatabaseSection::Postgres(url) => Place::Postgres(url.read(folder)?),
            DatabaseSection::Mysql(url) => Place::Mysql(url.read(folder)?),
            DatabaseSection::Sqlite { file } => Place::Sqlite(beside(path, file)),
        };
        let Self { from_block, ignore_others, longest_promise_s, .. } = *self;
        let entries = self.entries.clone();
        let declaration = Declaration { from_block, ignore_others, longest_promise_s, entries };
        Book::new(place, &declaration).with_context(|| format!("{} cannot be used", path.display()))
    }
}

/// What an endorser asks, for a node contract that it reaches itself.
pub(super) fn corroboration(contract: &NodeContract, path: &Path) -> Result<Corroboration> {
    let file: DatabaseFile = configuration(path)?;
    ensure!(
        file.node_contract == contract.address,
        "{} is for the node contract {}, and this endorser's is {}",
        path.display(),
        file.node_contract,
        contract.address
    );
    Ok(Corroboration::new(Followed { contract: contract.clone() }, file.book(path)?))
}

pub(super) async fn run_command(command: &DatabaseCommand, output: &Output) -> Result<ExitCode> {
    match command {
        DatabaseCommand::Apply(command) => Box::pin(apply(command, output)).await,
        DatabaseCommand::Check(command) => Box::pin(check(&command.database, output)).await,
        DatabaseCommand::Restore(command) => Box::pin(restore(command, output)).await,
    }
}

/// The applier of a declaration, for those who look whether it is well.
pub(super) async fn applier(config: &Path) -> Result<Applier> {
    let (followed, book) = opened(config).await?;
    Ok(Applier::new(followed, book))
}

async fn opened(config: &Path) -> Result<(Followed, Book)> {
    let file: DatabaseFile = configuration(config)?;
    let book = file.book(config)?;
    let ledger = connect(std::slice::from_ref(&file.chain), config).await?;
    let chain = ledger.chain(&file.chain.name)?.clone();
    Ok((Followed { contract: NodeContract { chain, address: file.node_contract } }, book))
}

async fn apply(command: &ApplyEntries, output: &Output) -> Result<ExitCode> {
    let (followed, book) = opened(&command.database.config).await?;
    let contract = followed.contract.address;
    let told = command.subjects.iter().map(|of| Ok(ToldSubject { key: of.key, subject: word_of(&of.subject)? }));
    let applier = Applier::new(followed, book).with_subjects(&told.collect::<Result<Vec<_>>>()?)?;
    if command.once {
        let mut entries = 0;
        loop {
            let progress = applier.step().await?;
            entries += progress.entries;
            if progress.is_current() {
                output.answer(
                    &json!({"nodeContract": contract, "appliedTo": progress.applied_to, "entries": entries}),
                    format!("{entries} entries applied; the database is as block {} is", progress.applied_to),
                );
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
    logging::start(output.is_json(), &command.traces)?;
    let stop = told_to_stop(command.until_stdin_ends)?;
    println!("ready applier={contract}");
    tokio::select! { () = stop => tracing::info!("stopping"), () = applier.run(PAUSE) => {} }
    Ok(ExitCode::SUCCESS)
}

async fn check(which: &WhichDatabase, output: &Output) -> Result<ExitCode> {
    let (followed, book) = opened(&which.config).await?;
    let (keys, deviations) = Audit::new(&followed, book).look(MAX_SHOWN).await?;
    let mut lines = vec![format!("{keys} keys, {} of them with rows that somebody else has changed", deviations.len())];
    lines.extend(deviations.iter().map(|it| {
        let (subject, applied, found) = (text_of(it.subject), text_of(it.applied), text_of(it.found));
        format!("  {} ({subject}), version {}: the chain had put {applied}, and there is {found}", it.key, it.version)
    }));
    output.answer(
        &json!({"keys": keys, "deviations": deviations.iter().map(deviation_json).collect::<Vec<_>>()}),
        lines.join("\n"),
    );
    Ok(if deviations.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

fn deviation_json(of: &Deviation) -> Value {
    json!({"key": of.key, "subject": text_of(of.subject), "version": of.version, "applied": of.applied, "found": of.found})
}

async fn restore(command: &RestoreRow, output: &Output) -> Result<ExitCode> {
    let (followed, book) = opened(&command.database.config).await?;
    let key = command.entry;
    let was = Audit::new(&followed, book).restore(key).await?;
    let was = was.with_context(|| format!("nothing was applied to key {key} yet: `check` names the keys"))?;
    output.answer(
        &json!({"key": key, "was": was}),
        format!("the rows of key {key} are the chain's again; they had {}", text_of(was)),
    );
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const FILE: &str = r#"
        node_contract = "0x00000000000000000000000000000000000000aa"
        [chain]
        name = "land"
        rpc = "http://127.0.0.1:8546"
        genesis = "land/genesis.json"
        [database]
        kind = "sqlite"
        file = "land.db"
        [[entries]]
        kind = "lien"
        query = "SELECT lien FROM parcels WHERE parcel = {key}"
        apply = "UPDATE parcels SET lien = {value} WHERE parcel = {key}"
    "#;

    fn book(text: &str) -> Result<Book> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("database.toml");
        std::fs::write(&path, text).unwrap();
        configuration::<DatabaseFile>(&path)?.book(&path)
    }

    // A-CONS
    #[test]
    fn a_declaration_is_read_whole_or_refused_with_its_place() {
        book(FILE).unwrap();
        for (old, new, said) in [
            ("{value}", "{Value}", "apply of the declaration"),
            ("WHERE parcel = {key}\"\n        apply", "\"\n        apply", "query of the declaration"),
            ("kind = \"sqlite\"\n", "kind = \"oracle\"\n", "oracle"),
            ("kind = \"lien\"", "kind = \"lien\"\nkey = \"number\"", "number"),
            ("kind = \"lien\"", "kind = \"\"", "kinds of entries"),
            ("[chain]", "longest_promise_s = 0\n[chain]", "longest_promise_s"),
            ("[chain]", "longest_promise_s = 172801\n[chain]", "longest_promise_s"),
            ("kind = \"sqlite\"\n        file = \"land.db\"", "kind = \"mariadb\"", "url_file or url_env"),
            (
                "kind = \"sqlite\"\n        file = \"land.db\"",
                "kind = \"postgres\"\nurl = \"postgres://a:b@c/d\"",
                "url",
            ),
        ] {
            assert!(FILE.contains(old), "{old}");
            let error = format!("{:#}", book(&FILE.replacen(old, new, 1)).unwrap_err());
            assert!(error.contains(said), "{new}: {error}");
        }
    }
}
