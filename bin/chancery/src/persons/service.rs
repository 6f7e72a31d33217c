//! `chancery persons serve`.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::pending,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use alloy_primitives::Address;
use anyhow::{Context as _, Result, ensure};
use chancery_gateway::{
    Origin,
    department::{self, check_listener},
    persons,
};
use chancery_identity::{DatabaseLocation, PersonRegister};
use chancery_persons::{
    evaluation::{EvaluatorKey, EvaluatorPublicKey},
    office::check_evaluators,
    service::Service,
};
use serde::Deserialize;

use super::{door::ServiceDoor, usual_chain_id};
use crate::{
    alliance::{configuration, listen_until},
    arguments::ServePersons,
    city::secrets::load_or_create_private_key,
    share,
};

/// Evaluations of an office on a day, unless it is declared: two for each registration.
const DAILY_EVALUATIONS: u64 = 1000;
/// Most offices of a network.
const MAX_OFFICES: usize = 1024;

/// A declaration. Paths are relative to its file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declaration {
    /// Where it listens.
    listen: SocketAddr,
    /// Under which URL offices reach it.
    url: String,
    /// `sqlite:FILE` or `postgres://...`: the counts, and the register.
    database: String,
    /// File of the secret by which it evaluates; absent: it does not.
    key_file: Option<PathBuf>,
    /// Public keys of all evaluators of the network; absent: it keeps no register.
    register_of: Option<Vec<String>>,
    /// EIP-155 id that the signatures of offices name.
    #[serde(default = "usual_chain_id")]
    chain_id: u64,
    #[serde(default = "daily_evaluations")]
    daily_evaluations: u64,
    #[serde(default)]
    office: Vec<OfficeSection>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfficeSection {
    name: String,
    address: Address,
}

const fn daily_evaluations() -> u64 {
    DAILY_EVALUATIONS
}

/// Reads public keys and checks that they are those of a network.
pub(super) fn public_keys<'a>(texts: impl IntoIterator<Item = &'a String>) -> Result<Vec<EvaluatorPublicKey>> {
    let keys = texts
        .into_iter()
        .map(|text| text.parse::<EvaluatorPublicKey>().with_context(|| format!("the public key {text}")));
    let keys = keys.collect::<Result<Vec<EvaluatorPublicKey>>>()?;
    check_evaluators(&keys)?;
    Ok(keys)
}

/// A place beside the declaration.
pub(super) fn beside(declaration: &Path, path: &Path) -> PathBuf {
    declaration.parent().map_or_else(|| path.to_owned(), |folder| folder.join(path))
}

fn location(declaration: &Path, database: &str) -> Result<DatabaseLocation> {
    Ok(match database.parse::<DatabaseLocation>()? {
        DatabaseLocation::Sqlite(path) => DatabaseLocation::Sqlite(beside(declaration, &path)),
        postgres @ DatabaseLocation::Postgres(_) => postgres,
    })
}

fn evaluator(file: &Path) -> Result<EvaluatorKey> {
    let seed = load_or_create_private_key(file)?;
    EvaluatorKey::from_seed(&seed).with_context(|| format!("{}", file.display()))
}

/// The public key of the secret in a file, which is made when it is missing.
pub(crate) fn public_key(file: &Path) -> Result<EvaluatorPublicKey> {
    Ok(evaluator(file)?.public())
}

/// Runs until it is told to stop.
pub(crate) async fn serve(options: &ServePersons) -> Result<()> {
    let file = &options.file;
    let declared: Declaration = configuration(file)?;
    let tls = share::open_tls(&options.tls)?;
    check_listener(declared.listen, tls.is_some())?;
    ensure!(
        declared.key_file.is_some() || declared.register_of.is_some(),
        "{}: say key_file, so that it evaluates, or register_of, so that it keeps the register",
        file.display()
    );
    let service = Arc::new(ServiceDoor::new(service(file, &declared).await?));
    let scheme = if tls.is_some() { "https" } else { "http" };
    let origins = vec![Origin::parse(&declared.url)?, Origin::parse(&format!("{scheme}://{}", declared.listen))?];
    let router = persons::router(origins, declared.chain_id, service);
    let what = format!("persons={scheme}");
    let serving = |listener, shutdown| tokio::spawn(department::serve(listener, router, tls, shutdown));
    Box::pin(listen_until(declared.listen, &what, options.until_stdin_ends, pending(), serving)).await
}

async fn service(file: &Path, declared: &Declaration) -> Result<Service> {
    let offices: BTreeMap<_, _> = declared.office.iter().map(|office| (office.address, office.name.clone())).collect();
    let names: BTreeSet<_> = offices.values().collect();
    ensure!(
        names.len() == declared.office.len() && names.len() <= MAX_OFFICES,
        "{}: at most {MAX_OFFICES} offices, and each with a name and an address of its own",
        file.display()
    );
    let store = PersonRegister::open(&location(file, &declared.database)?).await?;
    let mut service = Service::new(store, offices.clone(), declared.daily_evaluations);
    if let Some(key_file) = &declared.key_file {
        service = service.evaluating(evaluator(&beside(file, key_file))?);
    }
    if let Some(keys) = &declared.register_of {
        let registering = service.registering(&public_keys(keys)?).await;
        service =
            registering.context("register_of: the tags of a register are made by one set of evaluators for ever")?;
    }
    Ok(service)
}
